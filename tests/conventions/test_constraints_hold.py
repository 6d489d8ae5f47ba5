"""The project's one generic test of a model's constraints, rendered as dbt renders it."""

from __future__ import annotations

import re

import duckdb
import jinja2
import pytest

from orchestration.settings import DBT_PROJECT_DIR

SOURCE = (DBT_PROJECT_DIR / "tests" / "generic" / "constraints_hold.sql").read_text()
SOUND = {
    "unique": [["id"], ["kind", "size"]],
    "not_null": ["id"],
    "accepted_values": {"kind": ["a", "it's"], "size": [1, 2, 3]},
    "accepted_range": {"size": [1, 3], "share": [0, None]},
    "check": ["size > 0", "kind <> 'z'"],
}


def broken(rows: str, **constraints: object) -> dict[str, int]:
    """Constraints that do not hold, with the number of rows that break each."""
    body = re.sub(r"\{% test (\w+\(.*?\)) %\}", r"{% macro \1 %}", SOURCE)
    body = body.replace("{% endtest %}", "{% endmacro %}")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["config"] = lambda **_settings: ""
    query = environment.from_string(body).module.constraints_hold("checked", **constraints)
    with duckdb.connect() as connection:
        connection.execute(
            f"create table checked as from (values {rows}) as t(id, kind, size, share)"
        )
        return dict(connection.execute(str(query)).fetchall())


def test_rows_that_keep_to_everything_break_nothing() -> None:
    assert broken("(1, 'a', 1, 0.5), (2, 'it''s', 3, null)", **SOUND) == {}


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("(1, 'a', 2, 1.0)", {"unique id"}),
        ("(2, 'a', 1, 1.0)", {"unique kind, size"}),
        ("(null, 'a', 2, 1.0)", {"not_null id"}),
        ("(2, 'b', 2, 1.0)", {"accepted_values kind"}),
        ("(2, 'a', 2, -0.1)", {"accepted_range share low"}),
        ("(2, 'a', 4, 1.0)", {"accepted_values size", "accepted_range size high"}),
        ("(2, 'z', 2, 1.0)", {"accepted_values kind", "check kind <> 'z'"}),
        # a null passes values and ranges; an expression must say what empty means
        ("(2, 'a', null, null)", {"check size > 0"}),
    ],
)
def test_what_does_not_hold_is_named(row: str, names: set[str]) -> None:
    found = broken(f"(1, 'a', 1, 0.5), {row}", **SOUND)
    assert set(found) == names
    assert set(found.values()) == {1}


def test_nulls_count_as_a_value_of_a_key() -> None:
    rows = "(1, null, 1, 1.0), (2, null, 1, 1.0)"
    assert broken(rows, unique=[["kind"]]) == {"unique kind": 1}
