"""Values that somebody wrote to do harm: each is stored, or rejected and counted; nothing runs.

Belongs here: the whole way from file to published tables. Does not belong here: files that cannot
be read (tests/faults), single cleaners (tests/hostile).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from tests.conftest import Company
from tests.warehouse import hostile_company
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]


@pytest.fixture(scope="module")
def built(warehouse: CompiledWarehouse, tmp_path_factory: pytest.TempPathFactory):
    """The build file of the hostile company after one run of every model."""
    home = tmp_path_factory.mktemp("hostile")
    settings = Settings(home=home, hash_key=HASH_KEY, _env_file=None)
    settings.make_dirs()
    hostile_company.land(settings.landing_dir)
    with warehouse.open(home / "build") as connection:
        run(warehouse, connection, settings.landing_dir, settings, run_id="hostile")
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    return connection.execute(sql).fetchall()


def is_staged(connection: duckdb.DuckDBPyConnection, order: str) -> bool:
    (count,) = connection.execute(
        "select count(*) from staging.stg_standard__orders "
        "where order_id = ? and _verdict = 'staged'",
        [order],
    ).fetchone()
    return bool(count)


def test_every_row_is_staged_repeated_or_rejected(built: duckdb.DuckDBPyConnection) -> None:
    balance = rows(
        built,
        "select feed, raw_rows, staged_rows + duplicate_rows + rejected_rows "
        "from marts.source_row_balance where raw_rows > 0",
    )
    assert {feed for feed, *_ in balance} >= {
        *("customers", "orders", "order_items", "products", "events", "reviews"),
        *("campaigns", "campaign_touches", "referrals"),
    }
    assert [row for row in balance if row[1] != row[2]] == []


def test_money_reconciles_to_the_cent(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "from marts.revenue_reconciliation where diff <> 0") == []
    assert rows(built, "select count(*) from marts.revenue_reconciliation")[0][0] > 0


@pytest.mark.parametrize("amount", hostile_company.AMOUNTS, ids=lambda text: ascii(text[:24]))
def test_an_absurd_amount_is_a_number_or_a_rejected_row(
    built: duckdb.DuckDBPyConnection, amount: str
) -> None:
    number = list(hostile_company.AMOUNTS).index(amount)
    assert is_staged(built, f"A{number}") == hostile_company.AMOUNTS[amount]


@pytest.mark.parametrize("moment", hostile_company.MOMENTS, ids=ascii)
def test_an_absurd_moment_is_a_time_or_a_rejected_row(
    built: duckdb.DuckDBPyConnection, moment: str
) -> None:
    number = list(hostile_company.MOMENTS).index(moment)
    assert is_staged(built, f"M{number}") == hostile_company.MOMENTS[moment]


def test_one_order_of_the_year_2099_does_not_move_the_day(
    built: duckdb.DuckDBPyConnection,
) -> None:
    day = rows(built, "select cast(as_of_date as varchar) from intermediate.int_run__as_of")
    assert day == [("2024-06-01",)]


def test_of_one_key_one_row_counts(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        "select order_id, count(*) from marts.orders "
        "where order_id like '%TWICE' or order_id like '%AGAIN' group by all",
    )
    assert sorted(count for _, count in found) == [1, 1]


def test_texts_are_data_and_nothing_else(built: duckdb.DuckDBPyConnection) -> None:
    """A statement, a template or a path comes out as the letters that it went in with."""
    stored = {text for (text,) in rows(built, "select full_name from raw.standard__customers")}
    assert stored >= set(hostile_company.TEXTS[:20])
    queries = {text for (text,) in rows(built, "select search_keyword from marts.events")}
    # of a search the words are kept as they are compared: in lower case
    assert {"{{ env_var('home') }}", "$(touch /tmp/pwned)`id`|&;"} <= queries
    assert not Path("/tmp/pwned").exists()


def test_a_text_of_a_megabyte_is_stored_whole(built: duckdb.DuckDBPyConnection) -> None:
    longest = rows(built, "select max(length(search_query)) from raw.standard__events")[0][0]
    assert longest == len(hostile_company.MEGABYTE)


def test_strange_people_are_kept_apart_and_ordinary_ones_notice_nothing(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        built,
        "select customer_id, count(*) from marts.id_map "
        "where id_type = 'record' and source = 'standard' group by 1",
    )
    assert {count for _, count in found} == {1}
    # what databases write for nothing names nobody
    nobody = ("NULL", "\\N")
    assert len(found) >= 20 + len(hostile_company.TEXTS) - len(nobody) - 2
    values = {value for (value,) in rows(built, "select id_value from marts.id_map")}
    assert not values & set(nobody)


def test_people_who_recommend_each_other_in_a_circle_end(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(built, "select count(*) from marts.referrals")[0][0] > 0


@pytest.mark.bench
def test_a_whole_run_publishes_and_leaks_nothing(make_company) -> None:
    company: Company = make_company("hostile_run", hash_key=HASH_KEY)
    hostile_company.land(company.landing)
    company.strata("run")
    assert company.failing_balances() == []
    assert company.value("select count(*) from customer_360") >= 20
    company.strata("privacy-scan")
    company.strata("export", "parquet")
    company.strata("status")
    assert company.home.parent.joinpath("etc").exists() is False
