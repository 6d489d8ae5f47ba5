"""Parquet: the file's schema, and the SQL that turns its columns into text.

Belongs here: one spelling per type. Does not belong here: column rules (columns.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingestion.limits import UnreadableFileError, drive_fault, is_machine_fault
from orchestration.sql import quote

# What DuckDB raises for a file that is damaged; running out of memory or disk is not among them.
PARQUET_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.IOException,
    duckdb.ConversionException,
    duckdb.NotImplementedException,
    duckdb.NotSupportedError,
    duckdb.SerializationException,
)
_NESTED = re.compile(r"\[\d*\]$|^(STRUCT|MAP|UNION)\b")


@dataclass(frozen=True)
class ParquetSchema:
    """What a Parquet file says about itself.

    Attributes:
        titles: Column names as the file has them.
        names: DuckDB's names of the same columns: of names that differ in case only, or not at all,
            it gives all but the first another.
        types: DuckDB type of each.
        rows: Number of rows.
    """

    titles: tuple[str, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: int


def read_schema(
    con: duckdb.DuckDBPyConnection,
    readable: Path,
    columns_of: dict[str, tuple[tuple[str, ...], ...]],
) -> ParquetSchema:
    """Read a file's footer.

    Args:
        con: The connection.
        readable: The file.
        columns_of: Titles, names and types by the footer's own schema, filled as files come: asking
            DuckDB takes 2 ms a file, and the files of a feed hardly ever differ.

    Raises:
        UnreadableFileError: It is damaged or not Parquet.
    """
    try:
        footer = pq.read_metadata(readable)
        # its first line names the object in memory
        shape, rows = str(footer.schema).partition("\n")[2], footer.num_rows
        if shape not in columns_of:
            columns = con.execute(
                "describe select * from read_parquet(?, hive_partitioning = false, "
                "binary_as_string = true)",
                [str(readable)],
            ).fetchall()
            names, types = (tuple(column[part] for column in columns) for part in (0, 1))
            columns_of[shape] = (_titles(con, readable), names, types)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and is_machine_fault(error):
            raise
        if isinstance(error, duckdb.Error) and not is_damage(error):
            raise
        raise damaged(error) from error
    return ParquetSchema(*columns_of[shape], rows)


def _titles(con: duckdb.DuckDBPyConnection, readable: Path) -> tuple[str, ...]:
    """Names of a file's columns, without those inside nested ones."""
    _, *elements = con.execute(
        "select name, coalesce(num_children, 0) from parquet_schema(?)", [str(readable)]
    ).fetchall()
    titles, inside = [], 0
    for name, children in elements:
        if inside:
            inside -= 1
        else:
            titles.append(name)
        inside += children
    return tuple(titles)


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file is damaged, and not that the machine is.

    A broken page header is no error of any kind to DuckDB: "don't know what type".
    """
    return isinstance(error, PARQUET_ERRORS) or type(error) is duckdb.Error


def damaged(error: Exception) -> UnreadableFileError:
    """The fault of a file that DuckDB could not read, without DuckDB's text: it quotes values."""
    text = str(error)
    if "No space left" in text:
        raise error
    if (fault := drive_fault(text)) is not None:
        return UnreadableFileError(f"cannot be read {fault}")
    if "UTF8" in text or "encoding" in text.lower():
        return UnreadableFileError("holds text that is not UTF-8; write it again")
    return UnreadableFileError(
        f"is damaged, cut short or not Parquet ({type(error).__name__}); copy it again"
    )


def text_expression(name: str, type_name: str) -> str:
    """SQL for a column as text: ISO times, exact decimals, shortest doubles, empty as null.

    Whole doubles lose their ".0": pandas turns an id column with gaps into doubles.
    """
    column = quote(name)
    if type_name == "VARCHAR":
        return f"nullif({column}, '')"
    if type_name in ("DOUBLE", "FLOAT"):
        return (
            f"case when abs({column}) < 9007199254740992 and {column} = trunc({column}) "
            f"then cast(cast({column} as bigint) as varchar) else cast({column} as varchar) end"
        )
    if type_name == "TIMESTAMP WITH TIME ZONE":
        return f"cast({column} at time zone 'UTC' as varchar) || '+00:00'"
    if _NESTED.search(type_name):
        return f"cast(to_json({column}) as varchar)"
    return f"cast({column} as varchar)"
