"""How readers open the published file.

Belongs here: the one locked-down read-only connection that commands and pages share.
Does not belong here: queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.damage import damaged_published_file, is_damage
from orchestration.publishing.publish import READER_CONFIG
from orchestration.sql import literal, quote

if TYPE_CHECKING:
    import pyarrow as pa


class NothingPublishedError(RuntimeError):
    """There is no published file yet."""


class DamagedPublishedFileError(NothingPublishedError):
    """There is one, and nobody can read it; to a reader that is as little as none."""


@contextmanager
def open_published(
    path: Path, *, writes_to: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection that can reach nothing but the published file.

    Open it per query: a connection that stays open keeps showing the build it was opened on.

    Args:
        path: The published file.
        writes_to: The one folder that COPY may write to; none unless given.

    Raises:
        NothingPublishedError: No run has published yet.
        DamagedPublishedFileError: The file is there and cannot be read, as a whole or where the
            caller looked.
    """
    if not path.exists():
        raise NothingPublishedError(
            f"{path} does not exist: no run has published yet; `strata run` makes it"
        )
    config = READER_CONFIG if writes_to is None else {}
    try:
        with duckdb.connect(str(path), read_only=True, config=config) as connection:
            if writes_to is not None:
                # DuckDB takes a folder only after it was opened and before it is locked
                connection.execute(f"set allowed_directories = [{literal(writes_to)}]")
                for setting, value in READER_CONFIG.items():
                    connection.execute(f"set {setting} = {value}")
            yield connection
    except duckdb.IOException as error:
        # from a query too: a block is looked at only when somebody needs it
        if not is_damage(error):
            raise
        raise DamagedPublishedFileError(damaged_published_file(path)) from None


def published_table(path: Path, name: str) -> pa.Table | None:
    """A table as the last run published it, for a build file that was lost and begins anew.

    Returns:
        None when nothing was published yet, or no table of that name.
    """
    if not path.exists():
        return None
    with open_published(path) as connection:
        if not has_table(connection, name):
            return None
        return connection.execute(f"from {quote(name)}").to_arrow_table()


def has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the published file has a table; one of an earlier version may lack it."""
    return bool(
        connection.execute("select 1 from duckdb_tables() where table_name = ?", [name]).fetchone()
    )
