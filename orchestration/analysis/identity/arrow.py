"""Arrow rows into tables of the workspace, and tables back into Arrow.

Belongs here: columns and types on the way in and out. Does not belong here: what the rows mean.

Rows may stream: what the workspace holds goes to disk when memory is short, an Arrow table cannot.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pyarrow as pa

from orchestration.analysis.identity.schemas import conform
from orchestration.sql import quote

Rows = pa.Table | pa.RecordBatchReader
_SQL_TYPES = {
    pa.string(): "varchar",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double",
}


def take_in(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rows: Rows | None,
    schema: pa.Schema,
    label: str,
    optional: Collection[str] = (),
) -> None:
    """Make a table of the columns of a schema; further columns are dropped.

    Args:
        connection: The workspace.
        name: The table that is made.
        rows: What comes in; None for nothing.
        schema: The wanted shape.
        label: What the rows are called in an error.
        optional: Columns that are null throughout where the rows have none of them.

    Raises:
        ValueError: A column is missing or its values do not fit the type.
    """
    rows = schema.empty_table() if rows is None else rows
    given = rows.schema.names
    missing = [column for column in schema.names if column not in {*given, *optional}]
    if missing:
        raise ValueError(f"{label} lacks {missing}; has {given}")
    columns = ", ".join(
        f"cast({quote(field.name) if field.name in given else 'null'} "
        f"as {_SQL_TYPES[field.type]}) as {quote(field.name)}"
        for field in schema
    )
    connection.register("incoming", rows)
    try:
        connection.execute(f"create table {quote(name)} as select {columns} from incoming")  # noqa: S608
    except duckdb.ConversionException:
        # DuckDB's own words repeat the value, which may be somebody's
        others = [
            f"{field.name} is {rows.schema.field(field.name).type}, not {field.type}"
            for field in schema
            if field.name in given and rows.schema.field(field.name).type != field.type
        ]
        raise ValueError(f"{label} does not fit its schema: {'; '.join(others)}") from None
    finally:
        connection.unregister("incoming")


def keep(connection: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    """Make a table of rows as they are."""
    connection.register("incoming", rows)
    connection.table("incoming").create(name)
    connection.unregister("incoming")


def add_to(connection: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    """Add rows to a table that has their columns, in whatever order."""
    connection.register("incoming", rows)
    connection.execute(f"insert into {quote(name)} by name from incoming")
    connection.unregister("incoming")


def read_table(connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema) -> pa.Table:
    """A table of the workspace in the shape of a schema."""
    return conform(connection.execute(f"from {quote(name)}").to_arrow_table(), schema, name)
