"""Writing landing files: chunks are appended to a work folder and moved into place once
complete.

Belongs here: bytes, encodings, compression, workbooks and Parquet. Does not belong here: what the
rows say. Files come out byte for byte the same each time: no time stamps inside gzip or workbooks.
"""

from __future__ import annotations

import filecmp
import gzip
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from orchestration.yaml_text import parse_yaml

_FIELD, _NUMBER = "\x1f", "\x1e"
#: Rows per workbook; a larger month is split into parts (a sheet ends at 1,048,576 rows).
WORKBOOK_ROWS = 400_000
_MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "staging"
_FIXED_TIME = datetime(2024, 1, 1)  # noqa: DTZ001 - a workbook property without a zone


@cache
def _contract(source: str) -> dict:
    text = (_MODELS / source / f"_{source}__sources.yml").read_text("utf-8")
    return parse_yaml(text)


def headers(source: str, feed: str) -> list[str]:
    """The feed's column headers in contract order."""
    tables = _contract(source)["sources"][0]["tables"]
    table = next(t for t in tables if t["name"] == feed)
    return [c.get("config", {}).get("meta", {}).get("header", c["name"]) for c in table["columns"]]


def csv_line(values: Iterable[str]) -> str:
    """One CSV line; values with a quote, comma or line break are quoted."""
    return ",".join(
        '"' + v.replace('"', '""') + '"' if '"' in v or "," in v or "\n" in v else v for v in values
    )


def number_cell(value: float | int) -> str:
    """Marks a workbook value that is to become a numeric cell."""
    return f"{_NUMBER}{value}"


class LandingWriter:
    """Collects the landing files of one simulation.

    Args:
        landing: Folder that receives the finished files.
    """

    def __init__(self, landing: Path) -> None:
        self._landing = landing
        self._work = landing.parent / f".{landing.name}.simulating"
        if self._work.exists():
            shutil.rmtree(self._work)
        self._work.mkdir(parents=True)
        self._encoding: dict[str, str] = {}
        self._workbooks: dict[str, list[str]] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self.rows: Counter[tuple[str, str]] = Counter()
        self.files: Counter[tuple[str, str]] = Counter()

    def _path(self, name: str) -> Path:
        path = self._work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def append_csv(
        self,
        source: str,
        feed: str,
        name: str,
        lines: Sequence[str],
        *,
        encoding: str = "utf-8",
        byte_order_mark: bool = False,
    ) -> None:
        """Append lines to a CSV file, which starts with the contract's headers."""
        relative = f"{source}/{feed}/{name}"
        text = "".join(line + "\n" for line in lines)
        if relative not in self._encoding:
            self._encoding[relative] = encoding
            self.files[source, feed] += 1
            text = csv_line(headers(source, feed)) + "\n" + text
            if byte_order_mark:
                text = "\ufeff" + text
        self.rows[source, feed] += len(lines)
        with self._path(relative).open("ab") as file:
            file.write(text.encode(encoding))

    def append_jsonl(self, source: str, feed: str, name: str, lines: Sequence[str]) -> None:
        """Append JSON lines; a name that ends in .gz is compressed at the end."""
        relative = f"{source}/{feed}/{name}"
        if relative not in self._encoding:
            self._encoding[relative] = "utf-8"
            self.files[source, feed] += 1
        self.rows[source, feed] += len(lines)
        with self._path(relative).open("ab") as file:
            file.write("".join(line + "\n" for line in lines).encode())

    def append_workbook(
        self, source: str, feed: str, name: str, rows: Iterable[Sequence[str]]
    ) -> None:
        """Append rows of text (or `number_cell`) values; the workbook is made at the end."""
        relative = f"{source}/{feed}/{name}"
        if relative not in self._workbooks:
            self._workbooks[relative] = headers(source, feed)
        text = [_FIELD.join(values) + "\n" for values in rows]
        self.rows[source, feed] += len(text)
        with self._path(relative + ".rows").open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(text)

    def append_parquet(self, source: str, feed: str, name: str, table: pa.Table) -> None:
        """Append rows to a Parquet file as a row group; the first table gives the columns."""
        relative = f"{source}/{feed}/{name}"
        if relative not in self._parquet:
            self._parquet[relative] = pq.ParquetWriter(self._path(relative), table.schema)
            self.files[source, feed] += 1
        self.rows[source, feed] += table.num_rows
        self._parquet[relative].write_table(table)

    def finish(self) -> None:
        """Make workbooks and Parquet files, compress what is to be, move everything into place."""
        self._close_parquet()
        for relative, columns in self._workbooks.items():
            self._write_workbooks(relative, columns)
        for path in sorted(self._work.rglob("*.gz")):
            packed = path.with_suffix(".packed")
            with (
                path.open("rb") as plain,
                packed.open("wb") as raw,
                gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as out,
            ):
                shutil.copyfileobj(plain, out, 1 << 20)
            packed.replace(path)
        for path in sorted(p for p in self._work.rglob("*") if p.is_file()):
            target = self._landing / path.relative_to(self._work)
            target.parent.mkdir(parents=True, exist_ok=True)
            # a file that is already there, byte for byte, keeps its modification time
            if target.exists() and filecmp.cmp(path, target, shallow=False):
                path.unlink()
            else:
                path.replace(target)
        self.discard()

    def discard(self) -> None:
        """Remove the work folder."""
        self._close_parquet()
        shutil.rmtree(self._work, ignore_errors=True)

    def _close_parquet(self) -> None:
        for file in self._parquet.values():
            file.close()
        self._parquet.clear()

    def _write_workbooks(self, relative: str, columns: list[str]) -> None:
        source, feed, _ = relative.split("/", 2)
        spool = self._work / (relative + ".rows")
        with spool.open(encoding="utf-8", newline="\n") as file:
            part = 0
            pending = file.readline()
            while pending or part == 0:
                part += 1
                name = relative if part == 1 else relative.replace(".xlsx", f"_{part}.xlsx")
                pending = self._write_workbook(self._path(name), columns, pending, file)
                self.files[source, feed] += 1
        spool.unlink()

    @staticmethod
    def _write_workbook(path: Path, columns: list[str], pending: str, file: Iterable[str]) -> str:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        book.set_properties({"created": _FIXED_TIME})
        sheet = book.add_worksheet("Sheet1")
        for position, header in enumerate(columns):
            sheet.write_string(0, position, header)
        row = 0
        lines = iter(file)
        while pending and row < WORKBOOK_ROWS:
            row += 1
            for position, value in enumerate(pending.rstrip("\n").split(_FIELD)):
                if not value:
                    continue
                if value[0] == _NUMBER:
                    sheet.write_number(row, position, float(value[1:]))
                else:
                    sheet.write_string(row, position, value)
            pending = next(lines, "")
        book.close()
        return pending
