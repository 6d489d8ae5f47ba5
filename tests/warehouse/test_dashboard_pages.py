"""Every page of the web page, in both languages, on a published file; figures are those of SQL."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company

streamlit = pytest.importorskip("streamlit", reason="the extra `dashboard` is not installed")
testing = pytest.importorskip("streamlit.testing.v1")

from orchestration.dashboard import draft_audience, lookup, metrics, published as reading  # noqa: E402, I001
from orchestration.dashboard.language import plain  # noqa: E402
from orchestration.dashboard.pages import segments  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

PAGES = (
    *("overview", "segments", "customer", "audiences", "campaigns", "models", "demand"),
    "data_quality",
)
SECONDS = 120
SCRIPT = """
from orchestration.dashboard.pages import {page}
{page}.show("{language}")
"""


@pytest.fixture
def home(published: Company, monkeypatch: pytest.MonkeyPatch):
    """The published company is the one whose pages are shown."""
    monkeypatch.setenv("STRATA_HOME", str(published.home))
    streamlit.cache_resource.clear()
    yield published.home
    streamlit.cache_resource.clear()


def open_page(page: str, language: str = "en"):
    """A page by itself, without the frame; it must not fail."""
    shown = testing.AppTest.from_string(
        SCRIPT.format(page=page, language=language), default_timeout=SECONDS
    ).run()
    assert not shown.exception, shown.exception[0].value
    return shown


def figures(page) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_the_same_in_both_languages(page: str, home: Path) -> None:
    english, chinese = open_page(page, "en"), open_page(page, "zh")
    assert english.title[0].value.isascii()
    assert not chinese.title[0].value.isascii()
    assert len(english.metric) == len(chinese.metric)
    assert len(english.dataframe) == len(chinese.dataframe)
    if page != "overview":
        # there amounts are shortened in the language's own units
        assert [m.value for m in english.metric] == [m.value for m in chinese.metric]


def test_the_overview_counts_what_sql_counts(published: Company, home: Path) -> None:
    shown = figures(open_page("overview"))
    customers = published.value("select count(*) from customer_360")
    assert shown["Customers"] == f"{customers:,}"
    for metric in (metrics.ACTIVE_CUSTOMERS, metrics.REPURCHASE_RATE):
        assert shown[metric.name_en] == metrics.shown(metric, published.value(metric.sql), "en")
    spend = published.value("select sum(net_spend) from customer_360")
    assert shown["Net spend (CNY)"] == metrics.short_money(float(spend), "en")


def test_monthly_figures_are_those_of_segment_kpi(published: Company) -> None:
    """The company's months are counted as segment_kpi counts them: alike, segment by segment."""
    differing = published.value(
        f"""
        with mine as (
            select
                coalesce(segments.rfm_group, '(new)') as segment,
                customer_months.month,
                {metrics.MONTHLY_RETENTION.expression} as retention_rate,
                {metrics.MONTHLY_REPURCHASE.expression} as repurchase_rate
            from {metrics.CUSTOMER_MONTHS}
            left join segment_history as segments
                on customer_months.customer_id = segments.customer_id
                and segments.as_of_date = customer_months.month - 1
            group by all
        )
        select count(*)
        from mine
        join segment_kpi as theirs
            on theirs.segment_kind = 'rfm_group'
            and mine.segment = theirs.segment
            and mine.month = theirs.month
        where mine.retention_rate is distinct from theirs.retention_rate
            or mine.repurchase_rate is distinct from theirs.repurchase_rate
        """  # noqa: S608
    )
    assert differing == 0


def test_moves_between_two_month_ends_are_those_of_segment_transitions(
    published: Company, home: Path
) -> None:
    first, second = published.query(
        "select strftime(from_date, '%Y-%m-%d'), strftime(to_date, '%Y-%m-%d') "
        "from segment_transitions where kind = 'rfm_group' order by to_date desc limit 1"
    )[0]
    expected = published.query(
        "select from_segment, to_segment, customer_count from segment_transitions where "
        "kind = 'rfm_group' and from_date = cast(? as date) and to_date = cast(? as date) "
        "order by all",
        [first, second],
    )
    moved = segments.moves("rfm_group", first, second)
    assert list(moved.itertuples(index=False, name=None)) == [tuple(row) for row in expected]


def test_a_customer_is_found_by_id_and_by_record_and_shown(published: Company, home: Path) -> None:
    customer, scope, number = published.query(
        "select customer_id, id_scope, id_value from id_map where id_type = 'record' "
        "order by customer_id, id_value limit 1"
    )[0]
    assert lookup.find_customer(customer.upper()) == customer
    assert lookup.find_customer(f" {scope}:{number} ") == customer
    assert lookup.find_customer("nobody@example.com") is None
    assert lookup.find_customer("") is None
    page = open_page("customer")
    page.text_input[0].set_value(f"{scope}:{number}")
    page.button[0].click().run()
    assert not page.exception
    assert page.subheader[0].value == customer
    orders = published.value(
        "select order_count from customer_360 where customer_id = ?", [customer]
    )
    assert figures(page)["Orders"] == f"{orders:,}"


def test_a_phone_number_finds_its_owner_and_is_not_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types a number wants the customer; nobody wants the number in a cache or a page."""
    from orchestration.publishing.pseudonyms import pseudonym

    number, hashed = "138 0013 8000", pseudonym("+8613800138000", reading.settings().hash_key_bytes)
    asked: list[dict] = []

    def first(sql: str, **values: str) -> str:
        asked.append(values)
        return "c0000000001"

    monkeypatch.setattr(lookup, "_first", first)
    assert lookup.find_customer(number) == "c0000000001"
    assert asked == [{"kind": "phone", "hashed": hashed}]
    monkeypatch.setattr(lookup, "_first", lambda sql, **values: None)
    page = open_page("customer")
    page.text_input[0].set_value(number)
    page.button[0].click().run()
    assert page.warning, "nobody has the number"
    assert not any(number in str(block.value) for block in (*page.warning, *page.info))


def test_a_draft_is_counted_as_sql_counts_and_kept_once(
    published: Company, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "dbt_project"
    for folder in ("audiences", "propensities"):
        shutil.copytree(DBT_PROJECT_DIR / folder, project / folder)
    (project / "models").symlink_to(DBT_PROJECT_DIR / "models")
    monkeypatch.setattr(draft_audience, "PROJECT_DIR", project)

    page = open_page("audiences")
    page.text_input(key="draft_condition").set_value("order_count >= 2").run()
    assert not page.exception
    expected = published.value("select count(*) from customer_360 where order_count >= 2")
    assert figures(page)["Members now"] == f"{expected:,}"

    page.text_input(key="draft_condition").set_value("order_cuont >= 2").run()
    assert "order_count" in "".join(block.value for block in page.code), "the reader's own words"
    assert "Members now" not in figures(page)

    page.text_input(key="draft_condition").set_value("order_count >= 2")
    page.text_input(key="draft_code").set_value("bought_twice").run()
    page.button(key="save_draft").click().run()
    kept = project / "audiences" / "bought_twice.yml"
    assert "order_count >= 2" in kept.read_text()

    page.text_input(key="draft_condition").set_value("order_count >= 3").run()
    page.button(key="save_draft").click().run()
    assert "order_count >= 2" in kept.read_text(), "never written over without asking"
    page.checkbox(key="replace_bought_twice").check().run()
    page.button(key="save_draft").click().run()
    assert "order_count >= 3" in kept.read_text()


def test_words_of_the_data_are_shown_and_not_acted_on() -> None:
    """A brand called like a picture must not make the page fetch it."""
    assert plain("![x](http://a.b) $y$ 雅诗·兰黛") == (
        "\\!\\[x\\]\\(http\\://a.b\\) \\$y\\$ 雅诗·兰黛"
    )


def test_a_draft_says_what_was_picked() -> None:
    text = draft_audience.as_yaml(
        draft_audience.Choices(
            code="a",
            label_zh="甲",
            label_en="A",
            owner="crm",
            joined="any",
            kind="rfm_group",
            segments=["core"],
            tags=["loyal_customer"],
            propensity="visit_30d",
            at_least=0.8,
            without_audiences=["do_not_contact"],
        )
    )
    assert text == (
        "label_en: A\nlabel_zh: 甲\ndescription_en: A.\ndescription_zh: 甲。\nowner: crm\nwho:\n"
        "- any:\n  - segment:\n      rfm_group:\n      - core\n  - tag:\n    - loyal_customer\n"
        "  - score:\n      propensity: visit_30d\n      at_least: 0.8\n"
        "- not:\n  - audience:\n    - do_not_contact\n"
    )


def test_the_docs_define_the_metrics_as_the_page_does() -> None:
    text = (DBT_PROJECT_DIR / "docs" / "dashboard.md").read_text(encoding="utf-8")
    assert metrics.markdown_table() in text
