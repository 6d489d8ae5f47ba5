"""Cleaning macros speak the SQL that both engines read alike."""

from __future__ import annotations

import re

import pytest

from tests.standardisation.rendering import Macros

ENGINES = {"duckdb": Macros(), "spark": Macros(engine="spark")}
MACROS = (
    "clean_code",
    "email_match_form",
    "gender_key",
    "has_check_digit",
    "masked_phone_pattern",
    "name_title_gender",
    "national_id_birth_date",
    "national_id_gender",
    "normalise_email",
    "normalise_national_id",
    "normalise_person_name",
    "normalise_phone",
    "parse_amount",
    "parse_birth_date",
    "parse_date",
    "parse_instant",
    "parse_quantity",
    "parse_yes_no",
    "phone_kind",
)
# a class within a class is a union in Java and a literal bracket in RE2
_CLASS = re.compile(r"\[\^?([^\]]*)\]")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MACROS)
def test_a_macro_holds_no_escape_no_doubled_apostrophe_and_no_nested_class(
    name: str, engine: str
) -> None:
    sql = ENGINES[engine].call(name, "landed")
    assert "\\" not in sql
    # an empty text is two apostrophes with nothing else around them
    assert not re.search(r"[^\s(,=|]''|''[^\s),|]", sql)
    for literal in re.findall(r"'([^']*)'", sql):
        assert not any("[" in inner for inner in _CLASS.findall(literal)), literal


@pytest.mark.parametrize("name", MACROS)
def test_spark_gets_no_function_that_only_duckdb_has(name: str) -> None:
    sql = ENGINES["spark"].call(name, "landed")
    foreign = (
        r"\b(regexp_matches|strptime|try_strptime|strftime|make_timestamp|date_diff|epoch)\s*\("
    )
    assert not re.search(foreign, sql)
    # four arguments only DuckDB takes; without them it replaces once and Spark all
    assert not re.search(r"regexp_replace\([^()]*, '[^']*', '[^']*', 'g'\)", sql)
