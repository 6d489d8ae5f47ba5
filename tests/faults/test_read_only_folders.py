"""Folders that cannot be written to: a disk that went read-only, or a right that was taken away.

Each fault comes twice: as somebody without the right, and on a mount that takes no writes where the
tests may make one.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration import run
from orchestration.publishing.catalogue import PublishedTable
from orchestration.publishing.publish import publish
from orchestration.settings import Settings
from tests.faults.machine import read_only, without_the_right_to_write
from tests.faults.test_published_under_fire import build_of
from tests.ingestion.ingestion_company import Company, csv_text
from tests.warehouse.small_company import land

FAULTS = [without_the_right_to_write, read_only]
SAYS = ("Read-only file system", "Permission denied")
AT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  the warehouse keeps naive UTC
ROWS = csv_text([("A1", "1.00", "b", ""), ("A2", "2.00", "b", "")])


@pytest.fixture
def folder() -> Iterator[Path]:
    # not under pytest's folder, which nobody else may enter
    made = Path(tempfile.mkdtemp(prefix="strata-read-only-"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_landing_folder_that_cannot_be_written_to_is_all_that_a_load_needs(
    folder: Path, fault
) -> None:
    company = Company(folder)
    for name in ("a.csv", "b [1].csv"):
        company.drop(name, ROWS + f"{name},3,,\n")
    company.drop("c.csv", ("小票号,金额\n中,1\n").encode("gb18030"))
    with fault(company.landing):
        company.load()
    assert [outcome.status for outcome in company.last.feeds[0].files] == ["loaded"] * 3
    assert len(company.rows()) == 7


def test_a_folder_for_copies_that_cannot_be_written_to_is_not_the_files_fault(
    folder: Path,
) -> None:
    company = Company(folder)
    company.drop("a.csv", ROWS.encode("gb18030"))
    company.drop("z.csv", ROWS)
    copies = folder / "warehouse" / "tmp"
    copies.mkdir(parents=True)
    with without_the_right_to_write(copies), pytest.raises(PermissionError, match=str(copies)):
        company.load()
    assert company.manifest() == [], "no file is said to be unreadable"
    company.load()
    assert len(company.rows()) == 4
    assert [row[1] for row in company.manifest()] == ["loaded", "loaded"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_published_folder_that_cannot_be_written_to_keeps_its_build(folder: Path, fault) -> None:
    published = folder / "published" / "strata360.duckdb"
    columns = {"customer_id": "Id.", "as_of_date": "Day."}
    table = PublishedTable("customer_360", "main.customer_360", "People.", columns)
    with duckdb.connect() as build:
        build.execute(
            "create table customer_360 as "
            "select 'c1' as customer_id, date '2026-01-01' as as_of_date"
        )
        publish(build, [table], published, run_id="r1", published_at=AT)
        content = published.read_bytes()
        with fault(published.parent), pytest.raises((OSError, duckdb.IOException)) as failed:
            publish(build, [table], published, run_id="r2", published_at=AT)
        assert any(says in str(failed.value) for says in SAYS)
        assert str(published.parent) in str(failed.value)
        assert published.read_bytes() == content
        assert list(published.parent.iterdir()) == [published]
        publish(build, [table], published, run_id="r3", published_at=AT)
    assert build_of(published) == "r3"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_company_that_cannot_be_written_to_is_told_in_a_line(
    folder: Path, fault, is_new: bool
) -> None:
    settings = Settings(home=folder / "company")
    land(settings.landing_dir)
    if not is_new:
        settings.make_dirs()
        settings.run_lock_file.touch()
    before = sorted(settings.home.rglob("*"))
    printed = io.StringIO()
    with fault(settings.home):
        status = run.run_here(settings, None, Console(file=printed, width=300))
    assert status == run.FAILED
    assert any(says in printed.getvalue() for says in SAYS)
    assert "set STRATA_HOME" in printed.getvalue()
    assert sorted(settings.home.rglob("*")) == before
