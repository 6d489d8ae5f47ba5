"""XLSX workbooks: cells to text.

Belongs here: finding the sheets that carry a feed, and spelling dates and numbers as text.
Does not belong here: column rules (columns.py).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.ingestion.columns import ColumnMap, count_matches, map_columns
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.limits import Limits, UnreadableFileError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

# Exports put a title or a date range above the table; further down nobody calls it a header.
HEADER_SEARCH_ROWS = 20
# Beyond this a double no longer holds every integer, so its digits are spelt as it prints.
EXACT_INTEGER = 2**53
_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+\d+:([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class SheetTable:
    """A sheet that carries the feed.

    Attributes:
        sheet: The sheet, its cells in memory.
        header_row: Row of the header, from 1.
        columns: Its columns.
    """

    sheet: CalamineSheet
    header_row: int
    columns: ColumnMap


class Workbook:
    """One open workbook.

    Every sheet that has the feed's required columns is read: exports that outgrow a sheet go on in
    the next one. Other sheets (covers, pivots) are not data.
    """

    def __init__(self, path: Path, contract: FeedContract, limits: Limits) -> None:
        """Open the workbook and find its tables.

        Raises:
            UnreadableFileError: Damaged, protected, too large, or no sheet fits the contract.
        """
        # imported here: the library is only needed where a workbook lies
        import python_calamine

        _refuse_bomb(path, limits)
        try:
            self._book = python_calamine.CalamineWorkbook.from_path(str(path))
            self.tables = self._find_tables(contract)
        except python_calamine.PasswordError as error:
            raise UnreadableFileError("is protected by a password; save it without one") from error
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise UnreadableFileError(
                f"is not a readable XLSX workbook ({type(error).__name__}); export it again"
            ) from error
        except BaseException as error:
            # the library is Rust; a panic on a malformed part is no Exception
            if type(error).__name__ != "PanicException":
                raise
            raise UnreadableFileError("is a malformed XLSX workbook; export it again") from error

    @property
    def extra_columns(self) -> tuple[str, ...]:
        names = (name for table in self.tables for name in table.columns.extra_columns)
        return tuple(dict.fromkeys(names))

    def rows(self) -> Iterator[list[str | None]]:
        """Contract columns and the extras as JSON, per non-empty row."""
        for table in self.tables:
            for number, cells in enumerate(table.sheet.iter_rows(), start=1):
                if number <= table.header_row:
                    continue
                values = [cell_text(cell) for cell in cells]
                if any(values):
                    yield table.columns.pick(values)

    def _find_tables(self, contract: FeedContract) -> list[SheetTable]:
        tables = []
        problem: tuple[int, UnreadableFileError] | None = None
        for name in self._book.sheet_names:
            sheet = self._book.get_sheet_by_name(name)
            best: tuple[int, int, list[str]] = (0, 0, [])
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                if number > HEADER_SEARCH_ROWS:
                    break
                header = [cell_text(cell) or "" for cell in cells]
                matches = count_matches(contract, header)
                if matches > best[0]:
                    best = (matches, number, header)
            matches, number, header = best
            if not matches:
                continue
            try:
                tables.append(SheetTable(sheet, number, map_columns(contract, header)))
            except UnreadableFileError as error:
                if problem is None or matches > problem[0]:
                    problem = (matches, error)
        if tables:
            return tables
        if problem:
            raise problem[1]
        raise UnreadableFileError(
            f"has none of {contract.label}'s columns in the first {HEADER_SEARCH_ROWS} rows of "
            f"any of its {len(self._book.sheet_names)} sheets; is it another feed's file?"
        )


def cell_text(cell: Any) -> str | None:
    """A cell as text: ISO dates, whole numbers without a point, None when empty."""
    if isinstance(cell, str):
        return cell or None
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < EXACT_INTEGER:
            return str(int(cell))
        text = repr(cell)
        return format(Decimal(text), "f") if "e" in text and abs(cell) > 1 else text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell)


def _refuse_bomb(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            sheets = [member for member in members if member.filename.startswith("xl/worksheets/")]
            for member in sheets:
                with archive.open(member) as file:
                    _refuse_wide_sheet(file.read(4096), limits)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFileError(
            "is not a readable XLSX workbook: damaged, cut short, protected or another kind of "
            "file; export it again"
        ) from error
    unpacked = sum(member.file_size for member in members)
    allowed = max(limits.ratio_free_bytes, limits.max_ratio * path.stat().st_size)
    if unpacked > min(limits.max_unpacked_bytes, allowed):
        raise UnreadableFileError(
            f"unpacks to {unpacked:,} bytes, which no export does; check where it comes from"
        )


def _refuse_wide_sheet(head: bytes, limits: Limits) -> None:
    match = _DIMENSION.search(head)
    if not match:
        return
    column = 0
    for letter in match[1]:
        column = column * 26 + letter - ord("A") + 1
    cells = column * int(match[2])
    if cells > limits.max_sheet_cells:
        raise UnreadableFileError(
            f"has a sheet of {cells:,} cells, most of them empty; delete the rows and columns "
            "beyond the table and save it again"
        )
