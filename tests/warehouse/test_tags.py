"""Tags over time in a company of canonical files: they open, close, and can be looked up again."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.project_copy import Copy
from tests.warehouse.replay import CompiledWarehouse, run
from tests.warehouse.small_company import customers, land, orders, write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

FIRST_DAY, NEXT_DAY = date(2024, 6, 10), date(2024, 6, 12)
SOMEBODY = "K0003"
SKINCARE = ("S1", "S2", "S3", "S4")
TAG_TABLES = ("customer_tag", "tag_definition")


def one_order(order_id: str, day: str, product: str | None) -> tuple[dict, list[dict]]:
    order = {
        "order_id": order_id,
        "ordered_at": f"{day} 15:00:00",
        "source_customer_id": SOMEBODY,
        "channel": "shop",
        "status": "paid",
        "gross_amount": "80.00",
        "discount_amount": "0.00",
        "refund_amount": "0",
    }
    line = {
        "order_id": order_id,
        "line_no": "1",
        "product_id": product,
        "quantity": "1",
        "net_amount": "80.00",
    }
    return order, [line] if product else []


def land_orders(landing: Path, placed: list[tuple[dict, list[dict]]], name: str) -> None:
    write_feed(landing, "orders", [order for order, _ in placed], name)
    lines = [line for _, lines in placed for line in lines]
    if lines:
        write_feed(landing, "order_items", lines, name)


def land_first(landing: Path) -> None:
    """Thirty customers; one of them bought once, in March, and nobody ordered after FIRST_DAY."""
    people = customers(30)
    write_feed(landing, "customers", people)
    others = [
        order
        for order in orders([row["source_customer_id"] for row in people])
        if order["ordered_at"][:10] <= str(FIRST_DAY) and order["source_customer_id"] != SOMEBODY
    ]
    write_feed(landing, "orders", others, "others.csv")
    write_feed(
        landing,
        "products",
        [
            {"product_id": "T1", "product_name": "手机", "category_l2": "手机", "brand": "星曜"},
            *(
                {
                    "product_id": product,
                    "product_name": "面霜",
                    "category_l2": "护肤",
                    "brand": "雪肌",
                }
                for product in SKINCARE
            ),
        ],
    )
    land_orders(landing, [one_order("A1", "2024-03-05", "T1")], "first.csv")


def land_next(landing: Path) -> None:
    """The customer comes back and buys nothing but skincare, one product after the other."""
    days = ["2024-06-11", "2024-06-11", "2024-06-12", "2024-06-12"]
    placed = [
        one_order(f"A_{product}", day, product) for product, day in zip(SKINCARE, days, strict=True)
    ]
    land_orders(landing, placed, "next.csv")


@pytest.fixture(scope="module")
def replayed(
    warehouse: CompiledWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Build files after the first day, after the next one, and of the first day told again."""
    folder = tmp_path_factory.mktemp("tags")
    settings = Settings(home=folder, hash_key=HASH_KEY)
    settings.make_dirs()
    connection = warehouse.open(folder / "company")
    build = folder / "company" / "build.duckdb"
    states = {}

    def state(name: str, as_of: date) -> None:
        run(warehouse, connection, settings.landing_dir, settings, run_id=name, as_of=as_of)
        connection.execute("checkpoint")
        # views of a build file name their tables by the name of the file
        states[name] = folder / name / build.name
        states[name].parent.mkdir()
        shutil.copy(build, states[name])

    land_first(settings.landing_dir)
    state("first", FIRST_DAY)
    land_next(settings.landing_dir)
    state("next", NEXT_DAY)
    state("again", FIRST_DAY)
    rebuilt = warehouse.open(folder / "whole")
    run(
        warehouse,
        rebuilt,
        settings.landing_dir,
        settings,
        run_id="whole",
        as_of=NEXT_DAY,
        previous=connection,
    )
    rebuilt.close()
    states["whole"] = folder / "whole" / "build.duckdb"
    connection.close()
    return states


def tags_of(build: Path, code: str, customer: str = SOMEBODY) -> list[tuple]:
    """Intervals of one tag of one customer: from, to, evidence."""
    with duckdb.connect(str(build), read_only=True) as connection:
        return connection.execute(
            """
            select valid_from, valid_to, evidence
            from marts.customer_tag
            where tag_code = ? and customer_id = (
                select customer_id from intermediate.int_records__resolved
                where source_customer_id = ?
            )
            order by all
            """,
            [code, customer],
        ).fetchall()


def rows_differing(one: Path, other: Path) -> dict[str, int]:
    """Rows of the published tables of tags that stand in one of two build files only."""
    with duckdb.connect() as comparison:
        for name, build in (("one", one), ("other", other)):
            with duckdb.connect(str(build), read_only=True) as connection:
                for table in TAG_TABLES:
                    rows = connection.execute(f"from marts.{table}").to_arrow_table()
                    comparison.register("rows", rows)
                    comparison.execute(f"create table {name}_{table} as from rows")
        counts = {}
        for table in TAG_TABLES:
            counts[table] = comparison.execute(
                f"""
                select count(*) from (
                    (from one_{table} except all from other_{table})
                    union all (from other_{table} except all from one_{table})
                )
                """  # noqa: S608 - the tables above
            ).fetchone()[0]
        return {table: count for table, count in counts.items() if count}


def test_a_tag_opens_at_the_first_snapshot_that_shows_it(replayed: dict[str, Path]) -> None:
    # bought on 5 March: not yet 30 days ago at the end of March
    assert tags_of(replayed["first"], "one_time_buyer") == [
        (date(2024, 4, 30), None, "purchase_day_count = 1; days_since_first_order = 56")
    ]
    assert tags_of(replayed["first"], "newcomer") == [
        (date(2024, 3, 31), date(2024, 4, 30), "days_since_first_order = 26")
    ]


def test_new_purchases_close_one_tag_and_open_another(replayed: dict[str, Path]) -> None:
    after = replayed["next"]
    assert tags_of(after, "one_time_buyer") == [
        (date(2024, 4, 30), NEXT_DAY, "purchase_day_count = 1; days_since_first_order = 56")
    ]
    assert tags_of(after, "repeat_buyer") == [(NEXT_DAY, None, "purchase_day_count = 3")]
    assert tags_of(after, "frequent_skincare") == [
        (NEXT_DAY, None, "skincare__order_count_12m = 4")
    ]
    # four signs of five, and two unseen ones
    assert tags_of(after, "skincare_preference") == [
        (NEXT_DAY, None, "skincare__act_count_12m = 4; skincare__share_12m = 0.571")
    ]
    assert tags_of(replayed["first"], "frequent_skincare") == []


def test_evidence_tells_no_age_but_its_band(replayed: dict[str, Path]) -> None:
    with duckdb.connect(str(replayed["first"]), read_only=True) as connection:
        told = connection.execute(
            "select distinct evidence from marts.customer_tag where tag_code like 'age_%'"
        ).fetchall()
    assert told
    assert all(evidence.startswith("age_band = ") for (evidence,) in told)


def test_going_on_equals_a_build_from_nothing(replayed: dict[str, Path]) -> None:
    assert rows_differing(replayed["next"], replayed["whole"]) == {}


def test_a_past_day_is_told_as_it_was(replayed: dict[str, Path]) -> None:
    assert rows_differing(replayed["first"], replayed["again"]) == {}


def test_held_tags_expire_after_their_days_without_a_run(replayed: dict[str, Path]) -> None:
    with duckdb.connect(str(replayed["next"]), read_only=True) as connection:
        wrong = connection.execute(
            """
            select count(*)
            from marts.customer_tag as tags
            join marts.tag_definition as definitions using (tag_code)
            where tags.expires_on is distinct from case
                when tags.valid_to is null then date '2024-06-12' + definitions.ttl_days
            end
            """
        ).fetchone()
    assert wrong == (0,)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("new_tag"))
    land(copy.landing, 30)
    copy.strata("run")
    return copy


@pytest.mark.bench  # a copy of the project is parsed three times
def test_one_row_of_the_catalogue_adds_a_tag_and_touches_no_other(
    copy: Copy, tmp_path: Path
) -> None:
    catalogue = copy.root / "seeds" / "tag_catalogue.csv"
    published = copy.home / "published" / "strata360.duckdb"
    shutil.copy(published, tmp_path / "before.duckdb")
    shipped = catalogue.read_text()
    row = (
        "ordered_once_a_month,月月下单,Orders every month,habit,rule,{},"
        "crm,daily,60,每月下单,Orders monthly.\n"
    )

    catalogue.write_text(shipped + row.format("order_count_30d >== 1"))
    printed = copy.strata("run", status=1)
    assert f"row {len(shipped.splitlines()) + 1} (ordered_once_a_month)" in printed
    assert "Traceback" not in printed

    catalogue.write_text(shipped + row.format("order_count_30d >= 1"))
    copy.strata("run")
    with duckdb.connect(str(published), read_only=True) as connection:
        connection.execute(f"attach '{tmp_path / 'before.duckdb'}' as before (read_only)")
        new = connection.execute(
            "select count(*) from customer_tag where tag_code = 'ordered_once_a_month'"
        ).fetchone()[0]
        assert new > 0
        connection.execute(
            "create temp view others as from customer_tag where tag_code <> 'ordered_once_a_month'"
        )
        connection.execute("create temp view customer_tag_before as from before.main.customer_tag")
        assert connection.execute(
            """
            select count(*) from (
                (from others except all from customer_tag_before)
                union all (from customer_tag_before except all from others)
            )
            """
        ).fetchone() == (0,)
    assert "customers carried it" in copy.strata("tags", "preview", "ordered_once_a_month")
