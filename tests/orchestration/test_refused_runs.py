"""What stands in the way of a run before it starts: said in one line, with what to do about it."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from tests.warehouse.small_company import land

pytestmark = pytest.mark.slow


def test_an_empty_landing_folder_says_what_to_do(make_company) -> None:
    printed = make_company("empty").strata("run", status=1)
    assert "no landing files" in printed
    assert "strata simulate" in printed


def test_a_wrong_setting_is_named(make_company) -> None:
    printed = make_company("wrong", timezone="Mars/Olympus").strata("doctor", status=2)
    assert "STRATA_TIMEZONE" in printed


def test_a_second_run_at_the_same_time_is_refused(make_company) -> None:
    from orchestration.run_lock import run_lock

    company = make_company("busy")
    land(company.landing)
    folder = company.home / "warehouse"
    folder.mkdir()
    with run_lock(folder / "run.lock"):
        printed = company.strata("run", status=1)
    assert "another run is under way" in printed


def test_a_wrong_tag_stops_the_run_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import run
    from orchestration.settings import SEEDS_DIR, Settings

    shutil.copytree(SEEDS_DIR, tmp_path / "seeds")
    with (tmp_path / "seeds" / "tag_catalogue.csv").open("a", encoding="utf-8") as file:
        file.write("big,大,Big,value,rule,order_counts > 1,crm,daily,9,大,Big.\n")
    monkeypatch.setattr(run, "SEEDS_DIR", tmp_path / "seeds")
    printed = io.StringIO()
    company = Settings(home=tmp_path / "company")
    land(company.landing_dir)
    status = run.run_here(company, None, Console(file=printed, width=200))
    assert status == run.FAILED
    assert "(big): expression: unknown column order_counts; did you mean order_count" in (
        printed.getvalue()
    )
    assert not company.build_file.exists()
