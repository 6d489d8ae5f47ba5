"""Loading a feed: each file whole or not at all, each content once, each row accounted for.

Belongs here: the order of things: which file is new, what it is, which files are read together.
Does not belong here: what a header, a line or a cell means (*_reader.py), bulk SQL (bulk_*.py).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.ingestion.bulk_csv import load_csv
from orchestration.ingestion.bulk_jsonl import load_jsonl
from orchestration.ingestion.bulk_parquet import load_parquet
from orchestration.ingestion.bulk_rows import load_xlsx
from orchestration.ingestion.columns import ColumnMap, map_columns
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.csv_reader import CsvHeader, read_header
from orchestration.ingestion.discover import (
    LandingFile,
    discover,
    is_ordered_format,
    is_stable,
)
from orchestration.ingestion.drift import Drift, FileColumns, compare
from orchestration.ingestion.limits import (
    DEFAULT_LIMITS,
    Limits,
    UnreadableFileError,
    is_machine_fault,
    words,
)
from orchestration.ingestion.manifest import ensure_tables, last_columns, next_load_number
from orchestration.ingestion.outcomes import FeedLoad, FileOutcome, LandingLoad, Prepared
from orchestration.ingestion.parquet_reader import ParquetSchema, read_schema
from orchestration.ingestion.text import TextFile, prepare_text, sha256_of
from orchestration.ingestion.writer import FeedWriter
from orchestration.ingestion.xlsx_reader import Workbook
from orchestration.privacy.erased import ErasedList, add_entries

TEMP_PREFIX = "landing-"
# DuckDB expands * ? [ ] { } in paths and takes some prefixes for remote; such files get an alias.
_PLAIN_PATH = re.compile(r"/[\w./ +@,()-]*")
_LOADERS = {
    "csv": load_csv,
    "jsonl": load_jsonl,
    "parquet": load_parquet,
    "xlsx": load_xlsx,
}


def load_landing(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[FeedContract],
    landing_root: Path,
    *,
    run_id: str,
    temp_dir: Path,
    min_age_seconds: float = 0,
    limits: Limits = DEFAULT_LIMITS,
    erased: ErasedList | None = None,
) -> LandingLoad:
    """Load every feed; a file or feed that fails does not stop the others.

    Args:
        con: Connection to the build file, outside any transaction.
        contracts: The feeds.
        landing_root: The landing folder.
        run_id: Written to the manifest.
        temp_dir: Folder for transcoded copies; made private if it must be created.
        min_age_seconds: Leave files alone that were written to more recently.
        limits: What is still believable.
        erased: Whose rows are dropped.
    """
    ensure_tables(con, contracts)
    discovery = discover(landing_root, contracts)
    load_number = next_load_number(con)
    feeds = [
        load_feed(
            con,
            contract,
            landing_root,
            run_id,
            load_number=load_number,
            temp_dir=temp_dir,
            files=discovery.files[(contract.source, contract.feed)],
            min_age_seconds=min_age_seconds,
            limits=limits,
            erased=erased,
        )
        for contract in subjects_first(contracts)
    ]
    feeds.sort(key=lambda load: (load.source, load.feed))
    return LandingLoad(feeds, discovery.strays, load_number)


def subjects_first(contracts: Sequence[FeedContract]) -> list[FeedContract]:
    """Feeds that say whose an order is before those that only name the order.

    An order that is dropped with its buyer is then known when its lines arrive.
    """
    return sorted(contracts, key=lambda contract: not contract.subject_columns)


def load_feed(
    con: duckdb.DuckDBPyConnection,
    contract: FeedContract,
    landing_root: Path,
    run_id: str,
    *,
    load_number: int,
    temp_dir: Path,
    files: Sequence[LandingFile] | None = None,
    min_age_seconds: float = 0,
    limits: Limits = DEFAULT_LIMITS,
    erased: ErasedList | None = None,
) -> FeedLoad:
    """Load what is new of one feed.

    A file's rows, its rejected lines and its manifest row are committed together.

    Args:
        con: Connection to the build file, outside any transaction.
        contract: The feed.
        landing_root: The landing folder.
        run_id: Written to the manifest.
        load_number: Number of this load (manifest.next_load_number), the same for all feeds.
        temp_dir: Folder for transcoded copies; made private if it must be created.
        files: The feed's files as discovered; default: look for them.
        min_age_seconds: Leave files alone that were written to more recently.
        limits: What is still believable.
        erased: Whose rows are dropped; their orders are added to the list.

    Returns:
        One outcome per file. A file that cannot be read is an outcome, not an exception; a full
        disk or a broken warehouse is an exception.
    """
    if files is None:
        files = discover(landing_root, [contract]).files[(contract.source, contract.feed)]
    started = time.perf_counter()
    ensure_tables(con, [contract])
    temp_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_stale_copies(temp_dir)
    with (
        _insertion_order(con),
        tempfile.TemporaryDirectory(dir=temp_dir, prefix=f"{TEMP_PREFIX}{os.getpid()}-") as folder,
    ):
        previous = last_columns(con, contract)
        writer = FeedWriter(con, contract, run_id, load_number, limits, erased)
        outcomes = _FeedLoader(writer, Path(folder), min_age_seconds).run(files)
    if erased is not None and writer.erased_orders:
        erased.hashes.update(writer.erased_orders)
        add_entries(erased.path, writer.erased_orders, datetime.now(UTC).date().isoformat(), run_id)
    return FeedLoad(
        source=contract.source,
        feed=contract.feed,
        files=outcomes,
        rows_loaded=sum(outcome.rows_loaded for outcome in outcomes),
        seconds=time.perf_counter() - started,
        drifts=_drifts(contract, outcomes, previous),
    )


class _Repeated(Exception):
    """The content is already in the warehouse."""


class _FeedLoader:
    """One pass over the files of one feed."""

    def __init__(self, writer: FeedWriter, folder: Path, min_age_seconds: float) -> None:
        self._writer = writer
        self._folder = folder
        self._min_age_seconds = min_age_seconds
        self._waiting_batches: dict[object, list[Prepared]] = {}
        self._content_in_flight: dict[str, str] = {}
        self._parquet_columns: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._twins: list[tuple[LandingFile, os.stat_result, str]] = []

    def run(self, files: Sequence[LandingFile]) -> list[FileOutcome]:
        for file in sorted(files, key=lambda file: file.file_name):
            self._consider(file)
        for batch in list(self._waiting_batches.values()):
            self._flush(batch)
        self._settle_twins()
        self._writer.keep_books({file.file_name for file in files})
        return [self._writer.outcomes[name] for name in sorted(self._writer.outcomes)]

    def _consider(self, file: LandingFile) -> None:
        try:
            stat = file.path.stat()
        except OSError as error:
            self._writer.fail(file, None, f"cannot be opened {words(error)}")
            return
        if self._min_age_seconds and not is_stable(file.path, self._min_age_seconds):
            self._writer.outcomes[file.file_name] = FileOutcome(file.file_name, "waiting")
            return
        if self._writer.is_unchanged(file, stat):
            self._writer.outcomes[file.file_name] = FileOutcome(file.file_name, "unchanged")
            return
        try:
            prepared = self._prepare(file, stat)
        except _Repeated:
            return
        except UnreadableFileError as error:
            self._writer.fail(file, stat, str(error))
            return
        except OSError as error:
            if is_machine_fault(error):
                raise
            self._writer.fail(file, stat, f"cannot be read {words(error)}")
            return
        self._content_in_flight[prepared.sha256] = file.file_name
        batch = self._waiting_batches.setdefault(prepared.shape or object(), [])
        batch.append(prepared)
        if (
            prepared.shape is None
            or len(batch) >= self._writer.limits.batch_files
            or sum(waiting.bytes for waiting in batch) >= self._writer.limits.batch_bytes
        ):
            self._flush(batch)

    def _flush(self, batch: list[Prepared]) -> None:
        files = list(batch)
        for shape, waiting in list(self._waiting_batches.items()):
            if waiting is batch:
                del self._waiting_batches[shape]
        try:
            _LOADERS[files[0].file.format](self._writer, files)
        finally:
            self._writer.drop_stages()
            for prepared in files:
                if prepared.readable != prepared.file.path:
                    prepared.readable.unlink(missing_ok=True)

    def _settle_twins(self) -> None:
        """Files with the content of another file of this run share its fate."""
        for file, stat, sha256 in self._twins:
            if sha256 in self._writer.loaded_content:
                self._writer.repeat(file, stat, sha256)
            else:
                first = self._writer.outcomes[self._content_in_flight[sha256]]
                self._writer.fail(file, stat, _without_name(first))

    def _prepare(self, file: LandingFile, stat: os.stat_result) -> Prepared:
        """Checksum, encoding, columns. Raises UnreadableFileError, or _Repeated once settled."""
        text: TextFile | None = None
        if file.format in ("csv", "jsonl"):
            text = prepare_text(file.path, file.is_gzip, self._folder, self._writer.limits)
            sha256 = text.sha256
        else:
            if stat.st_size == 0:
                raise UnreadableFileError(f"is empty, not {file.format}; copy it again")
            sha256 = sha256_of(file.path)
        is_known = self._writer.is_known(file, sha256)
        if is_known or sha256 in self._content_in_flight:
            if text is not None and text.is_copy:
                text.path.unlink()
            if is_known:
                self._writer.repeat(file, stat, sha256)
            else:
                self._twins.append((file, stat, sha256))
            raise _Repeated

        try:
            return self._examine(file, stat, sha256, text)
        except BaseException:
            if text is not None and text.is_copy:
                text.path.unlink()
            raise

    def _examine(
        self, file: LandingFile, stat: os.stat_result, sha256: str, text: TextFile | None
    ) -> Prepared:
        """Columns. Raises UnreadableFileError."""
        header: CsvHeader | None = None
        columns: ColumnMap | None = None
        schema: ParquetSchema | None = None
        workbook: Workbook | None = None
        extra_columns: tuple[str, ...] = ()
        column_names: tuple[str, ...] = ()
        shape: object = None
        readable = text.path if text is not None and text.is_copy else self._alias(file)
        if file.format == "csv":
            header = read_header(
                text.path, self._writer.contract, self._writer.limits, text.line_end
            )
            if header is not None:
                columns = map_columns(self._writer.contract, header.names)
                extra_columns = columns.extra_columns
                column_names = header.names
            shape = ("csv", header.names, header.delimiter) if header else ("csv",)
        elif file.format == "jsonl":
            shape = ("jsonl",)
        elif file.format == "parquet":
            schema = read_schema(self._writer.con, readable, self._parquet_columns)
            columns = map_columns(self._writer.contract, schema.titles)
            extra_columns = columns.extra_columns
            column_names = schema.titles
            shape = ("parquet", schema.titles, schema.types)
        else:
            workbook = Workbook(file.path, self._writer.contract, self._writer.limits)
            extra_columns = workbook.extra_columns
            column_names = workbook.column_names
        return Prepared(
            file=file,
            file_id=self._writer.file_id_for(file.file_name),
            size_bytes=stat.st_size,
            modified_ns=stat.st_mtime_ns,
            sha256=sha256,
            encoding=text.encoding if text is not None else None,
            readable=readable,
            shape=shape,
            bytes=text.unpacked_bytes if text is not None else stat.st_size,
            extra_columns=extra_columns,
            column_names=column_names,
            text=text,
            header=header,
            columns=columns,
            schema=schema,
            workbook=workbook,
        )

    def _alias(self, file: LandingFile) -> Path:
        """The file, or a plain name for it when DuckDB would read more into its own."""
        path = file.path
        if _PLAIN_PATH.fullmatch(str(path)):
            return path
        alias = self._folder / f"alias-{len(self._writer.outcomes)}-{os.urandom(4).hex()}"
        alias.symlink_to(path)
        return alias


def _drifts(
    contract: FeedContract, outcomes: Sequence[FileOutcome], previous: FileColumns | None
) -> list[Drift]:
    """Each loaded file against the one before it, in the order of their names."""
    drifts: list[Drift] = []
    for outcome in outcomes:
        if outcome.status == "loaded" and outcome.column_names:
            file = FileColumns(
                outcome.file_name, outcome.column_names, is_ordered_format(outcome.file_name)
            )
            drifts += compare(contract, file, previous)
            previous = file
    return drifts


def _without_name(outcome: FileOutcome) -> str:
    return (outcome.error or "").removeprefix(outcome.file_name).strip()


@contextmanager
def _insertion_order(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Row numbers follow the file only while DuckDB keeps the order of what it reads."""
    kept = con.execute("select current_setting('preserve_insertion_order')").fetchone()[0]
    if kept:
        yield
        return
    con.execute("set preserve_insertion_order = true")
    try:
        yield
    finally:
        con.execute("set preserve_insertion_order = false")


def _remove_stale_copies(temp_dir: Path) -> None:
    """Copies that a killed process left behind; they hold personal data."""
    for folder in temp_dir.glob(f"{TEMP_PREFIX}*"):
        match = re.match(rf"{TEMP_PREFIX}(\d+)-", folder.name)
        if match and not _is_alive(int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, under another user
    return True
