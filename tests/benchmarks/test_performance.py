"""The page of what a run costs says what was measured, and a difference would be found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.benchmarks.performance.agreement import disagreements
from tests.benchmarks.performance.figures import beyond, recall, slope
from tests.benchmarks.performance.page import PAGE, parts
from tests.benchmarks.performance.straight import statements
from tests.marked_part import MarkedPart


def test_the_page_says_what_was_measured() -> None:
    sizes = recall()
    assert sizes, "run `python -m tests.benchmarks.performance`"
    for mark, text in parts(sizes).items():
        assert MarkedPart(PAGE, mark).read() == text, (
            "run `python -m tests.benchmarks.performance.page`"
        )


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.3])
def test_the_slope_of_a_power_is_its_exponent(exponent: float) -> None:
    sizes = [1_000, 10_000, 20_000, 100_000]
    costs = [7 * size**exponent for size in sizes]
    assert slope(sizes, costs) == pytest.approx(exponent)


def test_the_page_says_where_a_script_does_not_fit() -> None:
    *smaller, largest = recall()
    scripts = {name: cost for name, cost in largest.scripts.items() if name != "pandas"}
    told = parts([*smaller, replace(largest, scripts=scripts)])
    row = next(
        line for line in told["scripts"].splitlines() if f"{largest.persons:,} | pandas" in line
    )
    assert row.endswith(f"does not fit: {largest.machine} |")
    assert any(line.startswith("| pandas | ") for line in told["slopes"].splitlines())


def test_a_larger_size_goes_on_as_the_last_two_sizes_do() -> None:
    assert beyond([1_000, 10_000, 100_000], [90.0, 60.0, 240.0], 1_000_000) == 2040.0


@pytest.fixture
def build(tmp_path: Path) -> Path:
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create schema marts;
            create schema intermediate;
            create table marts.customer_features as
            select * from (values
                ('a', date '2025-12-31', 3, 10.00::decimal(18, 2), 0.1::double),
                ('b', date '2025-12-31', 0, 0.00::decimal(18, 2), null)
            ) as t (customer_id, as_of_date, order_count, net_spend, refund_share);
            create table marts.customer_rfm as
            select
                'a' as customer_id, 1 as recency_days, 2 as frequency, 3 as monetary, 5 as r_score,
                5 as f_score, 5 as m_score, 'core' as rfm_group, 'champions' as rfm_class;
            create table intermediate.int_customer_orders as
            select
                'a' as customer_id, 1 as order_count, 1.00::decimal(18, 2) as gross_spend,
                0.00::decimal(18, 2) as refunded_amount, 1.00::decimal(18, 2) as net_spend,
                timestamp '2025-12-01' as first_order_at, timestamp '2025-12-02' as last_order_at
            """
        )
        for name, table in {
            "features": "marts.customer_features",
            "rfm": "marts.customer_rfm",
            "customers": "intermediate.int_customer_orders",
        }.items():
            connection.execute(f"copy {table} to '{tmp_path / name}.parquet'")
    return path


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("set order_count = order_count", {}),
        ("set order_count = 4 where customer_id = 'a'", {"features.order_count": 1}),
        ("set net_spend = 10.01 where customer_id = 'a'", {"features.net_spend": 1}),
        ("set refund_share = 0.1 + 1e-8 where customer_id = 'a'", {"features.refund_share": 1}),
        ("set refund_share = 0.1 + 1e-11 where customer_id = 'a'", {}),
        ("set refund_share = 0 where customer_id = 'b'", {"features.refund_share": 1}),
        ("set customer_id = 'c' where customer_id = 'b'", {"features": 2}),
    ],
)
def test_a_difference_is_found(build: Path, change: str, found: dict[str, int]) -> None:
    with duckdb.connect(str(build)) as connection:
        connection.execute(f"update marts.customer_features {change}")
    assert disagreements(build, build.parent) == found


def test_statements_are_those_that_dbt_executed_in_their_order(tmp_path: Path) -> None:
    nodes = {
        "model.strata360.late": ("model", "models/marts/late.sql", "late.sql", "table"),
        "model.strata360.seen": ("model", "models/marts/seen.sql", "seen.sql", "view"),
        "test.strata360.unique_late.1a": ("test", "models/_m.yml", "unique_late.sql", "test"),
        "seed.strata360.words": ("seed", "../seeds/words.csv", "words.csv", "seed"),
        "model.strata360.gone": ("model", "models/marts/gone.sql", "gone.sql", "table"),
    }
    target = tmp_path / "models"
    texts = {
        "run/seeds/words.csv": "create table words",
        "run/strata360/models/marts/seen.sql": "create view seen",
        "run/strata360/models/marts/late.sql": "create table late",
        "run/strata360/models/_m.yml/unique_late.sql": "select 0",
    }
    for name, text in texts.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)
    manifest = {
        unique_id: {
            "resource_type": kind,
            "original_file_path": original,
            "path": path,
            "schema": "marts",
            "alias": unique_id.split(".")[2],
            "config": {"materialized": materialized},
        }
        for unique_id, (kind, original, path, materialized) in nodes.items()
    }
    began = ["03", "02", "04", "01", "05"]
    results = [
        {
            "unique_id": unique_id,
            "execution_time": 1.5,
            "timing": [{"name": "execute", "started_at": f"2025-12-31T00:00:{second}Z"}],
        }
        for unique_id, second in zip(nodes, began, strict=True)
    ]
    (target / "manifest.json").write_text(json.dumps({"nodes": manifest}))
    (target / "run_results.json").write_text(json.dumps({"results": results}))
    todo, not_run = statements(tmp_path)
    assert [(one.name, one.kind, one.is_table) for one in todo] == [
        ("words", "seed", True),
        ("seen", "model", False),
        ("late", "model", True),
        ("unique_late.1a", "test", False),
    ]
    assert [one.sql for one in todo] == list(texts.values())
    assert not_run == {"gone": 1.5}
