"""Writing a feed: outcomes, and the one transaction per batch of files.

Belongs here: what every format shares once its rows are ready: balance, commit, manifest, failures.
Does not belong here: reading files of any format (bulk_*.py), the order of things (load.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.discover import LandingFile
from orchestration.ingestion.limits import Limits
from orchestration.ingestion.manifest import (
    KnownFile,
    ManifestRow,
    known_files,
    next_file_id,
    raw_table,
    remove_failed,
    write_manifest,
)
from orchestration.ingestion.outcomes import Counts, FileOutcome, Prepared
from orchestration.privacy.erased import ErasedList, ErasedRule
from orchestration.sql import quote
from orchestration.transaction import transaction

# Temporary table and view that the readers fill and the transaction reads.
STAGE = "strata_stage"
REJECTS = "strata_rejects"
BATCH = "strata_batch"
_ROWS = "strata_rows"

# SQL and parameters for the rows of some of the files: _file_id, _row_number, the contract's
# columns by name, _extra.
Relation = Callable[[list[Prepared]], tuple[str, list]]


def _erased_rule(
    con: duckdb.DuckDBPyConnection, contract: FeedContract, erased: ErasedList | None
) -> ErasedRule | None:
    if erased is None:
        return None
    from orchestration.analysis.identity.hashing import install_hmac

    install_hmac(con, erased.key)
    return ErasedRule(con, contract, erased.hashes)


def _filtered(relation: Relation, condition: str) -> Relation:
    def chosen(files: list[Prepared]) -> tuple[str, list]:
        select, parameters = relation(files)
        return f"select * from ({select}) where {condition}", parameters  # noqa: S608

    return chosen


def one_ahead(batches: Iterable[pa.RecordBatch]) -> Generator[pa.RecordBatch, None, None]:
    """The same batches, each made by another thread while the one before is used."""
    source = iter(batches)
    batch = next(source, None)
    with ThreadPoolExecutor(1, thread_name_prefix="landing") as reader:
        while batch is not None:
            coming = reader.submit(next, source, None)
            yield batch
            batch = coming.result()


class MiscountError(RuntimeError):
    """Other rows arrived than were counted; nothing of it was kept."""


class _ChangedFiles(Exception):
    """Files were written to while they were being read."""

    def __init__(self, files: list[Prepared]) -> None:
        super().__init__()
        self.files = files


class FeedWriter:
    """The raw table and the manifest of one feed during one run.

    Attributes:
        con: The connection, outside any transaction between calls.
        contract: The feed.
        limits: What is still believable.
        run_id: Written to the manifest.
        outcomes: File name to outcome, as far as known.
        loaded_content: Checksums of everything that is in the warehouse.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        contract: FeedContract,
        run_id: str,
        load_number: int,
        limits: Limits,
        erased: ErasedList | None = None,
    ) -> None:
        self.con = con
        self.contract = contract
        self.run_id = run_id
        self.limits = limits
        self.outcomes: dict[str, FileOutcome] = {}
        self._load_number = load_number
        known = known_files(con, contract)
        self._known: dict[str, list[KnownFile]] = {}
        for row in known:
            self._known.setdefault(row.file_name, []).append(row)
        self.loaded_content = {row.sha256 for row in known if row.status != "failed"}
        self._next_file_id = next_file_id(con)
        self._bookkeeping: list[ManifestRow] = []
        self._touched: list[tuple[int, int, int]] = []
        self._erased = _erased_rule(con, contract, erased)
        self.erased_orders: set[str] = set()

    def is_unchanged(self, file: LandingFile, stat: os.stat_result) -> bool:
        """Whether what the manifest last says of this path has the same size and time."""
        last = self._last_content(file.file_name)
        return last is not None and (last.size_bytes, last.modified_ns) == (
            stat.st_size,
            stat.st_mtime_ns,
        )

    def is_known(self, file: LandingFile, sha256: str) -> bool:
        """Whether a file's content needs no loading, under whatever name it came.

        What lay under this name before another content did is loaded once more when it is put
        back: the newest load of a key wins, and that would still be the other content's.
        """
        last = self._last_content(file.file_name)
        is_put_back = (
            last is not None
            and last.sha256 != sha256
            and any(known.sha256 == sha256 for known in self._known[file.file_name])
        )
        return sha256 in self.loaded_content and not is_put_back

    def _last_content(self, file_name: str) -> KnownFile | None:
        readable = [one for one in self._known.get(file_name, []) if one.status != "failed"]
        return readable[-1] if readable else None

    def keep_books(self, present: set[str]) -> None:
        """Write what is not part of any load: failures, repeats, and failures that are gone."""
        gone = [
            known.file_id
            for name, rows in self._known.items()
            if name not in present
            for known in rows
            if known.status == "failed"
        ]
        if not (gone or self._bookkeeping or self._touched):
            return
        with transaction(self.con):
            remove_failed(self.con, gone)
            write_manifest(self.con, self._bookkeeping)
            for file_id, size_bytes, modified_ns in self._touched:
                self.con.execute(
                    "update raw.landing_file set size_bytes = ?, modified_ns = ? where file_id = ?",
                    [size_bytes, modified_ns, file_id],
                )

    def file_id_for(self, file_name: str) -> int:
        """A new id, or that of the failure this file left behind."""
        for known in self._known.get(file_name, []):
            if known.status == "failed":
                return known.file_id
        self._next_file_id += 1
        return self._next_file_id - 1

    def _manifest_row(
        self,
        file: LandingFile,
        file_id: int,
        status: str,
        *,
        sha256: str | None,
        size_bytes: int | None,
        modified_ns: int | None,
        encoding: str | None = None,
        counts: Counts | None = None,
        extra_columns: tuple[str, ...] = (),
        column_names: tuple[str, ...] = (),
        error: str | None = None,
    ) -> ManifestRow:
        counts = counts or Counts()
        return ManifestRow(
            file_id=file_id,
            source=self.contract.source,
            feed=self.contract.feed,
            file_name=file.file_name,
            sha256=sha256,
            size_bytes=size_bytes,
            modified_ns=modified_ns,
            encoding=encoding,
            status=status,
            rows_read=counts.read,
            rows_loaded=counts.loaded,
            rows_rejected=counts.rejected,
            rows_erased=counts.erased,
            extra_columns=extra_columns,
            error=error,
            run_id=self.run_id,
            load_number=self._load_number if status == "loaded" else None,
            loaded_at=datetime.now(UTC).replace(tzinfo=None),
            column_names=column_names,
        )

    def fail(
        self,
        file: LandingFile,
        stat: os.stat_result | None,
        problem: str,
        *,
        file_id: int | None = None,
        sha256: str | None = None,
    ) -> None:
        """Note that a file cannot be loaded.

        Args:
            file: The file.
            stat: Its size and time, if known.
            problem: What is wrong and what to do, reading on from the file's name; no cell values.
            file_id: Its id, if it has one already.
            sha256: Its checksum, if known.
        """
        error = f"{file.file_name} {problem}"
        self.outcomes[file.file_name] = FileOutcome(file.file_name, "failed", error=error)
        self._bookkeeping.append(
            self._manifest_row(
                file,
                self.file_id_for(file.file_name) if file_id is None else file_id,
                "failed",
                sha256=sha256,
                size_bytes=stat.st_size if stat else None,
                modified_ns=stat.st_mtime_ns if stat else None,
                error=error,
            )
        )

    def fail_prepared(self, prepared: Prepared, problem: str) -> None:
        """Note that a file that had passed its examination cannot be loaded after all."""
        self.fail(
            prepared.file,
            None,
            problem,
            file_id=prepared.file_id,
            sha256=prepared.sha256,
        )

    def repeat(self, file: LandingFile, stat: os.stat_result, sha256: str) -> None:
        """Note that a file's content is in the warehouse already."""
        self.outcomes[file.file_name] = FileOutcome(file.file_name, "repeated")
        for known in self._known.get(file.file_name, []):
            if known.sha256 == sha256 and known.status != "failed":
                self._touched.append((known.file_id, stat.st_size, stat.st_mtime_ns))
                return
        self._bookkeeping.append(
            self._manifest_row(
                file,
                self.file_id_for(file.file_name),
                "repeated",
                sha256=sha256,
                size_bytes=stat.st_size,
                modified_ns=stat.st_mtime_ns,
            )
        )

    def commit(
        self,
        files: list[Prepared],
        relation: Relation,
        counts: dict[int, Counts],
        rejects: Relation | None = None,
    ) -> None:
        """Rows, rejected lines and manifest rows of these files, all or none.

        Args:
            files: The files; any that changed while being read fails and the rest goes in.
            relation: Makes SQL and parameters yielding _file_id, _row_number, the contract's
                columns and _extra, for the files it is given.
            counts: Per file id.
            rejects: Makes SQL and parameters yielding _file_id, line_number, rule, detail and
                raw_text of the rejected lines; None where there can be none.

        Raises:
            MiscountError: Rows or rejected lines that arrived are not those of `counts`.
        """
        if self._erased is not None and any(counts[one.file_id].read for one in files):
            relation, rejects = self._without_erased(files, relation, counts, rejects)
        while files:
            try:
                with transaction(self.con):
                    self._insert_all(files, relation, counts, rejects)
            except _ChangedFiles as change:
                for prepared in change.files:
                    self.fail_prepared(
                        prepared, "changed while it was being read; it is tried again next time"
                    )
                files = [prepared for prepared in files if prepared not in change.files]
                continue
            for prepared in files:
                count = counts[prepared.file_id]
                self.loaded_content.add(prepared.sha256)
                self.outcomes[prepared.file.file_name] = FileOutcome(
                    prepared.file.file_name,
                    "loaded",
                    count.read,
                    count.loaded,
                    count.rejected,
                    extra_columns=prepared.extra_columns,
                    column_names=prepared.column_names,
                )
            return

    def _insert_all(
        self,
        files: list[Prepared],
        relation: Relation,
        counts: dict[int, Counts],
        rejects: Relation | None,
    ) -> None:
        expected = sum(counts[prepared.file_id].loaded for prepared in files)
        inserted = 0
        if expected:
            select, parameters = relation(files)
            names = ", ".join(quote(name) for name in self.contract.column_names)
            inserted = self.con.execute(
                f"insert into {raw_table(self.contract)} "  # noqa: S608
                f"({names}, _file_id, _row_number, _row_hash, _load_number, _extra) "
                f"select {names}, _file_id, _row_number, cast(hash({names}) >> 1 as bigint), "
                f"cast(? as integer), _extra from ({select})",
                [self._load_number, *parameters],
            ).fetchone()[0]
        changed = [prepared for prepared in files if prepared.changed]
        if changed:
            raise _ChangedFiles(changed)
        if inserted != expected:
            raise MiscountError(
                f"{self.contract.label}: {inserted} rows arrived of {expected} that were read"
            )
        if rejects is not None:
            self._insert_rejects(files, rejects, counts)
        write_manifest(
            self.con,
            [
                self._manifest_row(
                    prepared.file,
                    prepared.file_id,
                    "loaded",
                    sha256=prepared.sha256,
                    size_bytes=prepared.size_bytes,
                    modified_ns=prepared.modified_ns,
                    encoding=prepared.encoding,
                    counts=counts[prepared.file_id],
                    extra_columns=prepared.extra_columns,
                    column_names=prepared.column_names,
                )
                for prepared in files
            ],
        )

    def _without_erased(
        self,
        files: list[Prepared],
        relation: Relation,
        counts: dict[int, Counts],
        rejects: Relation | None,
    ) -> tuple[Relation, Relation | None]:
        """The same relations without rows of erased people, which are counted apart."""
        condition = self._erased.condition
        lost = dict.fromkeys(counts, 0)
        if condition is not None:
            select, parameters = relation(files)
            found = f"select * from ({select}) where {condition}"  # noqa: S608
            for file_id, rows in self.con.execute(
                f"select _file_id, count(*) from ({found}) group by all",  # noqa: S608
                parameters,
            ).fetchall():
                lost[file_id] += rows
            orders = self._erased.order_hashes(found, parameters) if any(lost.values()) else []
            self._erased.add(orders)
            self.erased_orders.update(orders)
            relation = _filtered(relation, f"not ({condition})")
        lost_lines = dict.fromkeys(counts, 0)
        if rejects is not None:
            condition = self._erased.rejected_condition()
            select, parameters = rejects(files)
            for file_id, rows in self.con.execute(
                f"select _file_id, count(*) from ({select}) where {condition} group by all",  # noqa: S608
                parameters,
            ).fetchall():
                lost_lines[file_id] += rows
            rejects = _filtered(rejects, f"not ({condition})")
        for prepared in files:
            count = counts[prepared.file_id]
            rows, lines = lost[prepared.file_id], lost_lines[prepared.file_id]
            counts[prepared.file_id] = Counts(
                count.read - rows - lines,
                count.rejected - lines,
                count.erased + rows + lines,
            )
        return relation, rejects

    def _insert_rejects(
        self, files: list[Prepared], rejects: Relation, counts: dict[int, Counts]
    ) -> None:
        select, parameters = rejects(files)
        inserted = self.con.execute(
            "insert into raw.rejected_line "  # noqa: S608
            "(source, feed, file_id, line_number, rule, detail, raw_text, run_id) "
            f"select ?, ?, _file_id, line_number, rule, detail, raw_text, ? from ({select})",
            [self.contract.source, self.contract.feed, self.run_id, *parameters],
        ).fetchone()[0]
        expected = sum(counts[prepared.file_id].rejected for prepared in files)
        if inserted != expected:
            raise MiscountError(
                f"{self.contract.label}: {inserted} rejected lines arrived of {expected}"
            )

    def fail_for_rejects(self, prepared: Prepared, rejected: int, read: int, rules: str) -> None:
        """Note that so many lines of a file do not fit that none of it can be trusted."""
        self.fail_prepared(
            prepared,
            f"has {rejected:,} lines that do not fit among its first {read:,} ({rules}), more "
            f"than {max(self.limits.reject_rows, int(self.limits.reject_share * read)):,}: "
            "nothing of it was loaded; check its delimiter, quotes and encoding and export it "
            "again",
        )

    @contextmanager
    def batch_table(self, schema: pa.Schema, rows: list[tuple]) -> Iterator[None]:
        """A view of a batch's files, to join rows with."""
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
        self.con.register(BATCH, pa.Table.from_arrays(arrays, schema=schema))
        try:
            yield
        finally:
            with suppress(duckdb.Error):
                self.con.unregister(BATCH)

    def stage_arrow(
        self, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, select: str = "*"
    ) -> None:
        """Fill the stage table batch by batch; the next is read while one goes in.

        Args:
            schema: Schema of the batches.
            batches: What to fill it with.
            select: Expressions over a batch's columns that make the table's columns.
        """
        self._append(STAGE, schema.empty_table(), select, is_new=True)
        # closed here, or a batch that cannot be staged would leave the file in the reader's hands
        with closing(one_ahead(batches)) as ahead:
            for batch in ahead:
                self._append(STAGE, pa.Table.from_batches([batch]), select)

    def stage_rejects(self, rejects: pa.Table, *, is_new: bool) -> None:
        """Put rejected lines aside until their file is committed; a new table drops the old."""
        self._append(REJECTS, rejects, "*", is_new=is_new)

    def drop_stages(self) -> None:
        """Free what a batch has staged."""
        for table in (STAGE, REJECTS):
            self.con.execute(f"drop table if exists temp.{table}")

    def _append(self, table: str, rows: pa.Table, select: str, *, is_new: bool = False) -> None:
        verb = f"create or replace temp table {table} as" if is_new else f"insert into temp.{table}"
        self.con.register(_ROWS, rows)
        self.con.execute(f"{verb} select {select} from {_ROWS}")  # noqa: S608
        self.con.unregister(_ROWS)
