"""Rows that reach further than themselves: going on from what is there equals a build from nothing.

The statements are those of a real company; Python steps but identity are left out. All stories are
told by one company, whose people have nothing to do with each other.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from orchestration.ingestion import load_contracts
from orchestration.settings import STAGING_DIR, Settings
from tests.warehouse.comparison import LOAD_COLUMNS, differing
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

DAY, LATER = date(2024, 2, 3), date(2024, 2, 6)
COMPARED = ("orders", "id_map", "customer_360", "revenue_reconciliation")


@cache
def headers(source: str, feed: str) -> dict[str, str]:
    contracts = {(one.source, one.feed): one for one in load_contracts(STAGING_DIR)}
    return {column.name: column.header for column in contracts[source, feed].columns}


def land(landing: Path, feed: str, rows: list[dict], name: str) -> None:
    """Write a file of `source.feed` under its contract's titles; what is not given is empty."""
    source, feed = feed.split(".")
    titles = headers(source, feed)
    folder = landing / source / feed
    folder.mkdir(parents=True, exist_ok=True)
    if (source, feed) == ("shop", "customers"):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
        return
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(titles.values()))
        writer.writeheader()
        writer.writerows({titles[key]: value for key, value in row.items()} for row in rows)


def line(ticket: str, number: int, at: str, kind: str, names: str, amount: int, who: str) -> dict:
    return {
        "store_id": "S1", "register_no": "1", "ticket_no": ticket, "line_no": number, "sold_at": at,
        "ticket_type": kind, "original_ticket_no": names, "product_id": "X", "product_name": "x",
        "quantity": 1 if amount > 0 else -1, "unit_price": abs(amount), "discount_amount": 0,
        "line_amount": amount, "pos_customer_id": who,
    }  # fmt: skip


def order_of(openid: str, updated_at: str) -> dict:
    return {
        "order_id": "1", "appid": "wxA", "openid": openid, "order_status": "已完成",
        "created_at": "2024-02-01 10:00:00", "paid_at": "2024-02-01 10:00:00",
        "goods_amount": "10", "postage_amount": "0", "discount_amount": "0",
        "coupon_amount": "0", "paid_amount": "10", "updated_at": updated_at,
    }  # fmt: skip


def land_what_is_corrected(landing: Path) -> None:
    at = "2024-02-0{} 12:00:00".format
    tickets = [
        line("100", 1, at(1), "sale", "", 100, "C1"),
        line("150", 1, at(3), "return", "100", -60, "C1"),
        line("200", 1, at(1), "sale", "", 90, "C2"),
        line("250", 1, at(3), "sale", "200", -50, "C2"),
        line("300", 1, at(1), "sale", "", 90, "C3"),
        line("301", 1, at(2), "sale", "", 95, "C3"),
        line("350", 1, at(3), "return", "300", -40, "C3"),
    ]
    land(landing, "pos.ticket_lines", tickets, "first")
    profile = {"updated_at": "2024-01-05 10:00:00"}
    customers = [
        profile | {"source_customer_id": "K1", "phone": "13800000011"},
        profile | {"source_customer_id": "K7", "phone": "13800000077"},
    ]
    land(landing, "standard.customers", customers, "first")
    # a membership that begins after the file was written
    early, late = "2024-02-03T09:00:00+08:00", "2024-02-05T09:00:00+08:00"
    member = {"phone": "13800000077", "registered_at": late, "updated_at": early}
    land(landing, "shop.customers", [{"customer_id": "M1", **member}], "first")
    order = {
        "order_id": "O1", "source_customer_id": "K3", "ordered_at": "2024-02-01 10:00:00",
        "channel": "shop", "status": "paid", "gross_amount": "150",
    }  # fmt: skip
    land(landing, "standard.orders", [order], "first")
    bought = {"order_id": "O1", "quantity": "1"}
    lines = [
        bought | {"line_no": "1", "product_id": "X", "unit_price": "100", "net_amount": "100"},
        bought | {"line_no": "2", "product_id": "Y", "unit_price": "50", "net_amount": "50"},
    ]
    land(landing, "standard.order_items", lines, "first")
    costly = {"product_id": "X", "product_name": "面霜", "unit_cost": "40"}
    land(landing, "pos.products", [costly | {"updated_at": "2024-01-01 00:00:00"}], "first")
    land(landing, "wechat.orders", [order_of("oAAA", "2024-02-01 11:00:00")], "first")


def land_corrections(landing: Path) -> None:
    at = "2024-02-03 12:00:00"
    tickets = [
        line("150", 2, at, "return", "", -20, "C1"),
        line("250", 2, at, "sale", "", 80, "C2"),
        line("350", 2, at, "return", "301", -30, "C3"),
    ]
    land(landing, "pos.ticket_lines", tickets, "then")
    gone = {"source_customer_id": "K1", "updated_at": "2024-02-07 01:30:00", "is_deleted": "1"}
    land(landing, "standard.customers", [gone], "then")
    named = {"product_id": "Y", "product_name": "zzz", "updated_at": "2024-02-02 00:00:00"}
    land(landing, "pos.products", [named], "then")
    land(landing, "wechat.orders", [order_of("oBBB", "2024-02-01 12:00:00")], "then")


class Corrected(NamedTuple):
    """The build that went on from run to run, and the rows that one from nothing has otherwise."""

    build: duckdb.DuckDBPyConnection
    differing: dict


@pytest.fixture(scope="module")
def corrected(
    warehouse: CompiledWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Corrected]:
    folder = tmp_path_factory.mktemp("corrected")
    settings = Settings(home=folder, hash_key=HASH_KEY, matching=False)
    settings.make_dirs()
    statements = warehouse.behind(*COMPARED)
    landing = settings.landing_dir
    with statements.open(folder / "going_on") as build:
        land_what_is_corrected(landing)
        run(statements, build, landing, settings, run_id="first", as_of=DAY)
        land_corrections(landing)
        # the second time nothing is new
        for run_id in ("corrected", "again"):
            run(statements, build, landing, settings, run_id=run_id, as_of=LATER)
        with statements.open(folder / "whole") as whole:
            run(
                statements, whole, landing, settings,
                run_id="whole", as_of=LATER, previous=build,
            )  # fmt: skip
        path = folder / "whole" / "build.duckdb"
        build.execute(f"attach '{path}' as whole_build (read_only)")
        different = differing(build, "marts", "whole_build.marts", COMPARED, LOAD_COLUMNS)
        yield Corrected(build, different)


def rows(corrected: Corrected, sql: str) -> list[tuple]:
    return corrected.build.execute(sql).fetchall()


def test_going_on_equals_a_build_from_nothing(corrected: Corrected) -> None:
    assert corrected.differing == {}


def test_a_late_line_of_a_return_reopens_the_sale_that_another_line_names(
    corrected: Corrected,
) -> None:
    broken = "from marts.revenue_reconciliation where diff <> 0"
    assert rows(corrected, broken) == []
    taken_back = "select sum(refund_amount) from marts.orders where source = 'pos'"
    assert rows(corrected, taken_back)[0][0] > 0


def test_a_profile_comes_into_sight_by_each_of_its_times(corrected: Corrected) -> None:
    joined = (
        "select count(*), count(distinct customer_id) from marts.id_map "
        "where id_type = 'record' and (id_scope, id_value) in (('standard', 'K7'), ('shop', 'M1'))"
    )
    assert rows(corrected, joined) == [(2, 1)]


def test_a_product_that_lands_with_a_name_only_reopens_its_buyers(corrected: Corrected) -> None:
    named = "select count(*) from marts.products where product_name = 'zzz'"
    assert rows(corrected, named) == [(1,)]


def test_a_deletion_of_tomorrow_stops_nothing(corrected: Corrected) -> None:
    # the newest row of a customer counts, and this one says that there is none
    there = "select count(*) from marts.id_map where id_type = 'record' and id_value = 'K1'"
    assert rows(corrected, there) == [(0,)]


def test_an_order_that_changes_hands_leaves_nobody_behind(corrected: Corrected) -> None:
    buyers = (
        "select id_value from marts.id_map where id_type = 'record' and id_scope = 'wechat' "
        "order by all"
    )
    assert rows(corrected, buyers) == [("wxA:oBBB",)]
