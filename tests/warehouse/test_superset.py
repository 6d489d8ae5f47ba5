"""The Superset example: what it charts is in the published file, and Superset charts it.

The tests marked `bench` need a Superset: STRATA_TEST_SUPERSET_VENV names an environment with
orchestration/bi/superset_requirements.txt installed, and they start it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.bi.superset import NAME, connection_extra, create_example
from orchestration.bi.superset_api import Superset, SupersetError
from orchestration.bi.superset_content import charts, datasets
from orchestration.dashboard import metrics
from orchestration.publishing.reader import open_published
from tests.bi.recipes import ways_out
from tests.conftest import STRATA, Company
from tests.served import served

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

VARIABLE = "STRATA_TEST_SUPERSET_VENV"
needs_superset = pytest.mark.skipif(
    VARIABLE not in os.environ, reason=f"{VARIABLE} names no environment with Superset"
)
USER, PASSWORD = "admin", "of-this-test-only"
START_SECONDS = 180
#: Milliseconds; the first page loads everything.
PATIENCE = 180_000


def test_the_connection_is_locked_down() -> None:
    arguments = connection_extra()["engine_params"]["connect_args"]
    assert arguments == {
        "read_only": True,
        "config": {"enable_external_access": False, "lock_configuration": True},
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_chart_asks_for_what_is_published(published: Company, language: str) -> None:
    known = {dataset.name: dataset for dataset in datasets()}
    placed = [chart for row in charts(language) for chart in row]
    assert len({chart.name(language) for chart in placed}) == len(placed)
    assert all(sum(chart.width for chart in row) <= 12 for row in charts(language))
    with open_published(published.published) as connection:
        for chart in placed:
            dataset = known[chart.dataset]
            expressions = {metric.code: metric.expression for metric in dataset.metrics}
            selected = [expressions[code] for code in chart.metrics]
            columns = [*chart.columns, *([chart.x_axis] if chart.x_axis else [])]
            source = f"({dataset.sql}) as virtual" if dataset.sql else dataset.name
            grouped = "group by all" if selected else ""
            connection.execute(
                f"select {', '.join(columns + selected)} from {source} "  # noqa: S608
                f"where {chart.where or 'true'} {grouped}"
            ).fetchall()


def test_every_metric_is_in_a_dataset() -> None:
    assert {metric for dataset in datasets() for metric in dataset.metrics} == set(metrics.METRICS)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SupersetError, match=r"127\.0\.0\.1:9 .*STRATA_SUPERSET_URL"):
        Superset("http://127.0.0.1:9", "admin", "secret")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Superset with a database of its own."""
    home = tmp_path_factory.mktemp("superset")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "SUPERSET_HOME": str(home),
        "SUPERSET_SECRET_KEY": "of-this-test-only-0123456789abcdef",
        "FLASK_APP": "superset.app:create_app()",
    }
    superset = Path(os.environ[VARIABLE]).resolve() / "bin" / "superset"
    account = (
        "--username",
        USER,
        "--firstname",
        "Test",
        "--lastname",
        "User",
        "--email",
        "a@b.example",
    )
    for arguments in (
        ("db", "upgrade"),
        ("fab", "create-admin", *account, "--password", PASSWORD),
        ("init",),
    ):
        subprocess.run([superset, *arguments], env=environment, check=True, capture_output=True)
    with served(
        lambda port: [str(superset), "run", "--port", str(port), "--with-threads"],
        environment=environment,
        health="/health",
        seconds=START_SECONDS,
    ) as address:
        yield address


@pytest.fixture(scope="module")
def superset(server: str) -> Superset:
    return Superset(server, USER, PASSWORD)


def figure(superset: Superset, chart: int) -> float:
    """The one value that a chart of a single figure shows."""
    (row,) = superset.call("get", f"chart/{chart}/data/?force=true")["result"][0]["data"]
    return next(iter(row.values()))


def count_of(superset: Superset, kind: str) -> int:
    return superset.call("get", f"{kind}/")["count"]


@needs_superset
@pytest.mark.bench
def test_superset_charts_what_sql_says(published: Company, server: str, superset: Superset) -> None:
    printed = subprocess.run(
        [str(STRATA), "superset"],
        env={
            **os.environ,
            "STRATA_HOME": str(published.home),
            "STRATA_SUPERSET_URL": server,
            "STRATA_SUPERSET_USER": USER,
            "STRATA_SUPERSET_PASSWORD": PASSWORD,
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"{server}/superset/dashboard/{NAME}/" in printed
    kinds = ("database", "dataset", "chart", "dashboard")
    before = {kind: count_of(superset, kind) for kind in kinds}
    # a second time brings it up to date
    example = create_example(superset, published.published, "en")
    assert {kind: count_of(superset, kind) for kind in kinds} == before
    assert before == {
        "database": 1,
        "dataset": len(datasets()),
        "chart": len(example.charts),
        "dashboard": 1,
    }
    for metric in metrics.METRICS:
        if metric.name_en in example.charts:
            shown = figure(superset, example.charts[metric.name_en])
            assert shown == pytest.approx(float(published.value(metric.sql))), metric.code
    for name, chart in example.charts.items():
        answer = superset.call("get", f"chart/{chart}/data/")["result"][0]
        assert answer["error"] is None, name


@needs_superset
@pytest.mark.bench
def test_superset_carries_descriptions_and_metrics(published: Company, superset: Superset) -> None:
    create_example(superset, published.published, "zh")
    dataset = superset.find("dataset", "table_name", "customer_360")
    there = superset.call("get", f"dataset/{dataset}")["result"]
    with open_published(published.published) as connection:
        comments = dict(
            connection.execute(
                "select column_name, comment from duckdb_columns() "
                "where table_name = 'customer_360'"
            ).fetchall()
        )
    assert {c["column_name"]: c["description"] for c in there["columns"]} == comments
    assert {m["metric_name"]: (m["expression"], m["verbose_name"]) for m in there["metrics"]} == {
        metric.code: (metric.expression, metric.name_zh)
        for metric in metrics.METRICS
        if metric.relation == "customer_360"
    }


@needs_superset
@pytest.mark.bench
def test_sql_lab_reaches_nothing_but_the_file(
    published: Company, superset: Superset, tmp_path: Path
) -> None:
    create_example(superset, published.published, "en")
    database = superset.find("database", "database_name", NAME)
    (tmp_path / "secret.csv").write_text("secret\nwhat nobody may read\n")

    def execute(sql: str) -> dict:
        return superset.call("post", "sqllab/execute/", {"database_id": database, "sql": sql})

    assert execute("select count(*) as customers from customer_360")["data"] == [
        {"customers": published.value("select count(*) from customer_360")}
    ]
    for way, sql in ways_out(tmp_path / "secret.csv", published.build).items():
        with pytest.raises(SupersetError) as refused:
            execute(sql)
        assert "what nobody may read" not in str(refused.value), way
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


@needs_superset
@pytest.mark.bench
def test_superset_sees_the_next_build_at_its_next_query(
    published: Company, superset: Superset, tmp_path: Path
) -> None:
    shown = tmp_path / "strata360.duckdb"
    shutil.copy(published.published, shown)
    example = create_example(superset, shown, "en")
    chart = example.charts[metrics.CUSTOMERS.name_en]
    before = figure(superset, chart)
    following = tmp_path / "following"
    shutil.copy(shown, following)
    with duckdb.connect(str(following)) as file:
        file.execute("delete from customer_360 where rowid = (select min(rowid) from customer_360)")
    following.replace(shown)
    assert figure(superset, chart) == before - 1


@needs_superset
@pytest.mark.bench
def test_the_dashboard_is_drawn(
    published: Company, server: str, superset: Superset, tmp_path: Path
) -> None:
    """STRATA_TEST_SCREENSHOT keeps the picture."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the extra `browser` is missing")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    example = create_example(superset, published.published, "en")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        # its policy would refuse the functions that Playwright waits with
        page = opened.new_page(viewport={"width": 1360, "height": 1500}, bypass_csp=True)
        page.goto(f"{server}/login/", wait_until="domcontentloaded", timeout=PATIENCE)
        page.wait_for_selector("input:visible", timeout=PATIENCE)
        name, password = page.locator("input:visible").all()[:2]
        name.fill(USER)
        password.fill(PASSWORD)
        password.press("Enter")
        page.wait_for_url(lambda url: "login" not in url, timeout=PATIENCE)
        page.goto(example.url, wait_until="domcontentloaded", timeout=PATIENCE)
        page.wait_for_function(
            f"document.querySelectorAll('.slice_container').length == {len(example.charts)}",
            timeout=PATIENCE,
        )
        page.locator('[data-test="loading-indicator"]').first.wait_for(
            state="detached", timeout=PATIENCE
        )
        # drawings come in with a movement
        page.wait_for_timeout(3000)
        body = page.locator("body").inner_text()
        page.screenshot(path=os.environ.get("STRATA_TEST_SCREENSHOT", tmp_path / "superset.png"))
        opened.close()
    customers = published.value("select count(*) from customer_360")
    assert f"{customers:,}" in body
    for title in example.charts:
        assert title in body
    assert "error" not in body.lower()
