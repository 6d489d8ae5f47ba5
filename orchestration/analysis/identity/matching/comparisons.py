"""What is compared between two records, and the levels at which it can agree.

Belongs here: the comparisons as named constants, the ones that given data can support, and their
form as Splink settings.
Does not belong here: weights (training.py), where the attributes come from (attributes.py).

Conditions are DuckDB SQL over columns ending in _l and _r, tried from the first level on; the last
level, "different", is what is left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DIFFERENT = "different"
UNKNOWN_LEVEL = -1
OTHER_NAME, LIKE_OTHER_NAME = "is the other's family name", "is like the other's family name"
EXCHANGED = "exchanged with the given name"


@dataclass(frozen=True)
class Level:
    """One way in which two values can agree.

    Attributes:
        name: What a reader of an explanation sees.
        condition: SQL condition.
        term_frequency: Attribute whose frequency makes agreement on rare values count for more.
    """

    name: str
    condition: str
    term_frequency: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One attribute, or several that must be looked at together.

    Attributes:
        name: Name, also of the Splink comparison.
        known: SQL condition under which both records have something to compare.
        levels: From the strongest agreement to the weakest; "different" is added.
        needs: Groups of attributes; without all of one group the comparison is pointless.
        is_personal: Tells members of one household apart; surnames, addresses and phones do not.
        is_contact: A phone, perhaps starred out by a platform: leads to one household at most.
    """

    name: str
    known: str
    levels: tuple[Level, ...]
    needs: tuple[tuple[str, ...], ...]
    is_personal: bool = False
    is_contact: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All attributes that its conditions read."""
        text = " ".join([self.known, *(level.condition for level in self.levels)])
        return tuple(sorted(set(re.findall(r"\b(\w+)_[lr]\b", text))))

    def code(self, level_name: str) -> int:
        """The code of a level: 0 for "different", higher for stronger agreement."""
        names = [level.name for level in self.levels]
        return len(names) - names.index(level_name)

    def level_name(self, code: int) -> str:
        """The name that belongs to a code."""
        return self.levels[len(self.levels) - code].name if code else DIFFERENT


_BOTH = "{0}_l is not null and {0}_r is not null"
_SIMILAR = "jaro_winkler_similarity({0}_l, {0}_r) >= {1}"


def _swapped(alike: str) -> str:
    """The given name stands where the other record has its family name, as far as both tell."""
    there = alike.format("given_name_l", "family_name_r")
    back = alike.format("given_name_r", "family_name_l")
    return f"(({there} and coalesce({back}, true)) or ({back} and coalesce({there}, true)))"


_SAME = "{0} = {1}"
# The first letter goes first: it spares nine of ten comparisons of strangers the similarity.
_ALIKE = "(left({0}, 1) = left({1}, 1) and jaro_winkler_similarity({0}, {1}) >= 0.85)"


def _off_by(attribute: str, most: int) -> str:
    """At most so many characters differ, or one is left out; 15 times as fast as edit distance."""
    left, right = f"{attribute}_l", f"{attribute}_r"
    return (
        f"case when length({left}) = length({right}) then hamming({left}, {right}) <= {most}"
        f" when abs(length({left}) - length({right})) <= {most}"
        f" then levenshtein({left}, {right}) <= {most} else false end"
    )


COMPARISONS = (
    Comparison(
        "given_name",
        _BOTH.format("given_name"),
        (
            Level("same", "given_name_l = given_name_r", "given_name"),
            Level("sounds the same", "given_sound_l = given_sound_r"),
            Level(OTHER_NAME, _swapped(_SAME)),
            Level("similar", _SIMILAR.format("given_name", 0.9)),
            Level(LIKE_OTHER_NAME, _swapped(_ALIKE)),
            Level("partly similar", _SIMILAR.format("given_name", 0.75)),
        ),
        (("given_name",),),
        is_personal=True,
    ),
    Comparison(
        "family_name",
        _BOTH.format("family_name"),
        (
            Level("same", "family_name_l = family_name_r", "family_name"),
            Level(
                EXCHANGED,
                _ALIKE.format("given_name_l", "family_name_r")
                + " and "
                + _ALIKE.format("given_name_r", "family_name_l"),
            ),
            Level("sounds the same", "family_sound_l = family_sound_r"),
            Level("similar", _SIMILAR.format("family_name", 0.9)),
            Level(
                "partly similar", "jaro_winkler_similarity(family_name_l, family_name_r) >= 0.75"
            ),
        ),
        (("family_name",),),
    ),
    Comparison(
        "birth_date",
        _BOTH.format("birth_date"),
        (
            Level("same", "birth_date_l = birth_date_r"),
            Level(
                "one digit off, or day and month exchanged",
                "hamming(birth_date_l, birth_date_r) <= 1"
                " or (left(birth_date_l, 4) = left(birth_date_r, 4)"
                " and substr(birth_date_l, 6, 2) = right(birth_date_r, 2)"
                " and substr(birth_date_r, 6, 2) = right(birth_date_l, 2))",
            ),
            Level(
                "two of year, month and day the same",
                "cast(left(birth_date_l, 4) = left(birth_date_r, 4) as integer)"
                " + cast(substr(birth_date_l, 6, 2) = substr(birth_date_r, 6, 2) as integer)"
                " + cast(right(birth_date_l, 2) = right(birth_date_r, 2) as integer) = 2",
            ),
            Level("within a month", "abs(birth_day_l - birth_day_r) <= 31"),
            Level("within a year", "abs(birth_day_l - birth_day_r) <= 366"),
        ),
        (("birth_date",),),
        is_personal=True,
    ),
    Comparison(
        "gender",
        _BOTH.format("gender"),
        (Level("same", "gender_l = gender_r"),),
        (("gender",),),
    ),
    Comparison(
        "national_id",
        _BOTH.format("national_id"),
        (
            Level("same", "national_id_l = national_id_r"),
            Level("one character off", _off_by("national_id", 1)),
            Level("two characters off", _off_by("national_id", 2)),
        ),
        (("national_id",),),
        is_personal=True,
    ),
    Comparison(
        "phone",
        _BOTH.format("phones"),
        (
            Level("same", "list_has_any(phones_l, phones_r)", "phone"),
            Level("one digit off", _off_by("phone", 1)),
        ),
        (("phone",),),
        is_contact=True,
    ),
    Comparison(
        "masked_phone",
        "phone_pattern_l is not null and phone_pattern_r is not null"
        " and (phone_l is null or phone_r is null)",
        (Level("visible digits the same", "phone_pattern_l = phone_pattern_r", "phone_pattern"),),
        (("masked_phone",),),
        is_contact=True,
    ),
    Comparison(
        "email",
        _BOTH.format("emails"),
        (
            Level("same", "list_has_any(emails_l, emails_r)", "email"),
            Level("same before the @", "email_local_l = email_local_r"),
            Level(
                "one or two characters off before the @",
                "abs(length(email_local_l) - length(email_local_r)) <= 2"
                " and least(length(email_local_l), length(email_local_r)) >= 5"
                " and levenshtein(email_local_l, email_local_r) <= 2",
            ),
        ),
        (("email",),),
        is_personal=True,
    ),
    Comparison(
        "handle",
        "(family_sound_l is null or family_sound_r is null)"
        " and (family_sound_l is not null or family_sound_r is not null)"
        " and case when family_sound_l is null then handle_l else handle_r end is not null",
        (
            Level(
                "begins with the family name",
                "starts_with(coalesce(handle_l, ''), family_sound_r)"
                " or starts_with(coalesce(handle_r, ''), family_sound_l)",
                "family_sound",
            ),
        ),
        (("handle", "family_sound"),),
    ),
    Comparison(
        "address",
        _BOTH.format("address"),
        (
            Level("same", "address_l = address_r", "address"),
            Level(
                "same number, similar street",
                "house_number_l = house_number_r"
                " and jaro_winkler_similarity(street_l, street_r) >= 0.85",
            ),
            Level("similar street", _SIMILAR.format("street", 0.9)),
            Level("same number", "house_number_l = house_number_r"),
        ),
        (("address",),),
    ),
    Comparison(
        "postcode",
        _BOTH.format("postcode"),
        (
            Level("same", "postcode_l = postcode_r", "postcode"),
            Level("one digit off", _off_by("postcode", 1)),
        ),
        (("postcode",),),
    ),
    Comparison(
        "locality",
        "(district_l is not null and district_r is not null)"
        " or (city_l is not null and city_r is not null)"
        " or (province_l is not null and province_r is not null)",
        (
            Level(
                "same district",
                "district_l = district_r and coalesce(city_l = city_r, true)",
                "district",
            ),
            Level(
                "similar district",
                "jaro_winkler_similarity(district_l, district_r) >= 0.9"
                " and coalesce(city_l = city_r, true)",
            ),
            Level("same city", "city_l = city_r", "city"),
            Level("similar city", _SIMILAR.format("city", 0.85)),
            Level("same province", "province_l = province_r", "province"),
        ),
        (("district",), ("city",), ("province",)),
    ),
    Comparison(
        "occupation",
        _BOTH.format("occupation"),
        (Level("same", "occupation_l = occupation_r", "occupation"),),
        (("occupation",),),
    ),
)


def splink_comparison(comparison: Comparison, levels: tuple[Level, ...]) -> dict:
    """The Splink form of a comparison with some of its levels."""
    known = {
        "sql_condition": f"not coalesce({comparison.known}, false)",
        "label_for_charts": "unknown",
        "is_null_level": True,
    }
    agreements = [
        {
            "sql_condition": level.condition,
            "label_for_charts": level.name,
            **(
                {
                    "tf_adjustment_column": level.term_frequency,
                    "tf_adjustment_weight": 1.0,
                    "disable_tf_exact_match_detection": True,
                }
                if level.term_frequency
                else {}
            ),
        }
        for level in levels
    ]
    rest = {"sql_condition": "ELSE", "label_for_charts": DIFFERENT}
    return {
        "output_column_name": comparison.name,
        "comparison_levels": [known, *agreements, rest],
    }
