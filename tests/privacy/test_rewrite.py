"""A landing file without some of its rows is the file that would have come without them.

Belongs here: every format, in the spellings that tempt a rewriter.
Does not belong here: whose rows they are.
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from orchestration.ingestion.discover import LandingFile, format_of
from orchestration.ingestion.text import sha256_of
from orchestration.privacy.landed import delete_landed_rows
from orchestration.privacy.plan import planned_files
from orchestration.privacy.rewrite import RewriteError, rewrite_without
from tests.ingestion.ingestion_company import HEADER, Company, csv_text

ROWS = [(f"T{n}", f"{n}.50", f"顾客{n}", f"note {n}") for n in range(1, 41)]


def parquet_bytes() -> bytes:
    out = io.BytesIO()
    table = pa.table(dict(zip(HEADER, zip(*ROWS, strict=True), strict=True)))
    pq.write_table(table, out, row_group_size=7, compression="zstd")
    return out.getvalue()


def workbook_bytes() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("封面").write_string(0, 0, "导出说明")
        # a table that goes on in a second sheet, below a title and with an empty row in it
        for name, rows in (("一", ROWS[:25]), ("二", ROWS[25:])):
            sheet = book.add_worksheet(name)
            table = [("导出",), HEADER, *rows[:3], (), *rows[3:]]
            for at, row in enumerate(table):
                for column, value in enumerate(row):
                    sheet.write_string(at, column, value)
    return out.getvalue()


def jsonl_text(rows: list[tuple]) -> str:
    lines = [json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in rows]
    return "\n\n".join(lines[:5]) + "\n" + "\r\n".join(lines[5:])


MULTILINE = csv_text([*ROWS[:3], ("T0", "1", 'two\nlines, "quoted"', "x"), *ROWS[3:]])
BROKEN = csv_text(ROWS[:20]) + "T99,too few\n\n" + csv_text(ROWS[20:]).split("\n", 1)[1]
FILES = {
    "plain.csv": csv_text(ROWS).encode(),
    "windows.csv": csv_text(ROWS, lineterminator="\r\n").encode("utf-8-sig"),
    "old_mac.csv": csv_text(ROWS, lineterminator="\r").encode(),
    "chinese.csv": csv_text(ROWS).encode("gb18030"),
    "multiline.csv": MULTILINE.encode(),
    "broken.csv": BROKEN.encode(),
    "packed.csv.gz": gzip.compress(csv_text(ROWS).encode("gb18030")),
    "lines.jsonl": jsonl_text(ROWS).encode("utf-8-sig"),
    "broken.jsonl": (jsonl_text(ROWS) + '\n{"cut\n').encode(),
    "packed.jsonl.gz": gzip.compress(jsonl_text(ROWS).encode()),
    "table.parquet": parquet_bytes(),
    "book.xlsx": workbook_bytes(),
}


def landed(company: Company, name: str) -> LandingFile:
    return LandingFile(company.feed_dir / name, f"till/lines/{name}", *format_of(name))


def erase_rows(company: Company, name: str, rows: set[int], lines: set[int]) -> None:
    """What an erasure does to one file, its rows and the manifest."""
    file = landed(company, name)
    (planned,) = planned_files(company.con, {1: rows}, {1: lines})
    contract = next(one for one in company.contracts if one.feed == "lines")
    written = rewrite_without(file, contract, rows, lines, company.home)
    planned.rows, planned.lines = list(written.rows), list(written.lines)
    planned.new_sha256 = sha256_of(written.partial)
    stat = written.partial.stat()
    planned.size_bytes, planned.modified_ns = stat.st_size, stat.st_mtime_ns
    written.partial.replace(file.path)
    delete_landed_rows(company.con, [planned])
    # the second time, as after an interruption, there is nothing left to do
    before = company.rows()
    delete_landed_rows(company.con, [planned])
    assert company.rows() == before


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_would_have_come_without_the_rows(name: str, tmp_path: Path) -> None:
    company = Company(tmp_path / "before")
    company.load_one(name, FILES[name])
    rejected = company.rejected()
    everything = company.query(
        "select _row_number, ticket from raw.till__lines order by _row_number"
    )
    gone = {everything[at][0] for at in (0, 4, 5, 21, len(everything) - 1)}
    erase_rows(company, name, gone, {line for line, _, _ in rejected})

    tickets = [ticket for number, ticket in everything if number not in gone]
    assert [row[0] for row in company.rows()] == tickets
    assert company.rejected() == []
    # a company that lands the new file sees the same rows under the same numbers
    fresh = Company(tmp_path / "after")
    fresh.load_one(name, (company.feed_dir / name).read_bytes())
    numbered = "select _row_number, ticket, amount, buyer, note from raw.till__lines order by all"
    assert fresh.query(numbered) == company.query(numbered)
    # and to the one that had it, the file is not new
    company.load()
    assert company.outcome(name).status == "unchanged"
    if not name.endswith((".xlsx", ".parquet")):
        # every other line stays, to the byte
        unpack = gzip.decompress if name.endswith(".gz") else bytes
        before = unpack(FILES[name]).splitlines(keepends=True)
        after = unpack((company.feed_dir / name).read_bytes()).splitlines(keepends=True)
        following = iter(before)
        assert all(line in following for line in after)
        assert len(after) < len(before)
    company.con.close()
    fresh.con.close()


def test_a_file_that_is_no_longer_what_was_loaded_is_left_alone(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load_one("plain.csv", FILES["plain.csv"])
    path = company.drop("plain.csv", csv_text(ROWS[:3]))
    contract = next(one for one in company.contracts if one.feed == "lines")
    with pytest.raises(RewriteError, match="lacks 1 of the rows"):
        rewrite_without(landed(company, "plain.csv"), contract, {2, 30}, set(), tmp_path)
    assert path.read_text() == csv_text(ROWS[:3])
    assert [one.name for one in company.feed_dir.iterdir()] == ["plain.csv"]
    company.con.close()


def test_the_texts_of_deleted_cells_leave_a_workbook(tmp_path: Path) -> None:
    import zipfile

    company = Company(tmp_path)
    company.load_one("book.xlsx", FILES["book.xlsx"])
    erase_rows(company, "book.xlsx", {7}, set())
    with zipfile.ZipFile(company.feed_dir / "book.xlsx") as archive:
        texts = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "顾客7<" not in texts
    assert "顾客8<" in texts
    company.con.close()
