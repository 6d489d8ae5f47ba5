"""No model compares every row of one table with every row of another where a key would do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import duckdb
import pytest

from tests.conftest import Company
from tests.warehouse.replay import CompiledWarehouse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

# an outer join on a key and on something else, such as a comparison with null in it
ALL_WITH_ALL = "BLOCKWISE_NL_JOIN"
NAMES_A_KEY = re.compile(r"\((?!SUBQUERY)\w+ = [a-z]\w*\)")


def all_with_all(node: dict) -> Iterator[str]:
    """Conditions of the joins in a plan that try every pair of rows although they name a key."""
    condition = node.get("extra_info", {}).get("Condition", "")
    if node["name"].strip() == ALL_WITH_ALL and NAMES_A_KEY.search(condition):
        yield condition
    for child in node["children"]:
        yield from all_with_all(child)


def plan(connection: duckdb.DuckDBPyConnection, query: str) -> dict:
    (row,) = connection.execute(f"explain (format json) {query}").fetchall()
    return json.loads(row[1])[0]


def test_a_join_by_key_looks_the_key_up(published: Company, warehouse: CompiledWarehouse) -> None:
    with duckdb.connect(str(published.build), read_only=True) as connection:
        found = {
            model.name: conditions
            for model in warehouse.models
            for conditions in [list(all_with_all(plan(connection, model.whole)))]
            if conditions
        }
    assert found == {}


def test_the_plan_of_such_a_join_is_found() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table a as select range as k, range as x from range(10)")
        connection.execute("create table b as select range as k, range as x from range(10)")
        query = "select * from a left join b on a.k = b.k and coalesce(a.x < 5, true)"
        assert len(list(all_with_all(plan(connection, query)))) == 1
        query = "select * from a left join (from b where coalesce(x < 5, true)) as b on a.k = b.k"
        assert list(all_with_all(plan(connection, query))) == []
