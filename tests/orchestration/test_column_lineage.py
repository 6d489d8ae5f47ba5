"""Where the columns of a model come from, and that a query nobody can read stops no run."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.resources.column_lineage import ColumnLineage

COLUMNS = {
    "staging.orders": {"order_id": "VARCHAR", "paid": "DECIMAL(18,2)", "refunded": "DECIMAL(18,2)"},
    "marts.orders": {"order_id": "VARCHAR", "net_amount": "DECIMAL(18,2)"},
}
KEY = dg.AssetKey(["marts", "orders"])
READABLE = "select order_id, paid - refunded as net_amount from staging.orders"
UNREADABLE = "select from where )"


def sources(cache: Path, sql: str, dialect: str = "duckdb") -> dict[str, set[tuple[str, str]]]:
    """What a run finds, one that keeps it for the next."""
    lineage = ColumnLineage(cache, COLUMNS, dialect)
    metadata = lineage.metadata(KEY, sql)
    lineage.save()
    if "dagster/column_lineage" not in metadata:
        return {}
    return {
        column: {(dependency.asset_key.path[-1], dependency.column_name) for dependency in found}
        for column, found in metadata["dagster/column_lineage"].deps_by_column.items()
    }


@pytest.mark.parametrize("run", ["first", "second"])
def test_a_column_is_made_of_those_that_its_expression_names(tmp_path: Path, run: str) -> None:
    cache = tmp_path / "lineage.json"
    if run == "second":
        sources(cache, READABLE)
    assert sources(cache, READABLE) == {
        "order_id": {("orders", "order_id")},
        "net_amount": {("orders", "paid"), ("orders", "refunded")},
    }


def test_a_query_that_cannot_be_read_has_no_lineage_in_the_next_run_either(tmp_path: Path) -> None:
    cache = tmp_path / "lineage.json"
    assert sources(cache, UNREADABLE) == {}
    assert cache.exists()
    assert sources(cache, UNREADABLE) == {}


def test_a_query_is_read_in_the_words_of_its_engine(tmp_path: Path) -> None:
    cache = tmp_path / "lineage.json"
    quoted = "select `order_id`, `paid` as net_amount from staging.orders"
    assert sources(cache, quoted, "duckdb") == {}
    assert sources(cache, quoted, "spark")["net_amount"] == {("orders", "paid")}
