"""Micro-batches: what they renew, what they leave, and the daily run that follows them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.benchmarks.last_day import hold_back
from tests.conftest import Company
from tests.warehouse.comparison import (
    ABOUT_THE_RUN,
    LOAD_COLUMNS,
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing,
    tables,
)

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("micro_batch")]

# The demo, of which the two minutes are promised.
PERSONS = 5_000
DAY = date(2025, 12, 31)
# Published tables that a run of models, recommendations, demand or effects writes.
LEFT = (
    "customer_churn_score",
    "customer_clv",
    "customer_propensity",
    "customer_category_propensity",
    "customer_recommendation",
    "segment_demand_forecast",
    "campaign_effect",
)
CUSTOMER_COLUMNS = {"customer_id", "referrer_customer_id", "referred_customer_id"}


@pytest.fixture(scope="module")
def before(make_company, tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, Path]:
    """A company after the daily run of the day before, and the files of the day."""
    company = make_company("micro_batch")
    company.strata("simulate", "--persons", str(PERSONS), "--until", str(DAY))
    day = tmp_path_factory.mktemp("day")
    hold_back(company.landing, DAY, day)
    company.strata("run")
    return company, day


@pytest.fixture(scope="module")
def after_batches(before: tuple[Company, Path]) -> tuple[Company, dict[str, date], Path]:
    """The company after two micro-batches with half of the day's files each."""
    company, day = before
    scored = {table: company.value(f"select max(as_of_date) from {table}") for table in LEFT}  # noqa: S608
    files = sorted(path for path in day.rglob("*") if path.is_file())
    assert len(files) > 10
    for half in (files[::2], files[1::2]):
        for path in half:
            target = company.landing / path.relative_to(day)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        printed = company.strata("run", "--micro")
        assert "daily job instead" not in printed
    kept = company.published.with_name("after_batches.duckdb")
    shutil.copy(company.published, kept)
    return company, scored, kept


def test_tags_and_audiences_are_of_the_day_and_scores_of_the_day_before(
    after_batches: tuple[Company, dict[str, date], Path],
) -> None:
    company, scored, _ = after_batches
    for table in ("customer_360", "audience_membership", "audience_definition"):
        assert company.value(f"select max(as_of_date) from {table}") == DAY, table  # noqa: S608
    assert company.value("select max(valid_from) from customer_tag") == DAY
    assert company.value("select max(order_date) from orders") == DAY
    for table, day in scored.items():
        assert company.value(f"select max(as_of_date) from {table}") == day, table  # noqa: S608
    # whoever reads the profile finds the scores of the day before in it, and not none
    shown = company.query(
        "select count(churn_probability) > 0, count(cluster_id) > 0, sum(clv_12m) > 0, "
        "count(interest_segment) > 0 from customer_360"
    )
    assert shown == [(True, True, True, True)]


def test_every_row_is_accounted_for_and_nobody_is_scored_who_is_not_a_customer(
    after_batches: tuple[Company, dict[str, date], Path],
) -> None:
    company, _, _ = after_batches
    assert company.failing_balances() == []
    assert company.value("select count(distinct run_id) from publish_info") == 1
    for table in (*LEFT[:5], "customer_promotion_response"):
        strangers = company.value(
            f"select count(*) from {table} anti join customer_360 using (customer_id)"  # noqa: S608
        )
        assert strangers == 0, table


def test_what_was_not_checked_again_says_what_was_found_last(
    after_batches: tuple[Company, dict[str, date], Path],
) -> None:
    company, _, _ = after_batches
    runs = company.query(
        "select run_id, count(*) from dq_result group by run_id order by count(*) desc"
    )
    assert len(runs) == 3
    assert runs[0][1] - runs[-1][1] <= 5, "the batches tell of as many checks as the daily run"


def test_the_next_daily_run_equals_one_that_had_no_batches_before(
    after_batches: tuple[Company, dict[str, date], Path],
    before: tuple[Company, Path],
    make_company,
) -> None:
    company, _, _ = after_batches
    _, day = before
    company.strata("run")
    direct = make_company("no_batches")
    shutil.copytree(company.landing, direct.landing, dirs_exist_ok=True)
    shutil.copy(company.home / ".hash_key", direct.home / ".hash_key")
    for path in day.rglob("*"):
        if path.is_file():
            (direct.landing / path.relative_to(day)).unlink()
    direct.strata("run")
    shutil.copytree(day, direct.landing, dirs_exist_ok=True)
    direct.strata("run")
    assert_equal_but_for_what_is_remembered(company.published, direct.published)


def assert_equal_but_for_what_is_remembered(batches: Path, direct: Path) -> None:
    """Both files say the same, apart from what depends on when a row was first seen.

    Customers are numbered in the order in which runs meet them, and a trigger that fired stays
    fired: a cart was abandoned as long as the file with the order had not come.
    """
    with duckdb.connect() as connection:
        for name, path in (("batches", batches), ("direct", direct)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        renumbered = connection.execute(
            """
            select distinct customer_id from (
                from batches.id_map select id_type, id_value, customer_id
                except
                from direct.id_map select id_type, id_value, customer_id
            )
            """
        ).fetchall()
        known_before = connection.execute(
            """
            select count(*) from batches.id_history
            where event = 'born' and customer_id in (select unnest($ids)) and run_id = (
                select run_id from batches.id_history
                where event = 'born' group by run_id order by count(*) desc limit 1
            )
            """,
            {"ids": [customer_id for (customer_id,) in renumbered]},
        ).fetchone()
        assert known_before == (0,), "only customers of the day have another number"
        assert len(renumbered) < 20
        names = set(tables(connection, "batches"))
        assert names == set(tables(connection, "direct"))
        left_aside = ABOUT_THE_RUN | TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES
        left_aside |= {"trigger_event", "customer_next_action", "activation_queue"}
        connection.execute(
            "create table renumbered as select unnest($1) as customer_id",
            [[customer_id for (customer_id,) in renumbered]],
        )
        for name in ("batches", "direct"):
            connection.execute(f"create schema {name}_compared")
            for table in names - left_aside:
                columns = {
                    column
                    for (column, *_) in connection.execute(
                        f"describe {name}.main.{table}"
                    ).fetchall()
                }
                people = " and ".join(
                    f"coalesce({column}, '') not in (from renumbered)"
                    for column in sorted(columns & CUSTOMER_COLUMNS)
                )
                # events of identity are numbered in the order of the runs, too
                numbers = ["event_id"] if table == "id_history" else []
                connection.execute(
                    f"create view {name}_compared.{table} as from {name}.main.{table} "
                    f"select columns(c -> not starts_with(c, 'next_action') and not list_contains("
                    f"{numbers}::varchar[], c)) where {people or 'true'}"
                )
        different = differing(
            connection,
            "batches_compared",
            "direct_compared",
            sorted(names - left_aside),
            LOAD_COLUMNS,
        )
    assert different == {}, different
