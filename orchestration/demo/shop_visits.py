"""Browsing in the web shop: page views, searches, carts and favourites.

Belongs here: what people do during a visit, the visit that ends in each order, browsers and their
cookies, and the rows of the four feeds. Does not belong here: who has an account and what is
ordered (`shop`), or when people drop by (`visits`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.demo import behaviour, catalogue, clock
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter
from orchestration.demo.online import OnlineOrders, count_bad
from orchestration.demo.population import People
from orchestration.demo.shop import Accounts, iso_times, speaks_utc
from orchestration.demo.visits import Visits

LOGGED_IN_RATE = 0.80
#: Views of a visit beyond the first; searches are per visit, the rest per view.
MORE_VIEWS = 1.6
SEARCH_RATE, CART_RATE, TAKES_BACK_RATE = 0.35, 0.16, 0.35
FAVOURITE_RATE, UNFAVOURITE_RATE = 0.09, 0.2
#: Days after which a browser has lost its cookie and counts as a new one.
COOKIE_DAYS = 270
REPEATED_RATE = 0.006
VIEW, SEARCH, ADD, REMOVE, FAVOURITE, UNFAVOURITE = range(6)
#: Feed of each kind of step, the name of its number, and the word for the action.
_FEEDS = {
    VIEW: ("page_views", "view_id", None),
    SEARCH: ("searches", "search_id", None),
    ADD: ("carts", "change_id", "add"),
    REMOVE: ("carts", "change_id", "remove"),
    FAVOURITE: ("favourites", "change_id", "add"),
    UNFAVOURITE: ("favourites", "change_id", "remove"),
}
_COMPRESSED = {"page_views", "searches"}
#: visit, kind, product and second of each step
Steps = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def visits(seed: int, people: People, accounts: Accounts) -> Visits:
    """Visits of everybody who ever orders or has an account."""
    rng = clock.stream(seed, clock.STREAM_SHOP_VISITS, people.chunk)
    share = (1 - people.store_share) * (
        np.where(people.main_channel == behaviour.SHOP, 1 - people.second_channel_share, 0)
        + np.where(people.second_channel == behaviour.SHOP, people.second_channel_share, 0)
    )
    rate = 0.003 + people.purchase_rate * share * rng.gamma(4.0, 1.6 / 4.0, len(people))
    comes = accounts.since < 2**59
    return Visits(accounts.since, accounts.named_from(), np.where(comes, rate, 0.0))


def cookie(people: People, person: np.ndarray, when: np.ndarray) -> list[str]:
    """The browser's cookie: another one every so many days, at a time of the person's own."""
    everyone = people.first + person
    age = when // clock.DAY + (clock.unit_hash(everyone, 112) * COOKIE_DAYS).astype(np.int64)
    # the days before the data are few enough to keep the number positive
    token = clock.mix(everyone * 64 + (age + 10 * COOKIE_DAYS) // COOKIE_DAYS, 113)
    return [f"web-{value:016x}" for value in token.tolist()]


def write(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    accounts: Accounts,
    seen: Visits,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> Iterator[set[tuple[str, int]]]:
    """Append what visitors do, month by month.

    Yields:
        After each month the browsers seen in it, each with its person; `seen` then holds the
        visits up to its end.
    """
    order_month = clock.month_index(orders.created)
    for month in range(months):
        rng = clock.stream(seed, clock.STREAM_SHOP_VISITS, people.chunk, month + 1)
        person, began = seen.draw(rng, people, month)
        ended_in_order = np.flatnonzero(order_month == month)
        steps = _browse(rng, people, person, began)
        steps = _join(steps, _shop(rng, purchases, orders, ended_in_order, first_visit=len(person)))
        # who comes to order signs in for it, if at all; others do so mostly
        who = np.concatenate([person, orders.person[ended_in_order]])
        made = accounts.named_from()[who]
        start = np.concatenate([began, orders.created[ended_in_order] - 3_000])
        signs_in = rng.random(len(who)) < LOGGED_IN_RATE
        account = np.where(signs_in & (start >= made), accounts.first_of[who], -1)
        account[len(person) :] = accounts.order_account[ended_in_order]
        devices = cookie(people, who, start)
        _append(rng, seed, people, month, steps, who, account, devices, accounts, writer, bad_rows)
        yield set(zip(devices, who.tolist(), strict=True))


def _join(one: Steps, other: Steps) -> Steps:
    """The steps of two groups of visits."""
    visit, kind, product, second = (np.concatenate([a, b]) for a, b in zip(one, other, strict=True))
    return visit, kind, product, second


def _browse(
    rng: np.random.Generator, people: People, person: np.ndarray, began: np.ndarray
) -> Steps:
    """Views, and what some of them lead to."""
    views = 1 + rng.poisson(MORE_VIEWS, len(person))
    visit = np.repeat(np.arange(len(person)), views)
    product = behaviour.choose_products(rng, people, person[visit])
    second = began[visit] + rng.integers(0, 1_500, len(visit))
    parts = [(visit, np.full(len(visit), VIEW), product, second)]
    for kind, rate, pause in (
        (SEARCH, SEARCH_RATE / (1 + MORE_VIEWS), -20),
        (ADD, CART_RATE, 40),
        (FAVOURITE, FAVOURITE_RATE, 25),
    ):
        does = np.flatnonzero(rng.random(len(visit)) < rate)
        parts.append((visit[does], np.full(len(does), kind), product[does], second[does] + pause))
        undoes = {ADD: (REMOVE, TAKES_BACK_RATE), FAVOURITE: (UNFAVOURITE, UNFAVOURITE_RATE)}
        if kind in undoes:
            undo, share = undoes[kind]
            back = does[rng.random(len(does)) < share]
            parts.append((visit[back], np.full(len(back), undo), product[back], second[back] + 200))
    visit, kinds, product, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    return visit, kinds, product, np.maximum(second, began[visit])


def _shop(
    rng: np.random.Generator,
    purchases: Purchases,
    orders: OnlineOrders,
    chosen: np.ndarray,
    first_visit: int,
) -> Steps:
    """The visit that ends in each chosen order: every line was looked at and put into the cart."""
    number = np.full(len(orders), -1)
    number[chosen] = first_visit + np.arange(len(chosen))
    lines = np.flatnonzero(number[orders.line_order] >= 0)
    order = orders.line_order[lines]
    visit, product = number[order], purchases.product[orders.line_keep[lines]]
    looked = orders.created[order] - rng.integers(300, 2_400, len(lines))
    taken = looked + rng.integers(10, 250, len(lines))
    asks = np.flatnonzero(rng.random(len(lines)) < SEARCH_RATE)
    return (
        np.concatenate([visit, visit, visit[asks]]),
        np.repeat([VIEW, ADD, SEARCH], [len(lines), len(lines), len(asks)]),
        np.concatenate([product, product, product[asks]]),
        np.concatenate([looked, taken, looked[asks] - 15]),
    )


def _append(
    rng: np.random.Generator,
    seed: int,
    people: People,
    month: int,
    steps: Steps,
    who: np.ndarray,
    account: np.ndarray,
    devices: list[str],
    accounts: Accounts,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    goods = catalogue.load()
    visit, kind, product, second = steps
    low, high = int(clock.MONTH_EDGES[month]), int(clock.MONTH_EDGES[month + 1])
    second = np.clip(second, low, high - 1)
    order = np.lexsort((np.arange(len(visit)), second))
    visit, kind, product, second = visit[order], kind[order], product[order], second[order]
    stamps = iso_times(second, speaks_utc(people)[who[visit]])
    serial = people.chunk * 10**7 + np.arange(len(visit)) + month * 10**12
    tokens = clock.mix(serial, seed * 31 + 15).tolist()
    sessions = clock.mix(
        people.chunk * 10**7 + np.arange(len(who)) + month * 10**12, seed * 31 + 16
    ).tolist()
    customers = [f'"{accounts.ids[a]}"' if a >= 0 else "null" for a in account.tolist()]
    seconds = rng.lognormal(3.2, 0.9, len(visit)).astype(np.int64).tolist()
    lines: dict[str, list[str]] = {feed: [] for feed, _, _ in _FEEDS.values()}
    columns = zip(
        visit.tolist(), kind.tolist(), product.tolist(), stamps, tokens, seconds, strict=True
    )
    for v, k, p, stamp, token, spent in columns:
        feed, number, action = _FEEDS[k]
        if k == SEARCH:
            words = goods.subcategories[p] if token % 3 else goods.brands[p]
            what = f'"query": "{words}", "result_count": {token % 97}'
        elif k == VIEW:
            what = f'"sku": "{goods.product_ids[p]}", "seconds": {spent}'
        elif feed == "carts":
            what = f'"action": "{action}", "sku": "{goods.product_ids[p]}", "quantity": 1'
        else:
            what = f'"action": "{action}", "sku": "{goods.product_ids[p]}"'
        lines[feed].append(
            f'{{"{number}": "{token:016x}", "customer_id": {customers[v]}, '
            f'"session_id": "w{sessions[v] % 16**12:012x}", "device_id": "{devices[v]}", '
            f'{what}, "occurred_at": "{stamp}"}}'
        )
    for feed, rows in lines.items():
        # the browser sends a step again when the page was closed too soon
        again = np.flatnonzero(rng.random(len(rows)) < REPEATED_RATE).tolist()
        rows.extend([rows[k] for k in again])
        if people.chunk == 0:
            rows.extend(_bad_lines(feed, month, bad_rows))
        suffix = ".gz" if feed in _COMPRESSED else ""
        name = f"{feed}_{clock.MONTHS[month]:%Y%m}.jsonl{suffix}"
        writer.append_jsonl("shop", feed, name, rows)


def _bad_lines(feed: str, month: int, bad_rows: dict[tuple[str, str, str], int]) -> Iterator[str]:
    """What old versions of the page still send."""
    stamp = f"{clock.MONTHS[month]:%Y-%m}-05T05:05:05Z"
    if feed == "page_views" and month % 6 == 2:
        count_bad(bad_rows, "shop", feed, "unreadable_occurred_at")
        yield (
            f'{{"view_id": "bad{month}", "device_id": "web-0", "sku": "P101001", '
            f'"occurred_at": "0"}}'
        )
    if feed == "carts" and month % 7 == 3:
        count_bad(bad_rows, "shop", feed, "missing_action")
        yield (
            f'{{"change_id": "bad{month}", "device_id": "web-0", "action": "undefined", '
            f'"sku": "P101001", "occurred_at": "{stamp}"}}'
        )
    if feed == "searches" and month % 9 == 1:
        count_bad(bad_rows, "shop", feed, "missing_search_id")
        yield (
            f'{{"search_id": "", "device_id": "web-0", "query": "手机", "occurred_at": "{stamp}"}}'
        )
    if feed == "favourites" and month % 10 == 6:
        count_bad(bad_rows, "shop", feed, "missing_product_id")
        yield (
            f'{{"change_id": "bad{month}", "device_id": "web-0", "action": "add", "sku": null, '
            f'"occurred_at": "{stamp}"}}'
        )
