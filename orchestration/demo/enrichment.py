"""Attributes bought from data providers: right for most, wrong for some, licensed for a while.

Belongs here: what is true of a person that no shop sees, what a provider says of it, the keys
providers know people by, and the feed's rows. Does not belong here: anything the retailer itself
knows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa

from orchestration.demo import catalogue, clock, names
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.population import NEVER, People
from orchestration.demo.truth import TruthFile

#: Delivered on the tenth of the third month of each quarter, by each provider.
DELIVERY_DAY = 10
COVERAGE = 0.14
ATTRIBUTES_PER_PERSON = 2
WRONG_RATE = 0.15
#: Licences that end within a month, so that most of them are over when anybody looks.
SHORT_RATE, SHORT_DAYS = 0.10, 30
BY_PHONE, BY_EMAIL = 0.60, 0.25
#: Keys in capital digits, which still match; keys of a value that nobody normalised, which do not.
CAPITAL_RATE, UNNORMALISED_RATE = 0.06, 0.05
INCOME_BANDS = ("10万以下", "10-20万", "20-40万", "40万以上")
INCOME_EDGES = (0.7, 1.1, 1.7)
_ANSWERS = ("否", "是")
_ATTRIBUTES = ("收入区间", "职业", "有无子女", "兴趣", "有车")
_CODES = ("income_band", "occupation", "has_children", "interest", "car_owner")
TRUTH = """
create table enrichment (
    provider varchar, licence_date date, expires_on date, match_key_type varchar,
    match_key varchar, person_id varchar, attribute varchar, value varchar, true_value varchar,
    is_matchable boolean);
comment on table enrichment is 'What providers sold until the last day, of whom, and what is true. '
    'A key that is not matchable was made of a value that nobody had normalised. One row per '
    'landed attribute.';
"""


@dataclass(frozen=True)
class Provider:
    """Who sells: name, how long a licence lasts, number of the provider's own draws."""

    name: str
    licence_days: int
    number: int


PROVIDERS = (Provider("数联科技", 365, 0), Provider("融合数据", 180, 1))


def true_values(people: People) -> list[list[str]]:
    """What is true of everybody of a chunk, by attribute and person."""
    goods = catalogue.load()
    size = np.bincount(people.head, minlength=len(people))[people.head]
    band = np.searchsorted(INCOME_EDGES, people.spend_level)
    drives = clock.unit_hash(people.first + np.arange(len(people)), 111) < 0.45
    jobs = len(names.OCCUPATIONS)
    return [
        [INCOME_BANDS[b] for b in band.tolist()],
        # the same as the programme's staff wrote down
        [names.OCCUPATIONS[who * 7 % jobs] for who in range(len(people))],
        [_ANSWERS[int(n)] for n in ((size >= 3) & (people.role < 2)).tolist()],
        [goods.category_names[c] for c in people.tastes.argmax(axis=1).tolist()],
        [_ANSWERS[int(d)] for d in drives.tolist()],
    ]


def write(
    seed: int,
    people: People,
    member_numbers: list[str],
    months: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the deliveries of the first `months` months."""
    truth = true_values(people)
    tables = []
    for month in range(2, months, 3):
        for provider in PROVIDERS:
            table, lines = _delivery(seed, people, member_numbers, truth, month, provider)
            tables.append(table)
            if people.chunk == 0 and provider.number == 0:
                lines += _bad_lines(month, bad_rows)
            name = f"attributes_{clock.MONTHS[month]:%Y%m}_{provider.number + 1}.csv"
            writer.append_csv("enrichment", "attributes", name, lines)
    if tables:
        facts.add("enrichment", pa.concat_tables(tables))


def _delivery(
    seed: int,
    people: People,
    member_numbers: list[str],
    truth: list[list[str]],
    month: int,
    provider: Provider,
) -> tuple[pa.Table, list[str]]:
    rng = clock.stream(seed, clock.STREAM_ENRICHMENT, people.chunk, month * 4 + provider.number)
    count = len(people)
    day = clock.MONTHS[month] + timedelta(days=DELIVERY_DAY - 1)
    now = clock.day_number(day) * clock.DAY
    covered, how, capital, raw = rng.random((4, count))
    first = rng.integers(0, len(_ATTRIBUTES), count)
    shift = rng.integers(1, len(_ATTRIBUTES), count)
    wrong, short, other = rng.random((3, count, ATTRIBUTES_PER_PERSON))
    confidence = rng.beta(9.0, 2.0, (count, ATTRIBUTES_PER_PERSON))
    chosen = np.flatnonzero((people.joined_day < clock.day_number(day)) & (covered < COVERAGE))
    phones = people.phone_at(np.arange(count), np.full(count, now))
    rows, lines = [], []
    for who in chosen.tolist():
        kind, value, plain = _known_as(
            people, member_numbers, who, float(how[who]), int(phones[who]), now
        )
        matchable = kind == "会员号" or raw[who] >= UNNORMALISED_RATE
        key = value
        if kind != "会员号":
            key = hashlib.sha256((value if matchable else plain).encode()).hexdigest()
            if capital[who] < CAPITAL_RATE:
                key = key.upper()
        for turn in range(ATTRIBUTES_PER_PERSON):
            what = (int(first[who]) + turn * int(shift[who])) % len(_ATTRIBUTES)
            true = truth[what][who]
            said = true
            if wrong[who, turn] < WRONG_RATE:
                said = _something_else(what, true, float(other[who, turn]))
            days = SHORT_DAYS if short[who, turn] < SHORT_RATE else provider.licence_days
            ends = day + timedelta(days=days - 1)
            lines.append(
                csv_line(
                    (
                        provider.name,
                        f"{day:%Y-%m-%d}",
                        f"{ends:%Y-%m-%d}" if who % 3 else f"{ends:%Y%m%d}",
                        kind,
                        key,
                        _ATTRIBUTES[what],
                        said,
                        f"{confidence[who, turn]:.2f}",
                    )
                )
            )
            person = people.person_ids[who]
            rows.append((ends, kind, key, person, _CODES[what], said, true, matchable))
    columns = list(zip(*rows, strict=True)) or [()] * 8
    table = pa.table(
        {
            "provider": pa.array([provider.name] * len(rows), pa.string()),
            "licence_date": pa.array([day] * len(rows), pa.date32()),
            "expires_on": pa.array(columns[0], pa.date32()),
            "match_key_type": pa.array(columns[1], pa.string()),
            "match_key": pa.array(columns[2], pa.string()),
            "person_id": pa.array(columns[3], pa.string()),
            "attribute": pa.array(columns[4], pa.string()),
            "value": pa.array(columns[5], pa.string()),
            "true_value": pa.array(columns[6], pa.string()),
            "is_matchable": pa.array(columns[7], pa.bool_()),
        }
    )
    return table, lines


def _known_as(
    people: People, member_numbers: list[str], who: int, how: float, phone: int, now: int
) -> tuple[str, str, str]:
    """Kind of key, the value as it is to be hashed, and as somebody forgot to normalise it."""
    email = people.first_email[who]
    if BY_PHONE <= how < BY_PHONE + BY_EMAIL and email:
        return "邮箱SHA256", email.lower(), email.capitalize() + " "
    member = people.member_from[who] < min(now, int(NEVER))
    if how >= BY_PHONE + BY_EMAIL and member:
        return "会员号", member_numbers[who], ""
    return "手机号SHA256", f"+86{phone}", str(phone)


def _something_else(what: int, true: str, pick: float) -> str:
    """Another value of the same attribute."""
    values: tuple[str, ...] = (
        INCOME_BANDS,
        tuple(names.OCCUPATIONS),
        _ANSWERS,
        tuple(catalogue.load().category_names),
        _ANSWERS,
    )[what]
    others = [value for value in values if value != true]
    return others[int(pick * len(others))]


def _bad_lines(month: int, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """Rows that no pipeline can accept: other keys, other hashes, impossible numbers and dates."""
    day = f"{clock.MONTHS[month]:%Y-%m}-{DELIVERY_DAY}"
    digest = hashlib.sha256(f"bad{month}".encode()).hexdigest()
    head = ("数联科技", day, "")
    lines = [
        csv_line((*head, "设备MD5", digest, "兴趣", "咖啡机", "0.50")),
        csv_line((*head, "手机号SHA256", digest[:32], "兴趣", "咖啡机", "0.50")),
    ]
    rules = ["unknown_match_key_type", "malformed_match_key"]
    if month % 2:
        lines.append(csv_line((*head, "手机号SHA256", digest, "兴趣", "咖啡机", "170")))
        rules.append("unreadable_confidence")
    else:
        ended = ("数联科技", day, "2020-01-01")
        lines.append(csv_line((*ended, "手机号SHA256", digest, "兴趣", "咖啡机", "0.50")))
        rules.append("expires_before_licence")
    for rule in rules:
        key = ("enrichment", "attributes", rule)
        bad_rows[key] = bad_rows.get(key, 0) + 1
    return lines
