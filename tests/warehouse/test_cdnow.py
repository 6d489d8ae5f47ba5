"""CDNOW, every purchase of a shop's first customers, through the `standard` feeds: counts and money
equal the file's, and RFM equals what the file says plainly."""

from __future__ import annotations

from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("cdnow")]

# a purchase has no number of its own: its place in the file is one
ORDERS = r"""
    select
        cast(place as varchar) as order_id,
        customer_id as source_customer_id,
        purchase_date as ordered_at,
        'web' as channel,
        'paid' as status,
        dollar_value as net_amount
    from (
        select
            row_number() over () as place,
            parts[1] as customer_id,
            parts[2] as purchase_date,
            parts[4] as dollar_value
        from (
            select regexp_split_to_array(trim(line), '\s+') as parts
            from read_csv(?, columns = {'line': 'varchar'}, delim = '\0', header = true, quote = '')
        )
    )
"""


@pytest.fixture(scope="module")
def purchases() -> Path:
    package = find_spec("lifetimes")
    assert package, "the extra `test` is not installed"
    return Path(package.submodule_search_locations[0]) / "datasets" / "CDNOW_master.txt"


@pytest.fixture(scope="module")
def company(make_company, purchases: Path) -> Company:
    company = make_company("cdnow", timezone="America/New_York", currency="USD")
    folder = company.landing / "standard" / "orders"
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.sql(ORDERS, params=[str(purchases)]).write_csv(str(folder / "cdnow.csv"))
    company.strata("run")
    return company


def test_counts_and_money_equal_the_file(company: Company) -> None:
    assert company.query("select count(*), sum(net_amount) from orders where is_valid") == [
        (69_659, Decimal("2500315.63"))
    ]
    assert company.query("select count(*), sum(net_spend), sum(order_count) from customer_360") == [
        (23_570, Decimal("2500315.63"), 69_659)
    ]
    assert company.query("select distinct channel from orders") == [("shop",)]


def test_balance_and_money_have_no_failing_row(company: Company) -> None:
    assert company.failing_balances() == []
    assert company.query("select * from dq_rejects") == []


def test_every_customer_has_the_files_own_recency_frequency_and_money(
    company: Company, purchases: Path
) -> None:
    with duckdb.connect() as connection:
        expected = {
            (customer, last, bought, money)
            for customer, last, bought, money in connection.execute(
                f"""
                select
                    source_customer_id,
                    max(strptime(ordered_at, '%Y%m%d')::date),
                    count(*),
                    sum(net_amount::decimal(18, 2))
                from ({ORDERS})
                group by source_customer_id
                """,  # noqa: S608
                [str(purchases)],
            ).fetchall()
        }
    found = company.query("""
        select
            id_map.id_value,
            cast(timezone('America/New_York', timezone('UTC', customer_360.last_order_at)) as date),
            customer_360.order_count,
            customer_360.net_spend
        from customer_360
        inner join id_map using (customer_id)
        where id_map.id_type = 'record'
    """)
    assert len(found) == 23_570
    assert set(found) == expected
