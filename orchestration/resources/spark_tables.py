"""Tables on their way from the build file to Spark and back, as Parquet.

Belongs here: which DuckDB type is which Spark type, writing and registering tables, reading them
back. Does not belong here: the session (spark), or which tables a command needs (spark_dbt).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.sql import literal, qualified, quote

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame, SparkSession

SPARK_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UINTEGER": "bigint",
    # whole numbers beyond 64 bits: Parquet has no such type, and DuckDB would write a double
    "HUGEINT": "decimal(38,0)",
    "UBIGINT": "decimal(20,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}
LIST = "[]"
ROWS = "rows.parquet"


def spark_type(duckdb_type: str) -> str:
    """The Spark type that holds every value of a DuckDB type.

    Raises:
        KeyError: There is none among those that this warehouse uses.
    """
    if duckdb_type.endswith(LIST):
        return f"array<{spark_type(duckdb_type.removesuffix(LIST))}>"
    if duckdb_type.startswith("DECIMAL"):
        return duckdb_type.lower()
    return SPARK_TYPES[duckdb_type]


def hand_over(
    connection: duckdb.DuckDBPyConnection,
    session: SparkSession,
    queries: Mapping[str, str],
    folder: Path,
    values: Mapping[str, object] | None = None,
) -> None:
    """Make tables of Spark of what queries on the build file answer.

    Args:
        connection: The build file.
        session: Where the tables are registered; what has the name there is replaced.
        queries: What `schema.table` holds.
        folder: Where the Parquet files are written; Spark's workers have to see it, too.
        values: Bound values of the queries.
    """
    for name, query in queries.items():
        target = folder / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        described = connection.execute(f"describe {query}", values).fetchall()
        types = {column: kind for column, kind, *_ in described}
        selected = ", ".join(
            f"cast({quote(column)} as {SPARK_TYPES[kind]}) as {quote(column)}"
            if SPARK_TYPES.get(kind, "").startswith("decimal")
            else quote(column)
            for column, kind in types.items()
        )
        connection.execute(
            f"copy (select {selected} from ({query})) "  # noqa: S608
            f"to {literal(target / ROWS)} (format parquet)",
            values,
        )
        listed = ", ".join(f"`{column}` {spark_type(kind)}" for column, kind in types.items())
        session.sql(f"create schema if not exists {name.split('.')[0]}")
        session.sql(f"drop table if exists {name}")
        session.sql(f"create table {name} ({listed}) using parquet location {literal(target)}")


def rows_of(session: SparkSession, name: str, folder: Path) -> str:
    """A DuckDB expression for the rows of one of Spark's tables or views.

    Args:
        session: Where it is.
        name: `schema.table`.
        folder: Where its rows are written, since only Spark knows where it keeps them.
    """
    return written_rows(session.table(name), folder / name)


def written_rows(frame: DataFrame, target: Path) -> str:
    """The same for what Spark computes.

    Args:
        frame: What is computed.
        target: The folder of its Parquet files; what was there is replaced.
    """
    from pyspark.sql.types import TimestampType

    frame.write.mode("overwrite").parquet(str(target))
    # Spark writes down that instants are UTC; here they carry no zone
    selected = ", ".join(
        f"cast({quote(field.name)} as timestamp) as {quote(field.name)}"
        if isinstance(field.dataType, TimestampType)
        else quote(field.name)
        for field in frame.schema.fields
    )
    return f"(select {selected} from read_parquet({literal(target / '*.parquet')}))"  # noqa: S608


def hand_back(
    connection: duckdb.DuckDBPyConnection,
    session: SparkSession,
    relations: Iterable[str],
    folder: Path,
) -> None:
    """Write Spark's tables and views into the build file, each as a table.

    Args:
        connection: The build file.
        session: Where the relations are.
        relations: `schema.table` of each.
        folder: Where Parquet files stand meanwhile.
    """
    for name in relations:
        rows = rows_of(session, name, folder)
        schema = name.split(".", 1)[0]
        connection.execute(f"create schema if not exists {quote(schema)}")
        if _is_view(connection, name):
            connection.execute(f"drop view {qualified(name)}")
        connection.execute(f"create or replace table {qualified(name)} as from {rows}")
        shutil.rmtree(folder / name)


def _is_view(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    schema, table = name.split(".", 1)
    return bool(
        connection.execute(
            "select 1 from duckdb_views() where schema_name = ? and view_name = ?", [schema, table]
        ).fetchone()
    )
