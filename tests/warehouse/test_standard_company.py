"""A company with nothing but `standard` files: no SQL of its own, and order never matters."""

from __future__ import annotations

import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.resources.dbt import dbt_executable
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.conftest import Company
from tests.warehouse.comparison import (
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing_rows,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]


def test_records_with_one_phone_become_one_customer(published: Company) -> None:
    # 120 people, 12 of them with a second record of the same phone in another spelling
    assert published.value("select count(*) from customer_360") == 120
    assert published.value("select count(*) from id_map where id_type = 'record'") == 132


def test_totals_equal_the_files(published: Company, placed: list[dict]) -> None:
    kept = sum(
        Decimal(row["gross_amount"]) - Decimal(row["refund_amount"])
        for row in placed
        if row["status"] != "cancelled"
    )
    assert published.value("select count(*) from orders") == len(placed)
    assert published.value("select sum(net_amount) from orders") == kept
    assert published.value("select sum(net_spend) from customer_360") == kept


def test_a_company_without_events_or_items_has_empty_tables_not_missing_ones(
    published: Company,
) -> None:
    for table in ("events", "order_items", "products", "reviews"):
        assert published.value(f"select count(*) from {table}") == 0  # noqa: S608


def test_the_unit_tests_of_the_models_pass(published: Company, tmp_path: Path) -> None:
    # they need the tables to exist, for their columns; what is in them does not matter
    done = subprocess.run(
        [
            dbt_executable(),
            *("--quiet", "test", "--select", "test_type:unit"),
            *("--profiles-dir", ".", "--target-path", str(tmp_path)),
        ],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, **Settings(home=published.home).dbt_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]


def test_a_re_export_of_the_same_rows_changes_nothing(
    published: Company, first_published: Path, placed: list[dict]
) -> None:
    about_landing = TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES
    # a campaign is described for the first time
    campaigns = {"campaigns", "campaign_touches", "campaign_effect", "strategy_report"}
    differing = differing_rows(
        first_published, published.published, ignore=about_landing | campaigns
    )
    assert differing == {}
    duplicates = published.value(
        "select duplicate_rows from source_row_balance "
        "where source = 'standard' and feed = 'orders'"
    )
    assert duplicates == len(placed)


def test_a_campaign_that_is_described_later_gives_its_touches_their_channel(
    published: Company, first_published: Path
) -> None:
    count = "select channel, count(*) from campaign_touches group by all"
    with duckdb.connect(str(first_published), read_only=True) as before:
        assert before.execute(count).fetchall() == [(None, 132)]
    assert published.query(count) == [("sms", 132)]


def test_ids_survive_the_loss_of_the_build_file(published: Company, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(published.published, before)
    published.build.unlink()
    published.strata("run")
    about_landing = TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES
    assert differing_rows(before, published.published, ignore=about_landing) == {}
    assert published.value("select count(*) from id_history") == 120
