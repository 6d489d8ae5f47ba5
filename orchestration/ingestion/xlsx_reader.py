"""XLSX workbooks: which of their sheets carry a feed, and the rows of those.

Belongs here: finding tables and headers, and telling what is wrong with a workbook.
Does not belong here: opening it (xlsx_worker.py), column rules (columns.py).
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingestion import xlsx_worker
from orchestration.ingestion.columns import ColumnMap, count_matches, map_columns
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.limits import Limits, UnreadableFileError


@dataclass(frozen=True)
class SheetTable:
    """A sheet that carries the feed.

    Attributes:
        position: Which sheet, from 0.
        header_row: Row of the header, from 1.
        names: Its columns' names.
        columns: What they mean.
    """

    position: int
    header_row: int
    names: tuple[str, ...]
    columns: ColumnMap


class _OpenWorkbook:
    """A process that holds one workbook, and the talk with it."""

    def __init__(self, path: Path, limits: Limits) -> None:
        _refuse_bomb(path, limits)
        self._limits = limits
        # what it prints is a stack trace, which may quote a cell
        self._process = subprocess.Popen(
            # -P: the folder of the script holds modules of ours, none of which it should import
            [
                sys.executable,
                "-P",
                xlsx_worker.__file__,
                str(path),
                str(limits.max_workbook_memory),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask_for(self, wanted: list[tuple[int, int]]) -> None:
        """Which sheets to send, each from below which row."""
        with suppress(BrokenPipeError):  # the answer that does not come says it
            xlsx_worker.write_frame(self._process.stdin, xlsx_worker.ROWS, wanted)

    def receive(self, expected: str):
        """Content of the next frame; None at the end.

        Raises:
            UnreadableFileError: There is none, because the workbook cannot be read.
        """
        frame = xlsx_worker.read_frame(self._process.stdout)
        if frame is None:
            raise UnreadableFileError(
                f"takes more than {self._limits.max_workbook_memory // 2**20:,} MB to open, about "
                "100 bytes a cell; delete what lies beyond its table, split it, or export it as "
                "CSV"
            )
        kind, content = frame
        if kind == xlsx_worker.PROTECTED:
            raise UnreadableFileError("is protected by a password; save it without one")
        if kind == xlsx_worker.UNREADABLE:
            raise UnreadableFileError(
                f"is not a readable XLSX workbook ({content}); export it again"
            )
        return content if kind == expected else None

    def close(self) -> None:
        """End the process and free what it holds."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()
        self._process.wait()


class Workbook:
    """One workbook, held open by a process of its own until it is closed.

    Every sheet that has the feed's required columns is read: exports that outgrow a sheet go on in
    the next one. Other sheets (covers, pivots) are not data.
    """

    def __init__(self, path: Path, contract: FeedContract, limits: Limits) -> None:
        """Open the workbook and find its tables.

        Raises:
            UnreadableFileError: Damaged, protected, too large, or no sheet fits the contract.
        """
        self._open = _OpenWorkbook(path, limits)
        try:
            self.tables = _find_tables(contract, self._open.receive(xlsx_worker.SHEETS))
        except BaseException:
            self.close()
            raise

    @property
    def extra_columns(self) -> tuple[str, ...]:
        names = (name for table in self.tables for name in table.columns.extra_columns)
        return tuple(dict.fromkeys(names))

    @property
    def column_names(self) -> tuple[str, ...]:
        """Of all tables, those of the first in front."""
        names = (name for table in self.tables for name in table.names if name)
        return tuple(dict.fromkeys(names))

    def rows(self) -> Iterator[list[str | None]]:
        """Contract columns and the extras as JSON, per non-empty row; can be asked for once.

        Raises:
            UnreadableFileError: The workbook takes more memory than it may.
        """
        columns = {table.position: table.columns for table in self.tables}
        self._open.ask_for([(table.position, table.header_row) for table in self.tables])
        while (frame := self._open.receive(xlsx_worker.ROWS)) is not None:
            position, rows = frame
            for values in rows:
                yield columns[position].pick(values)

    def close(self) -> None:
        """End the process and free what it holds."""
        self._open.close()


def sheet_heads(path: Path, limits: Limits) -> list[list[list[str | None]]]:
    """The first rows of every sheet, as text.

    Raises:
        UnreadableFileError: Damaged, protected or too large.
    """
    workbook = _OpenWorkbook(path, limits)
    try:
        return workbook.receive(xlsx_worker.SHEETS)
    finally:
        workbook.close()


def _find_tables(contract: FeedContract, sheets: list[list[list[str | None]]]) -> list[SheetTable]:
    """Tables among the sheets, given the first rows of each."""
    tables = []
    problem: tuple[int, UnreadableFileError] | None = None
    for position, head in enumerate(sheets):
        best: tuple[int, int, list[str]] = (0, 0, [])
        for number, cells in enumerate(head, start=1):
            header = [text or "" for text in cells]
            matches = count_matches(contract, header)
            if matches > best[0]:
                best = (matches, number, header)
        matches, number, header = best
        if not matches:
            continue
        try:
            columns = map_columns(contract, header)
            tables.append(SheetTable(position, number, tuple(header), columns))
        except UnreadableFileError as error:
            if problem is None or matches > problem[0]:
                problem = (matches, error)
    if tables:
        return tables
    if problem:
        raise problem[1]
    raise UnreadableFileError(
        f"has none of {contract.label}'s columns in the first {xlsx_worker.HEADER_SEARCH_ROWS} "
        f"rows of any of its {len(sheets)} sheets; is it another feed's file?"
    )


def _refuse_bomb(path: Path, limits: Limits) -> None:
    """Look at what the archive says about itself; its true size is the process's to bear."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFileError(
            "is not a readable XLSX workbook: damaged, cut short, protected or another kind of "
            "file; export it again"
        ) from error
    allowed = max(limits.ratio_free_bytes, limits.max_ratio * path.stat().st_size)
    if unpacked > min(limits.max_unpacked_bytes, allowed):
        raise UnreadableFileError(
            f"unpacks to {unpacked:,} bytes, which no export does; check where it comes from"
        )
