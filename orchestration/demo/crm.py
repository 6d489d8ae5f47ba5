"""The membership system: members as staff typed them, and the points ledger.

Belongs here: who is a member under which number, what the record says at each change, points.
Does not belong here: purchases (`behaviour`, `online`, `pos`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.demo import behaviour, clock, dirt, jd, names, tmall, weibo
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter, number_cell
from orchestration.demo.online import OnlineOrders
from orchestration.demo.population import NEVER, People
from orchestration.demo.pos import Tickets

JOINED_TWICE_RATE = 0.02
NO_PHONE_RATE = 0.03
PLACEHOLDER_PHONE_RATE, PLACEHOLDER_EMAIL_RATE = 0.010, 0.010
MISTYPED_PHONE_RATE = 0.008
#: A number typed wrong that is somebody else's; a family member's number; as shares of members.
STRANGERS_PHONE_RATE, FAMILY_PHONE_RATE = 0.0005, 0.03
#: The same where the family member is no member, so that no second name warns of it.
UNNAMED_FAMILY_PHONE_RATE = 0.001
OUID_BOUND_RATE, JD_BOUND_RATE = 0.88, 0.92
UNIONID_RATE = 0.45
NATIONAL_ID_RATE = 0.03
NUMERIC_PHONE_RATE = 0.04
_TIERS = ("普卡", "银卡", "金卡", "钻石卡")


@dataclass
class Members:
    """The chunk's memberships; one person may have two."""

    person: np.ndarray
    slot: np.ndarray
    number: list[str]
    registered: np.ndarray
    #: first number per person, empty without a membership
    by_person: list[str]


def member_number(people: People, person: np.ndarray, slot: np.ndarray) -> list[str]:
    """Membership numbers, unique within the programme."""
    serial = ((people.first + person) * 2 + slot) * 3_456_789 + 20_191
    return [f"VIP{value:09d}" for value in (serial % 1_000_000_000).tolist()]


def union_ids(people: People, person: np.ndarray, account: int = 0) -> list[str]:
    """WeChat accounts under the retailer's open-platform account; a few people have a second."""
    index = (people.first + person) * 2 + account
    pairs = zip(clock.mix(index, 61).tolist(), clock.mix(index, 62).tolist(), strict=True)
    return [f"o6_{a:016x}{b % 16**9:09x}" for a, b in pairs]


def simulate_members(seed: int, people: People) -> Members:
    """Draw who joins the programme, and who joins it twice."""
    rng = clock.stream(seed, clock.STREAM_CRM, people.chunk)
    person = np.flatnonzero(people.member_from < NEVER)
    number = member_number(people, person, np.zeros(len(person), dtype=np.int64))
    by_person = [""] * len(people)
    for who, text in zip(person.tolist(), number, strict=True):
        by_person[who] = text
    twice = person[rng.random(len(person)) < JOINED_TWICE_RATE]
    later = people.member_from[twice] + rng.integers(30, 600, len(twice)) * clock.DAY
    return Members(
        person=np.concatenate([person, twice]),
        slot=np.repeat([0, 1], [len(person), len(twice)]),
        number=number + member_number(people, twice, np.ones(len(twice), dtype=np.int64)),
        registered=np.concatenate([people.member_from[person], later]),
        by_person=by_person,
    )


def _changes(rng: np.random.Generator, people: People, members: Members) -> np.ndarray:
    """Times at which each record was written: joining, then up to three updates. [member, 4]"""
    count = len(members.person)
    registered = members.registered
    lag = rng.integers(1, 60, (count, 2)) * clock.DAY + rng.integers(32_000, 72_000, (count, 2))
    tells_phone, tells_move, other = rng.random((3, count))
    number_until = people.number_until[members.person]
    moved_at = people.moved_at[members.person]
    phone = np.where((number_until > registered) & (tells_phone < 0.6), number_until, NEVER)
    moved = np.where((moved_at > registered) & (tells_move < 0.6), moved_at, NEVER)
    phone = np.where(phone < NEVER, phone + lag[:, 0], NEVER)
    moved = np.where(moved < NEVER, moved + lag[:, 1], NEVER)
    review = np.where(
        other < 0.5,
        registered + (rng.exponential(300, count) + 20).astype(np.int64) * clock.DAY + 36_000,
        NEVER,
    )
    return np.stack([registered, phone, moved, review], axis=1)


def write_members(
    seed: int,
    people: People,
    members: Members,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the members that are new or changed in each of the first `months` months."""
    rng = clock.stream(seed, clock.STREAM_CRM, people.chunk, 1)
    count = len(members.person)
    changes = _changes(rng, people, members)
    month = clock.month_index(np.minimum(changes, clock.MONTH_EDGES[-1] * 2))
    month = np.maximum(month, 0)

    # what staff typed stays as typed; only what changed is typed again
    traits = rng.random((count, 18))
    spell = rng.random((count, 4, 3))
    typo = rng.random((count, 2))
    stranger = rng.integers(0, len(people), count)
    first_account = np.zeros(count, dtype=np.int64)
    bound_accounts = list(
        zip(
            tmall.buyer_ouid(people, members.person, first_account, seed),
            jd.buyer_id(people, members.person, first_account, seed),
            union_ids(people, members.person),
            strict=True,
        )
    )
    jd_traits = clock.stream(seed, clock.STREAM_CRM, people.chunk, 2).random((count, 3))
    uid = weibo.bound_uid(people, members.person)
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        chosen = np.flatnonzero((month == m).any(axis=1))
        rows = []
        for k in chosen.tolist():
            times = changes[k]
            version = int(np.where(times < edge, times, -(2**61)).argmax())
            rows.append(
                _member_row(
                    seed,
                    people,
                    members,
                    k,
                    int(times[version]),
                    traits[k],
                    spell[k, version],
                    typo[k],
                    int(stranger[k]),
                    bound_accounts[k],
                    jd_traits[k],
                    uid[k],
                )
            )
        if people.chunk == 0 and m % 8 == 5:
            rows.append(
                [
                    "",
                    "测试会员",
                    *[""] * 12,
                    "2024-01-01 00:00:00",
                    "2024-01-01 00:00:00",
                    *[""] * 7,
                ]
            )
            key = ("crm", "members", "missing_member_no")
            bad_rows[key] = bad_rows.get(key, 0) + 1
        writer.append_workbook("crm", "members", f"members_{clock.MONTHS[m]:%Y%m}.xlsx", rows)


def _member_row(
    seed: int,
    people: People,
    members: Members,
    k: int,
    when: int,
    traits: np.ndarray,
    spell: np.ndarray,
    typo: np.ndarray,
    stranger: int,
    accounts: tuple[str, str, str],
    jd_traits: np.ndarray,
    uid: str,
) -> list[str]:
    who, second = int(members.person[k]), members.slot[k] == 1
    gender = "male" if people.is_male[who] else "female"
    birth = str(people.birth[who])
    phone = _phone_cell(people, who, second, when, traits, spell[0], typo, stranger)
    email = people.second_email[who] if second else people.first_email[who]
    if not people.programme_has_email[who] and not second:
        email = ""
    if traits[4] < PLACEHOLDER_EMAIL_RATE:
        email = dirt.PLACEHOLDER_EMAIL
    province, city, district, street, postcode = people.address_at(who, when)
    region = names.PLACES[people.place[who]][4]
    citizen = ""
    if traits[5] < NATIONAL_ID_RATE:
        citizen = dirt.national_id(region, birth, people.first + who, bool(people.is_male[who]))
    registered = int(members.registered[k])
    ouid, jd_id, union = accounts
    written = (registered, when)
    tmall_bound = _is_bound(people, who, behaviour.TMALL, OUID_BOUND_RATE, traits[6:9], written)
    jd_bound = _is_bound(people, who, behaviour.JD, JD_BOUND_RATE, jd_traits, written)
    tier = min(int(people.spend_level[who] * 1.4) + (when - registered > 400 * clock.DAY), 3)
    stamp = clock.local_text(np.array([registered, when]))
    consent = [
        "" if value < 0.25 else ("是" if value < 0.25 + 0.75 * share else "否")
        for value, share in zip(traits[9:13].tolist(), (0.70, 0.45, 0.55, 0.40), strict=True)
    ]
    address_known = traits[13] < 0.7
    return [
        members.number[k],
        dirt.spell_name(people.full_names[who], gender, float(spell[1])),
        dirt.spell_gender(gender, float(traits[14])),
        dirt.spell_birth_date(birth, float(traits[15])) if traits[16] < 0.85 else "",
        phone,
        dirt.spell_email(email, float(spell[2])),
        province,
        city,
        district if address_known else "",
        street if address_known else "",
        postcode if address_known else "",
        citizen,
        names.OCCUPATIONS[who * 7 % len(names.OCCUPATIONS)] if traits[17] < 0.5 else "",
        _TIERS[tier],
        stamp[0],
        stamp[1],
        ouid if tmall_bound and not second else "",
        jd_id if jd_bound and not second else "",
        union if wechat_share(people, who) < UNIONID_RATE else "",
        uid if not second else "",
        *consent,
    ]


def _is_bound(
    people: People,
    who: int,
    channel: int,
    rate: float,
    traits: np.ndarray,
    written: tuple[int, int],
) -> bool:
    """Whether a record names the member's account on a channel; `written` is when the member
    joined and when the record was written."""
    registered, when = written
    shops_there = people.store_share[who] < 1.0 and (
        people.main_channel[who] == channel
        or (people.second_channel[who] == channel and people.second_channel_share[who] > 0)
    )
    bound_from = registered + (0 if traits[1] < 0.6 else int(traits[2] * 200) * clock.DAY)
    # a bound account shows up with the next change of the record at the latest
    return bool(shops_there and traits[0] < rate and (when >= bound_from or traits[1] < 0.85))


def wechat_share(people: People, who: int) -> float:
    """A fixed number in [0, 1) per person: who has bound WeChat to what."""
    return float(clock.unit_hash(np.array([people.first + who]), 63)[0])


def _phone_cell(
    people: People,
    who: int,
    second: bool,
    when: int,
    traits: np.ndarray,
    spelling: float,
    typo: np.ndarray,
    stranger: int,
) -> str:
    pick = float(traits[0])
    number = int(people.phone_at(np.array([who]), np.array([when]))[0])
    if second and people.second_phone[who] and traits[2] < 0.7:
        number = int(people.second_phone[who])
    edges = np.cumsum(
        [NO_PHONE_RATE, PLACEHOLDER_PHONE_RATE, MISTYPED_PHONE_RATE, STRANGERS_PHONE_RATE]
    )
    if pick < edges[0]:
        return ""
    if pick < edges[1]:
        return dirt.PLACEHOLDER_PHONE
    if pick < edges[2]:
        return str(dirt.mistype_phone(number, float(typo[0])))
    if pick < edges[3]:
        return str(int(people.first_phone[stranger]))
    head = int(people.head[who])
    # mostly the number of a member, so that two full names meet on it
    named = people.member_from[head] < NEVER
    share = FAMILY_PHONE_RATE if named else UNNAMED_FAMILY_PHONE_RATE
    if people.role[who] > 0 and typo[1] < share:
        number = int(people.phone_at(np.array([head]), np.array([when]))[0])
    if traits[1] < NUMERIC_PHONE_RATE:
        return number_cell(number)
    return dirt.spell_phone(number, float(spelling))


def write_points(
    seed: int,
    people: People,
    purchases: Purchases,
    online_orders: Sequence[OnlineOrders],
    tickets: Tickets,
    members: Members,
    months: int,
    writer: LandingWriter,
) -> None:
    """Append the ledger: points earned on identified purchases, redeemed, expired at year's end."""
    rng = clock.stream(seed, clock.STREAM_POINTS, people.chunk)
    due = np.zeros(len(purchases), dtype=np.int64)
    due[tickets.index] = tickets.amount
    when = purchases.placed_at.copy()
    for orders in online_orders:
        due[orders.index] = orders.due
        when[orders.index] = orders.paid_at
    shown = np.ones(len(purchases), dtype=bool)
    shown[tickets.index] = tickets.shows_card
    spends = rng.random(len(purchases))
    pause = rng.integers(3600, 20 * clock.DAY, len(purchases))
    earns = (
        purchases.is_visible
        & shown
        & (when >= people.member_from[purchases.person])
        & (due >= 100)
        & (when < clock.MONTH_EDGES[-1])
    )
    earned = np.flatnonzero(earns)
    points = due[earned] // 100
    redeems = (spends[earned] < 0.12) & (points >= 20)
    lapses = (spends[earned] > 0.95) & (points >= 10)
    year_end = np.array([366, 731, 1096])[np.minimum(when[earned] // clock.DAY // 366, 2)]
    person = np.concatenate(
        [
            purchases.person[earned],
            purchases.person[earned[redeems]],
            purchases.person[earned[lapses]],
        ]
    )
    amount = np.concatenate([points, -(points[redeems] // 10 * 10), -points[lapses]])
    moment = np.concatenate(
        [
            when[earned],
            when[earned[redeems]] + pause[earned[redeems]],
            year_end[lapses] * clock.DAY - 1,
        ]
    )
    kind = np.repeat([0, 1, 2], [len(earned), int(redeems.sum()), int(lapses.sum())])
    entry = people.chunk * 10**8 + np.concatenate(
        [earned * 4, earned[redeems] * 4 + 1, earned[lapses] * 4 + 2]
    )
    order = np.lexsort((entry, moment))
    month = clock.month_index(moment)
    for m in range(months):
        chosen = order[month[order] == m]
        text = clock.local_text(moment[chosen])
        rows = [
            [f"PT{e:012d}", members.by_person[p], _ENTRY_TYPES[k], number_cell(v), t]
            for e, p, k, v, t in zip(
                entry[chosen].tolist(),
                person[chosen].tolist(),
                kind[chosen].tolist(),
                amount[chosen].tolist(),
                text,
                strict=True,
            )
        ]
        writer.append_workbook("crm", "points", f"points_{clock.MONTHS[m]:%Y%m}.xlsx", rows)


_ENTRY_TYPES = ("获取", "兑换", "过期")
