"""Kinds of values: how staging reads them, how they are told by looking, how private they are.

Belongs here: one entry per kind. Does not belong here: names of columns (vocabulary.py).

A pattern accepts what the macro of the kind reads (dbt_project/macros/cleaning), so that the
drafted model rejects no row of the sample for its type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

# Share of a column's values that must look like a kind: strict where staging rejects the others,
# low where platforms mask or people mistype, because a missed identifier would be published.
STRICT_SHARE = 0.98
LOOSE_SHARE = 0.5

_YES = ("是", "y", "yes", "true", "t", "同意", "允许", "已授权", "opt-in", "on")
_NO = ("否", "n", "no", "false", "f", "不同意", "拒绝", "未授权", "退订", "opt-out", "off")
_YES_NO = frozenset((*_YES, *_NO))
_FLAGS = _YES_NO | {"0", "1"}
_DATE = r"(?:19|20)\d\d(?:[-/.]\d{1,2}[-/.]\d{1,2}|年\d{1,2}月\d{1,2}日)"
_CLOCK = r"\d{1,2}(?::\d\d(?::\d\d(?:\.\d+)?)?|时\d{1,2}分(?:\d{1,2}秒)?)"
_NUMBER = r"[(]?[-+]?[¥￥$]? ?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fraction>\d+))?[)]?"


@dataclass(frozen=True)
class Kind:
    """What a column's values are.

    Attributes:
        name: Its name.
        group: Heading under which staging lists such columns.
        expression: SQL of the typed column; {column} is the landed one.
        macro: The macro that must read every value, or the row is rejected; None where a value
            that cannot be read is no reason to do without the row.
        privacy: Class in the landing contract.
        share: Share of values that must look like it.
        looks_so: Whether one cleaned value does; None for kinds that only a title tells.
    """

    name: str
    group: str
    expression: str
    macro: str | None
    privacy: str
    share: float
    looks_so: Callable[[str], bool] | None

    def fits(self, values: Sequence[str]) -> bool:
        """Whether values, none of them empty, look like this kind; no value contradicts."""
        if self.looks_so is None or not values:
            return True
        return sum(map(self.looks_so, values)) >= self.share * len(values)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _is_date(value: str) -> bool:
    if re.fullmatch(_DATE, value):
        return True
    if not re.fullmatch(r"(?:19|20)\d{6}", value):
        return False
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


def _is_timestamp(value: str) -> bool:
    zone = r"(?: ?(?:[zZ]|[+-]\d\d(?::?\d\d)?))?"
    return bool(re.fullmatch(rf"{_DATE}[ T]?{_CLOCK}{zone}", value)) or (
        bool(re.fullmatch(r"(?:19|20)\d{12}", value)) and _is_date(value[:8])
    )


def _decimals(at_most: int) -> Callable[[str], bool]:
    compiled = re.compile(_NUMBER)

    def check(value: str) -> bool:
        match = compiled.fullmatch(value.removesuffix("元"))
        # more than 15 digits before the point do not fit into decimal(18, 3)
        return bool(match) and len(match["fraction"] or "") <= at_most and len(value) < 20

    return check


def _is_whole_number(value: str) -> bool:
    # a leading zero belongs to a code, and staging's integers end at 2,147,483,647
    return bool(re.fullmatch(r"[-+]?(?:0|[1-9]\d{0,8})", value))


def _is_national_id(value: str) -> bool:
    number = value.upper()
    if not re.fullmatch(r"[1-9]\d{16}[0-9X]", number):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1)
    digits = (10 if digit == "X" else int(digit) for digit in number)
    # GB 11643
    return sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11 == 1


def _kind(
    name: str,
    group: str,
    macro: str,
    looks_so: Callable[[str], bool] | None,
    *,
    privacy: str = "plain",
    share: float = STRICT_SHARE,
    is_strict: bool = False,
) -> Kind:
    expression = f"{{{{{{{{ {macro}('source.{{column}}') }}}}}}}}"
    return Kind(name, group, expression, macro if is_strict else None, privacy, share, looks_so)


CODE = _kind("code", "ids", "clean_code", None)
TEXT = _kind("text", "strings", "clean_text", None)
PRIVATE_CODE = _kind("private code", "ids", "clean_code", None, privacy="identifier")
PRIVATE_TEXT = _kind("private text", "strings", "clean_text", None, privacy="identifier")
PERSON_NAME = _kind("person name", "strings", "normalise_person_name", None, privacy="identifier")
PHONE = _kind(
    "phone",
    "strings",
    "normalise_phone",
    _matches(r"(?:(?:\+|00)?86)?[- ]?1[3-9][\d* -]{9,11}(?:\.0)?|0[1-9]\d{1,2}-?[2-9]\d{6,7}"),
    privacy="identifier",
    share=LOOSE_SHARE,
)
EMAIL = _kind(
    "e-mail",
    "strings",
    "normalise_email",
    _matches(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    privacy="identifier",
    share=LOOSE_SHARE,
)
NATIONAL_ID = _kind(
    "identity card number",
    "ids",
    "normalise_national_id",
    _is_national_id,
    privacy="identifier",
    share=LOOSE_SHARE,
)
# whatever a system knows of a buyer or a receiver may be inside
NESTED = _kind(
    "nested object",
    "strings",
    "clean_text",
    _matches(r"(?s)\{.*\}|\[\s*\{.*\]"),
    privacy="identifier",
    share=LOOSE_SHARE,
)
POSTCODE = _kind(
    "postcode", "strings", "clean_code", None, privacy="quasi_identifier", share=LOOSE_SHARE
)
BIRTH_DATE = _kind(
    "birth date",
    "dates",
    "parse_birth_date",
    lambda value: _is_date(value) or _is_timestamp(value),
    privacy="quasi_identifier",
    share=LOOSE_SHARE,
)
WHOLE_NUMBER = _kind(
    "whole number", "numerics", "parse_whole_number", _is_whole_number, is_strict=True
)
AMOUNT = _kind("amount", "numerics", "parse_amount", _decimals(2), is_strict=True)
QUANTITY = _kind("quantity", "numerics", "parse_quantity", _decimals(3), is_strict=True)
YES_NO = _kind("yes or no", "booleans", "parse_yes_no", lambda value: value.lower() in _FLAGS)
WORDED_YES_NO = _kind(
    "yes or no", "booleans", "parse_yes_no", lambda value: value.lower() in _YES_NO
)
DATE = _kind("date", "dates", "parse_date", _is_date, is_strict=True)
TIMESTAMP = _kind(
    "timestamp",
    "timestamps",
    "parse_instant",
    lambda value: _is_timestamp(value) or _is_date(value),
    is_strict=True,
)
CLOCKED_TIMESTAMP = _kind("timestamp", "timestamps", "parse_instant", _is_timestamp, is_strict=True)

GROUPS = ("ids", "strings", "numerics", "booleans", "dates", "timestamps")
# What values alone can tell, the most telling first.
BY_VALUES = (
    NATIONAL_ID,
    EMAIL,
    PHONE,
    CLOCKED_TIMESTAMP,
    DATE,
    WORDED_YES_NO,
    WHOLE_NUMBER,
    AMOUNT,
    QUANTITY,
)
