"""Tables on their way from the build file to Spark and back, as Parquet.

Belongs here: which DuckDB type is which Spark type, writing and registering tables, reading them
back. Does not belong here: the session (spark), or which tables a command needs (spark_dbt).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.resources.warehouse import table_columns
from orchestration.sql import literal, qualified, quote

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

SPARK_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UINTEGER": "bigint",
    # whole numbers beyond 64 bits; Parquet has no such type, and DuckDB would write a double
    "HUGEINT": "decimal(38,0)",
    "UBIGINT": "decimal(20,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}
LIST = "[]"


def spark_type(duckdb_type: str) -> str:
    """The Spark type that holds every value of a DuckDB type.

    Raises:
        KeyError: There is none that this warehouse uses.
    """
    if duckdb_type.endswith(LIST):
        return f"array<{spark_type(duckdb_type.removesuffix(LIST))}>"
    if duckdb_type.startswith("DECIMAL"):
        return duckdb_type.lower()
    return SPARK_TYPES[duckdb_type]


def hand_over(
    connection: duckdb.DuckDBPyConnection,
    session: SparkSession,
    names: Iterable[str],
    folder: Path,
) -> None:
    """Make tables of the build file known to Spark under the same names.

    Args:
        connection: The build file.
        session: Where the tables are registered; what has the name there is replaced.
        names: `schema.table` of each.
        folder: Where the Parquet files are written; Spark's workers have to see it, too.
    """
    columns = table_columns(connection)
    for name in names:
        types = columns[name]
        target = folder / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        selected = ", ".join(_as_parquet(column, kind) for column, kind in types.items())
        connection.execute(
            f"copy (select {selected} from {qualified(name)}) "  # noqa: S608
            f"to {literal(target / 'rows.parquet')} (format parquet)"
        )
        listed = ", ".join(f"`{column}` {spark_type(kind)}" for column, kind in types.items())
        schema, _ = name.split(".", 1)
        session.sql(f"create schema if not exists {schema}")
        session.sql(f"drop table if exists {name}")
        session.sql(f"create table {name} ({listed}) using parquet location {literal(target)}")


def _as_parquet(column: str, kind: str) -> str:
    if SPARK_TYPES.get(kind, "").startswith("decimal"):
        return f"cast({quote(column)} as {SPARK_TYPES[kind]}) as {quote(column)}"
    return quote(column)


def rows_of(session: SparkSession, name: str, folder: Path) -> str:
    """A DuckDB expression for the rows of a Spark table or view, types aside that DuckDB lacks.

    Args:
        session: Where it is.
        name: `schema.table`.
        folder: Where the rows of a view are written.
    """
    import pyspark.sql.types as types

    frame = session.table(name)
    target = folder / name
    frame.write.mode("overwrite").parquet(str(target))
    # Spark marks instants as UTC, which they are; here they carry no zone
    selected = ", ".join(
        f"cast({quote(field.name)} as timestamp) as {quote(field.name)}"
        if isinstance(field.dataType, types.TimestampType)
        else quote(field.name)
        for field in frame.schema.fields
    )
    return f"(select {selected} from read_parquet({literal(target / '*.parquet')}))"  # noqa: S608
