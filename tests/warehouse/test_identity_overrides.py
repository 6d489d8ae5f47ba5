"""A wrong merge and one line in the seed of overrides, through every table that counts money."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.replay import CompiledWarehouse, run
from tests.warehouse.small_company import write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

SPENT = {"K1": "100.00", "K2": "20.00", "K3": "7.00"}
KEEP_APART = """
    insert into reference.identity_overrides
        (action, source_a, source_customer_id_a, source_b, source_customer_id_b, reason)
    values ('keep_apart', 'standard', 'K1', 'standard', 'K3', 'one till, two people')
"""


def land_customers(landing: Path, phones: dict[str, str], day: str) -> None:
    write_feed(
        landing,
        "customers",
        [
            {"source_customer_id": number, "phone": phone, "updated_at": f"{day} 10:00:00"}
            for number, phone in phones.items()
        ],
        f"{day}.csv",
    )


def customers(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(
        connection.execute(
            "select id_value, customer_id from marts.id_map where id_type = 'record'"
        ).fetchall()
    )


def money(connection: duckdb.DuckDBPyConnection) -> dict[str, Decimal]:
    """Net spend per customer, which is that of the orders."""
    assert connection.execute("from marts.revenue_reconciliation where diff <> 0").fetchall() == []
    spent = "select customer_id, net_spend from marts.customer_360"
    facts = "select customer_id, sum(net_amount) from marts.orders group by 1"
    found = dict(connection.execute(spent).fetchall())
    assert found == dict(connection.execute(facts).fetchall())
    assert sum(found.values()) == sum(map(Decimal, SPENT.values()))
    return found


def test_one_line_undoes_a_wrong_merge_and_taking_it_out_undoes_that(
    warehouse: CompiledWarehouse, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, hash_key=HASH_KEY)
    settings.make_dirs()
    connection = warehouse.open(tmp_path / "build")

    def next_run(name: str) -> tuple[dict[str, str], dict[str, Decimal]]:
        run(warehouse, connection, settings.landing_dir, settings, run_id=name)
        return customers(connection), money(connection)

    right = {"K1": "13800000011", "K2": "13800000011", "K3": "13800000033"}
    land_customers(settings.landing_dir, right, "2024-01-05")
    write_feed(
        settings.landing_dir,
        "orders",
        [
            {
                "order_id": f"O-{number}",
                "ordered_at": "2024-03-06 10:00:00",
                "source_customer_id": number,
                "channel": "store",
                "status": "paid",
                "net_amount": amount,
            }
            for number, amount in SPENT.items()
        ],
    )
    first, spent = next_run("first")
    assert first["K1"] == first["K2"] != first["K3"]
    assert spent == {first["K1"]: Decimal("120.00"), first["K3"]: Decimal("7.00")}

    # somebody types the phone of the first two for the third
    land_customers(settings.landing_dir, {"K3": "13800000011"}, "2024-02-05")
    merged, spent = next_run("merged")
    assert set(merged.values()) == {first["K1"]}
    assert spent == {first["K1"]: Decimal("127.00")}

    connection.execute(KEEP_APART)
    parted, spent = next_run("parted")
    assert parted == first
    assert spent == {first["K1"]: Decimal("120.00"), first["K3"]: Decimal("7.00")}

    connection.execute("delete from reference.identity_overrides")
    again, spent = next_run("merged again")
    assert again == merged
    assert spent == {first["K1"]: Decimal("127.00")}
    connection.close()
