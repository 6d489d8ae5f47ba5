"""The brand's Weibo account: who follows it and who reacts to its posts.

Belongs here: Weibo accounts of people and of strangers, following and leaving, comments, reposts
and likes, and both feeds' rows. Does not belong here: purchases. What people do on Weibo says
nothing about whether they still buy, so it adds nothing to what can be known about churn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.demo import behaviour, clock, names
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.population import NEVER, People
from orchestration.demo.truth import TruthFile

#: Share of members and of others whose Weibo account takes notice of the brand; of those who ever
#: follow; and of members who told the programme about it, which gives points for that.
MEMBER_ACCOUNT_RATE, ACCOUNT_RATE, FOLLOW_RATE, BOUND_RATE = 0.11, 0.01, 0.60, 0.80
#: Followers who are nobody else here, per person of the retailer.
STRANGER_RATE = 0.03
MEAN_STAY_DAYS, COMES_BACK_RATE = 1_400.0, 0.2
#: Reactions a month while following; of account holders who do not follow.
REACTIONS, STRAY_REACTIONS = 0.7, 0.05
POST_EVERY = 36 * 3600
REPEATED_RATE = 0.012
UNTOLD_GENDER_RATE, WRONG_GENDER_RATE = 0.08, 0.01
_FIRST_STRANGER = 10**8
_UID_PRIME = 1_999_999_973
_TYPES = ("like", "comment", "repost")
_TYPE_SHARES = np.cumsum([0.62, 0.24, 0.14])
_WORDS = (
    "太好看了！",
    "求链接",
    "[赞][赞]",
    "什么时候补货？",
    "已下单，坐等收货",
    "上次买的还没用完",
    "转发微博",
    "抽我抽我 @好友一起",
    "质量真的不错",
    "客服能不能回一下",
    "价格有点高",
    "颜色和图片不太一样",
)
_VERIFIED = ("普通用户", "个人认证", "机构认证")
_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TRUTH = """
create table weibo_account (
    weibo_uid varchar primary key, person_id varchar, ever_followed boolean,
    is_bound_in_crm boolean);
comment on table weibo_account is 'Weibo accounts that occur in the landing files or belong to a '
    'person; a stranger''s person_id is in no other table. One row per account.';
"""


@dataclass
class Accounts:
    """The chunk's Weibo accounts: those of people first, then strangers'.

    `person` is the person of the chunk, -1 for strangers. Spells of following are ordered by
    account; times in seconds, `until` NEVER while following.
    """

    uid: np.ndarray
    person: np.ndarray
    nickname: list[str]
    gender: list[str]
    region: list[str]
    fans: np.ndarray
    verified: np.ndarray
    spell_account: np.ndarray
    spell_from: np.ndarray
    spell_until: np.ndarray


def account_uid(people: People, person: np.ndarray) -> np.ndarray:
    """The Weibo UID of each person, 0 for those without an account."""
    index = people.first + person
    is_member = people.member_from[person] < NEVER
    has = clock.unit_hash(index, 91) < np.where(is_member, MEMBER_ACCOUNT_RATE, ACCOUNT_RATE)
    return np.where(has, _uid(index), 0)


def bound_uid(people: People, person: np.ndarray) -> list[str]:
    """The UID that each of these members told the programme, empty when none."""
    tells = clock.unit_hash(people.first + person, 92) < BOUND_RATE
    uids = np.where(tells, account_uid(people, person), 0)
    return [str(uid) if uid else "" for uid in uids.tolist()]


def _uid(index: np.ndarray) -> np.ndarray:
    # multiplying modulo a prime never gives one number twice
    return 5_000_000_000 + (index + 1) * 1_234_567_891 % _UID_PRIME


def simulate(seed: int, people: People) -> Accounts:
    """Draw who has an account, who follows from when to when, and what the profile says."""
    rng = clock.stream(seed, clock.STREAM_WEIBO, people.chunk)
    everyone = np.arange(len(people))
    uids = account_uid(people, everyone)
    holders = everyone[uids > 0]
    strangers = int(len(people) * STRANGER_RATE)
    person = np.concatenate([holders, np.full(strangers, -1)])
    stranger_index = _FIRST_STRANGER + people.first + np.arange(strangers)
    uid = np.concatenate([uids[holders], _uid(stranger_index)])
    count = len(uid)

    follows = (person < 0) | (rng.random(count) < FOLLOW_RATE)
    since = rng.integers(-900, 1_060, count) * clock.DAY + rng.integers(0, clock.DAY, count)
    stay = rng.exponential(MEAN_STAY_DAYS * clock.DAY, count).astype(np.int64) + 3_600
    pause = rng.integers(20, 300, count) * clock.DAY
    second_stay = rng.exponential(MEAN_STAY_DAYS * clock.DAY, count).astype(np.int64) + 3_600
    returns = follows & (rng.random(count) < COMES_BACK_RATE)
    end = int(clock.MONTH_EDGES[-1])
    first_end = since + stay
    again = first_end + pause
    account = np.concatenate([np.flatnonzero(follows), np.flatnonzero(returns & (again < end))])
    is_second = np.repeat([False, True], [int(follows.sum()), len(account) - int(follows.sum())])
    begins = np.where(is_second, again[account], since[account])
    ends = np.where(is_second, again[account] + second_stay[account], first_end[account])
    order = np.lexsort((begins, account))

    sex = np.where(
        person >= 0, people.is_male[np.maximum(person, 0)], rng.random(count) < 0.45
    ).astype(bool)
    told = rng.random(count)
    wrong = told > 1 - WRONG_GENDER_RATE
    gender = np.where(told < UNTOLD_GENDER_RATE, "n", np.where(sex ^ wrong, "m", "f"))
    place = np.where(
        person >= 0,
        people.place[np.maximum(person, 0)],
        rng.integers(0, len(names.PLACES), count),
    )
    district = people.district[np.maximum(person, 0)]
    return Accounts(
        uid=uid,
        person=person,
        nickname=_nicknames(rng, people, person),
        gender=gender.tolist(),
        region=_regions(rng, place, np.where(person >= 0, district, 0)),
        fans=rng.lognormal(5.0, 1.8, count).astype(np.int64),
        verified=np.searchsorted([0.95, 0.99], rng.random(count)),
        spell_account=account[order],
        spell_from=begins[order],
        spell_until=np.where(ends < end, ends, NEVER)[order],
    )


def _nicknames(rng: np.random.Generator, people: People, person: np.ndarray) -> list[str]:
    number = rng.integers(0, 100_000, len(person)).tolist()
    style = rng.integers(0, 4, len(person)).tolist()
    found = []
    for who, n, s in zip(person.tolist(), number, style, strict=True):
        word = people.pinyin[who] if who >= 0 else _WORDS[n % len(_WORDS)][:2]
        found.append((f"{word}{n}", f"{word}_{n:05d}", f"小{word}", f"{word},爱生活☀")[s])
    return found


def _regions(rng: np.random.Generator, place: np.ndarray, district: np.ndarray) -> list[str]:
    pick = rng.random(len(place)).tolist()
    found = []
    for at, part, how in zip(place.tolist(), district.tolist(), pick, strict=True):
        city, province, _, _, _, districts = names.PLACES[at]
        short = _short_province(province)
        if how < 0.12:
            found.append("其他")
        elif how < 0.15:
            found.append("海外 美国")
        elif how < 0.25:
            found.append(short)
        elif short in _MUNICIPALITIES:
            found.append(f"{short} {districts[part % len(districts)]}")
        else:
            found.append(f"{short} {city.removesuffix('市')}")
    return found


def _short_province(province: str) -> str:
    for ending in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"):
        if province.endswith(ending):
            return province.removesuffix(ending)
    return province


def write(
    seed: int,
    people: People,
    accounts: Accounts,
    months: int,
    writer: LandingWriter,
    facts: TruthFile,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    """Append followers and interactions of the first `months` months.

    Returns:
        UID -> person of the chunk, for the accounts of people that occur in the files.
    """
    followers = _write_followers(people, accounts, months, writer, bad_rows)
    reacting = _write_interactions(seed, people, accounts, months, writer, bad_rows)
    seen = np.union1d(followers, reacting)
    own = accounts.person >= 0
    strangers = seen[~own[seen]].tolist()
    facts.add_strangers(
        "weibo",
        {str(accounts.uid[k]): f"X{people.first + k:08d}" for k in strangers},
    )
    listed = np.union1d(seen, np.flatnonzero(own))
    bound = set(bound_uid(people, np.flatnonzero(people.member_from < clock.MONTH_EDGES[months])))
    ever = np.isin(listed, followers)
    facts.add(
        "weibo_account",
        pa.table(
            {
                "weibo_uid": pa.array([str(u) for u in accounts.uid[listed].tolist()]),
                "person_id": pa.array(
                    [
                        people.person_ids[accounts.person[k]]
                        if own[k]
                        else f"X{people.first + k:08d}"
                        for k in listed.tolist()
                    ],
                    type=pa.string(),
                ),
                "ever_followed": pa.array(ever),
                "is_bound_in_crm": pa.array(
                    [str(u) in bound for u in accounts.uid[listed].tolist()], type=pa.bool_()
                ),
            }
        ),
    )
    return {str(accounts.uid[k]): int(accounts.person[k]) for k in seen[own[seen]].tolist()}


def _write_followers(
    people: People,
    accounts: Accounts,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> np.ndarray:
    """One row per spell that began or ended in the month; the first file holds all before."""
    began = np.maximum(clock.month_index(accounts.spell_from), 0)
    ended = np.maximum(
        clock.month_index(np.minimum(accounts.spell_until, clock.MONTH_EDGES[-1] * 2)), 0
    )
    since = clock.local_text(accounts.spell_from)
    until = clock.local_text(np.where(accounts.spell_until < NEVER, accounts.spell_until, 0))
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        stamp = clock.local_text(np.array([edge + 600]))[0]
        lines = []
        for k in np.flatnonzero((began == m) | (ended == m)).tolist():
            a = int(accounts.spell_account[k])
            lines.append(
                csv_line(
                    (
                        str(accounts.uid[a]),
                        accounts.nickname[a],
                        accounts.gender[a],
                        accounts.region[a],
                        _fans_text(int(accounts.fans[a]) * (50 + m) // 50),
                        _VERIFIED[accounts.verified[a]],
                        since[k],
                        until[k] if accounts.spell_until[k] < edge else "",
                        stamp,
                    )
                )
            )
        if people.chunk == 0:
            lines += _bad_followers(m, stamp, bad_rows)
        writer.append_csv(
            "weibo",
            "followers",
            f"粉丝列表_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            byte_order_mark=True,
        )
    return np.unique(accounts.spell_account[began < months])


def _fans_text(fans: int) -> str:
    return f"{fans / 10_000:.1f}万" if fans >= 10_000 else str(fans)


def _bad_followers(month: int, stamp: str, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """What somebody left behind who opened the list in a spreadsheet and saved it again."""
    lines = []
    if month % 8 == 3:
        lines.append(
            csv_line(("5.60E+09", "表格用户", "f", "其他", "12", _VERIFIED[0], stamp, "", stamp))
        )
        _count(bad_rows, "followers", "malformed_weibo_uid")
    if month % 10 == 6:
        lines.append(
            csv_line(("5600000001", "表格用户", "m", "其他", "3", _VERIFIED[0], "########", "", ""))
        )
        _count(bad_rows, "followers", "unreadable_followed_at")
    return lines


def _write_interactions(
    seed: int,
    people: People,
    accounts: Accounts,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> np.ndarray:
    rng = clock.stream(seed, clock.STREAM_WEIBO, people.chunk, 1)
    account, at = _reactions(rng, accounts)
    count = len(account)
    kind = np.minimum(np.searchsorted(_TYPE_SHARES, rng.random(count), side="right"), 2)
    words = rng.integers(0, len(_WORDS), count)
    # a reaction answers one of the three newest posts
    post = at // POST_EVERY - np.minimum(rng.geometric(0.6, count) - 1, 2)
    post_id = 4_980_000_000_000_000 + (post + 10_000) * 7_919_000_003 % 10**13
    serial = people.chunk * 10**7 + np.arange(count)
    number = 5_000_000_000_000_000 + clock.mix(serial, seed * 31 + 11).astype(np.int64) % 10**15
    stamps = _stamps(at)
    lines = [
        json.dumps(
            {
                "id": str(i),
                "mid": str(p),
                "uid": str(u),
                "type": _TYPES[k],
                "created_at": stamp,
                "text": _WORDS[w] if k else "",
            },
            ensure_ascii=False,
        )
        for i, p, u, k, stamp, w in zip(
            number.tolist(),
            post_id.tolist(),
            accounts.uid[account].tolist(),
            kind.tolist(),
            stamps,
            words.tolist(),
            strict=True,
        )
    ]
    repeated = rng.random(count) < REPEATED_RATE
    month = clock.month_index(at)
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        # the last page of one fetch is the first of the next
        which = np.repeat(chosen, np.where(repeated[chosen], 2, 1)).tolist()
        out = [lines[k] for k in which]
        if people.chunk == 0:
            out += _bad_interactions(m, len(out), bad_rows)
        writer.append_jsonl(
            "weibo", "interactions", f"interactions_{clock.MONTHS[m]:%Y%m}.jsonl.gz", out
        )
    return np.unique(account[month < months])


def _reactions(rng: np.random.Generator, accounts: Accounts) -> tuple[np.ndarray, np.ndarray]:
    """account and time of every reaction of the horizon, ordered by time."""
    end = int(clock.MONTH_EDGES[-1])
    low = np.clip(accounts.spell_from, 0, end)
    high = np.clip(accounts.spell_until, low, end)
    idle = np.setdiff1d(np.arange(len(accounts.uid)), accounts.spell_account)
    account = np.concatenate([accounts.spell_account, idle])
    low = np.concatenate([low, np.zeros(len(idle), dtype=np.int64)])
    high = np.concatenate([high, np.full(len(idle), end)])
    rate = np.repeat([REACTIONS, STRAY_REACTIONS], [len(accounts.spell_account), len(idle)])
    rate = rate * rng.gamma(0.8, 1 / 0.8, len(rate)) / (30.4 * clock.DAY)
    counts = rng.poisson(rate * (high - low))
    spell = np.repeat(np.arange(len(account)), counts)
    day = (low[spell] + rng.random(len(spell)) * (high - low)[spell]).astype(np.int64)
    hour = rng.choice(24, size=len(spell), p=behaviour.ONLINE_SHARES)
    at = day // clock.DAY * clock.DAY + hour * 3600 + rng.integers(0, 3600, len(spell))
    # the hour is the reaction's own; it stays within the spell and the month
    at = np.clip(at, low[spell], np.maximum(high[spell] - 1, low[spell]))
    order = np.lexsort((account[spell], at))
    return account[spell][order], at[order]


def _stamps(seconds: np.ndarray) -> list[str]:
    """Tue Mar 05 20:11:08 +0800 2024, as the interface writes it."""
    text = clock.local_text(seconds)
    # 1 January 2024 was a Monday
    weekday = (seconds // clock.DAY % 7).tolist()
    return [
        f"{_WEEKDAYS[w]} {_MONTHS[int(t[5:7]) - 1]} {t[8:10]} {t[11:]} +0800 {t[:4]}"
        for w, t in zip(weekday, text, strict=True)
    ]


def _bad_interactions(
    month: int, before: int, bad_rows: dict[tuple[str, str, str], int]
) -> list[str]:
    stamp = _stamps(clock.MONTH_EDGES[month : month + 1] + 14 * clock.DAY)[0]
    rest = f'"created_at": "{stamp}", "text": ""}}'
    lines = []
    if month % 6 == 1:
        lines.append(f'{{"id": "51{month:014d}", "mid": "1", "uid": "", "type": "like", {rest}')
        _count(bad_rows, "interactions", "missing_weibo_uid")
    if month % 9 == 4:
        lines.append(
            f'{{"id": "52{month:014d}", "mid": "1", "uid": "5600000001", "type": "quote", {rest}'
        )
        _count(bad_rows, "interactions", "unknown_event_type")
    if month % 12 == 8:
        lines.append(f'{{"id": "53{month:014d}", "mid": "1", "uid": "56000')
        _count(bad_rows, "interactions", "not_json")
    return lines


def _count(bad_rows: dict[tuple[str, str, str], int], feed: str, rule: str) -> None:
    bad_rows["weibo", feed, rule] = bad_rows.get(("weibo", feed, rule), 0) + 1
