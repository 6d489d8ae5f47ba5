"""Triggers over several runs of a small company: late data, a merge, days that are run again.

The statements are those of a real company; only what stands behind next actions is built. Python
steps are left out, so nobody is scored, and nothing is due to be replenished.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import SEEDS_DIR, Settings
from tests.conftest import Company
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run
from tests.warehouse.small_company import write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

FIRST_DAY, NEXT_DAY = date(2025, 2, 28), date(2025, 3, 1)
EVENTS = """
    select trigger_code, records.source_customer_id, episode_key, triggered_on
    from marts.trigger_event as events
    inner join (
        select customer_id, min(source_customer_id) as source_customer_id
        from intermediate.int_records__resolved
        group by customer_id
    ) as records using (customer_id)
    order by all
"""
FIRST_EVENTS = [
    ("birthday", "LEAP", "2025", FIRST_DAY),
    ("cart_abandoned", "A", "cart of 2025-02-26", FIRST_DAY),
    ("cart_abandoned", "B", "cart of 2025-02-26", FIRST_DAY),
    ("price_drop", "W", "KETTLE on 2025-02-27", FIRST_DAY),
    ("registered_no_order", "R", "registration", FIRST_DAY),
]


def person(name: str, phone: int, **values: str) -> dict:
    return {
        "source_customer_id": name,
        "phone": f"1380000{phone:04}",
        "birth_date": "",
        "registered_at": "2024-01-01 09:00:00",
        "updated_at": "2024-01-01 09:00:00",
        "consent_sms": "true",
        **values,
    }


def order(number: str, name: str, moment: str, product: str, price: str) -> tuple[dict, dict]:
    head = {
        "order_id": number, "source_customer_id": name, "ordered_at": moment, "channel": "shop",
        "status": "paid", "gross_amount": price,
    }  # fmt: skip
    return head, {
        "order_id": number, "line_no": "1", "product_id": product, "quantity": "1",
        "unit_price": price, "net_amount": price,
    }  # fmt: skip


def event(number: str, name: str, kind: str, moment: str, product: str) -> dict:
    return {
        "event_id": number, "source_customer_id": name, "event_type": kind, "occurred_at": moment,
        "product_id": product,
    }  # fmt: skip


def land_orders(landing: Path, placed: list[tuple[dict, dict]], name: str) -> None:
    write_feed(landing, "orders", [head for head, _ in placed], name)
    write_feed(landing, "order_items", [line for _, line in placed], name)


def land_first(landing: Path) -> None:
    write_feed(
        landing,
        "customers",
        [
            person("LEAP", 1, birth_date="2000-02-29"),
            person("YOUNG", 2, birth_date="2010-02-28"),
            person("A", 3),
            person("B", 4, consent_sms="false"),
            person("W", 5),
            person("R", 6, registered_at="2025-02-21 01:00:00"),
            person("BUYER", 7),
        ],
    )
    land_orders(
        landing,
        [
            order("O1", "BUYER", "2025-02-01 10:00:00", "KETTLE", "100.00"),
            order("O2", "BUYER", "2025-02-10 10:00:00", "KETTLE", "100.00"),
            order("O3", "BUYER", "2025-02-27 10:00:00", "KETTLE", "80.00"),
            order("O4", "LEAP", "2025-02-20 10:00:00", "TEA", "10.00"),
        ],
        "first.csv",
    )
    write_feed(
        landing,
        "events",
        [
            event("E1", "A", "add_to_cart", "2025-02-26 20:00:00", "TEA"),
            event("E2", "B", "add_to_cart", "2025-02-26 21:00:00", "TEA"),
            event("E3", "W", "favorite", "2025-02-15 20:00:00", "KETTLE"),
            event("E4", "YOUNG", "add_to_cart", "2025-02-26 21:00:00", "TEA"),
            # ordered within the day: no cart was left
            event("E5", "BUYER", "add_to_cart", "2025-02-27 09:00:00", "KETTLE"),
        ],
        "first.csv",
    )


def land_late(landing: Path) -> None:
    """What arrives the next day: it moves episodes that fired, and shows that one was none."""
    land_orders(
        landing,
        [
            # R had ordered before the trigger fired
            order("L1", "R", "2025-02-25 10:00:00", "TEA", "10.00"),
            # the kettle was cheaper a day before anybody knew
            order("L2", "BUYER", "2025-02-26 10:00:00", "KETTLE", "80.00"),
        ],
        "late.csv",
    )
    # A is B: the same phone
    write_feed(
        landing,
        "customers",
        [person("A", 4, updated_at="2025-02-28 09:00:00")],
        "late.csv",
    )
    write_feed(
        landing,
        "events",
        [event("E6", "BUYER", "add_to_cart", "2025-02-28 08:00:00", "TEA")],
        "late.csv",
    )


@pytest.fixture(scope="module")
def story(warehouse: CompiledWarehouse, tmp_path_factory: pytest.TempPathFactory):
    """The build file after each run: by name of the run, its events; and the file itself."""
    folder = tmp_path_factory.mktemp("triggers")
    settings = Settings(home=folder, hash_key=HASH_KEY)
    settings.make_dirs()
    part = warehouse.behind("customer_next_action")
    connection = part.open(folder / "build")
    told = {}
    for name, day, land in (
        ("first", FIRST_DAY, land_first),
        ("late", NEXT_DAY, land_late),
        ("first again", FIRST_DAY, None),
    ):
        if land:
            land(settings.landing_dir)
        run(part, connection, settings.landing_dir, settings, run_id=name, as_of=day)
        told[name] = connection.execute(EVENTS).fetchall()
        told[f"{name} actions"] = actions(connection)
    yield told
    connection.close()


def actions(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple]:
    rows = connection.execute(
        """
        select source_customer_id, play_code, channel, chosen_by, trigger_code
        from marts.customer_next_action
        inner join intermediate.int_records__resolved using (customer_id)
        """
    ).fetchall()
    return {name: tuple(values) for name, *values in rows}


def test_each_trigger_fires_on_the_day_it_is_due(story: dict) -> None:
    # 29 February falls on the 28th this year; nobody under 18 is told anything
    assert story["first"] == FIRST_EVENTS


def test_late_data_and_a_merge_fire_nothing_twice(story: dict) -> None:
    # A and B are one person now, with one cart; R's order and the kettle's price change nothing
    merged = [event for event in FIRST_EVENTS if event[:2] != ("cart_abandoned", "B")]
    new = ("cart_abandoned", "BUYER", "cart of 2025-02-28", NEXT_DAY)
    assert story["late"] == sorted([*merged, new])


def test_a_day_that_is_run_again_changes_nothing(story: dict) -> None:
    assert story["first again"] == story["late"]


def test_what_fired_decides_the_next_action_where_it_may_be_sent(story: dict) -> None:
    first = story["first actions"]
    assert first["LEAP"] == ("birthday_gift", "sms", "trigger", "birthday")
    assert first["A"] == ("cart_reminder", "sms", "trigger", "cart_abandoned")
    assert first["B"] == ("serve_on_visit", None, "rule", None)
    assert first["YOUNG"] == ("no_marketing", None, "rule", None)
    assert first["R"] == ("welcome_first_order", "sms", "trigger", "registered_no_order")
    # an order, though it came late, ends what the silence fired; one refusal holds for both records
    late = story["late actions"]
    assert late["R"][2:] == ("rule", None)
    assert late["A"] == late["B"] == ("serve_on_visit", None, "rule", None)


@pytest.fixture
def seeds() -> duckdb.DuckDBPyConnection:
    """The shipped catalogues as a build file has them, to be spoilt."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as build")
    connection.execute("use build")
    connection.execute("create schema reference")
    for name in ("strategy_play", "strategy_catalogue", "trigger_catalogue", "segment_label"):
        connection.execute(
            f"create table reference.{name} as from read_csv('{SEEDS_DIR / name}.csv')"
        )
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "update reference.strategy_play set channel = 'fax' where play_code = 'win_back'",
            "strategy_play, row win_back: channel fax is unknown; use one of sms, email, push",
        ),
        (
            "insert into reference.strategy_play from reference.strategy_play "
            "where play_code = 'win_back'",
            "strategy_play: play_code win_back stands in 2 rows; keep one",
        ),
        (
            "update reference.strategy_play set goal = 'fun' where play_code = 'win_back'",
            "strategy_play, row win_back: play_code, names, goal",
        ),
        (
            "delete from reference.strategy_play where play_code = 'no_marketing'",
            "strategy_play: the play no_marketing is missing",
        ),
        (
            "delete from reference.strategy_catalogue "
            "where lifecycle_stage = 'loyal' and rfm_group = 'core'",
            "strategy_catalogue: stage loyal and group core have no play; add a row",
        ),
        (
            "insert into reference.strategy_catalogue values ('loyal', 'core', 'vip_care')",
            "strategy_catalogue: stage loyal and group core stand in several rows; keep one",
        ),
        (
            "insert into reference.strategy_catalogue values ('loyal', 'gold', 'vip_care')",
            "strategy_catalogue, row loyal and gold: no such stage and group",
        ),
        (
            "update reference.strategy_catalogue set play_code = 'party' "
            "where lifecycle_stage = 'loyal' and rfm_group = 'core'",
            "strategy_catalogue, row loyal and core: play_code party does not stand in",
        ),
        (
            "update reference.trigger_catalogue set play_code = 'party' "
            "where trigger_code = 'birthday'",
            "trigger_catalogue, row birthday: the trigger must be one of",
        ),
        (
            "insert into reference.trigger_catalogue from reference.trigger_catalogue "
            "where trigger_code = 'birthday'",
            "trigger_catalogue: trigger_code birthday stands in 2 rows; keep one",
        ),
    ],
)
def test_a_wrong_row_of_a_catalogue_is_named(
    seeds: duckdb.DuckDBPyConnection, published: Company, statement: str, message: str
) -> None:
    # every run compiled the same
    path, *_ = (published.home / "warehouse" / "dbt").glob(
        "*/*/compiled/strata360/tests/strategy__is_complete.sql"
    )
    check = f"select count(*) from ({path.read_text()})"  # noqa: S608
    assert seeds.execute(check).fetchall() == [(0,)]
    seeds.execute(statement)
    with pytest.raises(duckdb.InvalidInputException, match=re.escape(message)):
        seeds.execute(check)
