"""Names that people type and files bear: they lead nowhere but where they should."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from tests.ingestion.ingestion_company import Company, csv_text

pytestmark = pytest.mark.bench

OUT = (
    *("../escaped", "/tmp/hostile-escaped", "a/../../escaped", "..", "a\\..\\b", "{{ x }}"),
    *("$(touch escaped)", "x\ny", "\u202egnp", "x" * 300),
)
ROWS = [("1", "1.00", "x", "y")]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company of which nothing is published, in a folder of its own."""
    folder = tmp_path / "around" / "company"
    folder.mkdir(parents=True)
    monkeypatch.setenv("STRATA_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("name", OUT, ids=ascii)
@pytest.mark.parametrize(
    "words",
    [
        ("audience", "preview"),
        ("audience", "export", "--channel", "sms"),
        ("publish-role",),
        ("tags", "preview"),
        ("explain",),
        ("export-person",),
        ("source", "new", "--sample", "sample.csv"),
    ],
    ids=" ".join,
)
def test_a_name_that_leads_out_is_refused_and_writes_nothing(
    home: Path, name: str, words: tuple[str, ...]
) -> None:
    around = home.parent.parent
    (around / "sample.csv").write_text("a,b\n1,2\n")
    before = outside(home)
    done = CliRunner().invoke(app, [*words, "--", name])
    assert done.exit_code not in (0, None)
    # refused in words, not by a crash
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert outside(home) == before


def outside(home: Path) -> set[Path]:
    """What lies around the company."""
    around = home.parent.parent
    found = {path for path in around.rglob("*") if home not in path.parents}
    return found | set(Path("/tmp").glob("hostile-escaped*"))


@pytest.mark.parametrize(
    "name",
    [
        *("-rf .csv", "a;b.csv", "$(id).csv", "a\nb.csv", "\u202efdp.csv", "%s.csv", "'a'.csv"),
        *("a*?[b].csv", "\\..\\..\\x.csv", "{{ x }}.csv", "a" * 240 + ".csv", "𠮷👩.csv"),
    ],
    ids=ascii,
)
def test_a_landing_file_may_bear_any_name(tmp_path: Path, name: str) -> None:
    company = Company(tmp_path)
    outcome = company.load_one(name, csv_text(ROWS))
    assert (outcome.status, outcome.rows_loaded) == ("loaded", 1)
    company.con.close()


def test_the_name_inside_a_gzip_file_is_not_a_path(tmp_path: Path) -> None:
    company = Company(tmp_path)
    path = company.drop("a.csv.gz", "")
    with (
        path.open("wb") as raw,
        gzip.GzipFile("../../../../escaped.csv", "wb", fileobj=raw) as packed,
    ):
        packed.write(csv_text(ROWS).encode())
    company.load()
    assert company.outcome("a.csv.gz").rows_loaded == 1
    assert list(tmp_path.parent.rglob("escaped*")) == []
    company.con.close()
