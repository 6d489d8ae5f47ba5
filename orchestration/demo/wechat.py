"""WeChat: followers of the official account, mini program users, WeCom contacts, interactions.

Belongs here: who is known to which of the three under which id, since when, and the rows of their
feeds. Does not belong here: orders in the mini program (`wechat_shop`), or which members bound
WeChat in the programme (`crm`).

An openid is one person's under one appid; the same person has another under every other. The
unionid is the same under all appids of one open-platform account, where the platform gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.demo import catalogue, clock, crm, wechat_articles
from orchestration.demo.crm import Members
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.online import OnlineOrders, count_bad
from orchestration.demo.population import NEVER, People
from orchestration.demo.visits import Visits

OFFICIAL_APPID = "wx8f3a60d1e5b7c924"
MINI_APPID = "wx2b6c90e4f8a1d375"
CORP_ID = "ww5e1d7a9c3f604b28"
#: Who follows: buyers in the mini program, people who signed in or joined with WeChat, others.
BUYER_FOLLOWS_RATE, USER_FOLLOWS_RATE, FOLLOWS_RATE = 0.80, 0.65, 0.002
LEAVER_RATE = 0.12
#: Who looks around in the mini program without ordering; who knows staff in WeCom.
MINI_RATE, STRANGER_MINI_RATE = 0.14, 0.01
CONTACT_RATE, DELETED_CONTACT_RATE = 0.16, 0.12
#: What the platform and people disclose. Whoever orders has a phone authorised for the parcel.
FOLLOWER_UNIONID_RATE, MINI_UNIONID_RATE, CONTACT_UNIONID_RATE = 0.995, 0.98, 0.94
SEX_RATE, CITY_RATE = 0.55, 0.60
BUYER_PHONE_RATE, MINI_PHONE_RATE, BOUND_MEMBER_RATE = 0.95, 0.70, 0.65
REMARK_NAME_RATE, REMARK_MOBILE_RATE = 0.78, 0.82
UNREGISTERED_BUYER_RATE = 0.03
_SCENES = ("ADD_SCENE_SEARCH", "ADD_SCENE_QR_CODE", "ADD_SCENE_PROFILE_CARD", "ADD_SCENE_PAID")
_WAYS = ("扫描二维码", "搜索手机号", "名片分享", "群聊", "微信联系人")
_STAFF = ("LiuYan", "ChenHao", "WangMin", "ZhouQi", "SunLei", "HeJing")
_TYPES = ("article_read", "menu_click", "message", "share")
_TYPE_SHARES = np.cumsum([0.62, 0.22, 0.11, 0.05])
_PARQUET = pa.schema(
    [
        ("msg_id", pa.string()),
        ("appid", pa.string()),
        ("openid", pa.string()),
        ("event", pa.string()),
        ("content_id", pa.string()),
        ("event_time", pa.timestamp("ms", tz="Asia/Shanghai")),
    ]
)


@dataclass
class WeChatUsers:
    """Who is known where in a chunk; one entry per person unless said otherwise.

    Attributes:
        followed: When the person followed the official account, NEVER for others.
        left: When the follower left again.
        opened: When the person became a user of the mini program.
        opened_twice: When a second WeChat account did.
        contacted: When staff added the person in WeCom.
        deleted: When the person deleted the staff again.
        shows_union: Whether the mini program learns the unionid.
        registered: Whether the mini program's users list the person; others only order.
        buys: Whether the person ever orders in the mini program.
    """

    followed: np.ndarray
    left: np.ndarray
    opened: np.ndarray
    opened_twice: np.ndarray
    contacted: np.ndarray
    deleted: np.ndarray
    shows_union: np.ndarray
    registered: np.ndarray
    buys: np.ndarray


def open_ids(people: People, person: np.ndarray, appid: str, account: int = 0) -> list[str]:
    """The ids of people under one appid."""
    salt = int(appid[2:8], 16) % 10_000
    index = (people.first + person) * 2 + account
    pairs = zip(clock.mix(index, salt).tolist(), clock.mix(index, salt + 1).tolist(), strict=True)
    return [f"o{appid[2]}{a:016x}{b % 16**10:010x}" for a, b in pairs]


def simulate_users(seed: int, people: People, orders: OnlineOrders) -> WeChatUsers:
    """Draw who uses WeChat with the retailer, and from when.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
        orders: Its mini program orders; whoever ordered is a user.
    """
    rng = clock.stream(seed, clock.STREAM_WECHAT, people.chunk)
    count = len(people)
    first_order = np.full(count, NEVER)
    of_first = orders.account == 0
    np.minimum.at(first_order, orders.person[of_first], orders.created[of_first])
    opened_twice = np.full(count, NEVER)
    np.minimum.at(opened_twice, orders.person[~of_first], orders.created[~of_first])
    buys = first_order < NEVER

    def moment(mean_days: float) -> np.ndarray:
        """Some time after joining; NEVER when the person has dropped out by then."""
        day = np.floor(np.minimum(people.joined_day + rng.exponential(mean_days, count), 4_000))
        second = day.astype(np.int64) * clock.DAY + rng.integers(28_000, 82_000, count)
        return np.where(day < people.died_day, second, NEVER)

    # strangers to every other system are rare among those who come
    is_known = (people.member_from < NEVER) | (people.account_from < NEVER)
    uses_wechat = clock.unit_hash(people.first + np.arange(count), 63) < crm.UNIONID_RATE
    uses_wechat = uses_wechat & is_known
    lead = rng.integers(120, 20 * clock.DAY, count)
    browses = rng.random(count) < np.where(uses_wechat, MINI_RATE, STRANGER_MINI_RATE)
    opened = np.where(buys, first_order - lead, np.where(browses, moment(150.0), NEVER))
    opened_twice = np.where(
        opened_twice < NEVER, opened_twice - rng.integers(120, 3_000, count), NEVER
    )
    chance = np.where(
        buys, BUYER_FOLLOWS_RATE, np.where(uses_wechat, USER_FOLLOWS_RATE, FOLLOWS_RATE)
    )
    near = opened + rng.integers(-5 * clock.DAY, 20 * clock.DAY, count)
    sometime = moment(120.0)
    followed = np.where(buys & (rng.random(count) < 0.7), near, sometime)
    followed = np.where(rng.random(count) < chance, followed, NEVER)
    leaves = (rng.random(count) < LEAVER_RATE) & (followed < NEVER)
    left = followed + (rng.exponential(90.0, count) * clock.DAY).astype(np.int64) + 300
    known = (followed < NEVER) | (opened < NEVER) | (people.member_from < NEVER)
    contacted = np.where(known & (rng.random(count) < CONTACT_RATE), moment(200.0), NEVER)
    deletes = (rng.random(count) < DELETED_CONTACT_RATE) & (contacted < NEVER)
    deleted = contacted + (rng.exponential(120.0, count) * clock.DAY).astype(np.int64) + 600
    return WeChatUsers(
        followed=followed,
        left=np.where(leaves, left, NEVER),
        opened=opened,
        opened_twice=opened_twice,
        contacted=contacted,
        deleted=np.where(deletes, deleted, NEVER),
        shows_union=rng.random(count) < MINI_UNIONID_RATE,
        registered=rng.random(count) >= UNREGISTERED_BUYER_RATE,
        buys=buys,
    )


def visits(seed: int, people: People, users: WeChatUsers) -> Visits:
    """Interactions of followers; those who will leave never have any."""
    rng = clock.stream(seed, clock.STREAM_INTERACTIONS, people.chunk)
    rate = 0.004 + people.purchase_rate * rng.gamma(3.0, 0.45 / 3.0, len(people))
    stays = (users.followed < NEVER) & (users.left == NEVER)
    since = np.where(stays, users.followed, NEVER)
    return Visits(since, since, np.where(stays, rate, 0.0))


def write_users(
    seed: int,
    people: People,
    members: Members,
    users: WeChatUsers,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    """Append followers, mini program users and WeCom contacts to the first `months` months.

    Returns:
        Record (appid or corp id, colon, id) -> person, for what was written.
    """
    found = _write_followers(seed, people, users, months, writer, bad_rows)
    found |= _write_mini_users(seed, people, members, users, months, writer, bad_rows)
    return found | _write_contacts(seed, people, users, months, writer, bad_rows)


def _months_of(times: np.ndarray) -> np.ndarray:
    """The monthly file of each change; what happened before the data is in the first."""
    return np.maximum(clock.month_index(np.minimum(times, clock.MONTH_EDGES[-1] * 2)), 0)


def _newest(times: np.ndarray, edge: int) -> np.ndarray:
    return np.where(times < edge, times, -(2**61)).max(axis=1)


def _write_followers(
    seed: int,
    people: People,
    users: WeChatUsers,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    rng = clock.stream(seed, clock.STREAM_WECHAT, people.chunk, 1)
    person = np.flatnonzero(users.followed < NEVER)
    traits = rng.random((len(person), 4)).tolist()
    times = np.stack([users.followed[person], users.left[person]], axis=1)
    month = _months_of(times)
    scene = rng.integers(0, len(_SCENES), len(person)).tolist()
    ids = open_ids(people, person, OFFICIAL_APPID)
    unions = crm.union_ids(people, person)
    followed = clock.local_text(times[:, 0])
    homes = people.addresses_at(person, times[:, 0])
    found: dict[str, int] = {}
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        chosen = np.flatnonzero((month == m).any(axis=1))
        changed = clock.local_text(_newest(times[chosen], edge))
        lines = []
        for row, k in enumerate(chosen.tolist()):
            who, trait = int(person[k]), traits[k]
            has_left = times[k, 1] < edge
            tells_sex, tells_city = trait[1] < SEX_RATE, trait[2] < CITY_RATE
            sex = ("1" if people.is_male[who] else "2") if tells_sex else "0"
            lines.append(
                csv_line(
                    (
                        OFFICIAL_APPID,
                        ids[k],
                        unions[k] if trait[0] < FOLLOWER_UNIONID_RATE else "",
                        _nickname(people, who, trait[3]),
                        sex,
                        "中国" if tells_city else "",
                        homes[k][0].removesuffix("省").removesuffix("市") if tells_city else "",
                        homes[k][1].removesuffix("市") if tells_city else "",
                        "0" if has_left else "1",
                        followed[k],
                        changed[row] if has_left else "",
                        _SCENES[scene[k]],
                        changed[row],
                    )
                )
            )
            found[f"{OFFICIAL_APPID}:{ids[k]}"] = who
        if people.chunk == 0 and m % 7 == 5:
            stamp = f"{clock.MONTHS[m]:%Y-%m}-02 03:04:05"
            lines.append(
                csv_line([OFFICIAL_APPID, "", "", "网络异常", *[""] * 4, "1", stamp, "", "", stamp])
            )
            count_bad(bad_rows, "wechat", "followers", "missing_openid")
        writer.append_csv(
            "wechat",
            "followers",
            f"followers_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            byte_order_mark=True,
        )
    return found


def _nickname(people: People, who: int, pick: float) -> str:
    """What people call themselves: hardly ever their name."""
    kinds = (
        people.pinyin[who].capitalize(),
        f"{people.full_names[who][-1]}{people.full_names[who][-1]}",
        f"A{people.pinyin[who]}🌸",
        "岁月静好",
        f"用户{(people.first + who) * 7_919 % 1_000_003}",
        "。",
    )
    return kinds[int(pick * len(kinds))]


def _write_mini_users(
    seed: int,
    people: People,
    members: Members,
    users: WeChatUsers,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    rng = clock.stream(seed, clock.STREAM_WECHAT, people.chunk, 2)
    first = np.flatnonzero((users.opened < NEVER) & users.registered)
    second = np.flatnonzero(users.opened_twice < NEVER)
    person = np.concatenate([first, second])
    account = np.repeat([0, 1], [len(first), len(second)])
    opened = np.concatenate([users.opened[first], users.opened_twice[second]])
    count = len(person)
    traits = rng.random((count, 4))
    lag = (rng.exponential(15.0, (count, 2)) * clock.DAY).astype(np.int64) + 90
    shows_phone = traits[:, 0] < np.where(users.buys[person], BUYER_PHONE_RATE, MINI_PHONE_RATE)
    told_phone = np.where(shows_phone, opened + np.where(traits[:, 2] < 0.7, 0, lag[:, 0]), NEVER)
    joined = people.member_from[person]
    binds = (joined < NEVER) & (traits[:, 1] < BOUND_MEMBER_RATE) & (account == 0)
    bound = np.where(binds, np.maximum(opened, joined) + lag[:, 1], NEVER)
    times = np.stack([opened, told_phone, bound], axis=1)
    month = _months_of(times)
    ids = open_ids(people, first, MINI_APPID) + open_ids(people, second, MINI_APPID, 1)
    unions = crm.union_ids(people, first) + crm.union_ids(people, second, 1)
    phones = people.phone_at(person, np.where(shows_phone, told_phone, 0))
    opened_text = clock.local_text(opened)
    found: dict[str, int] = {}
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        chosen = np.flatnonzero((month == m).any(axis=1))
        changed = clock.local_text(_newest(times[chosen], edge))
        lines = []
        for row, k in enumerate(chosen.tolist()):
            who = int(person[k])
            lines.append(
                json.dumps(
                    {
                        "appid": MINI_APPID,
                        "openid": ids[k],
                        "unionid": unions[k] if users.shows_union[who] else None,
                        "country_code": "86",
                        "phone": str(phones[k]) if told_phone[k] < edge else None,
                        "member_no": members.by_person[who] if bound[k] < edge else None,
                        "created_at": opened_text[k].replace(" ", "T") + "+08:00",
                        "updated_at": changed[row].replace(" ", "T") + "+08:00",
                    }
                )
            )
            found[f"{MINI_APPID}:{ids[k]}"] = who
        if people.chunk == 0 and m % 8 == 2:
            lines.append(f'{{"appid": "{MINI_APPID}", "openid": null, "unionid": null}}')
            count_bad(bad_rows, "wechat", "mini_program_users", "missing_openid")
        writer.append_jsonl(
            "wechat", "mini_program_users", f"mini_users_{clock.MONTHS[m]:%Y%m}.jsonl", lines
        )
    return found


def _write_contacts(
    seed: int,
    people: People,
    users: WeChatUsers,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    rng = clock.stream(seed, clock.STREAM_WECHAT, people.chunk, 3)
    person = np.flatnonzero(users.contacted < NEVER)
    traits = rng.random((len(person), 5)).tolist()
    times = np.stack([users.contacted[person], users.deleted[person]], axis=1)
    month = _months_of(times)
    way = rng.integers(0, len(_WAYS), len(person)).tolist()
    staff = rng.integers(0, len(_STAFF), len(person)).tolist()
    unions = crm.union_ids(people, person)
    tokens = clock.mix(people.first + person, 67).tolist()
    more = clock.mix(people.first + person, 68).tolist()
    ids = [f"wm{a:016x}{b % 16**14:014x}" for a, b in zip(tokens, more, strict=True)]
    phones = people.phone_at(person, times[:, 0]).tolist()
    added = clock.local_text(times[:, 0])
    cities = [home[1] for home in people.addresses_at(person, times[:, 0])]
    found: dict[str, int] = {}
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        chosen = np.flatnonzero((month == m).any(axis=1))
        changed = clock.local_text(_newest(times[chosen], edge))
        rows = []
        for row, k in enumerate(chosen.tolist()):
            who, trait = int(person[k]), traits[k]
            is_deleted = times[k, 1] < edge
            mobiles = [str(phones[k])] if trait[2] < REMARK_MOBILE_RATE else []
            if mobiles and people.second_phone[who]:
                mobiles.append(str(people.second_phone[who]))
            rows.append(
                [
                    CORP_ID,
                    ids[k],
                    unions[k] if trait[0] < CONTACT_UNIONID_RATE else "",
                    _nickname(people, who, trait[3]),
                    _remark(people, who, cities[k], trait[1], trait[4]),
                    ";".join(mobiles),
                    ("男" if people.is_male[who] else "女") if trait[3] < SEX_RATE else "未知",
                    _STAFF[staff[k]],
                    _WAYS[way[k]],
                    added[k],
                    changed[row] if is_deleted else "",
                    changed[row],
                ]
            )
            found[f"{CORP_ID}:{ids[k]}"] = who
        if people.chunk == 0 and m % 10 == 4:
            rows.append([CORP_ID, "", "", "合计", *[""] * 8])
            count_bad(bad_rows, "wechat", "wecom_contacts", "missing_external_userid")
        writer.append_workbook(
            "wechat", "wecom_contacts", f"wecom_contacts_{clock.MONTHS[m]:%Y%m}.xlsx", rows
        )
    return found


def _remark(people: People, who: int, city: str, pick: float, form: float) -> str:
    """What staff call a contact: mostly the name, with whatever they want to remember."""
    name = people.full_names[who]
    if pick >= REMARK_NAME_RATE:
        return ""
    if form < 0.55:
        return name
    if form < 0.68:
        return f"{name}-老客户"
    if form < 0.78:
        return f"{name} {city.removesuffix('市')}"
    if form < 0.88:
        return f"{name}（VIP）"
    return f"{name[0]}{'先生' if people.is_male[who] else '女士'}"


def write_interactions(
    seed: int,
    people: People,
    users: WeChatUsers,
    seen: Visits,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> Iterator[None]:
    """Append what followers do with the official account, month by month.

    Yields:
        Nothing, after each month; `seen` then holds the visits up to its end.
    """
    everyone = np.arange(len(people))
    ids = open_ids(people, everyone, OFFICIAL_APPID)
    goods = catalogue.load()
    for month in range(months):
        rng = clock.stream(seed, clock.STREAM_INTERACTIONS, people.chunk, month + 1)
        person, began = seen.draw(rng, people, month)
        steps = 1 + rng.poisson(0.8, len(person))
        visit = np.repeat(np.arange(len(person)), steps)
        second = began[visit] + rng.integers(0, 600, len(visit))
        second = np.minimum(second, clock.MONTH_EDGES[month + 1] - 1)
        kind = np.searchsorted(_TYPE_SHARES, rng.random(len(visit)) * 0.999999, side="right")
        article = wechat_articles.choose(people, person[visit], month, rng.random(len(visit)))
        menu = rng.integers(0, len(goods.category_names), len(visit))
        events = [_TYPES[k] for k in kind.tolist()]
        content = [
            {"menu_click": f"menu_{c}", "message": None}.get(
                e, wechat_articles.content_id(month, a)
            )
            for e, a, c in zip(events, article.tolist(), menu.tolist(), strict=True)
        ]
        who = person[visit]
        for name, moments in (("subscribe", users.followed), ("unsubscribe", users.left)):
            here = np.flatnonzero(clock.month_index(moments) == month)
            who = np.concatenate([who, here])
            second = np.concatenate([second, moments[here]])
            events += [name] * len(here)
            content += [None] * len(here)
        order = np.lexsort((np.arange(len(who)), second))
        serial = people.chunk * 10**7 + np.arange(len(who)) + month * 10**12
        message_ids = [f"{v:016x}" for v in clock.mix(serial, seed * 31 + 13).tolist()]
        rows = {
            "msg_id": message_ids,
            "appid": [OFFICIAL_APPID] * len(who),
            "openid": [ids[k] for k in who[order].tolist()],
            "event": [events[k] for k in order.tolist()],
            "content_id": [content[k] for k in order.tolist()],
            "event_time": (second[order] * 1_000 + 1_704_038_400_000).tolist(),
        }
        # the platform delivers a message again when the answer took too long
        again = np.flatnonzero(rng.random(len(who)) < 0.004).tolist()
        for values in rows.values():
            values.extend([values[k] for k in again])
        if people.chunk == 0 and month % 9 == 7:
            noon = int(clock.MONTH_EDGES[month]) * 1_000 + 1_704_081_600_000
            bad = (f"bad{month}", OFFICIAL_APPID, None, "menu_click", None, noon)
            for values, value in zip(rows.values(), bad, strict=True):
                values.append(value)
            count_bad(bad_rows, "wechat", "interactions", "missing_openid")
        writer.append_parquet(
            "wechat",
            "interactions",
            f"interactions_{clock.MONTHS[month]:%Y%m}.parquet",
            pa.table([pa.array(rows[f.name], type=f.type) for f in _PARQUET], schema=_PARQUET),
        )
        yield
