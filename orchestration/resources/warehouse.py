"""The only door to the warehouse file.

Belongs here: opening and closing the build file, its lock, and the small read/write helpers that
assets use. Does not belong here: SQL with a business meaning, or anything that knows assets.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pyarrow as pa

from orchestration.damage import damaged_build_file, is_damage
from orchestration.sql import qualified, quote
from orchestration.transaction import transaction

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.settings import Settings

LOCK_WAIT_SECONDS = 60.0
LOCK_POLL_SECONDS = 0.5
LOCK_RETRIES = 2
LOCK_RETRY_SECONDS = 30
# fetch_df_chunk counts in vectors of 2,048 rows: some 100,000 at once
VECTORS_AT_ONCE = 49


class WarehouseError(RuntimeError):
    """The build file cannot be had; the message says why and what to do."""


class WarehouseLockedError(WarehouseError):
    """Another process holds the build file."""


class UnfinishedWarehouseError(WarehouseError):
    """The build file is there and no run has made in it what a command looks for."""


class DamagedWarehouseError(WarehouseError):
    """The build file is there and cannot be read."""


class Warehouse(dg.ConfigurableResource):
    """The build file of one company.

    DuckDB lets one process write and then shuts every other one out, so each step opens the file
    for as long as it needs it and no longer.
    """

    path: str
    temp_dir: str
    memory_limit: str
    threads: int

    @classmethod
    def of(cls, settings: Settings) -> Warehouse:
        """That of the company whose settings these are."""
        return cls(
            path=str(settings.build_file),
            temp_dir=str(settings.temp_dir),
            memory_limit=settings.memory_limit_or_default,
            threads=settings.threads,
        )

    @property
    def limits(self) -> dict[str, str | int]:
        """DuckDB's settings of what a connection may take, and where it goes on beyond that."""
        return {
            "memory_limit": self.memory_limit,
            "threads": self.threads,
            "temp_directory": self.temp_dir,
        }

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the build file, closed at the end.

        Opening the file takes a tenth of a second, and as much again to close it after writing; a
        connection within another one takes neither.

        Raises:
            RetryRequested: Another process kept the file for longer than LOCK_WAIT_SECONDS; its
                cause is a WarehouseLockedError.
            DamagedWarehouseError: The file cannot be read, as a whole or where the caller looked.
        """
        try:
            with self._open() as connection:
                yield connection
        except duckdb.IOException as error:
            if not is_damage(error):
                raise
            # the innermost error is what a run prints
            raise DamagedWarehouseError(damaged_build_file(self.path)) from None

    def _open(self) -> duckdb.DuckDBPyConnection:
        Path(self.path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                connection = duckdb.connect(self.path, config=self.limits)
                # no config option: DuckDB loads its time zones only once the file is open
                connection.execute("set TimeZone = 'UTC'")
                return connection
            except duckdb.IOException as error:
                if not _is_lock(error):
                    raise
                if time.monotonic() > deadline:
                    locked = WarehouseLockedError(
                        f"{self.path} is open in another process for over "
                        f"{LOCK_WAIT_SECONDS:.0f} s: {error}. "
                        "Close that process and run again; to look at data while builds run, "
                        "open the published file instead."
                    )
                    # the one fault that goes away by waiting; the step is tried again
                    raise dg.RetryRequested(LOCK_RETRIES, LOCK_RETRY_SECONDS) from locked
                time.sleep(LOCK_POLL_SECONDS)

    @contextmanager
    def connect_read_only(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build file for commands that read what the published file does not hold.

        Raises:
            WarehouseLockedError: A run is under way, or there is no build file.
            UnfinishedWarehouseError: No run got as far as what the caller looks for.
            DamagedWarehouseError: The file cannot be read.
        """
        if not Path(self.path).exists():
            raise WarehouseLockedError(f"{self.path} does not exist; `strata run` makes it")
        try:
            with duckdb.connect(self.path, read_only=True, config=self.limits) as connection:
                yield connection
        except duckdb.CatalogException as error:
            raise UnfinishedWarehouseError(
                f"{self.path} holds no run that got far enough ({str(error).splitlines()[0]}); "
                "`strata run` makes what is missing"
            ) from error
        except duckdb.IOException as error:
            if is_damage(error):
                raise DamagedWarehouseError(damaged_build_file(self.path)) from error
            if not _is_lock(error):
                raise
            raise WarehouseLockedError(
                f"{self.path} is open in another process, a run most likely; "
                "try again when it has ended"
            ) from None

    def replace_table(self, name: str, table: pa.Table) -> int:
        """Write an Arrow table to `schema.table` in one transaction, whole or not at all.

        Returns:
            The number of rows written.
        """
        return self.replace_tables([(name, table)])

    def replace_tables(self, tables: Iterable[tuple[str, pa.Table | pa.RecordBatchReader]]) -> int:
        """Write several tables, by name, in one transaction; returns the rows written in all."""
        rows = 0
        with self.connect() as connection, transaction(connection):
            for name, table in tables:
                schema = name.split(".", 1)[0]
                connection.execute(f"create schema if not exists {quote(schema)}")
                connection.register("incoming_rows", table)
                rows += connection.execute(
                    f"create or replace table {qualified(name)} as select * from incoming_rows"  # noqa: S608
                ).fetchone()[0]
                connection.unregister("incoming_rows")
        return rows


def _is_lock(error: duckdb.IOException) -> bool:
    return "could not set lock" in str(error).lower()


def table_exists(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether `schema.table` exists in the connected file."""
    schema, table = name.split(".", 1)
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
            [schema, table],
        ).fetchone()
    )


def table_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Columns and types of every table and view, as `schema.table` to name to type."""
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, data_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and not internal "
        "order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column] = data_type
    return found


def row_counts(connection: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, int]:
    """Rows of those of the named relations that are tables; counting a view would run its query."""
    tables = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = current_database()"
        ).fetchall()
    }
    return {
        name: connection.execute(f"select count(*) from {qualified(name)}").fetchone()[0]  # noqa: S608
        for name in names
        if name in tables
    }


def frames(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object]
) -> Iterator[pd.DataFrame]:
    """The rows of a query, some 100,000 at once, beside whatever the connection does with each.

    Args:
        connection: Stays free for other statements; its temporary tables are not seen.
        query: What is read.
        values: Its bound values.
    """
    with connection.cursor() as cursor:
        yield from chunks(cursor.execute(query, values))


def chunks(executed: duckdb.DuckDBPyConnection) -> Iterator[pd.DataFrame]:
    """What a connection has been asked for, some 100,000 rows at once."""
    while len(batch := executed.fetch_df_chunk(VECTORS_AT_ONCE)):
        yield batch
