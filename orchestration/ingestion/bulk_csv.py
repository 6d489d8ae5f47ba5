"""CSV in bulk: sound files by DuckDB, many at a time; faulty ones record by record.

Belongs here: the SQL, and the proof that no line got lost. Does not belong here: splitting records.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import duckdb
import pyarrow as pa

from orchestration.ingestion.bulk_rows import RejectedLines, load_rows
from orchestration.ingestion.columns import ColumnMap
from orchestration.ingestion.csv_reader import Reject, read_records
from orchestration.ingestion.extra_columns import extra_object
from orchestration.ingestion.limits import drive_fault, is_machine_fault
from orchestration.ingestion.outcomes import Counts, Prepared
from orchestration.ingestion.writer import BATCH, STAGE, FeedWriter
from orchestration.sql import literal, quote

# DuckDB's buffers grow with the longest line allowed; files with longer ones are read with care.
MAX_FAST_LINE_BYTES = 2_000_000
_BATCH_SCHEMA = pa.schema(
    [
        ("_batch_file_index", pa.int32()),
        ("_batch_file_id", pa.int32()),
        ("_batch_first_row", pa.int64()),
    ]
)
_CSV_ERRORS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.IOException,
    # "does not support a full read on this file": a line longer than a read buffer of 32 MB
    duckdb.NotImplementedException,
    # its message quotes the line, cut anywhere, and the binding cannot decode half a character
    UnicodeDecodeError,
)


def load_csv(writer: FeedWriter, files: list[Prepared]) -> None:
    """Load files of one header and delimiter."""
    empty = [prepared for prepared in files if prepared.header is None]
    writer.commit(empty, _nothing, {prepared.file_id: Counts() for prepared in empty})
    sound = []
    for prepared in files:
        if prepared.header is None:
            continue
        # in a file of one column DuckDB takes a blank line for an empty value
        is_plain = prepared.header.first_line == 1 and len(prepared.header.names) > 1
        if is_plain and not prepared.text.has_nul:
            sound.append(prepared)
        else:
            _load_csv_carefully(writer, prepared)
    if sound:
        _load_csv_together(writer, sound)


def _load_csv_together(writer: FeedWriter, files: list[Prepared]) -> None:
    """Files of one shape by one statement; a fault anywhere halves the batch until found."""
    try:
        _stage_csv(writer, files)
    except _CSV_ERRORS:
        # DuckDB's message quotes the line, which is personal data, so it goes no further
        if len(files) == 1:
            _load_csv_carefully(writer, files[0])
            return
        middle = len(files) // 2
        _load_csv_together(writer, files[:middle])
        _load_csv_together(writer, files[middle:])
        return

    first_row, counts = _first_rows_and_counts(writer, files)
    # A file's lines are counted before DuckDB sees it. Where rows and lines differ, values
    # with line ends inside must explain it, or the file is read again with care.
    unexplained = [
        (position, prepared)
        for position, prepared in enumerate(files)
        if prepared.header.lines + counts[prepared.file_id].read != prepared.text.lines
    ]
    doubtful = _not_explained_by_values(writer, unexplained, counts)
    sound = [prepared for prepared in files if prepared.file_id not in doubtful]
    if sound:
        rows = [
            (position, prepared.file_id, first_row[prepared.file_id])
            for position, prepared in enumerate(files)
        ]
        with writer.batch_table(_BATCH_SCHEMA, rows):
            writer.commit(sound, partial(_csv_relation, writer), counts)
    for prepared in files:
        if prepared.file_id in doubtful:
            _load_csv_carefully(writer, prepared)


def _stage_csv(writer: FeedWriter, files: list[Prepared]) -> None:
    """Text of all files, in their order; rowid counts through them, _file_index from 0."""
    header = files[0].header
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header.names)))
    paths = ", ".join(literal(str(prepared.readable)) for prepared in files)
    line_size = min(MAX_FAST_LINE_BYTES, writer.limits.max_line_bytes)
    # row numbers need this copy: DuckDB numbers the rows of a stream on one thread only, which
    # took 43 s for 1 GB where copy and insert took 30 s together, and reading alone 24 s
    writer.con.execute(
        f"create or replace temp table {STAGE} as "  # noqa: S608
        "select *, cast(file_index as integer) as _file_index "
        f"from read_csv([{paths}], columns = {{{columns}}}, "
        f"delim = {literal(header.delimiter)}, quote = '\"', escape = '\"', "
        "header = true, auto_detect = false, strict_mode = true, hive_partitioning = false, "
        f"max_line_size = {line_size})"
    )


def _first_rows_and_counts(
    writer: FeedWriter, files: list[Prepared]
) -> tuple[dict[int, int], dict[int, Counts]]:
    """Per file id, where its rows begin in the stage table and how many they are."""
    staged = {
        position: (first, rows)
        for position, first, rows in writer.con.execute(
            f"select _file_index, min(rowid), count(*) from temp.{STAGE} group by all"  # noqa: S608
        ).fetchall()
    }
    first_row: dict[int, int] = {}
    counts: dict[int, Counts] = {}
    for position, prepared in enumerate(files):
        first_row[prepared.file_id], rows = staged.get(position, (0, 0))
        counts[prepared.file_id] = Counts(read=rows)
    return first_row, counts


def _csv_relation(writer: FeedWriter, files: list[Prepared]) -> tuple[str, list]:
    select, parameters = _csv_columns(writer, files[0].columns)
    return (
        f"select _batch_file_id as _file_id, "  # noqa: S608
        f"stage.rowid - _batch_first_row + 1 as _row_number, {select} "
        f"from temp.{STAGE} as stage join {BATCH} on _file_index = _batch_file_index "
        "where list_contains(?, _batch_file_id)",
        [*parameters, [prepared.file_id for prepared in files]],
    )


def _not_explained_by_values(
    writer: FeedWriter, files: list[tuple[int, Prepared]], counts: dict[int, Counts]
) -> set[int]:
    """File ids whose lines are not all accounted for by rows and the line ends inside them."""
    if not files:
        return set()
    width = len(files[0][1].header.names)
    inside: dict[int, int] = {}
    for line_end in {prepared.text.line_end for _, prepared in files}:
        ends = " + ".join(
            f"coalesce(length(c{position}) - length(replace(c{position}, ?, '')), 0)"
            for position in range(width)
        )
        found = writer.con.execute(
            f"select _file_index, sum({ends}) from temp.{STAGE} "  # noqa: S608
            "where list_contains(?, _file_index) group by all",
            [
                *[line_end] * width,
                [index for index, prepared in files if prepared.text.line_end == line_end],
            ],
        ).fetchall()
        inside |= dict(found)
    return {
        prepared.file_id
        for index, prepared in files
        if prepared.header.lines + counts[prepared.file_id].read + inside.get(index, 0)
        != prepared.text.lines
    }


def _csv_columns(writer: FeedWriter, columns: ColumnMap) -> tuple[str, list]:
    """The contract's columns and the extras out of c0, c1, …"""
    parts = [
        f"{'cast(null as varchar)' if at is None else f'c{at}'} as {quote(name)}"
        for name, at in zip(writer.contract.column_names, columns.positions, strict=True)
    ]
    extra, parameters = extra_object([(name, f"c{at}") for name, at in columns.extras])
    return ", ".join([*parts, f"{extra} as _extra"]), parameters


def _load_csv_carefully(writer: FeedWriter, prepared: Prepared) -> None:
    """A file with a fault in it: record by record, leaving out the broken lines only."""
    rejects = RejectedLines(writer, prepared.file_id)
    counts = Counts()
    lines = prepared.text.lines

    def rows() -> Iterator[tuple]:
        for record in read_records(
            prepared.text.path,
            prepared.header,
            prepared.columns,
            writer.limits,
            prepared.text.line_end,
        ):
            counts.read += 1
            if isinstance(record, Reject):
                counts.rejected += 1
                rejects.add(record)
                if writer.limits.too_many_rejects(counts.rejected, lines):
                    return
            else:
                yield (record.row_number, *prepared.columns.pick(record.values))

    try:
        load_rows(writer, prepared, rows(), counts, rejects)
    except FileNotFoundError:
        writer.fail_prepared(prepared, "vanished while it was being read; land it again")
    except (UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and is_machine_fault(error):
            raise
        fault = drive_fault(str(error)) or "to its end; copy it again"
        writer.fail_prepared(prepared, f"cannot be read {fault}")


def _nothing(files: list[Prepared]) -> tuple[str, list]:
    raise AssertionError("empty files have no rows to select")
