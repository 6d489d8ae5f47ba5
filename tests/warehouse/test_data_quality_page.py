"""The web page shows the figures of the published file, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company

streamlit = pytest.importorskip("streamlit", reason="the extra `dashboard` is not installed")
testing = pytest.importorskip("streamlit.testing.v1")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

APP = PROJECT_ROOT / "orchestration" / "dashboard" / "frame" / "app.py"
SECONDS = 120
# this page under the switch of the frame
PAGE = """
from orchestration.dashboard.language import choose_language
from orchestration.dashboard.pages import data_quality
data_quality.show(choose_language())
"""


@pytest.fixture
def page_of(monkeypatch: pytest.MonkeyPatch):
    """A function that opens the page on a company, or all pages at the first."""

    def open_page(home: Path, *, as_app: bool = False):
        monkeypatch.setenv("STRATA_HOME", str(home))
        streamlit.cache_resource.clear()
        page = testing.AppTest.from_file(str(APP)) if as_app else testing.AppTest.from_string(PAGE)
        page.run(timeout=SECONDS)
        assert not page.exception
        return page

    yield open_page
    streamlit.cache_resource.clear()


def test_the_figures_are_those_of_the_published_file(published: Company, page_of) -> None:
    feeds, landed, rejected = published.query(
        "select count(*), sum(raw_rows), sum(rejected_rows) from source_row_balance "
        "where raw_rows > 0"
    )[0]
    failing = published.value(
        "select count(*) from dq_result where not passed "
        "and run_id = (select max(run_id) from publish_info)"
    )
    shown = [metric.value for metric in page_of(published.home).metric]
    assert shown == [f"{feeds:,}", f"{landed:,}", f"{rejected:,}", "0.00", f"{failing:,}"]


def test_the_switch_changes_the_language_and_no_figure(published: Company, page_of) -> None:
    page = page_of(published.home)
    assert [title.value for title in page.title] == ["数据质量"]
    chinese = [metric.value for metric in page.metric]
    page.sidebar.radio[0].set_value("en").run()
    assert [title.value for title in page.title] == ["Data quality"]
    assert [metric.value for metric in page.metric] == chinese


def test_before_the_first_run_the_page_says_what_to_do(tmp_path: Path, page_of) -> None:
    page = page_of(tmp_path, as_app=True)
    assert len(page.metric) == 0
    assert "strata run" in page.info[0].value
