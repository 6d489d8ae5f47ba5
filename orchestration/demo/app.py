"""The mobile app's backend: accounts and the behaviour log.

Belongs here: devices, accounts, sessions, what the collector repeats or breaks, and both feeds'
rows. Does not belong here: purchases (`behaviour`); the app shows goods, orders are placed
elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orchestration.demo import behaviour, catalogue, clock, crm
from orchestration.demo.landing import LandingWriter
from orchestration.demo.population import NEVER, People
from orchestration.demo.visits import Visits

REPEATED_RATE, REPEATED_LATE_SHARE = 0.015, 0.05
MALFORMED_EVERY = 20_000
SECOND_DEVICE_RATE, BORROWED_DEVICE_RATE, BORROWED_SESSION_RATE = 0.12, 0.06, 0.4
KIOSK_STORES = 3
KIOSK_RATE = 0.015
LOGS_IN_LATE_RATE = 0.2
#: Of those who use WeChat with the retailer at all.
SIGNS_IN_BY_WECHAT_RATE, WECHAT_ONLY_RATE = 0.97, 0.03
#: Every third month is delivered compressed.
COMPRESSED_EVERY = 3
_TYPES = ("view", "search", "favorite", "add_to_cart", "checkout", "share")
_TYPE_SHARES = np.cumsum([0.64, 0.13, 0.07, 0.10, 0.04, 0.02])


@dataclass
class AppTruth:
    """What the log cannot say: who held which device, and how often each person came."""

    devices: set[tuple[str, int]]
    kiosks: set[str]
    shared: set[str]
    users: dict[str, int]
    visits: Visits


def user_id(people: People, person: np.ndarray) -> list[str]:
    """Account ids."""
    serial = (people.first + person) * 5_432_101 + 60_013
    return [f"u{value:09d}" for value in (serial % 1_000_000_000).tolist()]


def _device(people: People, person: np.ndarray, slot: np.ndarray) -> list[str]:
    token = clock.mix((people.first + person) * 4 + slot, 71)
    return [f"d-{value:016x}" for value in token.tolist()]


def write_users(
    seed: int,
    people: People,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    """Append the accounts that are new or changed in each of the first `months` months.

    Returns:
        user_id -> person of the chunk, for the accounts written.
    """
    rng = clock.stream(seed, clock.STREAM_ACCOUNTS, people.chunk)
    person = np.flatnonzero(people.account_from < NEVER)
    count = len(person)
    traits = rng.random((count, 8))
    made = people.account_from[person]
    new_phone = people.number_until[person]
    tells = (new_phone > made) & (traits[:, 0] < 0.8) & (new_phone < NEVER)
    changed = np.where(tells, new_phone + rng.integers(1, 40, count) * clock.DAY + 40_000, NEVER)
    edits = np.where(
        traits[:, 1] < 0.3, made + rng.integers(5, 500, count) * clock.DAY + 50_000, NEVER
    )
    times = np.stack([made, changed, edits], axis=1)
    month = np.maximum(clock.month_index(np.minimum(times, clock.MONTH_EDGES[-1] * 2)), 0)
    ids = user_id(people, person)
    unions = crm.union_ids(people, person)
    found: dict[str, int] = {}
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        chosen = np.flatnonzero((month == m).any(axis=1))
        lines = []
        for k in chosen.tolist():
            who = int(person[k])
            when = int(np.where(times[k] < edge, times[k], -(2**61)).max())
            by_wechat = (
                crm.wechat_share(people, who) < crm.UNIONID_RATE
                and traits[k, 2] < SIGNS_IN_BY_WECHAT_RATE
            )
            # the login number changes when the user says so, not when the number does
            told = times[k, 1] < edge or made[k] >= new_phone[k]
            phone = people.next_phone[who] if told else people.first_phone[who]
            phone_text = None if by_wechat and traits[k, 3] < WECHAT_ONLY_RATE else str(int(phone))
            email = people.first_email[who] if people.app_has_email[who] else ""
            gender = "male" if people.is_male[who] else "female"
            if traits[k, 5] < 0.4:
                gender = "unknown"
            stamps = clock.local_text(np.array([made[k], when]))
            lines.append(
                json.dumps(
                    {
                        "user_id": ids[k],
                        "phone": phone_text,
                        "email": email or None,
                        "nickname": f"{people.pinyin[who]}_{(people.first + who) * 37 % 9973}",
                        "gender": gender,
                        "birthday": str(people.birth[who]) if traits[k, 6] < 0.5 else None,
                        "wechat_unionid": unions[k] if by_wechat else None,
                        "registered_at": stamps[0].replace(" ", "T") + "+08:00",
                        "updated_at": stamps[1].replace(" ", "T") + "+08:00",
                    },
                    ensure_ascii=False,
                )
            )
            found[ids[k]] = who
        if people.chunk == 0 and m % 9 == 6:
            lines.append('{"user_id": "", "phone": "13900000000", "registered_at": null}')
            key = ("app", "users", "missing_user_id")
            bad_rows[key] = bad_rows.get(key, 0) + 1
        writer.append_jsonl("app", "users", f"users_{clock.MONTHS[m]:%Y%m}.jsonl", lines)
    return found


def write_events(
    seed: int,
    people: People,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> Iterator[AppTruth]:
    """Append the behaviour log month by month.

    Yields:
        After each month, what is true up to its end (the same object, growing).
    """
    visits = Visits(people.app_from, people.account_from, people.session_rate)
    truth = AppTruth(set(), set(), set(), {}, visits)
    late: list[str] = []
    for month in range(months):
        suffix = ".gz" if month % COMPRESSED_EVERY == 2 else ""
        name = f"events_{clock.MONTHS[month]:%Y%m}.jsonl{suffix}"
        lines, late = _month_of_events(seed, people, month, late, truth, bad_rows)
        writer.append_jsonl("app", "events", name, lines)
        yield truth


def _month_of_events(
    seed: int,
    people: People,
    month: int,
    late: list[str],
    truth: AppTruth,
    bad_rows: dict[tuple[str, str, str], int],
) -> tuple[list[str], list[str]]:
    goods = catalogue.load()
    rng = clock.stream(seed, clock.STREAM_EVENTS, people.chunk, month)
    person, began = truth.visits.draw(rng, people, month)
    sessions = len(person)

    everyone = people.first + np.arange(len(people))
    second_from = np.where(
        clock.unit_hash(everyone, 72) < SECOND_DEVICE_RATE,
        (clock.unit_hash(everyone, 73) * 1095).astype(np.int64) * clock.DAY,
        NEVER,
    )
    slot = (began >= second_from[person]).astype(np.int64)
    borrower = (clock.unit_hash(everyone, 74) < BORROWED_DEVICE_RATE) & (people.role > 0)
    borrowed = borrower[person] & (rng.random(sessions) < BORROWED_SESSION_RATE)
    holder = np.where(borrowed, people.head[person], person)
    device = _device(people, holder, np.where(borrowed, 0, slot))
    has_account = began >= people.account_from[person]
    on_kiosk = (
        has_account
        & (people.store_share[person] > 0)
        & (people.home_store[person] < KIOSK_STORES)
        & (rng.random(sessions) < KIOSK_RATE)
    )
    for k in np.flatnonzero(on_kiosk).tolist():
        device[k] = f"kiosk-{people.home_store[person[k]] + 1:03d}"
    for who, name, kiosk, loan in zip(
        person.tolist(), device, on_kiosk.tolist(), borrowed.tolist(), strict=True
    ):
        if kiosk:
            truth.kiosks.add(name)
        else:
            truth.devices.add((name, who))
            if loan:
                truth.shared.add(name)

    counts = 1 + rng.poisson(5.0, sessions)
    session = np.repeat(np.arange(sessions), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    step = np.arange(len(session)) - (first[session] if sessions else 0)
    pause = rng.exponential(35.0, len(session)) + 1.0
    total = np.cumsum(pause)
    offset = total - (total - pause)[first][session] if sessions else total
    edge = clock.MONTH_EDGES[month + 1]
    moment_ms = ((began[session] + offset) * 1000).astype(np.int64)
    moment_ms = np.minimum(moment_ms, edge * 1000 - 1)
    kind = np.searchsorted(_TYPE_SHARES, rng.random(len(session)), side="right")
    kind = np.minimum(kind, len(_TYPES) - 1)
    # a session circles around a few products: a new one every third event or so
    product = behaviour.choose_products(rng, people, person[session])
    fresh = (step == 0) | (rng.random(len(session)) < 0.35)
    carried = np.maximum.accumulate(np.where(fresh, np.arange(len(session)), 0))
    product = product[carried] if sessions else product
    duration = np.where(
        kind == 0, rng.lognormal(9.3, 0.8, len(session)).astype(np.int64), -1
    ).tolist()
    # a session that starts logged out gains its user at the sign-in event, which carries it
    late_login = has_account & (rng.random(sessions) < LOGS_IN_LATE_RATE)
    login_step = np.where(late_login, rng.integers(1, 4, sessions), 0)
    signs_in = (
        has_account[session]
        & (step == login_step[session])
        & (late_login[session] | (step == 0) & (rng.random(len(session)) < 0.1))
    )
    knows = has_account[session] & (step >= login_step[session])
    accounts = user_id(people, person)
    for who, name, has in zip(person.tolist(), accounts, has_account.tolist(), strict=True):
        if has:
            truth.users[name] = who

    utc = clock.unit_hash(everyone, 75) < 0.4
    zulu = utc[person[session]]
    stamps = np.datetime_as_string(
        np.datetime64("2024-01-01T00:00:00.000")
        + (moment_ms - np.where(zulu, 8 * 3_600_000, 0)).astype("timedelta64[ms]"),
        unit="ms",
    ).tolist()
    serial = (people.chunk * 10**7 + np.arange(len(session))) * 41 + month
    event_ids = [f"{v:016x}" for v in clock.mix(serial, seed * 31 + 9).tolist()]
    session_ids = [
        f"s{v:012x}"
        for v in (
            clock.mix((people.chunk * 10**6 + np.arange(sessions)) * 41 + month, seed * 31 + 10)
            % np.uint64(16**12)
        ).tolist()
    ]
    lines = []
    columns = zip(
        session.tolist(),
        kind.tolist(),
        product.tolist(),
        stamps,
        zulu.tolist(),
        event_ids,
        duration,
        signs_in.tolist(),
        knows.tolist(),
        strict=True,
    )
    for s, k, p, stamp, is_zulu, event_id, ms, sign_in, known in columns:
        event = "sign_in" if sign_in else _TYPES[k]
        user = f'"{accounts[s]}"' if known else "null"
        sku = category = keyword = millis = "null"
        if event == "search":
            keyword = f'"{goods.subcategories[p] if p % 3 else goods.brands[p]}"'
        elif event != "sign_in":
            sku, category = f'"{goods.product_ids[p]}"', f'"{goods.categories[p]}"'
            if event == "view" and ms >= 0:
                millis = str(ms)
        lines.append(
            f'{{"event_id": "{event_id}", "event": "{event}", '
            f'"ts": "{stamp}{"Z" if is_zulu else "+08:00"}", "user_id": {user}, '
            f'"device_id": "{device[s]}", "session_id": "{session_ids[s]}", "sku": {sku}, '
            f'"category": {category}, "keyword": {keyword}, "duration_ms": {millis}}}'
        )

    # the collector sends by time; a retry repeats an event minutes later, sometimes next month
    order = np.lexsort((np.arange(len(session)), moment_ms))
    repeats = rng.random(len(session)) < REPEATED_RATE
    much_later = repeats & (rng.random(len(session)) < REPEATED_LATE_SHARE)
    delay = np.where(repeats, rng.exponential(200_000, len(session)), 0)
    again = np.flatnonzero(repeats & ~much_later)
    which = np.concatenate([order, again])
    arrival = np.concatenate([moment_ms[order], moment_ms[again] + delay[again]])
    which = which[np.lexsort((which, arrival))]
    out = late + [lines[i] for i in which.tolist()]
    out = list(_break_lines(out, people.chunk, month, bad_rows))
    return out, [lines[i] for i in np.flatnonzero(much_later).tolist()]


def _break_lines(
    lines: list[str], chunk: int, month: int, bad_rows: dict[tuple[str, str, str], int]
) -> Iterator[str]:
    """Insert what a crashed collector leaves behind: half a line, in front of the whole one.

    The running count goes on from month to month, so small retailers get their share too.
    """
    offset = (month * 7_919 + chunk * 104_729) % MALFORMED_EVERY
    for number, line in enumerate(lines):
        if (number + offset) % MALFORMED_EVERY == MALFORMED_EVERY - 1:
            yield line[: len(line) * 2 // 3]
            key = ("app", "events", "not_json")
            bad_rows[key] = bad_rows.get(key, 0) + 1
        yield line
    if chunk == 0 and month % 10 == 8 and lines:
        yield '{"event_id": null' + lines[-1][lines[-1].index(', "event"') :]
        key = ("app", "events", "missing_event_id")
        bad_rows[key] = bad_rows.get(key, 0) + 1
