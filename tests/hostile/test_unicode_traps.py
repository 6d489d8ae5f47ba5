"""Characters that nobody sees, or that look like others: they make no second person and no first.

Belongs here: what the cleaning macros do with traps of Unicode. Does not belong here: what they do
with ordinary dirt (tests/standardisation), bytes that are no text (tests/faults).
"""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.contracts import normalise_text
from tests.standardisation.rendering import macros

MANY = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
#: Zero-width letters, joiners, direction marks, overrides and isolates, the soft hyphen, invisible
#: operators of mathematics, the byte order mark, both selectors behind emoji.
INVISIBLE = (
    "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069\u00ad\u2061\u2062\u2063\u2064\u180e\ufe0e\ufe0f"
)
SAME = {
    "normalise_phone": ["13812345678", "+86 138 1234 5678", "010-62345678", "+1 415 555 2671"],
    "normalise_email": ["li.lei@qq.com", "Han+news@gmail.com", "a_b@mail.example.org"],
    "normalise_person_name": ["张伟", "欧阳娜娜", "Anna Schmidt"],
    "normalise_national_id": ["110101199001011237"],
    "clean_code": ["VIP000020191", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"],
    "parse_amount": ["1234.50", "¥99"],
    "category_key": ["手机数码>手机"],
    "gender_key": ["女"],
}
#: Staging rejects a row whose time is there and unreadable, and counts it.
SAME_OR_NOTHING = {
    "parse_date": ["2024-01-05", "2024年1月5日", "20240105"],
    "parse_birth_date": ["1990-01-05", "19900105"],
    "parse_instant": ["2024-01-05 10:00:00", "2024-01-05T10:00:00+08:00", "1704420000"],
}
#: Looks like the first and is not: Cyrillic, Greek, a Roman numeral, mathematical letters.
HOMOGLYPHS = {
    "раураl@qq.com": "paypal@qq.com",
    "аlice@qq.com": "alice@qq.com",
    "𝐚lice@qq.com": "alice@qq.com",
    "alice@ԛԛ.com": "alice@qq.com",
    "αlice@qq.com": "alice@qq.com",
}


def test_every_invisible_character_is_a_format_character_or_a_selector() -> None:
    kinds = {unicodedata.category(letter) for letter in INVISIBLE}
    assert kinds <= {"Cf", "Mn"}


def sprinkled(value: str, generator: random.Random) -> str:
    """The value with one to four invisible characters anywhere in it."""
    letters = list(value)
    for _ in range(generator.randint(1, 4)):
        letters.insert(generator.randint(0, len(letters)), generator.choice(INVISIBLE))
    return "".join(letters)


@pytest.mark.parametrize("name", [*SAME, *SAME_OR_NOTHING])
@MANY
@given(generator=st.randoms(use_true_random=False))
def test_what_nobody_sees_makes_no_other_value(name: str, generator: random.Random) -> None:
    sound = (SAME | SAME_OR_NOTHING)[name]
    plain = [value for value in sound for _ in range(100)]
    expected = macros().apply(name, plain)
    assert None not in expected
    dirty = [sprinkled(value, generator) for value in plain]
    for text, value, found in zip(dirty, expected, macros().apply(name, dirty), strict=True):
        assert found == value or (found is None and name in SAME_OR_NOTHING), ascii(text)


@pytest.mark.parametrize("letter", sorted(INVISIBLE), ids=ascii)
def test_a_value_of_nothing_but_invisible_characters_is_none(letter: str) -> None:
    assert macros().apply("clean_text", [letter * 3]) == [None]


@pytest.mark.parametrize("letter", sorted(INVISIBLE), ids=ascii)
def test_a_title_is_recognised_whatever_invisible_character_is_in_it(letter: str) -> None:
    assert normalise_text(f"小票{letter}号{letter}") == normalise_text("小票号")


@pytest.mark.parametrize("trap", HOMOGLYPHS)
def test_an_address_in_letters_that_look_alike_is_nobody_elses(trap: str) -> None:
    [lookalike, original] = macros().apply("normalise_email", [trap, HOMOGLYPHS[trap]])
    assert original == HOMOGLYPHS[trap]
    assert lookalike is None


def test_digits_of_other_scripts_are_no_phone() -> None:
    arabic = "13812345678".translate({ord("0") + n: 0x0660 + n for n in range(10)})
    bold = "13812345678".translate({ord("0") + n: 0x1D7CE + n for n in range(10)})
    assert macros().apply("normalise_phone", [arabic, bold]) == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "𠮷野家", "ﷺ", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
        "\U0010ffff", "\ue000", "a" + "\u0300" * 500, "ı İ ß ﬀ", "\ufffd",
    ],
    ids=ascii,
)  # fmt: skip
def test_any_letter_of_unicode_stays_what_it_is(text: str) -> None:
    [cleaned] = macros().apply("clean_text", [f" {text} "])
    assert cleaned == "".join(letter for letter in text if letter not in INVISIBLE)
    assert macros().apply("clean_text", [cleaned]) == [cleaned]
