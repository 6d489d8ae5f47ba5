"""Rows that reach further than themselves: going on from what is there equals a build from nothing.

The statements are those of a real company; Python steps but identity are left out.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion import load_contracts
from orchestration.settings import STAGING_DIR, Settings
from tests.warehouse.comparison import LOAD_COLUMNS, differing
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

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


class Story:
    """A company that goes on from run to run."""

    def __init__(self, warehouse: CompiledWarehouse, folder: Path) -> None:
        self.warehouse = warehouse.behind(*COMPARED)
        self.folder = folder
        self.settings = Settings(home=folder, hash_key=HASH_KEY, matching=False)
        self.settings.make_dirs()
        self.build = self.warehouse.open(folder / "going_on")
        self.runs = 0

    def land(self, feed: str, *rows: dict) -> None:
        land(self.settings.landing_dir, feed, list(rows), f"after_{self.runs}")

    def run(self, as_of: date | None = None) -> None:
        self.runs += 1
        self._run(self.build, f"run {self.runs}", as_of)

    def differing(self, as_of: date) -> dict:
        """Rows that a build from nothing would have otherwise, by table."""
        whole = self.warehouse.open(self.folder / "whole")
        self._run(whole, "whole", as_of, previous=self.build)
        whole.close()
        path = self.folder / "whole" / "build.duckdb"
        self.build.execute(f"attach '{path}' as whole_build (read_only)")
        return differing(self.build, "marts", "whole_build.marts", COMPARED, LOAD_COLUMNS)

    def _run(
        self,
        build: duckdb.DuckDBPyConnection,
        name: str,
        as_of: date | None,
        previous: duckdb.DuckDBPyConnection | None = None,
    ) -> None:
        landing = self.settings.landing_dir
        run(
            self.warehouse, build, landing, self.settings,
            run_id=name, as_of=as_of, previous=previous,
        )  # fmt: skip


@pytest.fixture
def story(warehouse: CompiledWarehouse, tmp_path: Path) -> Story:
    return Story(warehouse, tmp_path)


def test_a_late_line_of_a_return_reopens_the_sale_that_another_line_names(story: Story) -> None:
    day = "2024-02-0{} 12:00:00".format
    story.land(
        "pos.ticket_lines",
        line("100", 1, day(1), "sale", "", 100, "C1"),
        line("150", 1, day(3), "return", "100", -60, "C1"),
        line("200", 1, day(1), "sale", "", 90, "C2"),
        line("250", 1, day(3), "sale", "200", -50, "C2"),
        line("300", 1, day(1), "sale", "", 90, "C3"),
        line("301", 1, day(2), "sale", "", 95, "C3"),
        line("350", 1, day(3), "return", "300", -40, "C3"),
    )
    story.run(date(2024, 2, 3))
    story.land(
        "pos.ticket_lines",
        line("150", 2, day(3), "return", "", -20, "C1"),
        line("250", 2, day(3), "sale", "", 80, "C2"),
        line("350", 2, day(3), "return", "301", -30, "C3"),
    )
    story.run(date(2024, 2, 6))
    broken = "from marts.revenue_reconciliation where diff <> 0"
    assert story.build.execute(broken).fetchall() == []
    assert story.differing(date(2024, 2, 6)) == {}


def test_a_profile_comes_into_sight_by_each_of_its_times(story: Story) -> None:
    known = {"source_customer_id": "K7", "phone": "13800000077", "updated_at": "2024-01-05"}
    story.land("standard.customers", known)
    # a membership that begins after the file was written
    early, late = "2024-02-03T09:00:00+08:00", "2024-02-05T09:00:00+08:00"
    member = {"phone": "13800000077", "registered_at": late, "updated_at": early}
    story.land("shop.customers", {"customer_id": "M1", **member})
    story.run(date(2024, 2, 3))
    story.run(date(2024, 2, 6))
    joined = "select count(distinct customer_id) from marts.id_map where id_type = 'record'"
    assert story.build.execute(joined).fetchone() == (1,)
    assert story.differing(date(2024, 2, 6)) == {}


def test_a_product_that_lands_with_a_name_only_reopens_its_buyers(story: Story) -> None:
    story.land(
        "standard.orders",
        {
            "order_id": "O1", "source_customer_id": "K1", "ordered_at": "2024-02-01 10:00:00",
            "channel": "shop", "status": "paid", "gross_amount": "150",
        },
    )  # fmt: skip
    bought = {"order_id": "O1", "quantity": "1"}
    story.land(
        "standard.order_items",
        bought | {"line_no": "1", "product_id": "X", "unit_price": "100", "net_amount": "100"},
        bought | {"line_no": "2", "product_id": "Y", "unit_price": "50", "net_amount": "50"},
    )
    costly = {"product_id": "X", "product_name": "面霜", "unit_cost": "40"}
    story.land("pos.products", costly | {"updated_at": "2024-01-01 00:00:00"})
    story.run(date(2024, 2, 3))
    named = {"product_id": "Y", "product_name": "zzz", "updated_at": "2024-02-02 00:00:00"}
    story.land("pos.products", named)
    story.run(date(2024, 2, 6))
    assert story.differing(date(2024, 2, 6)) == {}


def test_a_deletion_of_tomorrow_waits_for_its_day(story: Story) -> None:
    profile = {"updated_at": "2024-01-05 10:00:00"}
    story.land(
        "standard.customers",
        profile | {"source_customer_id": "K1", "phone": "13800000011"},
        profile | {"source_customer_id": "K2", "phone": "13800000012"},
    )
    story.run(date(2024, 2, 1))
    gone = {"source_customer_id": "K1", "updated_at": "2024-02-02 01:30:00", "is_deleted": "1"}
    story.land("standard.customers", gone)
    story.run(date(2024, 2, 1))
    assert story.differing(date(2024, 2, 1)) == {}


def test_an_order_that_changes_hands_leaves_nobody_behind(story: Story) -> None:
    def order(openid: str, updated_at: str) -> dict:
        return {
            "order_id": "1", "appid": "wxA", "openid": openid, "order_status": "已完成",
            "created_at": "2024-02-01 10:00:00", "paid_at": "2024-02-01 10:00:00",
            "goods_amount": "10", "postage_amount": "0", "discount_amount": "0",
            "coupon_amount": "0", "paid_amount": "10", "updated_at": updated_at,
        }  # fmt: skip

    story.land("wechat.orders", order("oAAA", "2024-02-01 11:00:00"))
    story.run(date(2024, 2, 1))
    story.land("wechat.orders", order("oBBB", "2024-02-01 12:00:00"))
    story.run(date(2024, 2, 1))
    story.run(date(2024, 2, 1))
    assert story.differing(date(2024, 2, 1)) == {}
