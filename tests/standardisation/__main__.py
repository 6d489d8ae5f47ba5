"""The figures of dbt_project/docs/standardisation.md: `python -m tests.standardisation`.

Belongs here: counting vocabularies and agreement with the oracles, printed as the page's table.
Does not belong here: assertions, which are in the tests beside this file.
"""

from __future__ import annotations

import csv
import random
import sys

import cpca

from orchestration.demo import dirt, names
from orchestration.settings import PROJECT_ROOT
from tests.standardisation import gazetteer, test_phones, test_places
from tests.standardisation.rendering import macros

SEEDS = (
    "gender_spelling",
    "region",
    "region_alias",
    "city_tier",
    "postal_area",
    "phone_area",
    "product_category",
    "category_alias",
    "channel",
    "channel_alias",
    "order_status",
    "refund_status",
    "point_entry_type",
    "review_rating",
    "event_type",
    "email_domain_typo",
    "placeholder_identifier",
)
SPELLINGS = 20_000


def _share(right: int, total: int) -> str:
    return f"{right:,} of {total:,} ({right / total:.2%})"


def _phones() -> list[tuple[str, str]]:
    rng = random.Random(360)
    agreed = explained = total = 0
    for region in test_phones.REGIONS:
        texts = [test_phones.typed_number(rng, region) for _ in range(test_phones.PER_REGION)]
        answers = macros(STRATA_PHONE_REGION=region).apply("normalise_phone", texts)
        for text, ours in zip(texts, answers, strict=True):
            total += 1
            if ours == test_phones.oracle(text, region):
                agreed += 1
            elif test_phones.deviates_on_purpose(text, region, ours):
                explained += 1
    return [
        ("phones of 13 regions: the same as phonenumbers", _share(agreed, total)),
        ("of the rest, different on purpose", _share(explained, total - agreed)),
    ]


def _simulated() -> list[tuple[str, str]]:
    rng = random.Random(8)
    checks: list[tuple[str, str, list, list]] = []
    numbers = [
        int(f"{rng.choice(names.PHONE_PREFIXES)}{rng.randrange(10**8):08d}")
        for _ in range(SPELLINGS)
    ]
    checks.append(
        (
            "phone",
            "normalise_phone",
            [dirt.spell_phone(number, rng.random()) for number in numbers],
            [f"+86{number}" for number in numbers],
        )
    )
    emails = [f"user{number}@{rng.choice(names.EMAIL_DOMAINS)}" for number in numbers]
    checks.append(
        ("e-mail", "normalise_email", [dirt.spell_email(e, rng.random()) for e in emails], emails)
    )
    people = []
    for _ in range(SPELLINGS):
        gender = rng.choice(("male", "female"))
        letters = names.MALE_CHARACTERS if gender == "male" else names.FEMALE_CHARACTERS
        surname = rng.choice(names.SURNAMES)[0]
        people.append((surname + "".join(rng.choices(letters, k=rng.choice((1, 2)))), gender))
    checks.append(
        (
            "name",
            "normalise_person_name",
            [dirt.spell_name(name, gender, rng.random()) for name, gender in people],
            [name for name, _ in people],
        )
    )
    days = [
        f"{rng.randrange(1940, 2010)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        for _ in range(SPELLINGS)
    ]
    checks.append(
        (
            "birth date",
            "parse_birth_date",
            [dirt.spell_birth_date(day, rng.random()) for day in days],
            days,
        )
    )
    rows = []
    for label, macro, texts, truths in checks:
        answers = macros().apply(macro, texts)
        right = sum(str(answer) == truth for answer, truth in zip(answers, truths, strict=True))
        rows.append((f"{label}: the simulator's spellings", _share(right, len(texts))))
    return rows


def _places() -> list[tuple[str, str]]:
    rng = random.Random(360)
    drawn = [test_places.simulated_place(rng) for _ in range(SPELLINGS)]
    answers = test_places.resolve([place for place, _ in drawn])
    right = sum(a[:2] == truth[:2] for a, (_, truth) in zip(answers, drawn, strict=True))
    with gazetteer.SEED.open(encoding="utf-8") as file:
        regions = {row["code"]: row for row in csv.DictReader(file)}
    texts, truths = test_places.addresses(regions)
    ours = [a[4] for a in test_places.resolve([(None, None, None, text) for text in texts])]
    theirs = [code[:6] if code else None for code in cpca.transform(texts)["adcode"]]
    return [
        ("places of the simulator: province and city", _share(right, len(drawn))),
        (
            "addresses all over the country: the right district",
            _share(sum(a == b for a, b in zip(ours, truths, strict=True)), len(texts)),
        ),
        (
            "the same with cpca",
            _share(sum(a == b for a, b in zip(theirs, truths, strict=True)), len(texts)),
        ),
    ]


def main() -> None:
    """Print the two tables of the page."""
    write = sys.stdout.write
    write("| vocabulary (seeds/) | entries |\n|---|---:|\n")
    for seed in SEEDS:
        with (PROJECT_ROOT / "seeds" / f"{seed}.csv").open(encoding="utf-8") as file:
            write(f"| {seed} | {sum(1 for _ in csv.DictReader(file)):,} |\n")
    write("\n| what | equal |\n|---|---:|\n")
    for label, figure in [*_phones(), *_simulated(), *_places()]:
        write(f"| {label} | {figure} |\n")


if __name__ == "__main__":
    main()
