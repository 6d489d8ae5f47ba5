"""What stands in the way of a run before it starts: said in one line, with what to do about it."""

from __future__ import annotations

import pytest

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
    from orchestration.run import run_lock

    company = make_company("busy")
    land(company.landing)
    folder = company.home / "warehouse"
    folder.mkdir()
    with run_lock(folder / "run.lock"):
        printed = company.strata("run", status=1)
    assert "another run is under way" in printed
