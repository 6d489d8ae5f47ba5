"""Rows that Spark gives a worker as Arrow batches, as a table of a DuckDB there.

Belongs here: what everything that runs in workers shares. Does not belong here: what is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

import duckdb
import pyarrow as pa


@contextmanager
def rows_in_duckdb(
    batches: Iterable[pa.RecordBatch], name: str
) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """A connection that reads a worker's share of the rows, once, under a name.

    Args:
        batches: What `mapInArrow` hands a function.
        name: The name of the rows.

    Returns:
        None when there is no row, and so no column either.
    """
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        yield None
        return
    # Spark has one processor for each task
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        rows = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
        connection.register(name, rows)
        yield connection
