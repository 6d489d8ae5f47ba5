"""A difference between Spark's table and DuckDB's would be found, and a rounding error is none."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.resources.spark_tables import spark_type
from tests.spark.agreement import disagreement

OURS = """
    (select cast(number as bigint) as number, 'a' || number as text, number / 3.0 as share
    from range(5) as numbers (number))
"""


def difference(theirs: str) -> str | None:
    with duckdb.connect() as connection:
        return disagreement(connection, OURS, f"({theirs})")


@pytest.mark.parametrize(
    "theirs",
    [
        f"select * from {OURS} order by number desc",
        f"select cast(number as integer) as number, text, share from {OURS}",
        f"select number, text, share + 1e-12 as share from {OURS}",
    ],
    ids=["another order", "a narrower type", "a rounding error"],
)
def test_the_same_rows_are_equal(theirs: str) -> None:
    assert difference(theirs) is None


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (f"select number, text from {OURS}", "columns: ['share']"),
        (f"select text, number, share from {OURS}", "columns: in another order"),
        (f"select * from {OURS} where number < 4", "1 rows missing, 0 too many"),
        (f"select * from {OURS} union all select * from {OURS} limit 6", "0 rows missing, 1 too"),
        (f"select number, upper(text) as text, share from {OURS}", "differing: ['text']"),
        (f"select number, nullif(text, 'a1') as text, share from {OURS}", "differing: ['text']"),
        (f"select number, text, share + 1e-8 as share from {OURS}", "apart than 1e-09: {'share': 5}"),
        (f"select number, text, nullif(share, 1) as share from {OURS}", "{'share': 1}"),
    ],
    ids=["column", "order", "fewer", "twice", "text", "null", "number", "no number"],
)
def test_a_difference_is_named(theirs: str, said: str) -> None:
    assert said in difference(theirs)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("VARCHAR", "string"),
        ("HUGEINT", "decimal(38,0)"),
        ("DECIMAL(18,2)", "decimal(18,2)"),
        ("VARCHAR[]", "array<string>"),
        ("TIMESTAMP", "timestamp"),
    ],
)
def test_types_keep_every_value_on_their_way(here: str, there: str) -> None:
    assert spark_type(here) == there
