"""A landing file without some of its rows, in its own format, everything else as it was.

Belongs here: leaving out rows of CSV, JSON Lines, XLSX and Parquet. Does not belong here: which
rows (erase.py, retention.py), what the columns mean (ingestion/).

Text files keep every other byte: lines are counted in the text and left out of the bytes, which
works because no character of UTF-8 or GB18030 holds a line end. A Parquet file keeps its schema and
metadata. A workbook is written anew from its cells, because the texts of deleted cells would stay
in its table of shared strings; styles and formulas are lost, values are compared cell by cell.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from orchestration.ingestion.columns import map_columns
from orchestration.ingestion.csv_reader import Reject, read_header, read_records
from orchestration.ingestion.jsonl_reader import BLANKS
from orchestration.ingestion.limits import DEFAULT_LIMITS
from orchestration.ingestion.text import prepare_text

if TYPE_CHECKING:
    from orchestration.ingestion.contracts import FeedContract
    from orchestration.ingestion.discover import LandingFile

# discovery passes over hidden files
PARTIAL_PREFIX = "."
PARTIAL_SUFFIX = ".without"


class RewriteError(RuntimeError):
    """A file does not hold the rows that were to be left out; it was left alone."""


@dataclass(frozen=True)
class Rewritten:
    """The new file beside the old one.

    Attributes:
        partial: Where it is; it has to be put in the old one's place.
        rows: Row numbers that are gone, those of rejected lines among them.
        lines: Physical lines that are gone; empty for workbooks and Parquet.
    """

    partial: Path
    rows: tuple[int, ...]
    lines: tuple[int, ...]


def partial_of(path: Path) -> Path:
    """Where the new file is written."""
    return path.with_name(f"{PARTIAL_PREFIX}{path.name}{PARTIAL_SUFFIX}")


def rewrite_without(
    file: LandingFile, contract: FeedContract, rows: set[int], lines: set[int], temp_dir: Path
) -> Rewritten:
    """Write a file again without some rows.

    Args:
        file: The file, whose rows are in the raw table.
        contract: Its feed.
        rows: Row numbers to leave out, as the raw table has them (_row_number).
        lines: Physical lines to leave out that no reader could make a row of.
        temp_dir: For a copy in UTF-8, while it is needed.

    Raises:
        RewriteError: Some of the rows are not there: the file is another one than was loaded.
        UnreadableFileError: The file can no longer be read.
    """
    target = partial_of(file.path)
    target.unlink(missing_ok=True)
    if file.format == "parquet":
        gone_rows, gone_lines = _without_in_parquet(file.path, target, rows), ()
    elif file.format == "xlsx":
        gone_rows, gone_lines = _without_in_workbook(file.path, target, contract, rows), ()
    else:
        find = _csv_lines if file.format == "csv" else _jsonl_lines
        gone_rows, gone_lines = find(file, contract, rows, lines, temp_dir)
        _copy_without(file, target, set(gone_lines), _line_end(file, temp_dir))
    missing = len(rows - set(gone_rows)) + len(lines - set(gone_lines))
    if missing:
        target.unlink(missing_ok=True)
        raise RewriteError(
            f"{file.file_name} lacks {missing} of the rows that were loaded from it: it was "
            "changed since; run `strata run` so that it is loaded again, then erase again"
        )
    shutil.copystat(file.path, target)
    return Rewritten(target, tuple(sorted(gone_rows)), tuple(sorted(gone_lines)))


def _csv_lines(
    file: LandingFile, contract: FeedContract, rows: set[int], lines: set[int], temp_dir: Path
) -> tuple[list[int], list[int]]:
    gone_rows: list[int] = []
    gone_lines: list[int] = []
    with _as_text(file, temp_dir) as text:
        header = read_header(text.path, contract, DEFAULT_LIMITS, text.line_end)
        if header is None:
            return [], []
        columns = map_columns(contract, header.names)
        records = read_records(text.path, header, columns, DEFAULT_LIMITS, text.line_end)
        for row_number, record in enumerate(records, start=1):
            first = record.line_number
            if isinstance(record, Reject):
                if first in lines:
                    gone_rows.append(row_number)
                    gone_lines.append(first)
            elif row_number in rows:
                gone_rows.append(row_number)
                gone_lines.extend(range(first, first + record.lines))
    return gone_rows, gone_lines


def _jsonl_lines(
    file: LandingFile, contract: FeedContract, rows: set[int], lines: set[int], temp_dir: Path
) -> tuple[list[int], list[int]]:
    gone_rows: list[int] = []
    gone_lines: list[int] = []
    row_number = 0
    blanks = BLANKS.encode()
    for line_number, line in enumerate(_lines(file, _line_end(file, temp_dir)), start=1):
        content = line.removeprefix(b"\xef\xbb\xbf") if line_number == 1 else line
        if not content.strip(blanks):
            continue
        row_number += 1
        if row_number in rows or line_number in lines:
            gone_rows.append(row_number)
            gone_lines.append(line_number)
    return gone_rows, gone_lines


@contextmanager
def _as_text(file: LandingFile, temp_dir: Path) -> Iterator:
    text = prepare_text(file.path, file.is_gzip, temp_dir, DEFAULT_LIMITS)
    try:
        yield text
    finally:
        if text.is_copy:
            text.path.unlink()


def _line_end(file: LandingFile, temp_dir: Path) -> bytes:
    with _as_text(file, temp_dir) as text:
        return text.line_end.encode()


def _lines(file: LandingFile, line_end: bytes) -> Iterator[bytes]:
    """The lines with their ends, as bytes of the file's own encoding."""
    with _open(file) as stream:
        if line_end == b"\n":
            yield from stream
        else:
            yield from stream.read().splitlines(keepends=True)


def _open(file: LandingFile) -> BinaryIO:
    return gzip.open(file.path, "rb") if file.is_gzip else file.path.open("rb")


def _copy_without(file: LandingFile, target: Path, gone: set[int], line_end: bytes) -> None:
    with target.open("xb") as raw:
        target.chmod(0o600)
        # no name and no time inside, so that the same rows make the same bytes
        packed = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if file.is_gzip else None
        stream = packed or raw
        for number, line in enumerate(_lines(file, line_end), start=1):
            if number not in gone:
                stream.write(line)
        if packed is not None:
            packed.close()


def _without_in_parquet(path: Path, target: Path, rows: set[int]) -> list[int]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = pq.ParquetFile(path)
    gone: list[int] = []
    first = 1
    codec = "snappy"
    if source.metadata.num_row_groups and source.metadata.num_columns:
        codec = source.metadata.row_group(0).column(0).compression.lower()
    with pq.ParquetWriter(
        target, source.schema_arrow, compression="none" if codec == "uncompressed" else codec
    ) as writer:
        for group in range(source.num_row_groups):
            table = source.read_row_group(group)
            numbers = np.arange(first, first + table.num_rows)
            is_gone = np.isin(numbers, list(rows))
            gone.extend(numbers[is_gone].tolist())
            writer.write_table(table.filter(pa.array(~is_gone)))
            first += table.num_rows
    return gone


def _without_in_workbook(
    path: Path, target: Path, contract: FeedContract, rows: set[int]
) -> list[int]:
    import python_calamine
    import xlsxwriter

    from orchestration.ingestion.xlsx_reader import Workbook
    from orchestration.ingestion.xlsx_worker import cell_text

    known = Workbook(path, contract, DEFAULT_LIMITS)
    tables = {table.position: table.header_row for table in known.tables}
    known.close()
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    gone: list[int] = []
    number = 0
    written = xlsxwriter.Workbook(
        str(target),
        {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False},
    )
    formats = {
        "datetime": written.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
        "date": written.add_format({"num_format": "yyyy-mm-dd"}),
        "time": written.add_format({"num_format": "hh:mm:ss"}),
        "timedelta": written.add_format({"num_format": "[h]:mm:ss"}),
    }
    expected: list[list[list[str | None]]] = []
    for position, name in enumerate(book.sheet_names):
        sheet = written.add_worksheet(name)
        kept: list[list[str | None]] = []
        at = 0
        for row, cells in enumerate(book.get_sheet_by_name(name).iter_rows(), start=1):
            texts = [cell_text(cell) for cell in cells]
            if position in tables and row > tables[position] and any(texts):
                number += 1
                if number in rows:
                    gone.append(number)
                    continue
            for column, cell in enumerate(cells):
                _write_cell(sheet, at, column, cell, formats)
            if any(texts):
                kept.append(texts)
            at += 1
        expected.append(kept)
    written.close()
    target.chmod(0o600)
    again = python_calamine.CalamineWorkbook.from_path(str(target))
    for name, kept in zip(again.sheet_names, expected, strict=True):
        texts = [
            [cell_text(cell) for cell in cells]
            for cells in again.get_sheet_by_name(name).iter_rows()
        ]
        if [_trimmed(row) for row in texts if any(row)] != [_trimmed(row) for row in kept]:
            target.unlink()
            raise RewriteError(
                f"{path.name} cannot be written again with the same values; remove the rows by hand"
            )
    return gone


def _trimmed(cells: list[str | None]) -> list[str | None]:
    """Without the empty cells at the end, of which a sheet may have more or fewer."""
    last = max((at for at, text in enumerate(cells) if text), default=-1)
    return cells[: last + 1]


def _write_cell(sheet, row: int, column: int, cell: object, formats: dict) -> None:
    kind = type(cell).__name__
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, (int, float)):
        sheet.write_number(row, column, cell)
    elif kind in formats:
        sheet.write_datetime(row, column, cell, formats[kind])
    else:
        sheet.write_string(row, column, str(cell))
