"""Landing files of any size in every format, for measuring how they are loaded.

Belongs here: making the files, and the contract they follow. Does not belong here: measuring.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import duckdb
import xlsxwriter

COLUMNS = (
    "ticket",
    "amount",
    "buyer",
    "note",
    "product",
    "quantity",
    "sold_at",
    "phone",
    "store",
    "kind",
)
FORMATS = ("csv", "csv.gz", "gb18030.csv", "jsonl", "jsonl.gz", "parquet", "xlsx")
CONTRACT = """
version: 2
sources:
  - name: till
    schema: raw
    tables:
      - name: lines
        identifier: till__lines
        config:
          meta:
            landing: {format: [csv, jsonl, parquet, xlsx], keys: [ticket], watermark: []}
        columns:
""" + "".join(
    f"          - {{name: {name}, config: {{meta: {{privacy: plain}}}}}}\n" for name in COLUMNS
)

# 94 bytes of CSV a row; a tenth of the notes have quotes, delimiters and Chinese in them
_ROWS_SQL = """
    select
        'O' || lpad(cast(i as varchar), 10, '0') as ticket,
        cast((hash(i) % 100000) / 100.0 as decimal(10, 2)) as amount,
        'C' || (hash(i * 7) % 500000) as buyer,
        case when i % 10 = 0 then '备注 "加急", 第' || i || '单' else '普通订单' end as note,
        'P' || (hash(i * 3) % 20000) as product,
        (i % 5) + 1 as quantity,
        timestamp '2024-01-01' + to_seconds(i) as sold_at,
        '1' || (3000000000 + hash(i * 11) % 9999999) as phone,
        'S' || (i % 300) as store,
        '销售' as kind
    from range({first}, {last}) as numbers (i)
"""


def write_contract(staging: Path) -> None:
    """The staging folder of one source `till` with one feed `lines`."""
    folder = staging / "till"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_till__sources.yml").write_text(CONTRACT, encoding="utf-8")


def write_file(folder: Path, kind: str, rows: int, *, first: int = 0, name: str = "lines") -> Path:
    """One file of the feed.

    Args:
        folder: Where it goes.
        kind: One of FORMATS, the end of its name.
        rows: Number of rows.
        first: Number of its first row; other numbers, other rows.
        name: The beginning of its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.{kind}"
    plain = path.with_suffix("") if kind.endswith(".gz") else path
    sql = _ROWS_SQL.format(first=first, last=first + rows)
    if kind == "xlsx":
        _write_workbook(path, sql)
        return path
    file_format = {"parquet": "parquet", "jsonl": "json"}.get(kind.removesuffix(".gz"), "csv")
    with duckdb.connect() as connection:
        connection.execute(f"copy ({sql}) to '{plain}' (format {file_format})")
    if kind == "gb18030.csv":
        _transcode(path)
    if plain != path:
        with plain.open("rb") as source, gzip.open(path, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        plain.unlink()
    return path


def _transcode(path: Path) -> None:
    aside = path.with_name(f"{path.name}.utf8")
    path.rename(aside)
    with (
        aside.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding="gb18030", newline="") as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
    aside.unlink()


def _write_workbook(path: Path, sql: str) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        with duckdb.connect() as connection:
            result = connection.execute(sql)
            row = 0
            while chunk := result.fetchmany(10_000):
                for values in chunk:
                    row += 1
                    for column, value in enumerate(values):
                        if isinstance(value, int):
                            sheet.write_number(row, column, value)
                        else:
                            sheet.write_string(row, column, str(value))
