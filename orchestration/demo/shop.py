"""The web shop's own exports: accounts, orders, their lines, refunds and reviews.

Belongs here: who has an account and who orders as a guest, what they type at the checkout, and the
rows of these feeds. Does not belong here: what orders cost and what becomes of them (`online`),
browsing (`shop_visits`), what people think of goods (`reviews`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from orchestration.demo import behaviour, catalogue, clock, crm, dirt, online
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter
from orchestration.demo.online import OnlineOrders, count_bad, yuan
from orchestration.demo.population import NEVER, People
from orchestration.demo.reviews import Reviews

#: How many orders people place as guests before they make an account. The shop asks for one from
#: the fourth order on.
GUEST_ORDER_SHARES = (0.80, 0.11, 0.05, 0.04)
FORGOT_LOGIN_RATE = 0.05
BROWSER_ACCOUNT_RATE = 0.30
PHONE_RATE, EMAIL_RATE, NAME_RATE, ADDRESS_RATE = 0.86, 0.72, 0.65, 0.45
WECHAT_LOGIN_RATE = 0.15
GUEST_PHONE_RATE, GUEST_EMAIL_RATE = 0.92, 0.60
MISTYPED_PHONE_RATE, MISTYPED_EMAIL_RATE = 0.025, 0.015
#: Share of people whose browser reports times in UTC.
UTC_RATE = 0.3
_STATES = ("pending_payment", "paid", "shipped", "completed", "cancelled", "refunded")
_PAYMENT = ("alipay", "wechat_pay", "unionpay")


@dataclass
class Accounts:
    """The chunk's accounts, ordered by person; a few people have two.

    Attributes:
        person: Holder.
        slot: 1 for a second account.
        ids: Customer numbers.
        registered: When made, seconds.
        first_of: Position of each person's first account, -1 without one.
        order_account: Per order of the shop the position of the account, -1 for guests.
        since: Per person from when they visit the shop, NEVER without.
    """

    person: np.ndarray
    slot: np.ndarray
    ids: list[str]
    registered: np.ndarray
    first_of: np.ndarray
    order_account: np.ndarray
    since: np.ndarray

    def named_from(self) -> np.ndarray:
        """Per person when the first account was made, NEVER without one."""
        made = np.append(self.registered, NEVER)
        return made[self.first_of]


def order_names(people: People, orders: OnlineOrders) -> list[str]:
    """Order numbers: the day, then a running number that the chunk leads."""
    days = np.datetime_as_string(clock.to_datetime64(orders.created), unit="D").tolist()
    serial = people.chunk * 10**6 + np.arange(len(orders)) % 10**6
    return [f"SO{d[:4]}{d[5:7]}{d[8:]}-{n:08d}" for d, n in zip(days, serial.tolist(), strict=True)]


def simulate_accounts(seed: int, people: People, orders: OnlineOrders) -> Accounts:
    """Draw who makes an account when, and which orders are placed without one."""
    rng = clock.stream(seed, clock.STREAM_SHOP, people.chunk, 1)
    count = len(people)
    by_person = np.argsort(orders.person, kind="stable")
    buyer = orders.person[by_person]
    starts = np.searchsorted(buyer, buyer)
    ordinal = np.empty(len(orders), dtype=np.int64)
    ordinal[by_person] = np.arange(len(orders)) - starts
    order_count = np.bincount(orders.person, minlength=count)

    guest_orders = np.searchsorted(
        np.cumsum(GUEST_ORDER_SHARES), rng.random(count) * 0.999999, side="right"
    )
    forgets = (rng.random(count) < FORGOT_LOGIN_RATE) & (guest_orders == 0)
    as_guest = (ordinal < guest_orders[orders.person]) | (forgets[orders.person] & (ordinal == 2))

    made = np.full(count, NEVER)
    settles = np.flatnonzero(ordinal == guest_orders[orders.person])
    early = np.where(
        (rng.random(count) < 0.3) & (guest_orders == 0), rng.integers(1, 60, count) * clock.DAY, 0
    )
    early = early + rng.integers(60, 2_400, count)
    who = orders.person[settles]
    made[who] = orders.created[settles] - early[who]
    browses = (
        (order_count == 0)
        & ((people.main_channel == behaviour.SHOP) | (people.second_channel == behaviour.SHOP))
        & (people.store_share < 1.0)
        & (rng.random(count) < BROWSER_ACCOUNT_RATE)
    )
    wait = rng.exponential(100.0, count)
    browsed = np.floor(np.minimum(people.joined_day + wait, 2_000)) * clock.DAY
    browsed = browsed.astype(np.int64) + rng.integers(28_000, 80_000, count)
    alive = browsed < np.minimum(people.died_day, 2_000) * clock.DAY
    made = np.where(browses & alive, browsed, made)

    person = np.flatnonzero(made < NEVER)
    twice = online.has_second_account(people, seed, behaviour.SHOP)[person]
    second = person[twice]
    gap = rng.integers(10, 300, count) * clock.DAY
    first_of = np.full(count, -1)
    first_of[person] = np.arange(len(person))
    second_of = np.full(count, -1)
    second_of[second] = len(person) + np.arange(len(second))
    registered = np.concatenate([made[person], made[second] + gap[second]])
    # an order of the second account is the second account's once that exists
    account = np.where(
        (orders.account == 1) & (orders.created > (made + gap)[orders.person]),
        second_of[orders.person],
        first_of[orders.person],
    )
    account = np.where(as_guest | (account < 0), -1, account)

    first_order = np.full(count, NEVER)
    np.minimum.at(first_order, orders.person, orders.created)
    lead = rng.integers(0, 20 * clock.DAY, count)
    since = np.minimum(made, first_order)
    since = np.where(since < NEVER, since - lead, NEVER)
    holder = np.concatenate([person, second])
    slot = np.repeat([0, 1], [len(person), len(second)])
    serial = ((people.first + holder) * 2 + slot) * 6_543_217 + 30_011
    return Accounts(
        person=holder,
        slot=slot,
        ids=[f"W{value:09d}" for value in (serial % 1_000_000_000).tolist()],
        registered=registered,
        first_of=first_of,
        order_account=account,
        since=since,
    )


def write(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    accounts: Accounts,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    """Append the chunk's accounts, orders, lines and refunds to the first `months` months.

    Returns:
        Customer number, or G: and the order number of a guest -> person, for what was written.
    """
    contacts = _account_contacts(seed, people, accounts)
    found = _write_accounts(seed, people, accounts, contacts, months, writer, bad_rows)
    names = order_names(people, orders)
    found |= _write_orders(
        seed, people, orders, accounts, contacts, names, months, writer, bad_rows
    )
    _write_items(people, purchases, orders, names, months, writer, bad_rows)
    _write_refunds(people, orders, names, months, writer, bad_rows)
    return found


def iso_times(seconds: np.ndarray, zulu: np.ndarray) -> list[str]:
    """ISO 8601 with offset; in UTC where `zulu`."""
    text = np.datetime_as_string(
        clock.to_datetime64(seconds - np.where(zulu, 8 * 3_600, 0)), unit="s"
    )
    return [t + ("Z" if z else "+08:00") for t, z in zip(text.tolist(), zulu.tolist(), strict=True)]


def speaks_utc(people: People) -> np.ndarray:
    """Whose browser reports times in UTC."""
    return clock.unit_hash(people.first + np.arange(len(people)), 111) < UTC_RATE


def _account_contacts(
    seed: int, people: People, accounts: Accounts
) -> list[tuple[bool, str | None, str | None]]:
    """Per account: whether it has a phone at all, its e-mail, its WeChat account."""
    rng = clock.stream(seed, clock.STREAM_SHOP, people.chunk, 2)
    traits = rng.random((len(accounts.person), 4))
    unions = crm.union_ids(people, accounts.person)
    contacts = []
    for who, slot, (phone, mail, login, how), union in zip(
        accounts.person.tolist(), accounts.slot.tolist(), traits.tolist(), unions, strict=True
    ):
        email = people.second_email[who] if slot else people.first_email[who]
        has_phone = bool(people.second_phone[who]) if slot else phone < PHONE_RATE
        shown = email if email and (mail < EMAIL_RATE or slot) else None
        if not slot and not shown:
            has_phone = True
        by_wechat = login < WECHAT_LOGIN_RATE or not (has_phone or shown)
        contacts.append(
            (
                has_phone,
                dirt.spell_email(shown, 0.8 + 0.2 * how) if shown else None,
                union if by_wechat else None,
            )
        )
    return contacts


def _write_accounts(
    seed: int,
    people: People,
    accounts: Accounts,
    contacts: list[tuple[bool, str | None, str | None]],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    rng = clock.stream(seed, clock.STREAM_SHOP, people.chunk, 3)
    person, count = accounts.person, len(accounts.person)
    traits = rng.random((count, 12))
    new_phone = people.number_until[person]
    lag = rng.integers(1, 60, (count, 2)) * clock.DAY + rng.integers(30_000, 80_000, (count, 2))
    tells = (new_phone > accounts.registered) & (new_phone < NEVER) & (traits[:, 0] < 0.5)
    changed = np.where(tells, new_phone + lag[:, 0], NEVER)
    edits = np.where(traits[:, 1] < 0.25, accounts.registered + lag[:, 1] * 6, NEVER)
    times = np.stack([accounts.registered, changed, edits], axis=1)
    month = np.maximum(clock.month_index(np.minimum(times, clock.MONTH_EDGES[-1] * 2)), 0)
    zulu = speaks_utc(people)[person]
    made = iso_times(accounts.registered, zulu)
    found: dict[str, int] = {}
    for m in range(months):
        edge = int(clock.MONTH_EDGES[m + 1])
        chosen = np.flatnonzero((month == m).any(axis=1))
        newest = np.where(times[chosen] < edge, times[chosen], -(2**61)).max(axis=1)
        written = iso_times(newest, zulu[chosen])
        lines = []
        for row, k in enumerate(chosen.tolist()):
            who, slot, trait = int(person[k]), accounts.slot[k], traits[k]
            has_phone, email, union = contacts[k]
            told = times[k, 1] < edge or accounts.registered[k] >= new_phone[k]
            number = people.next_phone[who] if told else people.first_phone[who]
            number = people.second_phone[who] if slot else number
            gender = "male" if people.is_male[who] else "female"
            home = people.address_at(who, int(newest[row]))
            consents = [
                None if value < 0.2 else bool(value < 0.2 + 0.8 * share)
                for value, share in zip(trait[6:9].tolist(), (0.65, 0.6, 0.4), strict=True)
            ]
            lines.append(
                json.dumps(
                    {
                        "customer_id": accounts.ids[k],
                        "email": email,
                        "phone": dirt.spell_phone(int(number), float(trait[9]))
                        if has_phone
                        else None,
                        "full_name": dirt.spell_name(
                            people.full_names[who], gender, 0.7 + 0.3 * float(trait[10])
                        )
                        if trait[2] < NAME_RATE
                        else None,
                        "gender": gender if trait[3] < 0.5 else "unspecified",
                        "birthday": str(people.birth[who]) if trait[4] < 0.4 else None,
                        "wechat_unionid": union,
                        "consents": dict(zip(("sms", "email", "ads"), consents, strict=True)),
                        "default_address": dict(
                            zip(
                                ("province", "city", "district", "street", "postcode"),
                                home,
                                strict=True,
                            )
                        )
                        if trait[5] < ADDRESS_RATE
                        else None,
                        "registered_at": made[k],
                        "updated_at": written[row],
                    },
                    ensure_ascii=False,
                )
            )
            found[accounts.ids[k]] = who
        if people.chunk == 0 and m % 8 == 3:
            lines.append('{"customer_id": null, "email": "load-test@shop.example"}')
            count_bad(bad_rows, "shop", "customers", "missing_customer_id")
        writer.append_jsonl("shop", "customers", f"customers_{clock.MONTHS[m]:%Y%m}.jsonl", lines)
    return found


def _guest_contacts(
    rng: np.random.Generator, people: People, orders: OnlineOrders
) -> list[tuple[str | None, str | None]]:
    """E-mail and phone that each order's buyer would type as a guest, typing errors included."""
    picks = rng.random((len(orders), 6))
    phones = people.phone_at(orders.person, orders.created).tolist()
    contacts = []
    for who, number, pick in zip(orders.person.tolist(), phones, picks.tolist(), strict=True):
        email = people.first_email[who]
        has_email = bool(email) and pick[0] < GUEST_EMAIL_RATE
        if has_email and pick[1] < MISTYPED_EMAIL_RATE:
            local, domain = email.split("@")
            email = f"{local[:-1]}@{domain}"
        if pick[2] < MISTYPED_PHONE_RATE:
            number = dirt.mistype_phone(number, pick[3])
        has_phone = pick[4] < GUEST_PHONE_RATE or not has_email
        contacts.append(
            (
                email if has_email else None,
                dirt.spell_phone(number, pick[5]) if has_phone else None,
            )
        )
    return contacts


def _write_orders(
    seed: int,
    people: People,
    orders: OnlineOrders,
    accounts: Accounts,
    contacts: list[tuple[bool, str | None, str | None]],
    names: list[str],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    rng = clock.stream(seed, clock.STREAM_SHOP, people.chunk, 4)
    receiver = online.receivers(rng, people, orders)
    guests = _guest_contacts(rng, people, orders)
    payment = rng.integers(0, len(_PAYMENT), len(orders)).tolist()
    own_phones = people.phone_at(orders.person, orders.created).tolist()
    receiver_phones = people.phone_at(receiver, orders.created).tolist()
    homes = people.addresses_at(receiver, orders.created)
    zulu = speaks_utc(people)[orders.person]
    created = iso_times(orders.created, zulu)
    amounts = [
        yuan(fen)
        for fen in (orders.goods, orders.postage, orders.discount, orders.coupon, orders.due)
    ]
    fixed = []
    for k, (to, account) in enumerate(
        zip(receiver.tolist(), accounts.order_account.tolist(), strict=True)
    ):
        email, phone = guests[k]
        if account >= 0:
            has_phone, email, _ = contacts[account]
            phone = str(own_phones[k]) if has_phone and not accounts.slot[account] else None
        province, city, district, street, postcode = homes[k]
        fixed.append(
            {
                "currency": "CNY",
                "goods_amount": amounts[0][k],
                "shipping_amount": amounts[1][k],
                "discount_amount": amounts[2][k],
                "coupon_amount": amounts[3][k],
                "total_amount": amounts[4][k],
                "contact": {"email": email, "phone": phone},
                "shipping_address": {
                    "name": people.full_names[to],
                    "phone": str(receiver_phones[k]),
                    "province": province,
                    "city": city,
                    "district": district,
                    "street": street,
                    "postcode": postcode,
                },
                "payment_method": _PAYMENT[payment[k]],
            }
        )

    found: dict[str, int] = {}
    for m in range(months):
        report = orders.report(m)
        chosen = report.chosen
        paid_at = iso_times(report.paid_at, zulu[chosen])
        changed_at = iso_times(report.changed_at, zulu[chosen])
        lines = []
        for row, (k, state) in enumerate(zip(chosen.tolist(), report.state.tolist(), strict=True)):
            account = accounts.order_account[k]
            is_paid = report.paid_at[row] >= 0
            lines.append(
                json.dumps(
                    {
                        "order_id": names[k],
                        "customer_id": accounts.ids[account] if account >= 0 else None,
                        "status": _STATES[state],
                        "created_at": created[k],
                        "paid_at": paid_at[row] if is_paid else None,
                        "updated_at": changed_at[row],
                        "paid_amount": amounts[4][k] if is_paid else "0.00",
                        **fixed[k],
                    },
                    ensure_ascii=False,
                )
            )
            if account < 0:
                found[f"G:{names[k]}"] = int(orders.person[k])
        if people.chunk == 0:
            lines += _bad_orders(m, bad_rows)
        writer.append_jsonl("shop", "orders", f"orders_{clock.MONTHS[m]:%Y%m}.jsonl", lines)
    return found


def _bad_orders(month: int, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """What a deployment broke: an amount that is no number, a time that is none, half an object."""
    day = f"{clock.MONTHS[month]:%Y-%m}-11"
    lines = []
    if month % 5 == 2:
        lines.append(
            f'{{"order_id": "SO-BAD-{month}", "status": "paid", "created_at": "{day}T10:00:00Z", '
            f'"paid_at": "{day}T10:01:00Z", "total_amount": "NaN", "paid_amount": "NaN"}}'
        )
        count_bad(bad_rows, "shop", "orders", "unreadable_amount")
    if month % 7 == 4:
        lines.append(
            f'{{"order_id": "SO-LATE-{month}", "status": "paid", "created_at": "Invalid date", '
            f'"total_amount": "9.90", "paid_amount": "9.90"}}'
        )
        count_bad(bad_rows, "shop", "orders", "unreadable_ordered_at")
    if month % 11 == 6:
        lines.append(f'{{"order_id": "SO-CUT-{month}", "status": "pa')
        count_bad(bad_rows, "shop", "orders", "not_json")
    return lines


def _write_items(
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    names: list[str],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    goods = catalogue.load()
    lines_of = orders.line_keep
    month = clock.month_index(orders.created)[orders.line_order]
    amount = yuan(online.line_amounts(purchases, orders))
    share, price = yuan(orders.line_share), yuan(purchases.unit_price[lines_of])
    order, number = orders.line_order.tolist(), purchases.line_number[lines_of].tolist()
    product, quantity = purchases.product[lines_of].tolist(), purchases.quantity[lines_of].tolist()
    for m in range(months):
        lines = [
            f'{{"order_id": "{names[order[k]]}", "line_no": {number[k]}, '
            f'"sku": "{goods.product_ids[product[k]]}", "title": "{goods.names[product[k]]}", '
            f'"quantity": {quantity[k]}, "unit_price": "{price[k]}", '
            f'"discount_amount": "{share[k]}", "net_amount": "{amount[k]}"}}'
            for k in np.flatnonzero(month == m).tolist()
        ]
        if people.chunk == 0 and m % 6 == 5:
            lines.append(f'{{"order_id": "SO-BAD-{m}", "line_no": 1, "sku": null, "quantity": 1}}')
            count_bad(bad_rows, "shop", "order_items", "missing_product_id")
        writer.append_jsonl(
            "shop", "order_items", f"order_items_{clock.MONTHS[m]:%Y%m}.jsonl.gz", lines
        )


def _write_refunds(
    people: People,
    orders: OnlineOrders,
    names: list[str],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """A refund stands in the export of the month it was asked for and of the one it ended in."""
    asked, ended = orders.refund_asked_at, orders.refund_at
    month_asked, month_ended = clock.month_index(asked), clock.month_index(ended)
    here = np.zeros(len(asked), dtype=bool)
    asked_text, ended_text = iso_times(asked, here), iso_times(ended, here)
    amount = yuan(orders.refund_amount)
    for m in range(months):
        lines = []
        for k in np.flatnonzero((month_asked == m) | (month_ended == m)).tolist():
            is_over = month_ended[k] <= m
            name = names[orders.refund_order[k]]
            result = "succeeded" if orders.refund_settled[k] else "rejected"
            lines.append(
                json.dumps(
                    {
                        "refund_id": f"RF{name[2:]}",
                        "order_id": name,
                        "status": result if is_over else "requested",
                        "amount": amount[k],
                        "requested_at": asked_text[k],
                        "completed_at": ended_text[k] if is_over else None,
                        "updated_at": ended_text[k] if is_over else asked_text[k],
                    }
                )
            )
        if people.chunk == 0 and m % 10 == 7:
            day = f"{clock.MONTHS[m]:%Y-%m}-17T08:00:00Z"
            lines.append(
                f'{{"refund_id": "RF-BAD-{m}", "order_id": "SO-BAD-{m}", "status": "succeeded", '
                f'"amount": null, "completed_at": "{day}"}}'
            )
            count_bad(bad_rows, "shop", "refunds", "missing_amount")
        writer.append_jsonl("shop", "refunds", f"refunds_{clock.MONTHS[m]:%Y%m}.jsonl", lines)


def write_reviews(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    accounts: Accounts,
    reviews: Reviews,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> list[str]:
    """Append the chunk's reviews to the first `months` months; guests sign with nothing.

    Returns:
        The review numbers, one per review of the whole horizon.
    """
    goods = catalogue.load()
    order = orders.line_order[reviews.line]
    product = purchases.product[orders.line_keep[reviews.line]]
    names = order_names(people, orders)
    account = accounts.order_account[order]
    serial = people.chunk * 10**7 + np.arange(len(reviews.line))
    tokens = clock.mix(serial, seed * 31 + 11 + behaviour.SHOP).tolist()
    ids = [f"rv-{value:016x}" for value in tokens]
    month = clock.month_index(reviews.written_at)
    written = iso_times(reviews.written_at, speaks_utc(people)[reviews.person])
    for m in range(months):
        lines = []
        for k in np.flatnonzero(month == m).tolist():
            lines.append(
                json.dumps(
                    {
                        "review_id": ids[k],
                        "order_id": names[order[k]],
                        "customer_id": accounts.ids[account[k]] if account[k] >= 0 else None,
                        "sku": goods.product_ids[product[k]],
                        "stars": int(reviews.rating[k]) or None,
                        "text": reviews.texts[k] or None,
                        "created_at": written[k],
                    },
                    ensure_ascii=False,
                )
            )
        if people.chunk == 0 and m % 9 == 4:
            lines.append(
                f'{{"review_id": "rv-bad-{m}", "sku": "P101001", "stars": 5, "created_at": ""}}'
            )
            count_bad(bad_rows, "shop", "reviews", "missing_reviewed_at")
        writer.append_jsonl("shop", "reviews", f"reviews_{clock.MONTHS[m]:%Y%m}.jsonl", lines)
    return ids
