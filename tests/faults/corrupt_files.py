"""Landing files with something wrong or odd in them, and what must become of each.

Belongs here: the cases, as bytes and expectations; the documentation table is made of them.
Does not belong here: loading them (test_corrupt_files.py).
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from orchestration.ingestion import DEFAULT_LIMITS, Limits
from tests.ingestion.ingestion_company import HEADER, csv_text

# Values that must never show in a message; every case has them in its rows.
NAME, PHONE = "张三丰", "13800138000"
CANARIES = (NAME, PHONE)
GOOD = [(f"T{number}", "9.90", NAME, PHONE) for number in range(50)]
GOOD_CSV = csv_text(GOOD)
HUNDRED_MEGABYTES = 100 * 10**6
SMALL_WORKBOOKS = Limits(max_workbook_memory=300 * 2**20)


@dataclass(frozen=True)
class Case:
    """One file and what must become of it.

    Attributes:
        fault: What is odd about it, as the documentation says it.
        suffix: The end of its name.
        content: Makes its bytes.
        loaded: Rows that are loaded; None when the file fails whole.
        rejected: Line number and rule of every rejected line.
        says: Part of the error of a file that fails whole.
        note: What the documentation adds.
        rows: What some of the loaded rows hold, by row number (ticket, amount, buyer, note).
        limits: What is believable, where the real bounds would make the test slow.
    """

    fault: str
    suffix: str
    content: Callable[[], bytes]
    loaded: int | None = len(GOOD)
    rejected: tuple[tuple[int, str], ...] = ()
    says: str = ""
    note: str = ""
    rows: dict[int, tuple] | None = None
    limits: Limits = DEFAULT_LIMITS

    @property
    def outcome(self) -> str:
        """What happens, as the documentation says it."""
        if self.loaded is None:
            text = f"the file fails: “… {self.says} …”"
        elif self.rejected:
            rules = list(dict.fromkeys(rule for _, rule in self.rejected))
            what = "the line is" if len(self.rejected) == 1 else "those lines are"
            text = f"{what} rejected (`{'`, `'.join(rules)}`), the others are loaded"
        else:
            text = "loaded" if self.loaded else "loaded, with no rows"
        return f"{text}; {self.note}" if self.note else text


def lines_with(line: str, *, after: int = 10) -> str:
    """The good rows with one more line among them; it stands on line `after + 2`."""
    lines = GOOD_CSV.splitlines(keepends=True)
    return "".join([*lines[: after + 1], f"{line}\n", *lines[after + 1 :]])


def jsonl(*extra: str) -> bytes:
    """The good rows as objects, below the extra lines."""
    objects = [json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in GOOD]
    return "".join(f"{line}\n" for line in (*extra, *objects)).encode()


def workbook(sheets: dict[str, list[list]], **options) -> bytes:
    """A workbook; a text that begins with = is a formula with the result 7."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, date):
                        sheet.write_datetime(row, column, cell, day)
                    elif isinstance(cell, str) and cell.startswith("=") and len(cell) > 1:
                        error = "#DIV/0!" if cell == "=1/0" else 7
                        sheet.write_formula(row, column, cell, None, error)
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return out.getvalue()


GOOD_SHEET = [list(HEADER), *[list(row) for row in GOOD]]
_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook_with_parts(parts: dict[str, bytes]) -> bytes:
    """A good workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"Sheet1": GOOD_SHEET}))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        whole = {name: source.read(name) for name in source.namelist()} | parts
        for name, content in whole.items():
            target.writestr(name, content)
    return out.getvalue()


def sheet_xml(*rows: str) -> bytes:
    """A sheet's part."""
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{_SPREADSHEET}"><sheetData>'
        f"{''.join(rows)}</sheetData></worksheet>"
    ).encode()


def strings_xml(*texts: str, declaration: str = "") -> bytes:
    """The part of texts that cells refer to by number."""
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return (
        f'<?xml version="1.0"?>{declaration}<sst xmlns="{_SPREADSHEET}" '
        f'count="{len(texts)}" uniqueCount="{len(texts)}">{items}</sst>'
    ).encode()


def far_cells() -> bytes:
    """Two cells, at opposite corners of the largest sheet there can be."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
    )
    return workbook_with_parts({"xl/worksheets/sheet1.xml": sheet_xml(*rows)})


def repeated_text() -> bytes:
    """One long text that 20,000 cells refer to: 100 kB that become 600 MB."""
    rows = [f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001)]
    return workbook_with_parts(
        {
            "xl/worksheets/sheet1.xml": sheet_xml(*rows),
            "xl/sharedStrings.xml": strings_xml(NAME * 10_000),
        }
    )


def understated_size() -> bytes:
    """A part of 110 MB of which the archive says that it has 1,000 bytes."""
    part = strings_xml(PHONE * 10_000_000)
    archive = bytearray(workbook_with_parts({"xl/sharedStrings.xml": part}))
    true_size, told = struct.pack("<I", len(part)), struct.pack("<I", 1_000)
    return bytes(archive.replace(true_size, told))


def entities() -> bytes:
    """Entities that multiply by ten nine times, and one that asks for a file of this machine."""
    levels = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    declaration = (
        f'<!DOCTYPE sst [<!ENTITY e0 "{NAME}">{levels}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    )
    texts = strings_xml("&e9;", "&file;", declaration=declaration)
    return workbook_with_parts({"xl/sharedStrings.xml": texts})


def parquet(**columns: pa.Array) -> bytes:
    """A Parquet file; without columns, the good rows."""
    table = pa.table(columns or dict(zip(HEADER, zip(*GOOD, strict=True), strict=True)))
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def damaged_page() -> bytes:
    """A Parquet file with a sound footer and nonsense where its values were."""
    texts = pa.array([f"{NAME}{number:05}" for number in range(20_000)])
    content = parquet(小票号=texts, 金额=texts)
    third = len(content) // 3
    return content[:third] + b"\xff" * 2_000 + content[third + 2_000 :]


def miscounted() -> bytes:
    """A Parquet file whose footer says that it has 51 rows, where it has 50."""
    content = parquet()
    footer = len(content) - 8 - struct.unpack("<I", content[-8:-4])[0]
    # Thrift's compact form of a 64-bit 50 in the field after the schema, which is the row count
    assert content[footer:].count(b"\x16\x64") >= 2
    return content[:footer] + content[footer:].replace(b"\x16\x64", b"\x16\x66", 1)


def typed_parquet() -> bytes:
    """One row of Parquet's own types."""
    china = timezone(timedelta(hours=8))
    return parquet(
        小票号=pa.array([2**62]),
        金额=pa.array([Decimal("9.90")], pa.decimal128(18, 2)),
        顾客=pa.array([{"a": [1, 2]}]),
        备注=pa.array([datetime(2024, 1, 2, 8, tzinfo=china)]),
    )


GOOD_GB = GOOD_CSV.encode("gb18030")
BROKEN_QUOTE = f'T,9.90,"{NAME},{PHONE}'

CSV_CASES = (
    Case(
        "CSV cut off in the middle of its last line",
        "csv",
        lambda: GOOD_CSV[: -len(PHONE) - 3].encode(),
        loaded=49,
        rejected=((51, "too_few_columns"),),
        note="a cut inside the last column cannot be told from a shorter value: the whole file, "
        "landed later, replaces the row",
    ),
    Case(
        "UTF-8 CSV cut off in the middle of a character",
        "csv",
        lambda: f"{GOOD_CSV}T,1,{NAME}".encode()[:-1],
        loaded=None,
        says="is UTF-8 but has an invalid byte at offset",
    ),
    Case(
        "a quote that is never closed",
        "csv",
        lambda: lines_with(BROKEN_QUOTE).encode(),
        rejected=((12, "unterminated_quote"),),
    ),
    Case(
        "text after a closing quote",
        "csv",
        lambda: lines_with(f'T,"9"90,{NAME},').encode(),
        rejected=((12, "text_after_quote"),),
    ),
    Case(
        "a quote inside an unquoted value",
        "csv",
        lambda: lines_with(f'T,9.90,{NAME},5" screen').encode(),
        loaded=51,
        rows={11: ("T", "9.90", NAME, '5" screen')},
        note="the quote is part of the value",
    ),
    Case(
        "a line with too few or too many values",
        "csv",
        lambda: lines_with(f"T,{NAME}\nT,1,2,3,4,{PHONE}").encode(),
        rejected=((12, "too_few_columns"), (13, "too_many_columns")),
    ),
    Case(
        "such lines in more than 20 rows and more than 5 % of them",
        "csv",
        lambda: lines_with(f"{NAME},{PHONE}\n" * 21).encode(),
        loaded=None,
        says="has 21 lines that do not fit",
    ),
    Case(
        "a line of GB18030 in a UTF-8 file",
        "csv",
        lambda: GOOD_CSV.encode() + f"T,9.90,{NAME},\n".encode("gb18030"),
        loaded=None,
        says="is UTF-8 but has an invalid byte at offset",
    ),
    Case(
        "a line of UTF-8 with eight Chinese characters or more in a GB18030 file",
        "csv",
        lambda: GOOD_GB + f"T,9.90,{NAME}一,{NAME}二三四五六七八\n".encode() + GOOD_GB,
        loaded=None,
        says="is GB18030 but has UTF-8 on line 52",
        note="a shorter one cannot be told from GB18030",
    ),
    Case(
        "UTF-16, with or without a byte order mark",
        "csv",
        lambda: GOOD_CSV.encode("utf-16"),
        loaded=None,
        says="is UTF-16 (byte order mark); save it as UTF-8 or GB18030",
    ),
    Case("UTF-8 with a byte order mark", "csv", lambda: GOOD_CSV.encode("utf-8-sig")),
    Case("GB18030", "csv", lambda: GOOD_GB, rows={1: GOOD[0]}),
    Case(
        "NUL bytes in a line",
        "csv",
        lambda: lines_with(f"T,9.90\0,{NAME},").encode(),
        rejected=((12, "nul_byte"),),
    ),
    Case(
        "a file of NUL bytes, as a full disk leaves it",
        "csv",
        lambda: bytes(5_000),
        loaded=None,
        says="is full of NUL bytes, the first at offset 0: a damaged copy",
    ),
    Case(
        "a line of 100 MB",
        "csv",
        lambda: lines_with(f"T,9.90,{NAME},{'x' * HUNDRED_MEGABYTES}").encode(),
        rejected=((12, "line_too_long"),),
        note="16 MB are allowed",
    ),
    Case(
        "100 MB without a line end",
        "csv",
        lambda: f"{NAME},{PHONE},".encode() * (HUNDRED_MEGABYTES // 22),
        loaded=None,
        says="has a first line of over 1,000,000 characters, which is no header",
    ),
    Case(
        "cells that a spreadsheet would run (=, +, -, @)",
        "csv",
        lambda: csv_text([("=cmd|' /C calc'!A0", "-9.90", "+86 1", "@SUM(A1)")]).encode(),
        loaded=1,
        rows={1: ("=cmd|' /C calc'!A0", "-9.90", "+86 1", "@SUM(A1)")},
        note="as text, to the letter",
    ),
    Case(
        "a header that occurs twice",
        "csv",
        lambda: csv_text([(*row, "x") for row in GOOD], header=(*HEADER, "金额")).encode(),
        loaded=None,
        says="has columns ['金额'] more than once; remove or rename the copies",
    ),
    Case(
        "no header",
        "csv",
        lambda: GOOD_CSV.split("\n", 1)[1].encode(),
        loaded=None,
        says="the header is missing, or this is another feed's file",
    ),
    Case(
        "semicolons, tabs or bars instead of commas",
        "csv",
        lambda: csv_text(GOOD, delimiter=";").encode(),
        rows={1: GOOD[0]},
    ),
    Case(
        "another delimiter",
        "csv",
        lambda: csv_text(GOOD, delimiter="^").encode(),
        loaded=None,
        says="has none of till/lines's columns among its 1",
    ),
    Case(
        "another delimiter in the rows than in the header",
        "csv",
        lambda: GOOD_CSV.replace(",", ";").replace(";", ",", 3).encode(),
        loaded=None,
        says="check its delimiter, quotes and encoding",
    ),
    Case(
        "a required column under another name",
        "csv",
        lambda: GOOD_CSV.replace("金额", "总金额", 1).encode(),
        loaded=None,
        says="'总金额' may be its new name for '金额'",
        note="the contract can list it under `aliases`",
    ),
    Case(
        "a required column missing",
        "csv",
        lambda: csv_text([("T", NAME)], header=("小票号", "顾客")).encode(),
        loaded=None,
        says="lacks ['金额']; has ['小票号', '顾客']",
    ),
    Case(
        "an optional column missing",
        "csv",
        lambda: csv_text([("T", "1")], header=("小票号", "金额")).encode(),
        loaded=1,
        rows={1: ("T", "1", None, None)},
        note="null; listed by the check `schema_as_agreed`",
    ),
    Case(
        "a column that the contract lacks",
        "csv",
        lambda: csv_text([("T", "1", "x")], header=("小票号", "金额", "税号")).encode(),
        loaded=1,
        note="kept in `_extra`; `schema_as_agreed` fails",
    ),
    Case(
        "mixed line ends and blank lines",
        "csv",
        lambda: lines_with(f"T,9.90,{NAME},\r\n\n\r").encode(),
        loaded=51,
    ),
    Case(
        "line ends inside quoted values",
        "csv",
        lambda: lines_with(f'T,9.90,{NAME},"a\nb\r\nc"').encode(),
        loaded=51,
        rows={11: ("T", "9.90", NAME, "a\nb\r\nc")},
    ),
    Case("an empty CSV or JSONL file", "csv", lambda: b"", loaded=0),
    Case("a header and nothing else", "csv", lambda: csv_text([]).encode(), loaded=0),
    Case(
        "a workbook, a Parquet file or a gzip file named .csv",
        "csv",
        parquet,
        loaded=None,
        says="is a Parquet file in spite of its name; rename or convert it",
    ),
    Case(
        "gzip cut off",
        "csv.gz",
        lambda: gzip.compress(GOOD_CSV.encode())[:-12],
        loaded=None,
        says="is a gzip file that ends too early; copy it again",
    ),
    Case(
        "gzip with flipped bytes or bytes behind its end",
        "csv.gz",
        lambda: gzip.compress(GOOD_CSV.encode()) + b"rubbish",
        loaded=None,
        says="is a damaged gzip file; copy it again",
    ),
    Case(
        "several gzip files joined into one",
        "csv.gz",
        lambda: b"".join(gzip.compress(part.encode()) for part in (GOOD_CSV[:300], GOOD_CSV[300:])),
    ),
    Case(
        "a gzip bomb",
        "csv.gz",
        lambda: gzip.compress(GOOD_CSV.encode() + bytes(200_000_000)),
        loaded=None,
        says="unpacks to more than 300 times its size, which no export does",
    ),
    Case("an empty .gz file", "csv.gz", lambda: b"", loaded=None, says="is empty, not a gzip file"),
)

JSONL_CASES = (
    Case(
        "JSONL cut off in the middle of a line",
        "jsonl",
        lambda: jsonl()[:-9],
        loaded=49,
        rejected=((50, "not_json"),),
    ),
    Case(
        "JSONL cut off, compressed",
        "jsonl.gz",
        lambda: gzip.compress(jsonl())[:-12],
        loaded=None,
        says="is a gzip file that ends too early; copy it again",
    ),
    Case(
        "a line that is JSON but no object",
        "jsonl",
        lambda: jsonl(f'["{NAME}"]'),
        rejected=((1, "not_an_object"),),
    ),
    Case(
        "half a surrogate pair in a text",
        "jsonl",
        lambda: jsonl(f'{{"小票号": "T", "金额": 1, "顾客": "{NAME}\\ud83d"}}'),
        rejected=((1, "not_json"),),
    ),
    Case(
        "a NUL byte in a line, or written as \\u0000",
        "jsonl",
        lambda: jsonl(f'{{"小票号": "T\\u0000", "顾客": "{NAME}"}}', f'{{"小票号": "\0{PHONE}"}}'),
        rejected=((1, "nul_byte"), (2, "nul_byte")),
    ),
    Case(
        "objects nested more than 200 deep",
        "jsonl",
        lambda: jsonl(f'{{"小票号": "T", "x": {"[" * 300_000}"{NAME}"{"]" * 300_000}}}'),
        rejected=((1, "too_deep"),),
    ),
    Case(
        "a key that occurs twice in an object, or two titles of one column",
        "jsonl",
        lambda: jsonl(f'{{"小票号": "T", "金额": 1, "金额": 2, "顾客": "{NAME}"}}'),
        rejected=((1, "repeated_key"),),
    ),
    Case(
        "numbers beyond 2^53, 1.50, 1e3",
        "jsonl",
        lambda: jsonl('{"小票号": 123456789012345678901234567890, "金额": 1.50, "备注": 1e3}'),
        loaded=51,
        rows={1: ("123456789012345678901234567890", "1.50", None, "1e3")},
        note="digit by digit as written",
    ),
    Case(
        "NaN and Infinity",
        "jsonl",
        lambda: jsonl('{"小票号": NaN, "金额": -Infinity}'),
        loaded=51,
        rows={1: ("NaN", "-Infinity", None, None)},
        note="as text; staging rejects the row where it needs a number",
    ),
    Case(
        "objects and lists as values",
        "jsonl",
        lambda: jsonl('{"小票号": "T", "金额": {"cny": [1, 2]}}'),
        loaded=51,
        rows={1: ("T", '{"cny":[1,2]}', None, None)},
        note="as JSON text",
    ),
    Case(
        "a line of 100 MB",
        "jsonl",
        lambda: jsonl(f'{{"小票号": "T", "顾客": "{NAME}{"x" * HUNDRED_MEGABYTES}"}}'),
        rejected=((1, "line_too_long"),),
        note="16 MB are allowed",
    ),
    Case(
        "a CSV named .jsonl",
        "jsonl",
        lambda: GOOD_CSV.encode(),
        loaded=None,
        says="has 51 lines that do not fit",
    ),
    Case(
        "a different key in every line",
        "jsonl",
        lambda: "".join(f'{{"小票号": "T", "{NAME}{n}": 1}}\n' for n in range(10_001)).encode(),
        loaded=None,
        says="has more than 10,000 different keys, so its keys are data",
    ),
)

XLSX_CASES = (
    Case(
        "a workbook cut off",
        "xlsx",
        lambda: workbook({"1": GOOD_SHEET})[:-200],
        loaded=None,
        says="is not a readable XLSX workbook: damaged, cut short, protected or another kind",
    ),
    Case(
        "a workbook with a password, or an old .xls under a new name",
        "xlsx",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000),
        loaded=None,
        says="protected or another kind of file; export it again",
    ),
    Case("an empty .xlsx or .parquet file", "xlsx", lambda: b"", loaded=None, says="is empty"),
    Case("a sheet with a header only", "xlsx", lambda: workbook({"1": [HEADER]}), loaded=0),
    Case(
        "titles in merged cells above the table, a cover before it, a pivot behind it",
        "xlsx",
        lambda: workbook(
            {"封面": [["说明"]], "数据": [["会员导出"], [], *GOOD_SHEET], "透视": [["金额", 5]]}
        ),
        rows={1: GOOD[0]},
        note="the table is looked for in the first 20 rows of every sheet",
    ),
    Case(
        "a table that goes on in further sheets",
        "xlsx",
        lambda: workbook({"1": GOOD_SHEET, "2": GOOD_SHEET}),
        loaded=100,
    ),
    Case(
        "formulas",
        "xlsx",
        lambda: workbook({"1": [HEADER, ["T", "=3+4", "=HYPERLINK(A1)", "="]]}),
        loaded=1,
        rows={1: ("T", "7", "7", "=")},
        note="the result that the workbook stores; nothing is calculated",
    ),
    Case(
        "cells that show an error (#DIV/0!)",
        "xlsx",
        lambda: workbook({"1": [HEADER, ["T", "=1/0", NAME, None]]}),
        loaded=1,
        rows={1: ("T", None, NAME, None)},
        note="empty: the library does not tell the two apart",
    ),
    Case(
        "dates, as dates and as serial numbers",
        "xlsx",
        lambda: workbook({"1": [HEADER, ["T", "1", date(2024, 1, 5), 45296]]}),
        loaded=1,
        rows={1: ("T", "1", "2024-01-05", "45296")},
        note="staging reads serial numbers in its date columns",
    ),
    Case(
        "an archive that says it unpacks to more than 300 times its size",
        "xlsx",
        lambda: workbook_with_parts({"xl/media/image1.png": bytes(200_000_000)}),
        loaded=None,
        says="bytes, which no export does; check where it comes from",
    ),
    Case(
        "an archive that understates what it unpacks to",
        "xlsx",
        understated_size,
        loaded=None,
        says="is not a readable XLSX workbook (XmlError); export it again",
    ),
    Case(
        "cells at opposite corners of a sheet",
        "xlsx",
        far_cells,
        loaded=None,
        says="takes more than 2,048 MB to open",
        note="workbooks are opened in a process of their own, under this limit",
    ),
    Case(
        "one long text that very many cells repeat",
        "xlsx",
        repeated_text,
        loaded=None,
        says="to open, about 100 bytes a cell; delete what lies beyond its table, split it",
        limits=SMALL_WORKBOOKS,
    ),
    Case(
        "XML entities, multiplying or naming a file of this machine",
        "xlsx",
        entities,
        loaded=None,
        says="is not a readable XLSX workbook (XmlError)",
        note="no entity is ever resolved",
    ),
)

PARQUET_CASES = (
    Case(
        "Parquet cut off",
        "parquet",
        lambda: parquet()[:-20],
        loaded=None,
        says="is damaged, cut short or not Parquet",
    ),
    Case(
        "Parquet with a damaged page behind a sound footer",
        "parquet",
        damaged_page,
        loaded=None,
        says="copy it again",
    ),
    Case(
        "Parquet with a footer that claims 2 GB",
        "parquet",
        lambda: parquet()[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1",
        loaded=None,
        says="is damaged, cut short or not Parquet",
    ),
    Case(
        "Parquet whose footer miscounts the rows",
        "parquet",
        miscounted,
        loaded=None,
        says="does not hold the 51 rows that its footer says; write it again",
    ),
    Case(
        "another schema",
        "parquet",
        lambda: parquet(小票号=pa.array(["T"]), 总额=pa.array([NAME])),
        loaded=None,
        says="lacks ['金额']; has ['小票号', '总额']",
    ),
    Case(
        "nested columns, decimals, times with a zone, integers beyond 2^53",
        "parquet",
        typed_parquet,
        loaded=1,
        rows={1: (str(2**62), "9.90", '{"a":[1,2]}', "2024-01-02 00:00:00+00:00")},
        note="as text: JSON, exact digits, UTC",
    ),
    Case(
        "Parquet without rows",
        "parquet",
        lambda: parquet(小票号=pa.array([], pa.string()), 金额=pa.array([], pa.string())),
        loaded=0,
    ),
)

GROUPS = {
    "CSV": CSV_CASES,
    "JSON Lines": JSONL_CASES,
    "XLSX": XLSX_CASES,
    "Parquet": PARQUET_CASES,
}
CASES = tuple(case for cases in GROUPS.values() for case in cases)
