"""What Dagster asks of dbt, understood where the engine is Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.resources.spark_dbt import seeds_among, spelled_out

MANIFEST = {
    "nodes": {
        "seed.shop.brand": {"resource_type": "seed", "fqn": ["shop", "brand"]},
        "seed.shop.region": {"resource_type": "seed", "fqn": ["shop", "region"]},
        "model.shop.orders": {"resource_type": "model", "fqn": ["shop", "marts", "orders"]},
    }
}


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        ("shop.marts.orders", []),
        ("shop.marts.orders shop.brand", ["shop.brand"]),
        ("fqn:shop.brand fqn:shop.region", ["shop.brand", "shop.region"]),
        ("fqn:*", ["shop.brand", "shop.region"]),
    ],
)
def test_the_seeds_of_a_command_are_those_that_it_names(words: str, seeds: list[str]) -> None:
    assert seeds_among(["build", "--select", words], MANIFEST) == seeds


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
