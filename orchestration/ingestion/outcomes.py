"""What is known about a file on its way in, and what became of it.

Belongs here: the data classes that the loading modules hand to each other and to the caller.
Does not belong here: code that reads or writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.ingestion.columns import ColumnMap
from orchestration.ingestion.csv_reader import CsvHeader
from orchestration.ingestion.discover import LandingFile, StrayFile
from orchestration.ingestion.drift import Drift
from orchestration.ingestion.parquet_reader import ParquetSchema
from orchestration.ingestion.text import TextFile
from orchestration.ingestion.xlsx_reader import Workbook


@dataclass(frozen=True)
class FileOutcome:
    """What became of one landing file.

    Attributes:
        file_name: Path below the landing folder.
        status: loaded; repeated (its content is known under this or another name); unchanged
            (same path, size and time as last time, not opened); failed; waiting (still being
            written).
        rows_read: Data rows found; 0 unless loaded.
        rows_loaded: Rows now in the raw table.
        rows_rejected: Lines now in raw.rejected_line.
        error: Why it failed, with the remedy; never a cell value.
        extra_columns: Columns the contract does not know.
        column_names: All columns, as the file spells them and in its order; empty unless loaded.
    """

    file_name: str
    status: str
    rows_read: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    error: str | None = None
    extra_columns: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedLoad:
    """What became of one feed, its files ordered by name.

    Attributes:
        drifts: How the columns of the files that were loaded differ from the contract, and from
            those of the file before.
    """

    source: str
    feed: str
    files: list[FileOutcome]
    rows_loaded: int
    seconds: float
    drifts: list[Drift]

    def with_status(self, status: str) -> list[FileOutcome]:
        """The files that ended in this status."""
        return [outcome for outcome in self.files if outcome.status == status]


@dataclass(frozen=True)
class LandingLoad:
    """What became of the whole landing folder.

    Attributes:
        feeds: One entry per contract.
        strays: Files that belong to no feed.
        load_number: The number this load used, if it loaded anything.
    """

    feeds: list[FeedLoad]
    strays: list[StrayFile]
    load_number: int

    @property
    def rows_loaded(self) -> int:
        return sum(feed.rows_loaded for feed in self.feeds)

    @property
    def failed(self) -> list[FileOutcome]:
        return [outcome for feed in self.feeds for outcome in feed.with_status("failed")]


@dataclass(frozen=True)
class Prepared:
    """A file that has been examined and can be read.

    Attributes:
        readable: What DuckDB reads: the file, a copy or an alias.
        shape: Files of equal shape may be read by one statement; None to be read alone.
        bytes: Unpacked size.
        extra_columns: Columns the contract does not know.
        column_names: All columns as the file spells them, in its order.
    """

    file: LandingFile
    file_id: int
    size_bytes: int
    modified_ns: int
    sha256: str
    encoding: str | None
    readable: Path
    shape: object
    bytes: int
    extra_columns: tuple[str, ...]
    column_names: tuple[str, ...]
    text: TextFile | None = None
    header: CsvHeader | None = None
    columns: ColumnMap | None = None
    schema: ParquetSchema | None = None
    workbook: Workbook | None = None

    @property
    def changed(self) -> bool:
        """Whether the landing file is no longer what was examined."""
        try:
            stat = self.file.path.stat()
        except OSError:
            return True
        return (stat.st_size, stat.st_mtime_ns) != (self.size_bytes, self.modified_ns)


@dataclass
class Counts:
    """Rows of one file on their way in; those of erased people are not among the rows read."""

    read: int = 0
    rejected: int = 0
    erased: int = 0

    @property
    def loaded(self) -> int:
        return self.read - self.rejected
