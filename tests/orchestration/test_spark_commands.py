"""What Dagster asks of dbt, understood where the engine is Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.resources.spark_dbt import kept_on_duckdb, named_by, spelled_out


def node(kind: str, *fqn: str, materialized: str = "table", reads: tuple[str, ...] = ()) -> dict:
    return {
        "resource_type": kind,
        "fqn": ["shop", *fqn],
        "config": {"materialized": materialized},
        "depends_on": {"nodes": list(reads)},
    }


MANIFEST = {
    "sources": {
        "source.shop.ops.run_log": {"schema": "ops"},
        "source.shop.raw.orders": {"schema": "raw"},
    },
    "nodes": {
        "seed.shop.brand": node("seed", "brand", materialized="seed"),
        "model.shop.run_log": node(
            "model", "run_log", materialized="view", reads=("source.shop.ops.run_log",)
        ),
        "model.shop.steps": node("model", "steps", reads=("source.shop.ops.run_log",)),
        "model.shop.orders": node(
            "model", "orders", materialized="view", reads=("source.shop.raw.orders",)
        ),
        "model.shop.late_orders": node(
            "model",
            "late_orders",
            materialized="view",
            reads=("source.shop.ops.run_log", "model.shop.orders"),
        ),
        "test.shop.run_log": node(
            "test", "run_log_constraints", reads=("source.shop.ops.run_log",)
        ),
    },
}
STAY = {"shop.brand", "shop.run_log"}


def test_seeds_and_views_of_the_running_log_stay_on_duckdb() -> None:
    assert kept_on_duckdb(MANIFEST) == STAY


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("shop.marts.orders", []),
        ("shop.marts.orders shop.brand", ["shop.brand"]),
        ("fqn:shop.brand fqn:shop.run_log", ["shop.brand", "shop.run_log"]),
        ("fqn:*", ["shop.brand", "shop.run_log"]),
    ],
)
def test_of_what_stays_a_command_builds_what_it_names(words: str, named: list[str]) -> None:
    assert named_by(["build", "--select", words], STAY) == named


@pytest.mark.parametrize("exclude", [[], ["shop.region"]])
def test_a_selector_becomes_the_nodes_that_it_stands_for(
    tmp_path: Path, exclude: list[str]
) -> None:
    union = ["shop.brand", "shop.marts.orders", *([{"exclude": exclude}] if exclude else [])]
    other = {"name": "other", "definition": {"union": ["shop.nothing"]}}
    asked = {"name": "asked", "definition": {"union": union}}
    path = tmp_path / "selectors.yml"
    path.write_text(yaml.safe_dump({"selectors": [other, asked]}))
    assert spelled_out(["build", "--quiet", "--selector", "asked"], path) == [
        *("build", "--quiet", "--select", "shop.brand shop.marts.orders"),
        *(["--exclude", "shop.region"] if exclude else []),
    ]


def test_a_command_without_a_selector_stays_as_it_is(tmp_path: Path) -> None:
    asked = ["build", "--select", "shop.brand"]
    assert spelled_out(asked, tmp_path / "selectors.yml") == asked
