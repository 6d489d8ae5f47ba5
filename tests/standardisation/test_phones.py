"""Phone numbers: one form for a number however it is written, and a kind for what is no number."""

from __future__ import annotations

import random
from collections import Counter

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from orchestration.demo import dirt, names
from tests.standardisation.phone_plans import PLANS_FILE, REGIONS, render
from tests.standardisation.rendering import Macros, macros

PER_REGION = 1_000
PLANNED_CODES = tuple(f"+{phonenumbers.country_code_for_region(region)}" for region in REGIONS)
#: Kinds of phonenumbers that normalise_phone takes for numbers of a person.
PERSONAL = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
}
FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
)


def oracle(text: str, region: str) -> str | None:
    """What phonenumbers makes of a text, reduced to numbers of persons without extension."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    if phonenumbers.number_type(number) not in PERSONAL:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def typed_number(rng: random.Random, region: str) -> str:
    """A number of the region or of another planned one, real or with digits changed."""
    home = region if rng.random() < 0.7 else rng.choice(REGIONS)
    kind = rng.choice((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE))
    example = phonenumbers.example_number_for_type(home, kind)
    digits = list(str(example.national_number))
    for place in rng.sample(range(len(digits)), rng.choice((1, 3, 5, 7))):
        digits[place] = str(rng.randrange(10))
    if rng.random() < 0.1:
        digits.append(str(rng.randrange(10)))
    number = phonenumbers.PhoneNumber(
        country_code=example.country_code, national_number=int("".join(digits))
    )
    formats = FORMATS if home == region else FORMATS[:2]
    text = phonenumbers.format_number(number, rng.choice(formats))
    pick = rng.random()
    if pick < 0.1:
        return text.replace("+", "00").replace(" ", "") if region not in ("US", "CA") else text
    if pick < 0.2:
        return "".join(text.split())
    if pick < 0.3:
        return f"  {text} ".replace(" ", "　")
    return text


@pytest.fixture(scope="module")
def typed() -> dict[str, list[str]]:
    rng = random.Random(360)
    return {region: [typed_number(rng, region) for _ in range(PER_REGION)] for region in REGIONS}


def deviates_on_purpose(text: str, region: str, ours: str | None) -> str | None:
    """The documented reasons for an answer that differs from phonenumbers'."""
    theirs = oracle(text, region)
    if theirs and theirs.startswith("+86") and ours is None and len(theirs) < 12:
        return "a Chinese area code before a service number reaches no person"
    digits = "".join(text.split())
    if theirs is None and digits.startswith("00") and ours == oracle(f"+{digits[2:]}", region):
        return "00 stands for the plus everywhere, not only where it is dialled"
    if theirs is None and ours and not ours.startswith(PLANNED_CODES):
        return "countries without a plan are checked by their number of digits alone"
    return None


def test_thirteen_thousand_numbers_agree_with_phonenumbers_but_for_named_reasons(
    typed: dict[str, list[str]],
) -> None:
    agreed, reasons, wrong = 0, Counter(), []
    for region, texts in typed.items():
        answers = Macros({"STRATA_PHONE_REGION": region}).apply("normalise_phone", texts)
        for text, ours in zip(texts, answers, strict=True):
            if ours == oracle(text, region):
                agreed += 1
            elif reason := deviates_on_purpose(text, region, ours):
                reasons[reason] += 1
            else:
                wrong.append((region, text, ours, oracle(text, region)))
    assert wrong == []
    assert agreed >= 12_700
    assert set(reasons) and sum(reasons.values()) <= 300


def test_chinese_numbers_agree_in_every_spelling_of_the_simulator() -> None:
    rng = random.Random(7)
    numbers = [
        int(f"{rng.choice(names.PHONE_PREFIXES)}{rng.randrange(10**8):08d}") for _ in range(4000)
    ]
    texts = [dirt.spell_phone(number, rng.random()) for number in numbers]
    assert macros().apply("normalise_phone", texts) == [f"+86{number}" for number in numbers]


def test_numbers_of_countries_without_a_plan_are_read() -> None:
    examples = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    ]
    written = [
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        for number in examples
        if number
    ]
    assert len(written) > 450
    unread = [
        text
        for text, answer in zip(written, macros().apply("normalise_phone", written), strict=True)
        if answer != oracle(text, "CN")
    ]
    assert unread == []


def test_the_number_plans_are_those_of_the_installed_package() -> None:
    assert PLANS_FILE.read_text() == render(), (
        "run python -m tests.standardisation.phone_plans and look at what changed"
    )


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("13812345671", "mobile", "+8613812345671"),
        ('="13812345671"', "mobile", "+8613812345671"),
        ("13812345671.0", "mobile", "+8613812345671"),
        ("手机：138-1234-5671", "mobile", "+8613812345671"),
        ("8613812345671", "mobile", "+8613812345671"),
        ("+852 6123 4567", "mobile", "+85261234567"),
        ("+86 (0)10-62345678", "landline", "+861062345678"),
        ("1062345678", "landline", "+861062345678"),
        ("138****1234", "masked", None),
        ("1381234*****", "masked", None),
        ("1********34", "masked", None),
        ("138xxxx1234", "masked", None),
        ("13812345678-1234", "virtual", None),
        ("13812345678转1234", "virtual", None),
        ("138-1234-5678-1234", "virtual", None),
        ("010-62345678-801", "virtual", None),
        ("~AgAAACq2w0sH/wWMcQG1A0~1~", "ciphertext", None),
        ("$xk3Fj29sNsk2a==$1$", "ciphertext", None),
        ("##kX39sNsk2aS==*Cg##", "ciphertext", None),
        ("AQAAAFk3jd83kd93kd93" * 3 + "abcdEF+/==", "ciphertext", None),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "ciphertext", None),
        ("400-800-8888", "service", None),
        ("95588", "service", None),
        ("10086", "service", None),
        ("010-10086", "service", None),
        ("62345678", "unreadable", None),
        ("1.38E+10", "unreadable", None),
        ("12345678901", "unreadable", None),
        ("无", "unreadable", None),
        ("", None, None),
        (" - ", None, None),
    ],
)
def test_every_kind_of_text_is_told_apart(text: str, kind: str | None, number: str | None) -> None:
    assert macros().apply("phone_kind", [text]) == [kind]
    assert macros().apply("normalise_phone", [text]) == [number]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("138****1234", "138****1234"),
        ("138***1234", "138****1234"),
        ("+86 138＊＊＊＊1234", "138****1234"),
        ("138••••1234", "138****1234"),
        ("1381234*****", "1381234****"),
        ("1********34", "1********34"),
        ("1*********4", None),
        ("13812345678", None),
        ("*******1234", None),
        ("010-****1234", None),
    ],
)
def test_a_starred_number_has_one_pattern(text: str, pattern: str | None) -> None:
    assert macros().apply("masked_phone_pattern", [text]) == [pattern]


def test_numbers_without_a_country_code_belong_to_the_region_of_the_setting() -> None:
    text = "(650) 253-0000"
    assert Macros({"STRATA_PHONE_REGION": "US"}).apply("normalise_phone", [text]) == [
        "+16502530000"
    ]
    assert macros().apply("normalise_phone", [text]) == [None]
