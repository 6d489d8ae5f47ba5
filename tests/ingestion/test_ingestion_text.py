"""Encodings and compression: the same rows out of every spelling, and a clear no to the rest.

Belongs here: text.py seen through a load. Does not belong here: broken lines (test_csv.py).
"""

from __future__ import annotations

import gzip

import pytest
from ingestion_company import Company, csv_text

from orchestration.ingestion import DEFAULT_LIMITS, Limits

ROWS = [("1", "9.90", "张三", "好"), ("2", "5", "李四", "贵，但是好"), ("3", "1", "𠮷田", "é")]
TEXT = csv_text(ROWS)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("gb18030"), "gb18030"),
        (csv_text(ROWS, lineterminator="\r\n").encode("gb18030"), "gb18030"),
    ],
    ids=["utf-8", "utf-8 with mark", "gb18030", "gb18030 with carriage returns"],
)
@pytest.mark.parametrize("is_gzip", [False, True], ids=["plain", "gzip"])
def test_every_encoding_gives_the_same_rows(company: Company, content, encoding, is_gzip):
    name = "a.csv.gz" if is_gzip else "a.csv"
    outcome = company.load_one(name, gzip.compress(content) if is_gzip else content)

    assert outcome.status == "loaded"
    assert company.rows() == ROWS
    assert company.query("select encoding from raw.landing_file") == [(encoding,)]


def test_characters_cut_by_a_read_block_are_whole_again(company: Company):
    # one odd byte in front shifts every two-byte character across the 1 MiB block ends
    rows = [("1", "2", "x" + "汉" * 1_500_000, "")]
    company.drop("a.csv", csv_text(rows).encode("gb18030"))
    company.drop("b.csv", csv_text(rows).replace("x", "y").encode())

    company.load()

    assert [len(row[2]) for row in company.rows()] == [1_500_001, 1_500_001]
    assert {row[2][-1] for row in company.rows()} == {"汉"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TEXT.encode("utf-16"), "is UTF-16 (byte order mark)"),
        (TEXT.encode("utf-16-le"), "is UTF-16 without a byte order mark"),
        (b"\0" * 5000, "full of NUL bytes, the first at offset 0"),
        (TEXT.encode("gb18030") + b"\xff\xff\n", "neither UTF-8 nor GB18030: invalid byte at off"),
        (csv_text(ROWS * 9).encode() + b"4,1,\xe5\xbc,\n", "is UTF-8 but has an invalid byte at"),
        (b"PK\x03\x04 whatever", "is a ZIP or XLSX file in spite of its name"),
        (gzip.compress(TEXT.encode()), "is a gzip file in spite of its name"),
    ],
    ids=["utf-16", "utf-16 unmarked", "nul", "neither", "damaged utf-8", "zip", "gzip"],
)
def test_an_unreadable_file_fails_whole_and_says_why(company: Company, content, reason):
    outcome = company.load_one("a.csv", content)

    assert outcome.status == "failed"
    assert outcome.error.startswith("till/lines/a.csv ")
    assert reason in outcome.error
    assert company.rows() == []


def test_the_offset_of_an_invalid_byte_is_exact(company: Company):
    content = csv_text(ROWS).encode("gb18030")
    # 0xFF starts no GB18030 character
    outcome = company.load_one("a.csv", content + b"\xff")

    assert f"offset {len(content)};" in outcome.error


def test_one_bad_file_does_not_stop_the_others(company: Company):
    company.drop("bad.csv", TEXT.encode("utf-16"))
    company.drop("good.csv", TEXT)
    company.drop("a.csv", "ticket\n1\n", feed="till/refunds")

    load = company.load()

    assert company.rows() == ROWS
    assert load.rows_loaded == 4
    assert [outcome.file_name for outcome in load.failed] == ["till/lines/bad.csv"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(TEXT.encode())[:-12], "ends too early"),
        (b"\x1f\x8b\x08\x00 nonsense", "damaged gzip file"),
        (TEXT.encode(), "damaged gzip file"),
        (b"", "is empty, not a gzip file"),
    ],
    ids=["truncated", "nonsense", "not gzip", "empty"],
)
def test_a_damaged_gzip_file_fails(company: Company, content, reason):
    outcome = company.load_one("a.csv.gz", content)

    assert outcome.status == "failed"
    assert reason in outcome.error


@pytest.mark.parametrize(
    "limits",
    [
        Limits(ratio_free_bytes=1_000_000, max_ratio=100),
        Limits(max_unpacked_bytes=1_000_000),
    ],
    ids=["ratio", "size"],
)
def test_a_gzip_bomb_is_refused_before_it_fills_the_disk(company: Company, limits):
    bomb = gzip.compress(csv_text([("1", "2", "", " " * 20_000_000)]).encode())

    outcome = company.load_one("a.csv.gz", bomb, limits=limits)

    assert outcome.status == "failed"
    assert "unpacks to more than" in outcome.error


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "小票号,金额\n", "小票号,金额"])
def test_a_file_without_rows_is_loaded_with_no_rows(company: Company, content):
    outcome = company.load_one("a.csv", content)

    assert (outcome.status, outcome.rows_read) == ("loaded", 0)
    assert company.manifest() == [("till/lines/a.csv", "loaded", 0, 0, 0)]


def test_the_default_limits_let_ordinary_compression_through(company: Company):
    text = csv_text([(str(i), "1", "", "same text") for i in range(20_000)])

    assert company.load_one("a.csv.gz", gzip.compress(text.encode())).rows_loaded == 20_000
    assert DEFAULT_LIMITS.max_ratio > 100
