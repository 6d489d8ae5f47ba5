"""Reading what the simulator wrote: landing files and truth, without the warehouse.

Belongs here: rows as they stand in the files. Does not belong here: assertions.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook


def files_of(landing: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(landing)): path.read_bytes()
        for path in sorted(landing.rglob("*"))
        if path.is_file()
    }


def truth_rows(folder: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(folder / "truth.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def csv_rows(folder: Path, feed: str, encoding: str) -> list[dict[str, str]]:
    rows = []
    for path in sorted((folder / "landing" / feed).rglob("*.csv")):
        rows += csv.DictReader(io.StringIO(path.read_bytes().decode(encoding)))
    return rows


def workbook_rows(folder: Path, feed: str) -> list[dict[str, object]]:
    rows = []
    for path in sorted((folder / "landing" / feed).rglob("*.xlsx")):
        header, *body = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        rows += [dict(zip(header, row, strict=True)) for row in body]
    return rows


def json_lines(folder: Path, feed: str) -> tuple[list[dict], int]:
    rows, broken = [], 0
    for path in sorted((folder / "landing" / feed).rglob("*.jsonl*")):
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        for line in text.decode().splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                broken += 1
    return rows, broken


def parquet_rows(folder: Path, feed: str) -> list[dict[str, object]]:
    rows = []
    for path in sorted((folder / "landing" / feed).rglob("*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


def unwrapped(value: str) -> str:
    return value.removeprefix('="').removesuffix('"').removeprefix("'").strip()


def is_amount(value: str) -> bool:
    return value.replace(",", "").replace(".", "").removeprefix("-").isdigit()


def newest(rows: list[dict], key: str, changed: str) -> dict[str, dict]:
    """Of each key the row that changed last."""
    found: dict[str, dict] = {}
    for row in rows:
        name = unwrapped(row[key])
        if name not in found or row[changed] > found[name][changed]:
            found[name] = row
    return found


def jd_orders(folder: Path) -> dict[str, dict[str, str]]:
    rows = csv_rows(folder, "jd/orders", "gb18030")
    readable = [r for r in rows if r["下单帐号"] and is_amount(r["应付金额"])]
    return newest(readable, "订单号", "订单修改时间")


def wechat_orders(folder: Path) -> dict[str, dict[str, str]]:
    rows = csv_rows(folder, "wechat/orders", "utf-8-sig")
    readable = [r for r in rows if r["用户OpenID"] and is_amount(r["实付金额"].lstrip("¥"))]
    return newest(readable, "订单号", "更新时间")


def shop_orders(folder: Path) -> dict[str, dict]:
    """Every readable web shop order in its newest landed state, times in one zone."""
    rows, _ = json_lines(folder, "shop/orders")
    readable = []
    for row in rows:
        if is_amount(row["paid_amount"]) and row["created_at"].startswith("20"):
            readable.append(row | {"changed": local(row["updated_at"])})
    return newest(readable, "order_id", "changed")


def local(text: str) -> str:
    """An ISO time with offset in Beijing time."""
    moment = datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=8)))
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def tmall_orders(folder: Path) -> dict[str, dict[str, str]]:
    """Every readable Tmall order in its newest landed state."""
    readable = [
        row
        for row in csv_rows(folder, "tmall/orders", "gb18030")
        if unwrapped(row["订单编号"])
        and is_amount(row["买家应付货款"])
        and row["订单创建时间"].startswith("20")
    ]
    return newest(readable, "订单编号", "订单修改时间")
