"""What people see of a company whose files are damaged or held: commands and the web page."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company
from tests.faults.damaging import damage, empty, flipped, garbage, truncated
from tests.faults.machine import held

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

APP = PROJECT_ROOT / "orchestration" / "dashboard" / "frame" / "app.py"
SECONDS = 120


@pytest.fixture
def copied(published: Company, tmp_path: Path) -> Company:
    """A company with the same published file and a build file of its own."""
    copy = Company(tmp_path, published.environment)
    copy.published.parent.mkdir()
    copy.build.parent.mkdir(mode=0o700)
    shutil.copy(published.published, copy.published)
    with duckdb.connect(str(copy.build)) as build:
        build.execute("create table one as select 1 as one")
    return copy


@pytest.mark.parametrize("how", [truncated, flipped, empty])
def test_commands_say_that_the_published_file_is_damaged_and_what_to_do(
    copied: Company, how
) -> None:
    damage(copied.published, how)
    for command in (
        ("status",),
        ("query", "from customer_360"),
    ):
        printed = copied.strata(*command, status=1)
        assert "is damaged; `strata run` publishes it again" in printed
        assert "Traceback" not in printed


def test_the_web_page_says_that_the_published_file_is_damaged(
    copied: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamlit = pytest.importorskip("streamlit", reason="the extra `dashboard` is not installed")
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.setenv("STRATA_HOME", str(copied.home))
    streamlit.cache_resource.clear()
    page = testing.AppTest.from_file(str(APP)).run(timeout=SECONDS)
    assert not page.exception
    assert not page.error
    damage(copied.published, flipped)
    page.run(timeout=SECONDS)
    assert not page.exception
    assert len(page.metric) == 0
    assert "strata run" in page.error[0].value
    streamlit.cache_resource.clear()


def test_the_status_is_told_while_a_run_holds_the_build_file_and_when_it_is_damaged(
    copied: Company,
) -> None:
    with held(copied.build):
        printed = copied.strata("status")
    assert "published" in printed
    assert "unreadable landing files are not known" in printed
    assert "a run is under way" in printed
    damage(copied.build, garbage)
    assert "Delete it" in copied.strata("status").replace("\n", " ")
