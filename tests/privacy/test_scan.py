"""The scan finds an identifier in every kind of file that leaves the build file, and nothing else.

Belongs here: planting identifiers and looking for them. Does not belong here: a whole company
(tests/demo_company scans one).
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import duckdb
import joblib
import pytest

from orchestration.privacy.needles import NeedleCase, Needles
from orchestration.privacy.scan import scan_company
from orchestration.publishing.export_files import IN_THE_CLEAR
from orchestration.settings import Settings

PLANTED = {
    "phone": "+8613812345678",
    "email": "Li.Si@example.com",
    "name": "欧阳小明",
    "national_id": "11010119900307123X",
    "wechat_openid": "wx8f3a60d1e5b7c924:o8000eb6c3eeb4dc8",
}


@pytest.fixture(scope="module")
def needles() -> Needles:
    case = NeedleCase(vocabulary=frozenset({"李宁"}))
    for kind, value in PLANTED.items():
        case.add(kind, [value])
    case.add("name", ["李宁", "王芳", None, ""])
    return case.needles()


def scanned(home: Path, needles: Needles) -> set[tuple[str, str]]:
    report = scan_company(Settings(home=home, _env_file=None), needles)
    return {(finding.place, finding.kind) for finding in report.findings}


def duckdb_file(path: Path, text: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t (n integer, note varchar)")
        connection.execute("insert into t values (1, 'nothing'), (2, ?)", [text])


def sqlite_file(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table event_logs (event text)")
    # as Dagster stores it: JSON with escapes
    connection.execute("insert into event_logs values (?)", [json.dumps({"text": text})])
    connection.commit()
    connection.close()


def parquet_file(path: Path, text: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"copy (select '{text}' as who) to '{path}'")


WAYS = {
    "published/strata360.duckdb": (duckdb_file, ": t.note"),
    "dagster/history/runs/index.db": (sqlite_file, ""),
    "exports/messages/2025-01-01/.states/a.parquet": (parquet_file, ": who"),
    "exports/messages/2025-01-01/sms.csv": (lambda path, text: path.write_text(text), ""),
    "models/churn/card.md": (lambda path, text: path.write_text(f"of {text}."), ""),
    "models/churn/model.joblib": (lambda path, text: joblib.dump([text], path, compress=3), ""),
    "warehouse/dbt/run/logs/dbt.log.gz": (
        lambda path, text: path.write_bytes(gzip.compress(text.encode())),
        "",
    ),
    "warehouse/last_run.log": (lambda path, text: path.write_text(f"Error: '{text}'\n"), ""),
}


@pytest.mark.parametrize("place", WAYS)
def test_an_identifier_is_found_in_every_kind_of_file(
    place: str, needles: Needles, tmp_path: Path
) -> None:
    write, within = WAYS[place]
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    write(path, f"say {PLANTED['phone']} {PLANTED['email']} {PLANTED['name']}")
    assert scanned(tmp_path, needles) == {
        (place + within, kind) for kind in ("phone", "email", "name")
    }


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        # spellings of one phone; a longer number is another number
        ("tel:13812345678", {"phone"}),
        ("0086-13812345678,", {"phone"}),
        ("8613812345678", {"phone"}),
        ("138123456789", set()),
        ("u8000@example.com LI.SI@EXAMPLE.COM.", {"email"}),
        ("id 11010119900307123x", {"national_id"}),
        ("wechat:wx8f3a60d1e5b7c924:o8000eb6c3eeb4dc8", {"wechat_openid"}),
        # an app is no person
        ("wx8f3a60d1e5b7c924", set()),
        # four characters are found inside a sentence, two only where they stand alone
        ("请联系欧阳小明先生", {"name"}),
        ("receiver: 王芳, paid", {"name"}),
        ("王芳香四溢", set()),
        # a brand is nobody
        ("李宁 running shoe", set()),
        (json.dumps("欧阳小明"), {"name"}),
    ],
)
def test_words_of_a_text(text: str, kinds: set[str], needles: Needles) -> None:
    assert set(needles.found_in(text)) == kinds


def test_what_was_exported_in_the_clear_is_named_and_left_alone(
    needles: Needles, tmp_path: Path
) -> None:
    folder = tmp_path / "exports" / "messages" / "2025-01-01"
    folder.mkdir(parents=True)
    (folder / "sms.csv").write_text(PLANTED["phone"])
    (folder / "manifest.json").write_text(json.dumps({"identifiers": IN_THE_CLEAR}))
    report = scan_company(Settings(home=tmp_path, _env_file=None), needles)
    assert report.findings == ()
    assert report.clear_exports == ("exports/messages/2025-01-01",)


def test_a_file_that_is_called_like_somebody_is_found(needles: Needles, tmp_path: Path) -> None:
    path = tmp_path / "exports" / "欧阳小明.txt"
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert scanned(tmp_path, needles) == {("exports/欧阳小明.txt (its name)", "name")}
