"""The stores' tills: daily ticket lines, returns, and the product master.

Belongs here: customer numbers issued by the till, cards and phones as typed, anonymous tickets,
and the rows of both feeds. Does not belong here: when people buy and what (`behaviour`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from orchestration.demo import catalogue, clock, dirt, population
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.population import People

OTHER_STORE_RATE = 0.12
SECOND_NUMBER_RATE = 0.06
#: Given an identified ticket of a member: the card is shown; and then nothing else is entered.
CARD_RATE, CARD_ONLY_RATE = 0.62, 0.15
PHONE_RATE = 0.92
#: Identified tickets on which the cashier typed the retailer's own number; anonymous ones likewise.
SERVICE_PHONE_RATE, ANONYMOUS_SERVICE_PHONE_RATE = 0.02, 0.06
SECOND_PHONE_RATE = 0.15
FAMILY_PHONE_RATE = 0.0005
RETURN_RATE = 0.06
RETURN_DELAY_DAYS = 14


@dataclass
class Tickets:
    """The chunk's sale tickets, aligned with `index` into its purchases; amounts in fen."""

    index: np.ndarray
    store: np.ndarray
    number: np.ndarray
    customer: np.ndarray
    shows_card: np.ndarray
    line_discount: np.ndarray
    line_amount: np.ndarray
    line_ticket: np.ndarray
    line_keep: np.ndarray
    amount: np.ndarray
    return_ticket: np.ndarray
    return_at: np.ndarray
    return_number: np.ndarray
    return_whole: np.ndarray
    return_amount: np.ndarray


def customer_number(people: People, person: np.ndarray, slot: np.ndarray, seed: int) -> list[str]:
    """Customer numbers as the till system issues them."""
    serial = ((people.first + person) * 2 + slot) * 7_654_321 + 1_234_567 + seed * 101
    return [f"C{value:08d}" for value in (serial % 100_000_000).tolist()]


def simulate_tickets(seed: int, people: People, purchases: Purchases) -> Tickets:
    """Draw stores, customer numbers, cards, amounts and returns of the chunk's store purchases."""
    rng = clock.stream(seed, clock.STREAM_POS, people.chunk)
    index = np.flatnonzero(purchases.in_store)
    count = len(index)
    person, sold = purchases.person[index], purchases.placed_at[index]
    elsewhere = rng.random(count) < OTHER_STORE_RATE
    store = np.where(elsewhere, rng.integers(0, 12, count), people.home_store[person])

    identified = purchases.is_identified[index]
    card = identified & (sold >= people.member_from[person]) & (rng.random(count) < CARD_RATE)
    card_only = card & (rng.random(count) < CARD_ONLY_RATE)
    everyone = people.first + np.arange(len(people))
    second = clock.unit_hash(everyone, 51) < SECOND_NUMBER_RATE
    # a second number is issued in another store, where nobody finds the first
    slot = (second[person] & (store != people.home_store[person])).astype(np.int64)
    customer = np.where(identified & ~card_only, slot, -1)

    is_line = purchases.in_store[purchases.line_order]
    position = np.zeros(len(purchases), dtype=np.int64)
    position[index] = np.arange(count)
    ticket = position[purchases.line_order[is_line]]
    gross = (purchases.unit_price * purchases.quantity)[is_line]
    discount = (gross * purchases.discount_rate[index][ticket]).astype(np.int64) // 10 * 10
    amount = gross - discount
    total = np.bincount(ticket, weights=amount, minlength=count).astype(np.int64)

    comes_back = np.flatnonzero(rng.random(count) < RETURN_RATE)
    return_day = sold[comes_back] // clock.DAY + rng.integers(
        1, RETURN_DELAY_DAYS + 1, len(comes_back)
    )
    return_at = return_day * clock.DAY + rng.integers(10 * 3600, 21 * 3600, len(comes_back))
    whole = rng.random(len(comes_back)) < 0.5
    first_line = np.searchsorted(ticket, comes_back)
    return_amount = np.where(whole, total[comes_back], amount[first_line])

    # tickets count up within a day, sales and returns together; the chunk leads
    moment = np.concatenate([sold, return_at])
    day = moment // clock.DAY
    order = np.lexsort((moment, day))
    starts = np.searchsorted(day[order], day[order])
    sequence = np.empty(len(moment), dtype=np.int64)
    sequence[order] = np.arange(len(moment)) - starts + 1
    numbers = people.chunk * 10_000 + sequence
    return Tickets(
        index=index,
        store=store,
        number=numbers[:count],
        customer=customer,
        shows_card=card,
        line_discount=discount,
        line_amount=amount,
        line_ticket=ticket,
        line_keep=np.flatnonzero(is_line),
        amount=total,
        return_ticket=comes_back,
        return_at=return_at,
        return_number=numbers[count:],
        return_whole=whole,
        return_amount=return_amount,
    )


def store_name(store: int) -> str:
    """Store numbers as printed."""
    return f"S{store + 1:03d}"


def ticket_name(day: int, number: int) -> str:
    """Ticket numbers: the day, then a running number."""
    date = clock.DATA_START + timedelta(days=day)
    return f"{date:%y%m%d}{number:06d}"


def _phones(seed: int, people: People, tickets: Tickets, person: np.ndarray, sold: np.ndarray):
    """The phone typed on each ticket, or an empty string."""
    rng = clock.stream(seed, clock.STREAM_POS, people.chunk, 1)
    count = len(person)
    pick, spelling, own, other = rng.random((4, count))
    phone = people.phone_at(person, sold)
    second = people.second_phone[person]
    phone = np.where((other < SECOND_PHONE_RATE) & (second > 0), second, phone)
    everyone = people.first + np.arange(len(people))
    family = (clock.unit_hash(everyone, 52) < FAMILY_PHONE_RATE) & (people.role > 0)
    phone = np.where(family[person], people.first_phone[people.head[person]], phone)
    service = population.service_phone(seed)
    known = tickets.customer >= 0
    phone = np.where(known & (own < SERVICE_PHONE_RATE), service, phone)
    typed = known & (pick < PHONE_RATE)
    hidden = ~known & ~tickets.shows_card & (own < ANONYMOUS_SERVICE_PHONE_RATE)
    phone = np.where(hidden, service, phone)
    return [
        dirt.spell_phone(number, how) if show else ""
        for number, how, show in zip(
            phone.tolist(), spelling.tolist(), (typed | hidden).tolist(), strict=True
        )
    ]


def write(
    seed: int,
    people: People,
    purchases: Purchases,
    tickets: Tickets,
    members: list[str],
    days: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the chunk's tickets of the first `days` days, one file a day.

    Args:
        seed: Seed of the retailer.
        people: The chunk.
        purchases: Its purchases.
        tickets: Its tickets.
        members: Member number per person (empty without one).
        days: Number of days from the first day of the data.
        writer: Receives the lines.
        bad_rows: Counts of planted unusable rows, added to.
    """
    goods = catalogue.load()
    person, sold = purchases.person[tickets.index], purchases.placed_at[tickets.index]
    phones = _phones(seed, people, tickets, person, sold)
    slot = np.maximum(tickets.customer, 0)
    customers = customer_number(people, person, slot, seed)
    has_number = (tickets.customer >= 0).tolist()
    card = tickets.shows_card.tolist()
    register = (tickets.number % 3 + 1).tolist()
    cashier = (tickets.store * 10 + tickets.number % 7).tolist()
    stores = [store_name(s) for s in tickets.store.tolist()]
    numbers = [
        ticket_name(d, n)
        for d, n in zip((sold // clock.DAY).tolist(), tickets.number.tolist(), strict=True)
    ]

    # one entry per printed line: sales first, then returns (of the whole ticket or its first line)
    line_ticket = tickets.line_ticket
    line_number = purchases.line_number[tickets.line_keep]
    back = np.full(len(tickets.index), -1, dtype=np.int64)
    back[tickets.return_ticket] = np.arange(len(tickets.return_ticket))
    returned = back[line_ticket]
    goes_back = (returned >= 0) & (
        tickets.return_whole[np.maximum(returned, 0)] | (line_number == 1)
        if len(tickets.return_ticket)
        else False
    )
    sale_lines = np.arange(len(line_ticket))
    back_lines = np.flatnonzero(goes_back)
    line = np.concatenate([sale_lines, back_lines])
    is_return = np.zeros(len(line), dtype=bool)
    is_return[len(sale_lines) :] = True
    moment = np.concatenate([sold[line_ticket], tickets.return_at[returned[back_lines]]])
    keep = np.flatnonzero(moment < days * clock.DAY)
    keep = keep[np.lexsort((line[keep], is_return[keep], moment[keep]))]
    line, is_return, moment = line[keep], is_return[keep], moment[keep]
    moment_text = clock.local_text(moment)
    product = purchases.product[tickets.line_keep][line]
    sign = np.where(is_return, -1, 1)
    quantity = (purchases.quantity[tickets.line_keep][line] * sign).tolist()
    price = purchases.unit_price[tickets.line_keep][line].tolist()
    discount = (tickets.line_discount[line] * sign).tolist()
    amount = (tickets.line_amount[line] * sign).tolist()
    return_names = [
        ticket_name(d, n)
        for d, n in zip(
            (tickets.return_at // clock.DAY).tolist(), tickets.return_number.tolist(), strict=True
        )
    ]
    text = []
    for k, (at, back_line) in enumerate(zip(line.tolist(), is_return.tolist(), strict=True)):
        t = int(line_ticket[at])
        number = return_names[back[t]] if back_line else numbers[t]
        text.append(
            csv_line(
                (
                    stores[t],
                    f"{register[t]:02d}",
                    number,
                    str(int(line_number[at])),
                    moment_text[k],
                    "退货" if back_line else "销售",
                    numbers[t] if back_line else "",
                    goods.product_ids[product[k]],
                    goods.names[product[k]],
                    str(quantity[k]),
                    f"{price[k] / 100:.2f}",
                    f"{discount[k] / 100:.2f}",
                    f"{amount[k] / 100:.2f}",
                    members[person[t]] if card[t] else "",
                    customers[t] if has_number[t] else "",
                    phones[t],
                    f"Y{cashier[t]:04d}",
                )
            )
        )
    edges = np.searchsorted(moment, np.arange(days + 1) * clock.DAY)
    for day in range(days):
        date = clock.DATA_START + timedelta(days=day)
        lines = text[edges[day] : edges[day + 1]]
        if people.chunk == 0:
            lines = lines + _bad_lines(day, f"{date:%Y-%m-%d}", bad_rows)
        writer.append_csv(
            "pos",
            "ticket_lines",
            f"{date:%Y/%m}/pos_{date:%Y%m%d}.csv",
            lines,
            byte_order_mark=day % 7 == 3,
        )


def _bad_lines(day: int, date: str, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """Lines that no pipeline can accept: the till's own failures, a few a year."""
    rows = []
    number = f"{date[2:].replace('-', '')}9999"
    common = ["S001", "01", number, "1"]
    if day % 90 == 40:
        rows.append(
            [
                *common,
                f"{date} 20:59:01",
                "销售",
                "",
                "P101001",
                "测试",
                "1",
                "1.00",
                "0.00",
                "#REF!",
                "",
                "",
                "",
                "Y0001",
            ]
        )
        _count(bad_rows, "unreadable_amount")
    if day % 120 == 55:
        rows.append(
            [
                *common,
                f"{date} 20:59:02",
                "销售",
                "",
                "",
                "无条码商品",
                "1",
                "1.00",
                "0.00",
                "1.00",
                "",
                "",
                "",
                "Y0001",
            ]
        )
        _count(bad_rows, "missing_product_id")
    if day % 180 == 100:
        rows.append(
            [
                *common,
                "0000-00-00 00:00:00",
                "销售",
                "",
                "P101001",
                "测试",
                "1",
                "1.00",
                "0.00",
                "1.00",
                "",
                "",
                "",
                "Y0001",
            ]
        )
        _count(bad_rows, "unreadable_sold_at")
    return [csv_line(row) for row in rows]


def _count(bad_rows: dict[tuple[str, str, str], int], rule: str) -> None:
    key = ("pos", "ticket_lines", rule)
    bad_rows[key] = bad_rows.get(key, 0) + 1


def write_products(months: int, writer: LandingWriter) -> None:
    """Write the product master: everything in the first month, then what changed."""
    goods = catalogue.load()
    for month in range(months):
        start = clock.MONTH_EDGES[month]
        chosen = np.flatnonzero(goods.changed[month])
        moments = clock.local_text(start + 3 * 3600 + chosen * 7)
        lines = [
            csv_line(
                (
                    goods.product_ids[p],
                    goods.names[p],
                    goods.departments[p],
                    goods.categories[p],
                    goods.subcategories[p],
                    goods.brands[p],
                    f"{goods.prices[month, p] / 100:.2f}",
                    f"{goods.costs[p] / 100:.2f}",
                    str(goods.stock[month, p]),
                    moment,
                )
            )
            for p, moment in zip(chosen.tolist(), moments, strict=True)
        ]
        writer.append_csv("pos", "products", f"products_{clock.MONTHS[month]:%Y%m}.csv", lines)


def records(
    seed: int, people: People, purchases: Purchases, tickets: Tickets, members: list[str], end: int
) -> dict[str, int]:
    """Customer numbers and lone cards seen before `end`, each with the person behind it."""
    sold = purchases.placed_at[tickets.index]
    person = purchases.person[tickets.index]
    seen = np.flatnonzero((sold < end) & (tickets.customer >= 0))
    names = customer_number(people, person[seen], tickets.customer[seen], seed)
    found = dict(zip(names, person[seen].tolist(), strict=True))
    lone = np.flatnonzero((sold < end) & (tickets.customer < 0) & tickets.shows_card)
    found.update({f"M:{members[p]}": p for p in person[lone].tolist()})
    return found
