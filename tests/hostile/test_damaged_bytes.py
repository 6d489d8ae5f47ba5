"""Files of the packed formats with bytes changed at random: loaded or refused, never a crash.

Belongs here: XLSX, Parquet and gzip, each file with damage of its own, all in one run. Does not
belong here: CSV and JSON Lines (tests/faults/test_any_bytes.py), named faults
(tests/faults/corrupt_files.py).
"""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from tests.ingestion.ingestion_company import HEADER, Company, csv_text

ROWS = [(f"T{number}", f"{number}.50", f"客户{number}", "👩 \u202e=1+1") for number in range(40)]
FILES_OF_A_FORMAT = 12


def workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate([HEADER, *ROWS]):
        sheet.write_row(number, 0, row)
    book.close()
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    columns = zip(*ROWS, strict=True)
    pq.write_table(pa.table(dict(zip(HEADER, columns, strict=True))), out)
    return out.getvalue()


def packed_csv() -> bytes:
    return gzip.compress(csv_text(ROWS).encode())


def damaged(content: bytes, generator: random.Random) -> bytes:
    """The bytes with a few of them changed, left out, said twice, or cut off."""
    out = bytearray(content)
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(out))
        kind = generator.randrange(5)
        if kind == 0:
            out[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            del out[at : at + generator.randint(1, 40)]
        elif kind == 2:
            out[at:at] = out[at : at + generator.randint(1, 40)]
        elif kind == 3:
            out[at : at + 8] = generator.randbytes(8)
        else:
            out[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(out)


def damaged_inside(content: bytes, generator: random.Random) -> bytes:
    """A sound archive whose parts are damaged, as no checksum can tell."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as changed:
        for name in archive.namelist():
            part = archive.read(name)
            changed.writestr(name, damaged(part, generator) if "sheet" in name else part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("suffix", "make", "damage"),
    [
        ("xlsx", workbook, damaged),
        ("xlsx", workbook, damaged_inside),
        ("parquet", parquet, damaged),
        ("csv.gz", packed_csv, damaged),
    ],
    ids=["workbook", "inside of a workbook", "parquet", "gzip"],
)
def test_damaged_files_cost_nothing_but_themselves(
    tmp_path: Path,
    suffix: str,
    make: Callable[[], bytes],
    damage: Callable[[bytes, random.Random], bytes],
) -> None:
    company = Company(tmp_path)
    sound = make()
    generator = random.Random(7)
    names = [f"damaged_{number}.{suffix}" for number in range(FILES_OF_A_FORMAT)]
    for name in names:
        company.drop(name, damage(sound, generator))
    company.drop(f"sound.{suffix}", sound)
    # that every row read is loaded or rejected is asserted by every load
    company.load()
    assert company.outcome(f"sound.{suffix}").rows_loaded == len(ROWS)
    statuses = [company.outcome(name).status for name in names]
    assert set(statuses) <= {"loaded", "repeated", "failed"}
    assert "failed" in statuses
    for name in names:
        outcome = company.outcome(name)
        if outcome.status == "failed":
            # a reason in words, and no value of a row
            assert outcome.error and "客户" not in outcome.error
    company.con.close()
