"""Rows that were made in Python: workbooks, and CSV files with a fault in them.

Belongs here: batches of rows on their way into DuckDB, and the reject gate.
Does not belong here: where the rows come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from orchestration.ingestion.outcomes import Counts, Prepared
from orchestration.ingestion.writer import STAGE, FeedWriter
from orchestration.sql import quote

ROWS_PER_ARROW_BATCH = 20_000


def load_rows(
    writer: FeedWriter, prepared: Prepared, rows: Iterator[tuple], counts: Counts
) -> None:
    """Load one file's rows.

    Args:
        writer: The feed.
        prepared: The file.
        rows: Row number, the contract's columns, the extras as JSON.
        counts: Complete once `rows` is exhausted.
    """
    width = len(writer.contract.columns)
    schema = pa.schema(
        [
            ("_row_number", pa.int64()),
            *[(f"c{position}", pa.string()) for position in range(width)],
            ("_extra", pa.string()),
        ]
    )
    writer.stage_arrow(schema, _record_batches(schema, rows))
    if writer.limits.too_many_rejects(counts.rejected, counts.read):
        tally = Counter(reject.rule for reject in counts.rejects)
        rules = ", ".join(f"{rule} {number:,}" for rule, number in tally.most_common())
        writer.fail_for_rejects(
            prepared,
            counts.rejected,
            counts.read,
            f"{rules}; the first on line {counts.rejects[0].line_number:,}",
        )
        return
    select = ", ".join(
        f"c{position} as {quote(name)}"
        for position, name in enumerate(writer.contract.column_names)
    )

    def relation(chosen: list[Prepared]) -> tuple[str, list]:
        return (
            f"select cast(? as integer) as _file_id, _row_number, {select}, _extra "  # noqa: S608
            f"from temp.{STAGE}",
            [chosen[0].file_id],
        )

    writer.commit([prepared], relation, {prepared.file_id: counts})


def load_xlsx(writer: FeedWriter, files: list[Prepared]) -> None:
    """Load workbooks, one after the other."""
    for prepared in files:
        counts = Counts()

        def rows(prepared: Prepared = prepared, counts: Counts = counts) -> Iterator[tuple]:
            for values in prepared.workbook.rows():
                counts.read += 1
                yield (counts.read, *values)

        load_rows(writer, prepared, rows(), counts)


def _record_batches(schema: pa.Schema, rows: Iterator[tuple]) -> Iterator[pa.RecordBatch]:
    chunk: list[tuple] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= ROWS_PER_ARROW_BATCH:
            yield _record_batch(schema, chunk)
            chunk = []
    if chunk:
        yield _record_batch(schema, chunk)


def _record_batch(schema: pa.Schema, rows: list[tuple]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(column, type=kind.type) for column, kind in zip(columns, schema, strict=True)],
        schema=schema,
    )
