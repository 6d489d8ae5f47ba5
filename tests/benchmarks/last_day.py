"""Takes the last day out of a simulated landing folder, as files of their own.

Belongs here: deciding which row is of that day, and writing both halves in the file's own format.
Does not belong here: running anything on them.

A monthly report holds a row under the day of its last change; a row that names the last day
anywhere is of that day.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine
import xlsxwriter

IsOfDay = Callable[[str], object]
_ORDER_NUMBER = re.compile(r"[\w-]{12,}")


def hold_back(landing: Path, day: date, into: Path) -> int:
    """Move the rows of a day, and the files named after it, from one landing folder to another.

    Args:
        landing: A simulated landing folder whose last month ends with the day.
        day: The last day.
        into: Receives `<source>/<feed>/…` with the day's rows.

    Returns:
        Rows held back, those of whole files not counted.
    """
    of_day = _day_pattern(day)
    rows = 0
    # orders come before their lines, which name no day: those follow their order
    files = [path for path in landing.rglob("*") if path.is_file() and f"{day:%Y%m}" in path.name]
    for path in sorted(files, key=lambda path: (path.parent.name == "order_items", path)):
        relative = path.relative_to(landing)
        # under the name of another day's file it would be that one's correction
        target = into / relative.with_name(f"{day:%Y%m%d}_{relative.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if f"{day:%Y%m%d}" in path.name:
            path.replace(target)
            continue
        is_of_day = of_day.search
        if path.parent.name == "order_items":
            is_of_day = _names_one_of(_orders_held(into / relative.parts[0] / "orders"))
        kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1]
        rows += _SPLIT[kind](path, target, is_of_day)
    return rows


def _orders_held(folder: Path) -> set[str]:
    """The order numbers of the rows held back: the first long word of a row."""
    return {
        match[0]
        for path in folder.iterdir()
        for line in _read(path)[0].splitlines()[path.suffix == ".csv" :]
        if (match := _ORDER_NUMBER.search(line))
    }


def _names_one_of(orders: set[str]) -> Callable[[str], bool]:
    return lambda row: not orders.isdisjoint(_ORDER_NUMBER.findall(row))


def _day_pattern(day: date) -> re.Pattern[str]:
    before = day - timedelta(days=1)
    return re.compile(
        rf"{day:%Y}[-/.年]?{day:%m}[-/.月]?{day:%d}"
        rf"|{day:%a %b %d}"
        # sixteen hundred hours in UTC is midnight in Beijing
        rf"|{before:%Y-%m-%d}[T ](?:1[6-9]|2[0-3]):[\d:.]+(?:Z|\+00)"
    )


def _read(path: Path) -> tuple[str, str]:
    """The text of a file and its encoding."""
    with _opener(path)(path, "rb") as file:
        content = file.read()
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("gb18030"), "gb18030"


def _write(path: Path, text: str, encoding: str) -> None:
    with _opener(path)(path, "wb") as file:
        file.write(text.encode(encoding))


def _opener(path: Path) -> Callable:
    return gzip.open if path.suffix == ".gz" else open


def _split_jsonl(path: Path, target: Path, is_of_day: IsOfDay) -> int:
    text, encoding = _read(path)
    kept, held = _divide(text.splitlines(keepends=True), is_of_day)
    _write(path, "".join(kept), encoding)
    if held:
        _write(target, "".join(held), encoding)
    return len(held)


def _split_csv(path: Path, target: Path, is_of_day: IsOfDay) -> int:
    text, encoding = _read(path)
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    kept, held = _divide(rows, lambda row: is_of_day("\t".join(row)))
    _write(path, _csv_text([header, *kept]), encoding)
    if held:
        _write(target, _csv_text([header, *held]), encoding)
    return len(held)


def _csv_text(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _split_xlsx(path: Path, target: Path, is_of_day: IsOfDay) -> int:
    sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    header, *rows = sheet.to_python()
    kept, held = _divide(rows, lambda row: is_of_day("\t".join(map(str, row))))
    _write_xlsx(path, [header, *kept])
    if held:
        _write_xlsx(target, [header, *held])
    return len(held)


def _write_xlsx(path: Path, rows: list[list]) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for number, row in enumerate(rows):
        for position, value in enumerate(row):
            if value != "":
                sheet.write(number, position, value)
    book.close()


def _split_parquet(path: Path, target: Path, is_of_day: IsOfDay) -> int:
    table = pq.read_table(path)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        text = connection.execute(
            "select cast(t as varchar) from read_parquet(?) as t", [str(path)]
        ).fetchall()
    kept, held = _divide(range(len(text)), lambda row: is_of_day(text[row][0]))
    pq.write_table(table.take(pa.array(kept, pa.int64())), path)
    if held:
        pq.write_table(table.take(held), target)
    return len(held)


def _divide(rows: Iterable, is_held: Callable) -> tuple[list, list]:
    halves = [], []
    for row in rows:
        halves[bool(is_held(row))].append(row)
    return halves


_SPLIT = {
    "csv": _split_csv,
    "jsonl": _split_jsonl,
    "xlsx": _split_xlsx,
    "parquet": _split_parquet,
}
