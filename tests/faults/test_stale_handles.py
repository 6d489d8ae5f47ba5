"""A network drive that went away under the landing folder: ESTALE, EIO and a folder that vanished.

No network drive is mounted here; what it would answer is put in its place. `strace` makes the
kernel answer with an error whatever reads one file, DuckDB included, from its n-th reading on.
Where there is no strace, Python's audit hooks do so for files and folders that Python opens.
"""

from __future__ import annotations

import errno
import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.faults.corrupt_files import GOOD_SHEET, parquet, workbook
from tests.faults.machine import mounted, program
from tests.faults.test_full_disk import LOADING
from tests.ingestion.ingestion_company import Company, csv_text

ERRORS = ("ESTALE", "EIO")
MANY = csv_text([(f"T{number}", "9.90", "b", "n") for number in range(20_000)])
KINDS = {
    "a.csv": MANY.encode(),
    "a.csv.gz": gzip.compress(MANY.encode()),
    "a.jsonl": "".join(f'{{"小票号": "T{n}", "金额": 1}}\n' for n in range(20_000)).encode(),
    "a.parquet": parquet(),
    "a.xlsx": workbook({"1": GOOD_SHEET}),
}
HOOKED = """
import os, sys
def answer(event, arguments):
    if event == {event!r} and str(arguments[0]) == {path!r}:
        raise OSError({number}, os.strerror({number}), {path!r})
sys.addaudithook(answer)
"""
READINGS = [4, *(pytest.param(number, marks=pytest.mark.bench) for number in (1, 2, 6, 8))]
NEIGHBOUR = csv_text([("N1", "1", "", "")])


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path, str(tmp_path / "build.duckdb"))
    made.drop("z_neighbour.csv", NEIGHBOUR)
    made.load()
    made.con.close()
    return made


def reopened(company: Company) -> Company:
    company.con = duckdb.connect(str(company.home / "build.duckdb"))
    company.assert_balanced()
    return company


def errors(company: Company) -> dict[str, str]:
    """What the manifest says of files that could not be loaded."""
    return dict(
        company.query("select file_name, error from raw.landing_file where status = 'failed'")
    )


@pytest.mark.parametrize("name", ERRORS)
def test_a_file_whose_drive_does_not_answer_waits_for_the_next_run(
    company: Company, name: str
) -> None:
    number = getattr(errno, name)
    path = company.drop("a.csv", MANY)
    hook = HOOKED.format(event="open", path=str(path), number=number)
    done = program(hook + LOADING, company.home, company.home / "build.duckdb")
    assert done.returncode == 0, done.stderr

    reopened(company)
    assert list(errors(company)) == ["till/lines/a.csv"]
    assert "mount its drive again" in errors(company)["till/lines/a.csv"]
    assert company.rows() == [("N1", "1", None, None)]
    company.load()
    assert len(company.rows()) == 20_001
    assert errors(company) == {}


@pytest.mark.parametrize("name", ERRORS)
def test_a_folder_whose_drive_does_not_answer_is_reported_and_costs_no_row(
    company: Company, name: str
) -> None:
    number = getattr(errno, name)
    hook = HOOKED.format(event="os.scandir", path=str(company.feed_dir), number=number)
    look = (
        "print([(stray.file_name, stray.reason) for stray in "
        "load_landing(duckdb.connect(str(build)), load_contracts(home / 'staging'), "
        "home / 'landing', run_id='r', temp_dir=home / 'tmp').strays])"
    )
    done = program(hook + LOADING + look, company.home, company.home / "build.duckdb")
    assert done.returncode == 0, done.stderr
    assert "till/lines" in done.stdout
    assert "mount its drive again" in done.stdout
    reopened(company).load()
    assert company.rows() == [("N1", "1", None, None)]


def test_a_drive_that_is_gone_looks_empty_and_takes_nothing_along(tmp_path: Path) -> None:
    company = Company(tmp_path, str(tmp_path / "build.duckdb"))
    company.drop("a.csv", "hidden by the drive")
    with mounted(company.landing, 8):
        company.drop("a.csv", MANY)
        company.load()
    shutil.rmtree(company.landing)
    company.load()
    assert len(company.rows()) == 20_000
    assert company.last.feeds[0].files == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_drive_that_stops_answering_while_a_file_is_read_fails_that_file_only(
    company: Company, kind: str, reading: int
) -> None:
    path = company.drop(kind, KINDS[kind])
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "--seccomp-bpf", "-o", str(company.home / "trace")),
            *("-P", str(path), "-e", "trace=read,pread64"),
            *("-e", f"inject=read,pread64:error=ESTALE:when={reading}+"),
            *(sys.executable, "-c", LOADING),
            *(str(company.home), str(company.home / "build.duckdb")),
        ],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # a small file may be read to its end before
    injected = "INJECTED" in (company.home / "trace").read_text()
    assert injected or reading > 4
    assert done.returncode == 0, done.stderr[-2000:]
    reopened(company)
    failed = errors(company)
    assert "9.90" not in str(failed)
    assert list(failed) == ([f"till/lines/{kind}"] if injected else [])
    company.load()
    assert errors(company) == {}
    assert [row[1] for row in company.manifest()] == ["loaded", "loaded"]
