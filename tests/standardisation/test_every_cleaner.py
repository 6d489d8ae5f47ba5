"""What holds for every cleaning macro and any text: it answers, in its domain, once and for all."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.standardisation.rendering import macros

# letters that rules look for, beside anything else
SPICE = st.sampled_from(
    "０１９－＋．，（）　 \t\n\u200b+-.,:/()[]{}<>\"'=*•●×@#~$%&_|?!\\0123456789abcxXzZéø"
    "性别男女先生小姐某转元万亿年月日上下午农历買·。、¥￥€♀👩𠮷"
)
FRAGMENTS = st.sampled_from(
    ["13812345678", "+86", "0086", "010-", '="', "@qq.com", "mailto:", "1990-01-05", "1,234",
     "5.00", "T00:00:00Z", "+08:00", "先生", "Mr. ", "Lee, Ann", "欧阳", "110101199001011237", "kg",
     "1704420000", "9999999999"]
)  # fmt: skip
TEXT = st.one_of(
    st.none(),
    st.lists(st.one_of(SPICE, FRAGMENTS), max_size=12).map("".join),
    # NUL ends a text in DuckDB's own functions and never passes ingestion
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=24),
)
# a hundred texts cost one query, hardly more than one text does
TEXTS = st.lists(TEXT, min_size=50, max_size=150)
MANY = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

#: Macros whose answer is a text of the same kind, with the form that it must have.
NORMALISERS = {
    "clean_text": r"(?s)[^ \t\r\n\u3000\u00a0]|[^ \t\r\n\u3000\u00a0].*[^ \t\r\n\u3000\u00a0]",
    "normalise_phone": r"\+[1-9][0-9]{6,14}",
    "normalise_email": r"[a-z0-9_][a-z0-9._%+-]*@[a-z0-9.-]+\.[a-z]{2,}",
    "normalise_person_name": r"(?s)[^*•●×]*\w[^*•●×]*",
    "normalise_national_id": r"[A-Z0-9]{6,18}",
    "gender_key": r"(?s)[^ .,;:!?]+",
    "masked_phone_pattern": r"1[0-9]{0,7}\*+[0-9]{0,8}",
}
KINDS = {"mobile", "landline", "masked", "virtual", "ciphertext", "service", "unreadable", None}


@pytest.mark.parametrize("name", NORMALISERS)
@MANY
@given(texts=TEXTS)
def test_a_normalised_value_is_in_its_domain_and_stays_as_it_is(
    name: str, texts: list[str | None]
) -> None:
    answers = macros().apply(name, texts)
    for text, answer in zip(texts, answers, strict=True):
        assert answer is None or re.fullmatch(NORMALISERS[name], answer), (text, answer)
    assert macros().apply(name, answers) == answers


@MANY
@given(texts=TEXTS)
def test_the_match_form_of_an_address_is_an_address_and_stays_as_it_is(
    texts: list[str | None],
) -> None:
    forms = macros().apply("email_match_form", macros().apply("normalise_email", texts))
    assert macros().apply("normalise_email", forms) == forms
    assert macros().apply("email_match_form", forms) == forms


@pytest.mark.parametrize("name", ["phone_kind", "name_title_gender", "parse_yes_no"])
@MANY
@given(texts=TEXTS)
def test_a_judgement_is_one_of_its_words(name: str, texts: list[str | None]) -> None:
    domain = {
        "phone_kind": KINDS,
        "name_title_gender": {"female", "male", None},
        "parse_yes_no": {True, False, None},
    }[name]
    assert set(macros().apply(name, texts)) <= domain


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("parse_amount", Decimal),
        ("parse_quantity", Decimal),
        ("parse_whole_number", int),
        ("parse_date", date),
        ("parse_birth_date", date),
        ("parse_instant", datetime),
    ],
)
@MANY
@given(texts=TEXTS, point=st.sampled_from(".,"), order=st.sampled_from(["ymd", "dmy", "mdy"]))
def test_a_parser_answers_every_text(
    name: str, kind: type, texts: list[str | None], point: str, order: str
) -> None:
    chosen = macros(STRATA_DECIMAL_MARK=point, STRATA_DATE_ORDER=order)
    answers = chosen.apply(name, texts)
    assert all(answer is None or isinstance(answer, kind) for answer in answers)


@pytest.mark.parametrize("name", ["parse_amount", "parse_date", "parse_birth_date"])
@MANY
@given(texts=TEXTS)
def test_what_was_parsed_parses_to_itself(name: str, texts: list[str | None]) -> None:
    answers = macros().apply(name, texts)
    written = [None if answer is None else str(answer) for answer in answers]
    assert macros().apply(name, written) == answers


@MANY
@given(texts=TEXTS)
def test_a_birth_date_lies_after_1904_and_before_2100(texts: list[str | None]) -> None:
    found = [day for day in macros().apply("parse_birth_date", texts) if day]
    assert all(1905 <= day.year < 2100 for day in found)


@MANY
@given(texts=TEXTS)
def test_whatever_is_a_number_of_a_person_is_mobile_or_landline(texts: list[str | None]) -> None:
    numbers = macros().apply("normalise_phone", texts)
    kinds = macros().apply("phone_kind", texts)
    for text, number, kind in zip(texts, numbers, kinds, strict=True):
        assert (number is not None) == (kind in ("mobile", "landline")), text


@pytest.mark.parametrize(
    "name",
    [
        *NORMALISERS, "email_match_form", "phone_kind", "name_title_gender", "parse_yes_no",
        "parse_amount", "parse_quantity", "parse_whole_number", "parse_date", "parse_birth_date",
        "parse_instant", "national_id_gender", "national_id_birth_date", "category_key",
    ],
)  # fmt: skip
def test_nothing_stays_nothing(name: str) -> None:
    assert macros().apply(name, [None]) == [None]


def test_what_programs_write_for_nothing_is_no_code_and_what_people_write_may_be_one() -> None:
    nothing = ["NULL", "null", "(null)", "\\N", "nan", "None", "undefined", "N/A", "#N/A"]
    nothing += [f" {word} " for word in nothing] + ['="NULL"', "Ｎ/A", "", None]
    assert set(macros().apply("clean_code", nothing)) == {None}
    codes = ["none", "NaN", "无", "NULLS", "A NULL", "x\\N", "-", "0"]
    assert macros().apply("clean_code", codes) == codes
