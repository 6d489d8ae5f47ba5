"""Copy the marts into the file that everybody reads, whole or not at all.

Belongs here: the copy, its verification and the atomic swap. Does not belong here: deciding whether
a build is good enough (the checks do, before this runs) or what a table contains (the marts do).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import PublishedTable
from orchestration.sql import literal, qualified, quote
from orchestration.transaction import transaction

PARTIAL_SUFFIX = ".partial"

# Queries of readers can reach nothing but the file itself.
READER_CONFIG = {"enable_external_access": "false", "lock_configuration": "true"}


class PublishVerificationError(RuntimeError):
    """The copy differs from what was to be copied; the published file was left alone."""


@dataclass(frozen=True)
class Publication:
    """What was published: rows per table, and the file's size in bytes."""

    rows: dict[str, int]
    size_bytes: int


def publish(
    connection: duckdb.DuckDBPyConnection,
    tables: list[PublishedTable],
    target: Path,
    *,
    run_id: str,
    published_at: datetime,
) -> Publication:
    """Copy tables into `target` so that a reader sees the old file or the new one, never a mix.

    Args:
        connection: The build file, with the macro of `install_hmac` where a table hides numbers.
        tables: What to copy; each becomes `main.<name>` with its comments.
        target: The published file. Its name stays fixed: it is the catalogue name BI tools store.
        run_id: The run that built the tables.
        published_at: UTC timestamp, written to publish_info.

    Raises:
        PublishVerificationError: The copy has other row counts than the build.

    Source: write, audit, publish; a rename within one folder is atomic on POSIX file systems.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + PARTIAL_SUFFIX)
    discard(partial)
    try:
        with _attached(connection, partial), transaction(connection):
            rows = {table.name: _copy(connection, table) for table in tables}
            _write_publish_info(connection, rows, run_id, published_at)
        _verify(partial, rows)
        partial.chmod(0o640)
        fsync(partial)
        # left by a program that opened the published file to write and died: DuckDB would replay it
        # into whatever file it lies beside
        target.with_name(target.name + ".wal").unlink(missing_ok=True)
        partial.replace(target)
    except BaseException:
        # half a copy would fill the disk for longest when the disk is full
        discard(partial)
        raise
    fsync(target.parent)
    return Publication(rows, target.stat().st_size)


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, partial: Path) -> Iterator[None]:
    connection.execute(f"attach {literal(partial)} as published_copy")
    try:
        yield
    except BaseException:
        # what goes wrong here, too, on a disk that is full is not what to tell
        with suppress(duckdb.Error):
            connection.execute("detach published_copy")
        raise
    connection.execute("detach published_copy")


def discard(partial: Path) -> None:
    """Remove what a killed publish left behind."""
    for leftover in (partial, partial.with_name(partial.name + ".wal")):
        leftover.unlink(missing_ok=True)


def _copy(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> int:
    name = f"published_copy.main.{quote(table.name)}"
    columns = ", ".join(
        f"{table.expressions[column]} as {quote(column)}"
        if column in table.expressions
        else quote(column)
        for column in table.columns
    )
    chosen = f"where {table.rows}" if table.rows else ""
    connection.execute(
        f"create table {name} as select {columns} from {qualified(table.source)} {chosen}"  # noqa: S608
    )
    connection.execute(f"comment on table {name} is {literal(table.description)}")
    for column, description in table.columns.items():
        connection.execute(f"comment on column {name}.{quote(column)} is {literal(description)}")
    return connection.execute(f"select count(*) from {name}").fetchone()[0]  # noqa: S608


def _write_publish_info(
    connection: duckdb.DuckDBPyConnection, rows: dict[str, int], run_id: str, at: datetime
) -> None:
    name = "published_copy.main.publish_info"
    connection.execute(
        f"create table {name} (run_id varchar, published_at timestamp, table_name varchar, "
        "row_count bigint)"
    )
    connection.executemany(
        f"insert into {name} values (?, ?, ?, ?)",  # noqa: S608
        [(run_id, at, table, count) for table, count in rows.items()],
    )
    connection.execute(
        f"comment on table {name} is 'What this file holds and which run built it. "
        "One row per table.'"
    )
    for column, text in {
        "run_id": "Run that built the file.",
        "published_at": "When the file was published, UTC.",
        "table_name": "Table in this file.",
        "row_count": "Rows it had when it was published.",
    }.items():
        connection.execute(f"comment on column {name}.{column} is '{text}'")


def _verify(partial: Path, rows: dict[str, int]) -> None:
    with duckdb.connect(str(partial), read_only=True, config=READER_CONFIG) as copy:
        for table, expected in rows.items():
            found = copy.execute(f"select count(*) from main.{quote(table)}").fetchone()[0]  # noqa: S608
            if found != expected:
                raise PublishVerificationError(
                    f"{partial.name}: {table} has {found} rows after the copy, expected {expected}"
                )


def fsync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
