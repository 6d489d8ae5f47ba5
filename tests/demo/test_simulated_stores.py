"""The simulated stores, their stock and the members who brought members.

Belongs here: what a reader of these landing files and of their truth may rely on. Does not belong
here: what the warehouse makes of them.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from orchestration.demo import catalogue, names
from tests.demo.landed import csv_rows, truth_rows, workbook_rows

pytestmark = pytest.mark.xdist_group("simulated_retailer")


def stock_rows(folder: Path, sql: str) -> list[tuple]:
    files = folder / "landing" / "pos" / "stock" / "*.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create view stock as from '{files}'")
        return connection.execute(sql).fetchall()


def test_the_list_names_every_store_that_sells(retailer: Path) -> None:
    listed = {row["门店编号"]: row["省市区"] for row in workbook_rows(retailer, "pos/stores")}
    selling = {row["门店编号"] for row in csv_rows(retailer, "pos/ticket_lines", "utf-8-sig")}
    assert selling <= set(listed)
    # people buy in the store of their own city, so a store stands where its number says
    cities = [place[0] for place in names.PLACES[: names.STORE_CITY_COUNT]]
    assert [listed[f"S{k + 1:03d}"].split()[1] for k in range(len(cities))] == cities


def test_stock_of_all_places_is_that_of_the_product_master(retailer: Path) -> None:
    goods = catalogue.load()
    counted = dict(
        stock_rows(
            retailer,
            "select sku, sum(on_hand) from stock where snapshot_date = '2025-03-01' "
            "and sku is not null and on_hand is not null group by 1",
        )
    )
    assert counted == dict(zip(goods.product_ids, goods.stock[14].tolist(), strict=True))
    truth = truth_rows(
        retailer, "select product_id, on_hand from stock where snapshot_date = '2025-03-01'"
    )
    assert counted == dict(truth)


def test_no_place_keeps_less_than_nothing(retailer: Path) -> None:
    [(fewest, places, days)] = stock_rows(
        retailer,
        "select min(on_hand), count(distinct location_code), count(distinct snapshot_date) "
        "from stock",
    )
    assert fewest == 0
    assert places == names.STORE_CITY_COUNT + 2
    assert days == 15 * 4


def test_members_are_brought_by_earlier_members(retailer: Path) -> None:
    joined = {
        row["会员号"]: row["注册时间"]
        for row in workbook_rows(retailer, "crm/members")
        if row["会员号"]
    }
    pairs = [
        (row["推荐人会员号"], row["被推荐人会员号"], row["推荐时间"])
        for row in csv_rows(retailer, "crm/referrals", "utf-8")
        if row["推荐人会员号"] and row["推荐人会员号"] != row["被推荐人会员号"]
    ]
    assert len(pairs) > 10
    assert all(joined[giver] < joined[taker] <= at for giver, taker, at in pairs)
    assert len({taker for _, taker, _ in pairs}) == len(pairs)

    truth = truth_rows(retailer, "select referrer_member_no, referred_member_no from referral")
    assert sorted(truth) == sorted((giver, taker) for giver, taker, _ in pairs)


def test_referrals_stay_in_the_household_or_among_friends(retailer: Path) -> None:
    related = defaultdict(set)
    for relation, is_one_home in truth_rows(
        retailer,
        """
        select relation, giver.household_id = taker.household_id
        from referral
        inner join person as giver on giver.person_id = referrer_person_id
        inner join person as taker on taker.person_id = referred_person_id
        """,
    ):
        related[relation].add(is_one_home)
    assert related == {"household": {True}, "friend": {False}}


def test_planted_bad_rows_are_counted(retailer: Path) -> None:
    bad = {
        (source, feed, rule): count
        for source, feed, rule, count in truth_rows(retailer, "select * from bad_rows")
    }
    [(no_product, no_units)] = stock_rows(
        retailer, "select count_if(sku is null), count_if(on_hand is null) from stock"
    )
    assert bad["pos", "stock", "missing_product_id"] == no_product
    assert bad["pos", "stock", "missing_quantity"] == no_units
    assert bad["pos", "stores", "missing_store_id"] == sum(
        not row["门店编号"] for row in workbook_rows(retailer, "pos/stores")
    )
    pairs = csv_rows(retailer, "crm/referrals", "utf-8")
    assert bad["crm", "referrals", "own_referral"] == sum(
        row["推荐人会员号"] == row["被推荐人会员号"] for row in pairs
    )
    assert bad["crm", "referrals", "missing_referrer_member_no"] == sum(
        not row["推荐人会员号"] for row in pairs
    )
