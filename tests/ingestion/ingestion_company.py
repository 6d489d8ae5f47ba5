"""A company on scratch disk: a landing folder, a made-up source of two feeds and a warehouse.

Belongs here: what every ingestion test needs. Does not belong here: expectations.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb

from orchestration.ingestion import (
    DEFAULT_LIMITS,
    FeedContract,
    FileOutcome,
    LandingLoad,
    Limits,
    load_contracts,
    load_landing,
)

SOURCES = """
version: 2
sources:
  - name: till
    schema: raw
    tables:
      - name: lines
        identifier: till__lines
        config:
          meta:
            landing: {format: [csv, jsonl, xlsx, parquet], keys: [ticket], watermark: []}
        columns:
          - {name: ticket, config: {meta: {header: "小票号", required: true, privacy: plain}}}
          - {name: amount, config: {meta: {header: "金额", required: true, privacy: plain}}}
          - {name: buyer, config: {meta: {header: "顾客", privacy: identifier}}}
          - {name: note, config: {meta: {header: "备注", privacy: plain}}}
      - name: refunds
        identifier: till__refunds
        config: {meta: {landing: {format: csv, keys: [ticket], watermark: []}}}
        columns:
          - {name: ticket, config: {meta: {required: true, privacy: plain}}}
"""
HEADER = ("小票号", "金额", "顾客", "备注")


def write_contracts(staging: Path, text: str = SOURCES, source: str = "till") -> Path:
    """A staging folder with one source YAML."""
    folder = staging / source
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"_{source}__sources.yml").write_text(text, encoding="utf-8")
    return staging


def csv_text(rows: list[tuple], header: tuple = HEADER, **options) -> str:
    """Rows as csv.writer spells them."""
    out = io.StringIO()
    writer = csv.writer(out, **{"lineterminator": "\n", **options})
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


class Company:
    """One company; `drop` files, `load` them, look at the tables."""

    def __init__(self, home: Path, database: str = ":memory:") -> None:
        self.home = home
        self.landing = home / "landing"
        self.feed_dir = self.landing / "till" / "lines"
        self.feed_dir.mkdir(parents=True)
        self.contracts: tuple[FeedContract, ...] = load_contracts(write_contracts(home / "staging"))
        self.con = duckdb.connect(database, config={"threads": 2})
        self.runs = 0
        self.last: LandingLoad | None = None

    def drop(self, name: str, content: str | bytes, *, feed: str = "till/lines") -> Path:
        path = self.landing / feed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, *, limits: Limits = DEFAULT_LIMITS, con=None, **options) -> LandingLoad:
        self.runs += 1
        self.last = load_landing(
            con or self.con,
            self.contracts,
            self.landing,
            run_id=f"run-{self.runs}",
            temp_dir=self.home / "warehouse" / "tmp",
            limits=limits,
            **options,
        )
        self.assert_balanced()
        return self.last

    def load_one(self, name: str, content: str | bytes, **options) -> FileOutcome:
        """Drop one file, load, and hand back what became of it."""
        self.drop(name, content)
        self.load(**options)
        return self.outcome(name)

    def outcome(self, name: str) -> FileOutcome:
        outcomes = {file.file_name: file for feed in self.last.feeds for file in feed.files}
        return outcomes[f"till/lines/{name}"]

    def query(self, sql: str) -> list[tuple]:
        return self.con.execute(sql).fetchall()

    def rows(self) -> list[tuple]:
        """Contract columns in file and row order."""
        return self.query(
            "select ticket, amount, buyer, note from raw.till__lines order by _file_id, _row_number"
        )

    def rejected(self) -> list[tuple]:
        return self.query(
            "select line_number, rule, raw_text from raw.rejected_line "
            "order by file_id, line_number"
        )

    def manifest(self) -> list[tuple]:
        return self.query(
            "select file_name, status, rows_read, rows_loaded, rows_rejected "
            "from raw.landing_file order by file_name, file_id"
        )

    def assert_balanced(self) -> None:
        """Read = loaded + rejected per file, and both are really in their tables."""
        wrong = self.query(
            """
            with stored as (
                select _file_id as file_id, count(*) as rows from raw.till__lines group by all
                union all
                select _file_id, count(*) from raw.till__refunds group by all
            ),
            refused as (select file_id, count(*) as lines from raw.rejected_line group by all)
            select file_id, status, rows_read, rows_loaded, rows_rejected, rows, lines
            from raw.landing_file
            full join stored using (file_id)
            full join refused using (file_id)
            where status is null
                or rows_read <> rows_loaded + rows_rejected
                or rows_loaded <> coalesce(rows, 0)
                or rows_rejected <> coalesce(lines, 0)
            """
        )
        assert wrong == []
        leftovers = list((self.home / "warehouse" / "tmp").glob("*"))
        assert leftovers == [], "copies hold personal data and must not stay"
