"""Misspellings keep what they misspell recoverable."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest

from orchestration.demo import clock, dirt, population

PICKS = np.linspace(0, 0.999, 60).tolist()


def digits(text: str) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", text))


def test_every_spelling_of_a_phone_ends_in_its_digits() -> None:
    spellings = {dirt.spell_phone(13912345678, pick) for pick in PICKS}
    assert len(spellings) >= 7
    assert {digits(s)[-11:] for s in spellings} == {"13912345678"}
    assert {digits(s)[:-11] for s in spellings} == {"", "86", "0086"}


def test_every_spelling_of_a_birth_date_reads_year_month_day() -> None:
    spellings = {dirt.spell_birth_date("1990-01-05", pick) for pick in PICKS}
    assert spellings == {
        "1990-01-05",
        "1990/1/5",
        "19900105",
        "1990年1月5日",
        "1990.01.05",
        "1990-01-05 00:00:00",
    }


def test_a_mistyped_phone_differs_in_one_digit() -> None:
    for pick in PICKS:
        typed = str(dirt.mistype_phone(13912345678, pick))
        assert sum(a != b for a, b in zip(typed, "13912345678", strict=True)) == 1
        assert typed.startswith("139")


@pytest.mark.parametrize(
    ("birth", "serial", "is_male"),
    [("1990-01-05", 0, True), ("1985-12-31", 77, False), ("2001-02-28", 9999, True)],
)
def test_a_national_id_passes_the_standards_check(birth: str, serial: int, is_male: bool) -> None:
    number = dirt.national_id("3101", birth, serial, is_male)
    weights = [2 ** (17 - k) % 11 for k in range(17)]
    total = sum(int(d) * w for d, w in zip(number[:17], weights, strict=True))
    assert len(number) == 18
    assert number[6:14] == birth.replace("-", "")
    assert int(number[16]) % 2 == is_male
    # ISO 7064 MOD 11-2: the weighted sum and the check digit leave 1
    assert (total + (10 if number[17] == "X" else int(number[17]))) % 11 == 1


def test_phone_numbers_are_distinct_and_plausible() -> None:
    numbers = population.phone_number(np.arange(400_000), seed=3)
    assert len(np.unique(numbers)) == len(numbers)
    assert numbers.min() >= 13_000_000_000
    assert numbers.max() <= 19_999_999_999


def test_shopping_time_runs_both_ways_and_faster_in_november() -> None:
    days = np.array([-500.0, 0.0, 10.5, 400.0, 1000.0])
    assert clock.calendar_days(clock.shopping_time(days)) == pytest.approx(days)
    # November 2024 has 30 days at 1.45
    november = clock.shopping_time(np.array([305.0, 335.0]))
    assert november[1] - november[0] == pytest.approx(30 * 1.45)
