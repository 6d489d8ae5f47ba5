"""Number plans out of `phonenumbers`: `python -m tests.standardisation.phone_plans` writes them.

Belongs here: turning the package's metadata (libphonenumber, Apache-2.0) into the one macro file
that normalise_phone reads, and into the seed of area codes. Does not belong here: the rules that
use them.

Run it after a new release of the package; the tests say when the file no longer agrees with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

from orchestration.settings import DBT_PROJECT_DIR

PLANS_FILE = DBT_PROJECT_DIR / "macros" / "cleaning" / "phone_plans.sql"
#: What STRATA_PHONE_REGION may be; numbers of their countries are checked digit by digit.
REGIONS = ("CN", "HK", "MO", "TW", "JP", "KR", "SG", "AU", "GB", "DE", "FR", "US", "CA")
#: Numbers that reach one person. Pagers, company numbers and paid services do not.
PERSONAL = ("fixed_line", "mobile", "voip", "personal_number")
SERVICE = ("toll_free", "shared_cost", "premium_rate", "uan", "voicemail")

_HEAD = """\
{#
    Number plans by region, generated from phonenumbers %s (libphonenumber, Apache-2.0) by
    tests/standardisation/phone_plans.py; a test fails when they differ from the installed package.
    country_code; trunk: what is dialled before a national number; exit: what is dialled before a
    foreign one; mobile, service: patterns of national numbers without trunk.
#}
{%% macro phone_plans() -%%}
    {{ return({
"""
_MIDDLE = """\
    }) }}
{%- endmacro %}


{#
    Numbers in E.164 without the plus that reach a person. Countries of a plan above: the whole
    plan, the trunk digit may stand after the country code. All others: country code and number of
    digits.
#}
{% macro phone_numbers_of_persons() -%}
    {{ return(
"""
_TAIL = """\
    ) }}
{%- endmacro %}
"""


def _portable(pattern: str) -> str:
    """The pattern without backslashes, which not every engine reads alike."""
    plain = "".join(pattern.split()).replace("\\d", "[0-9]")
    assert "\\" not in plain, f"unportable pattern {plain}"
    assert "'" not in plain
    return plain


def _patterns(region: str, kinds: tuple[str, ...]) -> list[str]:
    metadata = PhoneMetadata.metadata_for_region(region)
    found = [getattr(metadata, kind) for kind in kinds]
    texts = [_portable(kind.national_number_pattern or "") for kind in found if kind]
    return [text for text in dict.fromkeys(texts) if text and text != "NA"]


def _any(patterns: list[str]) -> str:
    return "|".join(dict.fromkeys(patterns))


def _trunk(region: str) -> str:
    return PhoneMetadata.metadata_for_region(region).national_prefix or ""


def _planned_country(country_code: int) -> str:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country_code]
    valid = _any([text for region in regions for text in _patterns(region, PERSONAL)])
    trunk = _trunk(regions[0])
    return f"{country_code}{trunk + '?' if trunk else ''}(?:{valid})"


def _other_country(country_code: int, regions: tuple[str, ...]) -> str | None:
    lengths: set[int] = set()
    starts_with_zero = False
    for region in regions:
        metadata = PhoneMetadata.metadata_for_region(region)
        for kind in (metadata.fixed_line, metadata.mobile) if metadata else ():
            if kind:
                lengths |= {length for length in kind.possible_length if length > 0}
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            starts_with_zero |= bool(example and example.italian_leading_zero)
    if not lengths:
        # satellite and other services that belong to no country
        return None
    first = "[0-9]" if starts_with_zero else "[1-9]"
    tails = sorted(length - 1 for length in lengths)
    return f"{country_code}{first}(?:{'|'.join(f'[0-9]{{{tail}}}' for tail in tails)})"


def render() -> str:
    """The macro file as the installed package would have it."""
    lines = [_HEAD % phonenumbers.__version__]
    planned: list[int] = []
    for region in REGIONS:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata.country_code not in planned:
            planned.append(metadata.country_code)
        exit_code = _portable(metadata.international_prefix or "")
        # 1xxxx00 selects a carrier before the exit code; nobody stores that
        shorter = exit_code.split("|1")[0]
        if shorter.count("(") == shorter.count(")"):
            exit_code = shorter
        lines += [
            f"        '{region}': {{\n",
            f"            'country_code': '{metadata.country_code}',\n",
            f"            'trunk': '{_trunk(region)}',\n",
            f"            'exit': '{exit_code}',\n",
            f"            'personal': '{_any(_patterns(region, PERSONAL))}',\n",
            f"            'mobile': '{_any(_patterns(region, ('mobile',)))}',\n",
            f"            'service': '{_any(_patterns(region, SERVICE))}',\n",
            "        },\n",
        ]
    lines.append(_MIDDLE)
    countries = [_planned_country(code) for code in planned]
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        if code not in planned and (pattern := _other_country(code, regions)):
            countries.append(pattern)
    separator = "|'\n        ~ '"
    lines.append(f"        '{separator.join(countries)}'\n")
    lines.append(_TAIL)
    return "".join(lines)


def main() -> None:
    """Write the macro file, or another path given as the only argument."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PLANS_FILE
    path.write_text(render())


if __name__ == "__main__":
    main()
