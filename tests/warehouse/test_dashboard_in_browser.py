"""The web page in a real browser: click paths in both languages, on a laptop and on a phone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import STRATA, Company
from tests.served import served

sync_api = pytest.importorskip(
    "playwright.sync_api",
    reason="the extra `browser` is not installed: pip install -e '.[browser]'",
)
pytest.importorskip("streamlit", reason="the extra `dashboard` is not installed")

BROWSER = next(
    filter(
        None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    ),
    None,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("standard"),
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium"),
]

LAPTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 800}
PAGES = {
    "en": (
        *("Segments", "One customer", "Audiences", "Campaigns", "Models", "Demand and stock"),
        *("Data quality", "Overview"),
    ),
    "zh": (
        *("客户分层", "单个客户", "人群", "活动效果", "模型", "需求与库存", "数据质量", "总览"),
    ),
}
#: Milliseconds; a page takes a tenth of it.
PATIENCE = 20_000
START_SECONDS = 30


@pytest.fixture(scope="module")
def address(published: Company) -> Iterator[str]:
    """The page as `strata dashboard` serves it."""
    with served(
        lambda port: [str(STRATA), "dashboard", "--port", str(port)],
        environment={
            **os.environ,
            **published.environment,
            "STRATA_HOME": str(published.home),
            # what asks for it is tested by itself
            "STRATA_DASHBOARD_PASSWORD": "",
        },
        health="/_stcore/health",
        seconds=START_SECONDS,
    ) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


def test_a_page_opens_by_its_address_before_anybody_saw_another(address: str, browser) -> None:
    """On a fresh server Streamlit once took the modules in `pages` for the pages: a blank one."""
    page = browser.new_page(viewport=LAPTOP)
    page.goto(f"{address}/segments?language=en")
    page.wait_for_selector('h1:has-text("Segments")', timeout=PATIENCE)
    page.close()


@pytest.mark.parametrize(
    ("language", "size"), [("en", LAPTOP), ("zh", PHONE)], ids=["en-laptop", "zh-phone"]
)
def test_every_page_opens_by_a_click(address: str, browser, language: str, size: dict) -> None:
    page = browser.new_page(viewport=size)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("response", lambda got: errors.append(got.url) if got.status >= 400 else None)
    page.goto(f"{address}/?language={language}")
    page.wait_for_selector('[data-testid="stMetric"]', timeout=PATIENCE)
    for name in PAGES[language]:
        link = page.get_by_role("link", name=re.compile(f"{name}$"))
        if not link.is_visible():
            # a phone folds the side bar away
            page.get_by_test_id("stExpandSidebarButton").click()
        link.focus()
        # the keyboard alone has to do
        page.keyboard.press("Enter")
        page.wait_for_selector(f'h1:has-text("{name}")', timeout=PATIENCE)
        page.wait_for_selector('[data-testid="stStatusWidget"]', state="detached", timeout=PATIENCE)
        # what a page shows is forgotten when somebody leaves it, and may not be on its way any more
        page.wait_for_load_state("networkidle", timeout=PATIENCE)
        assert page.locator('[data-testid="stException"]').count() == 0, name
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{name} has to be scrolled sideways"
    assert errors == []
    page.close()


def test_a_rule_is_counted_while_it_is_typed(published: Company, address: str, browser) -> None:
    page = browser.new_page(viewport=LAPTOP)
    page.goto(f"{address}/?language=en")
    page.get_by_role("link", name=re.compile("Audiences$")).click()
    page.get_by_role("tab", name="Build one").click(timeout=PATIENCE)
    condition = page.get_by_role("textbox", name="Condition", exact=True)
    condition.fill("order_count >= 2")
    condition.press("Enter")
    expected = published.value("select count(*) from customer_360 where order_count >= 2")
    live = page.locator('[data-testid="stMetric"]', has_text="Members now")
    live.wait_for(timeout=PATIENCE)
    assert f"{expected:,}" in live.inner_text()
    page.close()
