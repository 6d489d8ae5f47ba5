"""Rows that were made in Python: workbooks, and CSV files with a fault in them.

Belongs here: batches of rows and rejected lines on their way into DuckDB, and the reject gate.
Does not belong here: where the rows come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from orchestration.ingestion.csv_reader import Reject
from orchestration.ingestion.limits import UnreadableFileError
from orchestration.ingestion.outcomes import Counts, Prepared
from orchestration.ingestion.writer import REJECTS, STAGE, FeedWriter
from orchestration.sql import quote

# A batch ends at whichever comes first: rows of one value each, or few rows of megabytes.
ROWS_PER_BATCH = 20_000
CHARACTERS_PER_BATCH = 16 * 2**20

_REJECT_SCHEMA = pa.schema(
    [
        ("_file_id", pa.int32()),
        ("line_number", pa.int64()),
        ("rule", pa.string()),
        ("detail", pa.string()),
        ("raw_text", pa.string()),
    ]
)
_REJECTS_PER_BATCH = 1_000


class RejectedLines:
    """The rejected lines of one file, of which memory holds a thousand at most."""

    def __init__(self, writer: FeedWriter, file_id: int) -> None:
        self._writer = writer
        self._file_id = file_id
        self._waiting: list[Reject] = []
        self._tally: Counter[str] = Counter()
        self._first_line = 0
        writer.stage_rejects(_REJECT_SCHEMA.empty_table(), is_new=True)

    def add(self, reject: Reject) -> None:
        """Keep one more line."""
        if not self._tally:
            self._first_line = reject.line_number
        self._tally[reject.rule] += 1
        self._waiting.append(reject)
        if len(self._waiting) >= _REJECTS_PER_BATCH:
            self._flush()

    def summary(self) -> str:
        """Rules and how often each was broken, without any value."""
        rules = ", ".join(f"{rule} {number:,}" for rule, number in self._tally.most_common())
        return f"{rules}; the first on line {self._first_line:,}"

    def relation(self, _files: list[Prepared]) -> tuple[str, list]:
        """What FeedWriter.commit inserts."""
        self._flush()
        return f"select * from temp.{REJECTS}", []  # noqa: S608

    def _flush(self) -> None:
        if self._waiting:
            columns = {
                "_file_id": [self._file_id] * len(self._waiting),
                **{
                    name: [getattr(reject, name) for reject in self._waiting]
                    for name in _REJECT_SCHEMA.names[1:]
                },
            }
            self._writer.stage_rejects(
                pa.Table.from_pydict(columns, schema=_REJECT_SCHEMA), is_new=False
            )
            self._waiting = []


def load_rows(
    writer: FeedWriter,
    prepared: Prepared,
    rows: Iterator[tuple],
    counts: Counts,
    rejects: RejectedLines | None = None,
) -> None:
    """Load one file's rows.

    Args:
        writer: The feed.
        prepared: The file.
        rows: Row number, the contract's columns, the extras as JSON.
        counts: Complete once `rows` is exhausted.
        rejects: Complete once `rows` is exhausted; None where no line can be rejected.
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
    if rejects and writer.limits.too_many_rejects(counts.rejected, counts.read):
        writer.fail_for_rejects(prepared, counts.rejected, counts.read, rejects.summary())
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

    writer.commit(
        [prepared], relation, {prepared.file_id: counts}, rejects.relation if rejects else None
    )


def load_xlsx(writer: FeedWriter, files: list[Prepared]) -> None:
    """Load workbooks, one after the other."""
    for prepared in files:
        counts = Counts()

        def rows(prepared: Prepared = prepared, counts: Counts = counts) -> Iterator[tuple]:
            for values in prepared.workbook.rows():
                counts.read += 1
                yield (counts.read, *values)

        try:
            load_rows(writer, prepared, rows(), counts)
        except UnreadableFileError as error:
            writer.fail_prepared(prepared, str(error))
        finally:
            prepared.workbook.close()


def _record_batches(schema: pa.Schema, rows: Iterator[tuple]) -> Iterator[pa.RecordBatch]:
    chunk: list[tuple] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += sum(map(len, filter(None, row[1:])))
        if len(chunk) >= ROWS_PER_BATCH or characters >= CHARACTERS_PER_BATCH:
            yield _record_batch(schema, chunk)
            chunk, characters = [], 0
    if chunk:
        yield _record_batch(schema, chunk)


def _record_batch(schema: pa.Schema, rows: list[tuple]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(column, type=kind.type) for column, kind in zip(columns, schema, strict=True)],
        schema=schema,
    )
