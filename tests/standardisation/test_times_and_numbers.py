"""Birth dates, dates, instants, amounts and quantities, trap by trap."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.standardisation.rendering import macros

DAY = date(1990, 1, 5)


@pytest.mark.parametrize(
    "text",
    [
        "1990-01-05", "1990/1/5", "19900105", "1990年1月5日", "1990.01.05",
        "1990-01-05 00:00:00",
        "１９９０－０１－０５", "32878", "32878.0", "900105", "90-01-05",
        "90年1月5日", "5 Jan 1990",
        "Jan 5, 1990", "05-JAN-1990", "January 5th, 1990", "公历1990年1月5日", "1990-01-05生",
        # midnight in Shanghai, and midnight of a date
        "1990-01-04T16:00:00.000Z", "1990-01-05T00:00:00Z",
    ],
)  # fmt: skip
def test_a_birth_date_is_read_in_every_form(text: str) -> None:
    assert macros().apply("parse_birth_date", [text]) == [DAY]


@pytest.mark.parametrize(
    "text",
    [
        # the lunar calendar
        "农历1990-01-05", "1990-01-05（农历）", "1990年腊月初五", "阴历1990.1.5",
        # no year, no day, or a year and month that may be something else
        "1990", "1990-01", "199001", "12-05", "12月5日",
        # days that no month has
        "1990-02-30", "1990-13-01", "0000-00-00",
        # what systems write when they know none
        "1900-01-01", "1899-12-30", "1970-01-01", "1980-01-01", "2000-01-01", "9999-12-31",
        # two readings
        "05/01/1990", "abc", "",
    ],
)  # fmt: skip
def test_what_is_no_certain_birth_date_is_none(text: str) -> None:
    assert macros().apply("parse_birth_date", [text]) == [None]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("05/01/1990", "dmy", DAY),
        ("01/05/1990", "mdy", DAY),
        ("05/01/90", "dmy", DAY),
        ("31/12/1990", "ymd", date(1990, 12, 31)),
        ("12/31/1990", "ymd", date(1990, 12, 31)),
        ("05/05/1990", "ymd", date(1990, 5, 5)),
    ],
)
def test_a_date_that_ends_with_the_year_follows_the_setting_unless_it_must_be_one(
    text: str, order: str, expected: date
) -> None:
    assert macros(STRATA_DATE_ORDER=order).apply("parse_birth_date", [text]) == [expected]


def test_two_digits_of_a_year_stand_for_1930_to_2029() -> None:
    answers = macros().apply("parse_birth_date", ["30-06-01", "29-06-01", "99-06-01", "00-06-01"])
    assert [day.year for day in answers] == [1930, 2029, 1999, 2000]


def test_a_birth_date_is_credible_up_to_120_years_and_not_before_birth() -> None:
    days = ["1905-06-01", "1906-06-01", "2026-03-15", "2026-03-16", None]
    call = macros().call("is_credible_birth_date", "cast(text as date)", "date '2026-03-15'")
    credible = macros()._connection.execute(
        f"select {call} from (select unnest(?::varchar[]) as text)",  # noqa: S608
        [days],
    )
    assert [row[0] for row in credible.fetchall()] == [False, True, True, False, None]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05 10:00:00", "2024-01-05T10:00:00+08:00", "2024-01-05T02:00:00Z",
        "20240105100000", "2024/1/5 10:00", "2024年1月5日 10时00分",
        "1704420000", "1704420000000", "45296.4166666667",
        "Fri Jan 05 10:00:00 +0800 2024", "2024/1/5 上午10:00", "2024-01-05 10:00 AM",
        "2024-01-05 10:00:00 GMT+8", "2024-01-05 02:00:00 UTC", "2024-01-05 10:00:00 UTC+08:00",
    ],
)  # fmt: skip
def test_an_instant_is_read_in_every_form(text: str) -> None:
    assert macros().apply("parse_instant", [text]) == [datetime(2024, 1, 5, 2)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "hour"), [("下午3:22", 15), ("上午12:05", 0), ("中午12:30", 12), ("晚上11:00", 23)]
)
def test_half_days_begin_at_twelve(text: str, hour: int) -> None:
    answer = macros(STRATA_TIMEZONE="UTC").apply("parse_instant", [f"2024/1/5 {text}"])
    assert answer[0].hour == hour


@pytest.mark.parametrize("text", ["soon", "2024", "202401", "1969-01-01", "2100-01-01", "12:00"])
def test_what_is_no_instant_is_none(text: str) -> None:
    assert macros().apply("parse_instant", [text]) == [None]


@pytest.mark.parametrize(
    ("text", "with_point", "with_comma"),
    [
        ("1,234.50", "1234.50", None),
        ("1.234,56", None, "1234.56"),
        ("1 234,56", None, "1234.56"),
        ("1,5", None, "1.50"),
        ("1.234", "1.23", "1234.00"),
        ("￥１，２３４．５", "1234.50", None),
        ("¥-12", "-12.00", "-12.00"),
        ("(12)", "-12.00", "-12.00"),
        ("12-", "-12.00", "-12.00"),
        ("1.2万", "12000.00", None),
        ("3亿元", "300000000.00", "300000000.00"),
        # more than any amount column holds
        ("999999999999亿", None, None),
        ("RMB 12", "12.00", "12.00"),
        ("USD 12", None, None),
        ("--5", None, None),
        ("-(5)", None, None),
        ("1,23,456", None, None),
        ("ten", None, None),
        # DuckDB's cast reads underscores as thousands separators
        ("2024_01_05", None, None),
        ("1_000", None, None),
    ],
)
def test_an_amount_is_read_after_the_decimal_mark_of_the_setting(
    text: str, with_point: str | None, with_comma: str | None
) -> None:
    for mark, expected in ((".", with_point), (",", with_comma)):
        answer = macros(STRATA_DECIMAL_MARK=mark).apply("parse_amount", [text])
        assert answer == [Decimal(expected) if expected else None]


def test_the_reconciliation_reads_the_same_amounts_by_other_means() -> None:
    texts = [
        "1,234.50",
        "¥1,200.00",
        "￥１，２３４．５",
        "(12.00)",
        "12.00-",
        "1.2万",
        "3亿",
        "RMB12.5",
    ]
    read = macros().apply("parse_amount", texts)
    assert macros().apply("money_in_text", texts) == read


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("2件", "2"), ("3 盒", "3"), ("1,000 pcs", "1000"), ("x2", "2"), ("2x", "2"),
        ("-1件", "-1"),
        ("1.5kg", "1.5"), ("500g", "0.5"), ("2斤", "1"), ("０.5ｋｇ", None), ("1/2", None),
        ("两件", None),
    ],
)  # fmt: skip
def test_a_quantity_may_carry_its_unit_and_weights_are_kilograms(
    text: str, quantity: str | None
) -> None:
    answer = macros().apply("parse_quantity", [text])
    assert answer == [Decimal(quantity) if quantity else None]
