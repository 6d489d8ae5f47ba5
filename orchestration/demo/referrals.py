"""Who brought whom into the membership programme.

Belongs here: pairs of members, when and for how many points. Does not belong here: membership
itself (`crm`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.demo import clock
from orchestration.demo.crm import Members
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.population import NEVER, People
from orchestration.demo.truth import TruthFile

#: Members who were brought by the head of their household, and by somebody else they know.
BY_FAMILY_RATE, BY_FRIEND_RATE = 0.30, 0.08
REWARDS = (100, 100, 200)
TRUTH = """
create table referral (
    referrer_member_no varchar, referred_member_no varchar, referrer_person_id varchar,
    referred_person_id varchar, relation varchar, referred_at timestamp,
    primary key (referrer_member_no, referred_member_no));
comment on table referral is 'Members who brought members until the last day; relation is '
    'household or friend. One row per pair.';
"""


@dataclass
class Referrals:
    """The chunk's pairs of people, ordered by time."""

    referrer: np.ndarray
    referred: np.ndarray
    is_family: np.ndarray
    at: np.ndarray
    points: np.ndarray


def simulate(seed: int, people: People) -> Referrals:
    """Draw who was brought by whom; everybody by one member at most, who was there before."""
    rng = clock.stream(seed, clock.STREAM_REFERRALS, people.chunk)
    joined = people.member_from
    count = len(people)
    pick, which = rng.random((2, count))
    delay = rng.integers(60, 3600, count)
    points = np.array(REWARDS)[rng.integers(0, len(REWARDS), count)]

    # a friend is anybody who joined earlier and lives elsewhere
    by_time = np.argsort(joined, kind="stable")
    place = np.empty(count, dtype=np.int64)
    place[by_time] = np.arange(count)
    friend = by_time[(which * place).astype(np.int64)]
    family = (people.role > 0) & (joined[people.head] < joined) & (pick < BY_FAMILY_RATE)
    elsewhere = (people.household[friend] != people.household) & (joined[friend] < joined)
    by_friend = ~family & elsewhere & (pick > 1 - BY_FRIEND_RATE)
    referred = np.flatnonzero((family | by_friend) & (joined < NEVER))
    referrer = np.where(family, people.head, friend)[referred]
    at = (joined + delay)[referred]
    order = np.lexsort((referred, at))
    return Referrals(
        referrer=referrer[order],
        referred=referred[order],
        is_family=family[referred][order],
        at=at[order],
        points=points[referred][order],
    )


def write(
    people: People,
    members: Members,
    referrals: Referrals,
    months: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the pairs of each of the first `months` months; the first file holds all before."""
    month = np.maximum(clock.month_index(referrals.at), 0)
    text = clock.local_text(referrals.at)
    number = members.by_person
    for m in range(months):
        lines = [
            csv_line(
                (
                    number[referrals.referrer[k]],
                    number[referrals.referred[k]],
                    text[k],
                    str(referrals.points[k]),
                )
            )
            for k in np.flatnonzero(month == m).tolist()
        ]
        if people.chunk == 0:
            lines += _bad_lines(m, number, bad_rows)
        writer.append_csv("crm", "referrals", f"referrals_{clock.MONTHS[m]:%Y%m}.csv", lines)
    known = np.flatnonzero(month < months).tolist()
    facts.add(
        "referral",
        pa.table(
            {
                "referrer_member_no": pa.array(
                    [number[referrals.referrer[k]] for k in known], type=pa.string()
                ),
                "referred_member_no": pa.array(
                    [number[referrals.referred[k]] for k in known], type=pa.string()
                ),
                "referrer_person_id": pa.array(
                    [people.person_ids[referrals.referrer[k]] for k in known], type=pa.string()
                ),
                "referred_person_id": pa.array(
                    [people.person_ids[referrals.referred[k]] for k in known], type=pa.string()
                ),
                "relation": pa.array(
                    ["household" if referrals.is_family[k] else "friend" for k in known],
                    type=pa.string(),
                ),
                "referred_at": pa.array(clock.to_datetime64(referrals.at[known])),
            }
        ),
    )


def _bad_lines(
    month: int, number: list[str], bad_rows: dict[tuple[str, str, str], int]
) -> list[str]:
    """Pairs that no pipeline can accept: nobody recommended, or a member recommends itself."""
    stamp = f"{clock.MONTHS[month]:%Y-%m}-20 11:00:00"
    lines = []
    if month % 7 == 2:
        lines.append(csv_line(("", "VIP000000001", stamp, "100")))
        _count(bad_rows, "missing_referrer_member_no")
    if month % 11 == 5:
        one = next(text for text in [*number, "VIP000000001"] if text)
        lines.append(csv_line((one, one, stamp, "100")))
        _count(bad_rows, "own_referral")
    return lines


def _count(bad_rows: dict[tuple[str, str, str], int], rule: str) -> None:
    key = ("crm", "referrals", rule)
    bad_rows[key] = bad_rows.get(key, 0) + 1
