"""A membership export whose columns are of every kind, in every format that lands.

Belongs here: one sample. Does not belong here: what is made of it.
"""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tests.ingestion.ingestion_company import csv_text

TITLES = (
    "会员号",
    "会员姓名",
    "手机号",
    "电子邮箱",
    "身份证号",
    "出生日期",
    "邮编",
    "家庭地址",
    "累计消费金额",
    "订单数",
    "折扣率",
    "是否有效",
    "注册日期",
    "更新时间",
    "门店类型",
)


def member(number: int) -> tuple:
    """One row of a membership export, as its values are spelt."""
    changed = datetime(2024, 1, 1, 8) + timedelta(minutes=7 * number)  # noqa: DTZ001
    return (
        f"{number:08}",
        f"{'王李张刘陈'[number % 5]}{'伟芳娜敏静'[number % 5]}",
        f"138{number:08}",
        f"user{number}@example.com" if number % 3 else "",
        "11010519491231002X" if number % 4 else "",
        f"{1960 + number % 40}-0{1 + number % 9}-1{number % 9}",
        f"{100000 + number % 50}",
        f"朝阳区建国路{number}号",
        f"{number * 1.5:,.2f}",
        str(number % 40),
        f"0.{number % 900:03}",
        "是" if number % 2 else "否",
        f"2023/{1 + number % 12}/{1 + number % 28}",
        changed.isoformat(sep=" "),
        ("直营", "加盟", "专柜")[number % 3],
    )


ROWS = [member(number) for number in range(300)]


def write_sample(folder: Path, kind: str) -> Path:
    """The membership export in one of the formats that land."""
    path = folder / f"会员资料20240601.{kind}"
    text = csv_text(ROWS, header=TITLES)
    if kind == "csv":
        path.write_bytes(csv_text(ROWS, header=TITLES, delimiter=";").encode("gb18030"))
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(text.encode("utf-8-sig")))
    elif kind == "jsonl":
        objects = (dict(zip(TITLES, row, strict=True)) for row in ROWS)
        path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects))
    elif kind == "parquet":
        pq.write_table(pa.table(dict(zip(TITLES, zip(*ROWS, strict=True), strict=True))), path)
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("封面")
            sheet.write_string(0, 0, "导出说明")
            sheet = book.add_worksheet("数据")
            for number, row in enumerate([("会员导出",), (), TITLES, *ROWS]):
                for column, value in enumerate(row):
                    sheet.write_string(number, column, value)
    return path
