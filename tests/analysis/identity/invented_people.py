"""Records of invented people at any size, for testing and timing identity resolution.

Belongs here: drawing people and what four systems know of them, whole columns at a time.
Does not belong here: assertions, timing; the retailer's events, which identity does not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.analysis.identity.schemas import IDENTIFIERS, PROFILE, RECORDS
from orchestration.demo import names

RECORDS_PER_PERSON = 2.2
# Share of people whom each system knows; the four add up to RECORDS_PER_PERSON.
SHARES = {"crm": 0.60, "tmall": 0.60, "app": 0.55, "pos": 0.45}
MISTYPED_NAME, MISTYPED_PHONE, SHARED_PHONE = 0.01, 0.01, 0.03
HOUSEHOLD_SHARE = 0.35


@dataclass(frozen=True)
class Population:
    """Inputs of `resolve`, and the person behind each record, in order of the records."""

    records: pa.Table
    identifiers: pa.Table
    person: np.ndarray


def draw_population(record_count: int, seed: int = 360) -> Population:
    """Draw about so many records of about record_count / 2.2 people.

    Args:
        record_count: Records wanted.
        seed: Same seed, same people.

    Returns:
        The population; a third of its people live with somebody else.
    """
    rng = np.random.default_rng(seed)
    count = int(record_count / RECORDS_PER_PERSON)
    people = _people(rng, count)
    records, identifiers, person = [], [], []
    for source, share in SHARES.items():
        who = np.flatnonzero(rng.random(count) < share)
        key = np.char.add(f"{source}:", who.astype(str)).astype(object)
        records.append(_records(rng, source, who, key, people))
        identifiers += _identifiers(rng, source, who, key, people)
        person.append(who)
    return Population(
        pa.concat_tables(records), pa.concat_tables(identifiers), np.concatenate(person)
    )


def _people(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    # A third live with the person before them.
    head = np.maximum(np.arange(count) - (rng.random(count) < HOUSEHOLD_SHARE), 0)
    weight = 1.0 / (np.arange(len(names.SURNAMES)) + 6.0)
    surname = rng.choice(len(names.SURNAMES), size=count, p=weight / weight.sum())
    surname = np.where(rng.random(count) < 0.5, surname, surname[head])
    is_male = rng.random(count) < 0.5
    given = np.char.add(_characters(rng, is_male), _characters(rng, is_male))
    given = np.where(rng.random(count) < 0.16, given.astype("<U1"), given)
    prefixes = np.array([int(text) for text in names.PHONE_PREFIXES])
    phone = prefixes[rng.integers(0, len(prefixes), count)] * 10**8
    phone += rng.permutation(count).astype(np.int64) * 9_973 % 10**8
    place = rng.integers(0, len(names.PLACES), count)[head]
    house, block, room = (rng.integers(1, top, count)[head] for top in (400, 30, 2800))
    road = np.array(names.ROADS)[rng.integers(0, len(names.ROADS), count)[head]]
    homes = zip(road.tolist(), house.tolist(), block.tolist(), room.tolist(), strict=True)
    birth_days = rng.integers(0, 55 * 365, count).astype("timedelta64[D]")
    return {
        "family": np.array([pair[0] for pair in names.SURNAMES])[surname],
        "pinyin": np.array([pair[1] for pair in names.SURNAMES])[surname],
        "given": given,
        "gender": np.where(is_male, "male", "female"),
        "birth": np.datetime64("1950-01-01") + birth_days,
        "phone": phone,
        "family_phone": phone[head],
        "handle": rng.permutation(count) + 10**6,
        "province": np.array([each[1] for each in names.PLACES])[place],
        "city": np.array([each[0] for each in names.PLACES])[place],
        "district": np.array(
            [
                names.PLACES[p][5][number % len(names.PLACES[p][5])]
                for p, number in zip(place.tolist(), house.tolist(), strict=True)
            ]
        ),
        "postcode": np.array([each[3] for each in names.PLACES])[place],
        "address": np.array([f"{street}{n}号{b}栋{r}室" for street, n, b, r in homes]),
    }


def _characters(rng: np.random.Generator, is_male: np.ndarray) -> np.ndarray:
    male, female = np.array(list(names.MALE_CHARACTERS)), np.array(list(names.FEMALE_CHARACTERS))
    pick = rng.random(len(is_male))
    return np.where(
        is_male, male[(pick * len(male)).astype(int)], female[(pick * len(female)).astype(int)]
    )


def _records(
    rng: np.random.Generator,
    source: str,
    who: np.ndarray,
    key: np.ndarray,
    people: dict[str, np.ndarray],
) -> pa.Table:
    count = len(who)
    name = np.char.add(people["family"], people["given"])[who].astype(object)
    wrong = rng.random(count) < MISTYPED_NAME
    other = rng.permutation(who)
    name[wrong] = np.char.add(people["family"][who[wrong]], people["given"][other[wrong]])
    phone = people["phone"][who]
    starred = np.array([f"{n // 10**8}****{n % 10**4:04d}" for n in phone.tolist()], dtype=object)
    columns: dict[str, np.ndarray | None] = {
        "crm": {
            "full_name": name,
            "gender": people["gender"][who],
            "birth_date": _some(rng, people["birth"][who], 0.85),
            **{c: people[c][who] for c in ("province", "city", "district", "postcode")},
            "address": _some(rng, people["address"][who], 0.7),
        },
        "tmall": {
            "full_name": _some(rng, name, 0.7),
            "masked_name": np.char.add(people["family"][who], "*"),
            "masked_phone": starred,
            **{c: people[c][who] for c in ("province", "city", "district")},
        },
        "app": {
            "gender": _some(rng, people["gender"][who], 0.5),
            "birth_date": _some(rng, people["birth"][who], 0.5),
            "nickname": np.char.add(people["pinyin"][who], "_1"),
        },
        "pos": {"city": people["city"][who]},
    }[source]
    seen = np.full(count, np.datetime64("2025-01-01", "us"))
    given = {
        "record_key": key,
        "source": np.full(count, source, dtype=object),
        "source_customer_id": who.astype(str).astype(object),
        "first_seen_at": seen,
        "last_seen_at": seen,
        **columns,
    }
    schema = pa.schema([*RECORDS, *PROFILE])
    return pa.table(
        [
            pa.array(_plain(given[field.name]), type=field.type, from_pandas=True)
            if field.name in given
            else pa.nulls(count, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _identifiers(
    rng: np.random.Generator,
    source: str,
    who: np.ndarray,
    key: np.ndarray,
    people: dict[str, np.ndarray],
) -> list[pa.Table]:
    phone = people["phone"][who].copy()
    shared, wrong = rng.random(len(who)) < SHARED_PHONE, rng.random(len(who)) < MISTYPED_PHONE
    phone[shared] = people["family_phone"][who[shared]]
    phone[wrong] += 10 ** rng.integers(0, 7, int(wrong.sum()))
    phones = np.char.add("+86", phone.astype(str))
    handles = np.char.add(people["pinyin"][who], people["handle"][who].astype(str))
    emails, members = np.char.add(handles, "@qq.com"), np.char.add("VIP", who.astype(str))
    held = {
        "crm": [
            ("phone", "", phones, 0.97),
            ("email", "", emails, 0.5),
            ("member_no", "crm", members, 1.0),
        ],
        "tmall": [("phone", "", phones, 0.5), ("email", "", emails, 0.1)],
        "app": [("phone", "", phones, 0.95), ("email", "", emails, 0.4)],
        "pos": [("phone", "", phones, 0.8), ("member_no", "crm", members, 0.3)],
    }[source]
    tables = []
    for id_type, scope, values, share in held:
        chosen = np.flatnonzero(rng.random(len(who)) < share)
        seen = np.full(len(chosen), np.datetime64("2025-01-01", "us"))
        tables.append(
            pa.table(
                [
                    pa.array(key[chosen], type=pa.string()),
                    pa.array([id_type] * len(chosen)),
                    pa.array([scope] * len(chosen)),
                    pa.array(_plain(values[chosen]), type=pa.string()),
                    pa.array(seen),
                    pa.array(seen),
                ],
                schema=IDENTIFIERS,
            )
        )
    return tables


def _some(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """The values with some of them unknown."""
    kept = values.astype(object)
    kept[rng.random(len(values)) >= share] = None
    return kept


def _plain(values: np.ndarray) -> np.ndarray:
    return values.astype(object) if values.dtype.kind == "U" else values
