"""Vocabularies that people edit, as rows with their numbers.

Belongs here: reading a CSV file of seeds/ and naming what is wrong with it as a file.
Does not belong here: what the cells mean.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.conditions.problems import Problem, VocabularyError, shortened

LARGEST_FILE_BYTES = 5_000_000


@dataclass(frozen=True)
class Row:
    """One row of a file; cells by column, without blanks around them.

    Attributes:
        number: Row as a spreadsheet numbers it, the header being 1.
        cells: Text of each column.
    """

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def file_label(path: Path) -> str:
    """How a file is named in messages."""
    return f"{path.parent.name}/{path.name}"


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of a CSV file.

    Args:
        path: The file.
        columns: Columns that it must have, and no others.

    Raises:
        VocabularyError: It is missing, in another encoding, or not made of these columns.
    """
    label = file_label(path)

    def refuse(text: str, row: int | None = None) -> VocabularyError:
        return VocabularyError([Problem(label, row, None, text)])

    if not path.exists():
        raise refuse("the file is missing; take it from the last version that had it")
    content = path.read_bytes()
    if len(content) > LARGEST_FILE_BYTES:
        raise refuse(f"the file has {len(content):,} bytes; at most {LARGEST_FILE_BYTES:,}")
    if b"\x00" in content:
        raise refuse("the file is no text; save it as CSV UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse("the file is not UTF-8; save it as CSV UTF-8 (in Excel: Save as)") from None
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    previous_limit = csv.field_size_limit(LARGEST_FILE_BYTES)
    try:
        records = list(reader)
    except csv.Error as error:
        raise refuse(f"line {reader.line_num} cannot be read as CSV: {error}") from None
    finally:
        csv.field_size_limit(previous_limit)
    header = [name.strip() for name in records[0]] if records else []
    if sorted(header) != sorted(columns):
        raise refuse(_wrong_header(header, columns), row=1)
    rows = []
    for number, record in enumerate(records[1:], start=2):
        if not any(cell.strip() for cell in record):
            continue
        if len(record) != len(header):
            raise refuse(
                f"{len(record)} cells, but the header has {len(header)}; put a cell that holds a "
                "comma into double quotes",
                row=number,
            )
        cells = dict(zip(header, (cell.strip() for cell in record), strict=True))
        rows.append(Row(number, cells))
    return rows


def _wrong_header(header: Sequence[str], columns: Sequence[str]) -> str:
    missing = [name for name in columns if name not in header]
    extra = [shortened(name) for name in header if name not in columns]
    parts = []
    if missing:
        parts.append(f"lacks the column {', '.join(missing)}")
    if extra:
        parts.append(f"has the unknown column {', '.join(repr(name) for name in extra)}")
    return f"the header {' and '.join(parts) or 'names a column twice'}; it is {','.join(columns)}"
