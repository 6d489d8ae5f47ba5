"""Names, titles, genders, e-mail addresses and identity numbers, edge by edge."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.standardisation.rendering import macros


@pytest.mark.parametrize(
    ("text", "name", "gender"),
    [
        ("张 伟", "张伟", None),
        ("萧　亚　轩", "萧亚轩", None),
        ("李娜女士", "李娜", "female"),
        ("张三(先生)", "张三", "male"),
        ("张伟(会员)", "张伟", None),
        ("Ms. Ann  Lee", "Ann Lee", "female"),
        ("Ｍｒ．Ｌｅｅ", "Lee", "male"),
        ("Lee, Ann", "Ann Lee", None),
        ("Müller, Jürgen", "Jürgen Müller", None),
        # a suffix is no given name
        ("Smith, Jr.", "Smith, Jr.", None),
        ("欧阳锋先生", "欧阳锋", "male"),
        # a surname of one character and a given name, until a title says otherwise
        ("欧阳", "欧阳", None),
        ("欧阳女士", None, "female"),
        ("王先生", None, "male"),
        ("李总", None, None),
        ("王哥", None, "male"),
        ("先生", None, "male"),
        # names that only look like titles
        ("Missy Elliott", "Missy Elliott", None),
        ("Drew Barry", "Drew Barry", None),
        ("买买提·艾力", "买买提·艾力", None),
        ("买买提•艾力", "买买提·艾力", None),
        ("阿卜杜.热合曼", "阿卜杜·热合曼", None),
        ("张••", None, None),
        ("张*", None, None),
        ("张某", None, None),
        ("张XX", None, None),
        # two people have no one gender and no one name
        ("张先生李女士", None, None),
        ("Mr. & Mrs. Smith", None, None),
        ("a@b.com", None, None),
        ("13812345678", None, None),
        ("山田 太郎", "山田太郎", None),
        ("김철수", "김철수", None),
        ("𬭚明", "𬭚明", None),
        ("", None, None),
    ],
)
def test_a_name_loses_its_title_and_the_title_tells_the_gender(
    text: str, name: str | None, gender: str | None
) -> None:
    assert macros().apply("normalise_person_name", [text]) == [name]
    assert macros().apply("name_title_gender", [text]) == [gender]


@pytest.mark.parametrize(
    ("text", "address", "match_form"),
    [
        ("A@B.com", "a@b.com", "a@b.com"),
        ("ａ＠ｂ．ｃｏｍ", "a@b.com", "a@b.com"),
        ("a @ b . com", "a@b.com", "a@b.com"),
        ("a@b。com", "a@b.com", "a@b.com"),
        ("mailto:A@b.com", "a@b.com", "a@b.com"),
        (' "<a@b.com>"; ', "a@b.com", "a@b.com"),
        ("a@b.com.", "a@b.com", "a@b.com"),
        ("A.B+shop@gmail.com", "a.b+shop@gmail.com", "ab@gmail.com"),
        ("a.b@googlemail.com", "a.b@googlemail.com", "ab@gmail.com"),
        # only Gmail ignores dots
        ("a.b+shop@outlook.com", "a.b+shop@outlook.com", "a.b@outlook.com"),
        # nobody knows what was meant
        ("zhang@qq.con", "zhang@qq.con", "zhang@qq.con"),
        ("zha***@163.com", None, None),
        ("a..b@c.com", None, None),
        ("a@b@c.com", None, None),
        ("a@-b.com", None, None),
        ("none", None, None),
    ],
)
def test_an_address_is_stored_as_sent_to_and_compared_without_dots(
    text: str, address: str | None, match_form: str | None
) -> None:
    assert macros().apply("normalise_email", [text]) == [address]
    assert macros().apply("email_match_form", [address]) == [match_form]


@pytest.mark.parametrize(
    ("text", "number", "gender", "birth_date"),
    [
        ("11010519491231002x", "11010519491231002X", "female", date(1949, 12, 31)),
        (
            "１１０１０５１９４９１２３１００２Ｘ",
            "11010519491231002X",
            "female",
            date(1949, 12, 31),
        ),
        ("'110101 19900101 1237", "110101199001011237", "male", date(1990, 1, 1)),
        # the check digit is wrong
        ("110105194912310020", None, None, None),
        # a date that no calendar has; the number links, and tells only the gender
        ("110101199002300014", "110101199002300014", "male", None),
        ("C1234567", "C1234567", None, None),
        ("无", None, None, None),
        (None, None, None, None),
    ],
)
def test_an_identity_number_tells_gender_and_birth_date_when_its_check_digit_holds(
    text: str | None, number: str | None, gender: str | None, birth_date: date | None
) -> None:
    assert macros().apply("normalise_national_id", [text]) == [number]
    assert macros().apply("national_id_gender", [number]) == [gender]
    assert macros().apply("national_id_birth_date", [number]) == [birth_date]


def _gender_spellings() -> dict[str, str]:
    with (PROJECT_ROOT / "seeds" / "gender_spelling.csv").open(encoding="utf-8") as file:
        return {row["spelling"]: row["gender"] for row in csv.DictReader(file)}


def test_every_spelling_of_a_gender_is_found_by_its_own_key() -> None:
    spellings = _gender_spellings()
    assert len(spellings) >= 200
    keys = macros().apply("gender_key", spellings)
    # a key without letters (-, ?) says nothing, which is what those rows say
    lost = [
        spelling
        for (spelling, gender), key in zip(spellings.items(), keys, strict=True)
        if spellings.get(key or "", "unknown") != gender
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        (" 男 ", "male"), ("Ｍ", "male"), ("(女)", "female"), ("性别：男", "male"),
        ("Gender: Female", "female"), ("♀️", "female"), ("👩🏻", "female"), ("♂", "male"),
        ("Ms.", "female"), ("MALE", "male"), ("1.0", "male"), ("2", "female"), ("先生", "male"),
        ("小姐", "female"), ("兒子", None), ("保密", "unknown"), ("N/A", "unknown"),
        ("0", "unknown"),
        ("外星人", None),
    ],
)  # fmt: skip
def test_a_gender_is_recognised_however_it_is_written(text: str, gender: str | None) -> None:
    key = macros().apply("gender_key", [text])[0]
    assert _gender_spellings().get(key) == gender
