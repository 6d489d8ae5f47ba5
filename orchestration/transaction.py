"""All or nothing, in a DuckDB file.

Belongs here: where a transaction begins and how it ends. Does not belong here: statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All statements inside, or none of them; each by itself would wait for the disk once."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        # a commit that failed has rolled back by itself
        with suppress(duckdb.TransactionException):
            connection.rollback()
        raise
