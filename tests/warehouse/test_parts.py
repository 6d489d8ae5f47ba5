"""A table that is built in parts, some customers at a time, is the table built whole."""

from __future__ import annotations

import re
from types import SimpleNamespace

import duckdb
import jinja2

from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company
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
    marked = [model for model in warehouse.models if MARK.search(model.whole)]
    assert "int_customer_windows" in {model.name for model in marked}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{published.build}' as build (read_only)")
        for model in marked:
            connection.execute(f"create or replace table whole as {model.whole}")
            connection.execute("create or replace table in_parts as from whole limit 0")
            [rows] = {int(found) for found in re.findall(r": (\d+) rows of", model.whole)}
            parts = in_parts(model.whole, 5 * rows)
            assert len(parts) == 5
            for part in parts:
                connection.execute(f"insert into in_parts {part}")
            counted = connection.execute(
                """
                select
                    (select count(*) from whole),
                    (select count(*) from (from whole except all from in_parts)),
                    (select count(*) from (from in_parts except all from whole))
                """
            ).fetchone()
            assert counted[0] > 0, model.name
            assert counted[1:] == (0, 0), model.name
