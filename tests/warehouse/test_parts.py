"""A table that is built in parts, some customers at a time, is the table built whole."""

from __future__ import annotations

import re
from types import SimpleNamespace

import duckdb
import jinja2

from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company
from tests.warehouse.comparison import differing
from tests.warehouse.replay import CompiledWarehouse

MACROS = DBT_PROJECT_DIR / "macros" / "engine" / "some_at_a_time.sql"
MARK = re.compile(r"true /\* (\S+): \d+ rows of \S+ at a time \*/")


class Returned(Exception):
    """What a macro returned."""


def in_parts(query: str, rows: int) -> list[str]:
    """What the macro makes of a query when the relation that it names has so many rows."""

    def give_back(value: list[str]) -> None:
        raise Returned(value)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "modules": SimpleNamespace(re=re),
        "run_query": lambda _: SimpleNamespace(rows=[[rows]]),
        "return": give_back,
    }
    try:
        environment.from_string(MACROS.read_text()).module.in_parts(query)
    except Returned as returned:
        return returned.args[0]
    raise AssertionError("the macro returned nothing")


def test_a_query_without_a_mark_or_with_few_rows_stays_as_it_is() -> None:
    assert in_parts("select 1", 10**9) == ["select 1"]
    marked = 'from orders where true /* customer_id: 1000 rows of "a"."b" at a time */'
    for rows in (0, 1, 1000):
        assert in_parts(marked, rows) == [marked]
    assert in_parts(marked, 1001) == [
        f"from orders where hash(customer_id) % 2 = {part}" for part in range(2)
    ]


def test_parts_make_the_table_that_the_whole_makes(
    warehouse: CompiledWarehouse, published: Company
) -> None:
    marked = {model.name: model.whole for model in warehouse.models if MARK.search(model.whole)}
    assert {"customer_360", "int_customer_windows"} <= set(marked)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; create schema whole; create schema parts")
        connection.execute(f"attach '{published.build}' as build (read_only)")
        for name, query in marked.items():
            connection.execute(f"create table whole.{name} as {query}")
            (count,) = connection.execute(f"select count(*) from whole.{name}").fetchone()  # noqa: S608
            assert count > 0, name
            connection.execute(f"create table parts.{name} as from whole.{name} limit 0")
            [rows] = {int(found) for found in re.findall(r": (\d+) rows of", query)}
            parts = in_parts(query, 5 * rows)
            assert len(parts) == 5
            for part in parts:
                connection.execute(f"insert into parts.{name} {part}")
        assert differing(connection, "whole", "parts", marked) == {}
