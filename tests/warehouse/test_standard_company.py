"""A company with nothing but `standard` files: no SQL of its own, and order never matters."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.resources.dbt import dbt_executable
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.conftest import Company
from tests.warehouse.comparison import (
    LOAD_COLUMNS,
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing_rows,
)
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.small_company import write_feed

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


def test_file_names_and_row_order_change_nothing(published: Company, make_company) -> None:
    shuffled = make_company("shuffled", hash_key=HASH_KEY)
    for path in sorted(published.landing.rglob("*.csv")):
        with path.open(newline="") as file:
            header, *rows = list(csv.reader(file))
        random.Random(5).shuffle(rows)
        target = shuffled.landing / path.parent.relative_to(published.landing)
        target.mkdir(parents=True)
        for part, half in (("zz.csv", rows[::2]), ("aa.csv", rows[1::2])):
            with (target / part).open("w", newline="") as file:
                csv.writer(file).writerows([header, *half])
    shuffled.strata("run")
    differing = differing_rows(
        published.published,
        shuffled.published,
        # two files where there was one
        ignore={"source_freshness"},
        ignore_columns=LOAD_COLUMNS,
    )
    assert differing == {}


def test_a_re_export_of_the_same_rows_changes_nothing(
    published: Company, placed: list[dict], tmp_path: Path
) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(published.published, before)
    again = [dict(reversed(row.items())) for row in reversed(placed)]
    write_feed(published.landing, "orders", again, "again.csv")
    # touches are exported the same day, the list of campaigns once a month
    assert published.query("select distinct channel from campaign_touches") == [(None,)]
    write_feed(
        published.landing,
        "campaigns",
        [{"campaign_id": "SUMMER", "channel": "SMS", "starts_on": "2024-06-01"}],
    )
    published.strata("run")
    about_landing = TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES
    campaigns = {"campaigns", "campaign_touches"}
    assert differing_rows(before, published.published, ignore=about_landing | campaigns) == {}
    duplicates = published.value(
        "select duplicate_rows from source_row_balance "
        "where source = 'standard' and feed = 'orders'"
    )
    assert duplicates == len(placed)


def test_a_campaign_that_is_described_later_gives_its_touches_their_channel(
    published: Company,
) -> None:
    # described beside the re-export of the test before
    assert published.query("select channel, count(*) from campaign_touches group by all") == [
        ("sms", 132)
    ]


def test_ids_survive_the_loss_of_the_build_file(published: Company, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(published.published, before)
    published.build.unlink()
    published.strata("run")
    about_landing = TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES
    assert differing_rows(before, published.published, ignore=about_landing) == {}
    assert published.value("select count(*) from id_history") == 120
