"""Whatever bytes come in: no crash, every row accounted for, and sound input read as it was meant.

Belongs here: properties of the CSV and JSON Lines readers over generated files.
Does not belong here: named faults (corrupt_files.py).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestration.ingestion import DEFAULT_LIMITS, text
from orchestration.ingestion.columns import map_columns
from orchestration.ingestion.csv_reader import Record, read_header, read_records
from tests.ingestion.ingestion_company import HEADER, Company

HEADER_LINE = ",".join(HEADER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
TRICKY = st.text(st.sampled_from("ab ,;|\t\"'\n\r\\=\ufeff张\u2028é𠮷"), max_size=8)
CELLS = st.one_of(TEXTS, TRICKY, st.sampled_from(["", " ", "NULL", '""', "0", "1.50"]))
GRIDS = st.lists(st.tuples(*[CELLS] * 4), min_size=1, max_size=6)

# Pieces of which broken CSV files are made
CSV_PIECES = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b" ",
        b"a",
        b"1.5",
        "张三".encode(),
        "张三".encode("gb18030"),
        b"\xef\xbb\xbf",
        b"\xff",
        b"\xe5\xbc",
        b"1,2,3,4\n",
        b'1,"2",3,4\n',
        b"\\",
    ]
)
JSON_PIECES = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"1",
        b"-",
        b"1e999",
        b"NaN",
        b"null",
        b"true",
        '"小票号"'.encode(),
        '{"小票号":"1","金额":2}\n'.encode(),
        '{"小票号":1,"金额":1.50,"x":{"y":[0.10]}}\n'.encode(),
        "张".encode("gb18030"),
        b"\xff",
        b" ",
    ]
)
PROPERTY = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path)
    yield made
    made.con.close()


def load(company: Company, name: str, content: bytes):
    """Load one file into an empty warehouse; balance is asserted on the way."""
    company.con.execute("drop schema if exists raw cascade")
    return company.load_one(name, content)


@PROPERTY
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(CSV_PIECES, max_size=40).map(b"".join),
        st.lists(CSV_PIECES, max_size=40).map(
            lambda parts: HEADER_LINE.encode() + b"\n" + b"".join(parts)
        ),
    ),
    is_gzip=st.booleans(),
)
@example(content=f'{HEADER_LINE}\n"'.encode(), is_gzip=False)
@example(content=f'{HEADER_LINE}\r1,2,3,4\r"'.encode(), is_gzip=False)
@example(content=b"\xef\xbb\xbf", is_gzip=True)
def test_any_bytes_are_loaded_or_refused_as_csv(
    company: Company, content: bytes, is_gzip: bool
) -> None:
    name = "a.csv.gz" if is_gzip else "a.csv"
    outcome = load(company, name, gzip.compress(content) if is_gzip else content)

    assert outcome.status in ("loaded", "failed")
    if outcome.status == "loaded" and outcome.rows_read:
        # no reader may make up rows: each takes a line of its own at least
        lines = content.count(b"\n") + content.count(b"\r") + 1
        assert outcome.rows_read < lines


@PROPERTY
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(JSON_PIECES, max_size=40).map(b"".join),
    )
)
@example(content='{"小票号":"1","金额":2,"小票号":"3"}'.encode())
@example(content='{"小票号":"1","金额":2,"小票号 ":"3"}'.encode())
def test_any_bytes_are_loaded_or_refused_as_jsonl(company: Company, content: bytes) -> None:
    outcome = load(company, "a.jsonl", content)

    assert outcome.status in ("loaded", "failed")
    if outcome.status == "loaded":
        line_end = b"\n" if b"\n" in content else b"\r"
        lines = content.removeprefix(b"\xef\xbb\xbf").split(line_end)
        assert outcome.rows_read == sum(bool(line.strip(b" \t\r\n")) for line in lines)


def written(grid: list[tuple], delimiter: str, quoting: int, line_end: str) -> str:
    """A grid as csv.writer spells it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerow(HEADER)
    writer.writerows(grid)
    return out.getvalue()


@PROPERTY
@given(
    grid=GRIDS,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    # csv.writer leaves a lone carriage return unquoted unless it is part of the line end
    style=st.sampled_from(
        [(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_both_ways_of_reading_csv_agree_with_the_csv_module(
    company: Company, grid: list[tuple], delimiter: str, style: tuple, encoding: str
) -> None:
    content = written(grid, delimiter, *style)
    expected = [tuple(value or None for value in row) for row in grid]
    # the module itself reads back what it wrote, so the oracle is sound
    assert list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))[1:] == [
        list(row) for row in grid
    ]

    outcome = load(company, "a.csv", content.encode(encoding))

    assert (outcome.status, outcome.rows_rejected) == ("loaded", 0)
    assert company.rows() == expected
    assert _read_with_care(company, content) == expected


def _read_with_care(company: Company, content: str) -> list[tuple]:
    """The rows of a sound file by the reader for files with a fault in them."""
    path = company.home / "sound.csv"
    path.write_text(content, encoding="utf-8", newline="")
    contract = company.contracts[0]
    line_end = "\n" if "\n" in content else "\r"
    header = read_header(path, contract, DEFAULT_LIMITS, line_end)
    columns = map_columns(contract, header.names)
    records = list(read_records(path, header, columns, DEFAULT_LIMITS, line_end))
    assert all(isinstance(record, Record) for record in records)
    assert [record.row_number for record in records] == list(range(1, len(records) + 1))
    return [tuple(columns.pick(record.values)[:-1]) for record in records]


NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-1000, 1000, places=2),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, CELLS)
VALUES = st.one_of(
    SCALARS, st.recursive(CELLS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))
)
OBJECTS = st.fixed_dictionaries(
    {"小票号": VALUES, "金额": VALUES, "顾客": VALUES}, optional={"x": VALUES, "y.z/~": VALUES}
)


def spelt(item: dict) -> str:
    """An object as a line; decimals keep their digits, which json.dumps would not."""
    members = (
        f"{json.dumps(key, ensure_ascii=False)}: "
        + (
            str(value)
            if type(value).__name__ == "Decimal"
            else json.dumps(value, ensure_ascii=False)
        )
        for key, value in item.items()
    )
    return "{" + ", ".join(members) + "}\n"


@PROPERTY
@given(
    objects=st.lists(OBJECTS, min_size=1, max_size=5),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
)
def test_objects_come_back_as_the_json_module_wrote_them(
    company: Company, objects: list[dict], encoding: str
) -> None:
    outcome = load(company, "a.jsonl", "".join(map(spelt, objects)).encode(encoding))

    assert (outcome.status, outcome.rows_rejected) == ("loaded", 0)
    extras = company.query("select _extra from raw.till__lines order by _row_number")
    for item, row, (extra,) in zip(objects, company.rows(), extras, strict=True):
        for key, text_read in zip(HEADER, row, strict=True):
            _assert_same(item.get(key), text_read)
        kept = json.loads(extra) if extra else {}
        assert set(kept) == {key for key in item if key not in HEADER and item[key] is not None}


def _assert_same(value, text_read: str | None) -> None:
    if value is None or value == "":
        assert text_read is None
    elif isinstance(value, bool):
        assert text_read == str(value).lower()
    elif isinstance(value, str):
        assert text_read == value
    elif isinstance(value, (list, dict)):
        assert json.loads(text_read) == value
    else:
        expected = str(value) if type(value).__name__ == "Decimal" else json.dumps(value)
        assert text_read == ("0" if expected == "-0" else expected)


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(
            [
                b"a",
                b"\n",
                "é".encode(),
                "张".encode(),
                "𠮷".encode(),
                b"\xff",
                b"\x80",
                b"\xed\xa0\x80",
                b"\xc0\x80",
                b"\xf0\x9f",
            ]
        ),
        max_size=12,
    ),
    cuts=st.lists(st.integers(1, 5), min_size=40, max_size=40),
)
def test_utf8_is_judged_as_python_does_wherever_the_chunks_are_cut(
    parts: list[bytes], cuts: list[int]
) -> None:
    content = b"".join(parts)
    scan = text._Scan("utf-8")
    failure, position = None, 0
    for cut in cuts:
        if failure is None and position < len(content):
            failure = scan.feed(content[position : position + cut])
            position += cut
    failure = failure or scan.finish()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        assert failure is not None and failure.offset == error.start
    else:
        assert failure is None
        assert scan.line_feeds == content.count(b"\n")
