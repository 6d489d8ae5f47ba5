"""A difference between Spark's table and DuckDB's would be found, and a rounding error is none."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.resources.spark_tables import spark_type
from tests.spark.agreement import disagreement

OURS = """
create view ours as
select cast(number as bigint) as number, 'a' || number as text, number / 3.0 as share
from range(5) as numbers (number)
"""


def difference(theirs: str) -> str | None:
    with duckdb.connect() as connection:
        connection.execute(OURS)
        return disagreement(connection, "ours", f"({theirs})")


@pytest.mark.parametrize(
    "theirs",
    [
        "select * from ours order by number desc",
        "select cast(number as integer) as number, text, share from ours",
        "select number, text, share + 1e-12 as share from ours",
    ],
    ids=["another order", "a narrower type", "a rounding error"],
)
def test_the_same_rows_are_equal(theirs: str) -> None:
    assert difference(theirs) is None


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ("select number, text from ours", "columns: ['share']"),
        ("select text, number, share from ours", "columns: in another order"),
        ("select * from ours where number < 4", "1 rows missing, 0 too many"),
        ("select * from ours union all select * from ours limit 6", "0 rows missing, 1 too"),
        ("select number, upper(text) as text, share from ours", "differing: ['text']"),
        ("select number, nullif(text, 'a1') as text, share from ours", "differing: ['text']"),
        (
            "select number, text, share + 1e-8 as share from ours",
            "apart than 1e-09: {'share': 5}",
        ),
        ("select number, text, nullif(share, 1) as share from ours", "{'share': 1}"),
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
