"""The JD merchant back office's exports: orders, their goods, service orders and reviews.

Belongs here: buyers' shop-scoped ids, what the platform hides of a receiver, and the rows of the
four feeds. Does not belong here: what orders cost and what becomes of them (`online`), or what
people think of goods (`reviews`).
"""

from __future__ import annotations

import numpy as np

from orchestration.demo import behaviour, catalogue, clock, dirt, online
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.online import OnlineOrders, count_bad, yuan
from orchestration.demo.population import Address, People
from orchestration.demo.reviews import Reviews

SHOP_ID, SHOP_NAME = "10360360", "三六零优选京东旗舰店"
MASKED_NAME_RATE, MASKED_ADDRESS_RATE = 0.25, 0.15
#: How the phone is exported: as ciphertext, as a virtual number with its extension, or masked.
CIPHER_RATE, VIRTUAL_RATE = 0.12, 0.04
BALANCE_RATE = 0.12
EXCHANGE_SHARE = 0.5
#: The platform's own text for a rating without a word.
NO_TEXT = "此用户未填写评价内容"
_STATES = (
    "等待付款",
    "等待出库",
    "等待确认收货",
    "完成",
    "(删除)等待付款",
    "(删除)等待出库",
)
_LOCKED, _SENT_BACK = "(锁定)等待出库", "(删除)等待确认收货"
_ORIGINS = ("移动端订单", "移动端订单", "移动端订单", "PC端订单")
_REASONS = ("七天无理由", "质量问题", "商品与描述不符", "发错货", "不想要了")


def buyer_id(people: People, person: np.ndarray, account: np.ndarray, seed: int) -> list[str]:
    """Buyers as the shop sees them: opaque, and another value in every other shop."""
    token = clock.mix((people.first + person) * 2 + account, seed * 31 + 5)
    return [f"jdo_{value:016x}" for value in token.tolist()]


def order_numbers(people: People, orders: OnlineOrders) -> np.ndarray:
    """Order numbers of twelve digits that tell nothing of time."""
    serial = people.chunk * 10**7 + np.arange(len(orders))
    return 2 * 10**11 + serial * 3_791_037_137 % 10**11


def sku(product: np.ndarray) -> np.ndarray:
    """The platform's own number of a product."""
    return 100_012_043_978 + product * 7_351


def address_text(address: Address) -> str:
    """One text without blanks, the province by its short name, as the back office writes it."""
    province, city, district, street, _ = address
    short = province[:3] if province[:2] in ("黑龙", "内蒙") else province[:2]
    return short + ("" if city == province else city) + district + street


def write(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the chunk's orders, goods and service orders to the first `months` months."""
    _write_orders(seed, people, orders, months, writer, bad_rows)
    _write_items(people, purchases, orders, months, writer, bad_rows)
    _write_after_sales(seed, people, orders, months, writer, bad_rows)


def _phones(pick: np.ndarray, phones: np.ndarray) -> list[str]:
    """What the export shows of a phone: never the number itself."""
    cipher = [clock.mix(phones, salt).tolist() for salt in (81, 82, 83, 84)]
    texts = []
    for number, how, *words in zip(phones.tolist(), pick.tolist(), *cipher, strict=True):
        if how < CIPHER_RATE:
            texts.append("AAZv1Q" + "".join(f"{word:016x}" for word in words))
        elif how < CIPHER_RATE + VIRTUAL_RATE:
            texts.append(f"184{words[0] % 10**8:08d}-{words[1] % 10**4:04d}")
        else:
            texts.append(dirt.mask_phone_short(number))
    return texts


def _write_orders(
    seed: int,
    people: People,
    orders: OnlineOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    rng = clock.stream(seed, clock.STREAM_JD, people.chunk, 1)
    count = len(orders)
    receiver = online.receivers(rng, people, orders)
    stars = rng.random(count) < MASKED_NAME_RATE
    hides = rng.random(count) < MASKED_ADDRESS_RATE
    phones = _phones(rng.random(count), people.phone_at(receiver, orders.created))
    origin = rng.integers(0, len(_ORIGINS), count)
    balance = np.where(
        rng.random(count) < BALANCE_RATE,
        np.minimum(orders.due, rng.integers(1, 300, count) * 100),
        0,
    )
    asked_at = np.full(count, 2**61)
    settled_at = np.full(count, 2**61)
    asked_at[orders.refund_order] = orders.refund_asked_at
    settled_at[orders.refund_order] = orders.refund_at

    buyers = buyer_id(people, orders.person, orders.account, seed)
    # a tab behind the number keeps its digits in a spreadsheet
    numbers = [f"{n}\t" for n in order_numbers(people, orders).tolist()]
    names = [
        dirt.mask_name(people.full_names[to]) if starred else people.full_names[to]
        for to, starred in zip(receiver.tolist(), stars.tolist(), strict=True)
    ]
    addresses = [
        "".join(home[:3]) + "****" if hidden else address_text(home)
        for home, hidden in zip(
            people.addresses_at(receiver, orders.created), hides.tolist(), strict=True
        )
    ]
    created = clock.local_text(orders.created)
    goods, settlement = yuan(orders.goods), yuan(orders.goods - orders.discount)
    freight, balance_text = yuan(orders.postage), yuan(balance)
    payable = yuan(orders.due - balance)

    for month in range(months):
        report = orders.report(month)
        edge = clock.MONTH_EDGES[month + 1]
        chosen = report.chosen
        locked = (asked_at[chosen] < edge) & (settled_at[chosen] >= edge)
        sent_back = report.reached[:, online.SHIPPED] >= 0
        done = report.reached[:, online.DONE]
        columns = zip(
            chosen.tolist(),
            report.state.tolist(),
            locked.tolist(),
            sent_back.tolist(),
            (report.paid_at >= 0).tolist(),
            clock.local_text(report.paid_at),
            (done >= 0).tolist(),
            clock.local_text(done),
            clock.local_text(report.changed_at),
            strict=True,
        )
        lines = []
        for k, state, is_locked, was_sent, is_paid, paid_at, is_done, done_at, changed in columns:
            status = _STATES[state]
            if state == online.PAID and is_locked:
                status = _LOCKED
            elif state == online.REFUNDED and was_sent:
                status = _SENT_BACK
            lines.append(
                csv_line(
                    (
                        numbers[k],
                        SHOP_ID,
                        SHOP_NAME,
                        "在线支付",
                        created[k],
                        goods[k],
                        settlement[k],
                        freight[k],
                        balance_text[k],
                        payable[k],
                        status,
                        "SOP",
                        buyers[k],
                        names[k],
                        addresses[k],
                        phones[k],
                        "",
                        paid_at if is_paid else "",
                        done_at if is_done else "",
                        changed,
                        _ORIGINS[origin[k]],
                    )
                )
            )
        if people.chunk == 0:
            lines += _bad_orders(month, bad_rows)
        writer.append_csv(
            "jd", "orders", f"jd_order_{clock.MONTHS[month]:%Y%m}.csv", lines, encoding="gb18030"
        )


def _bad_orders(month: int, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """A total without an order number, and an order whose buyer the platform withheld."""
    stamp = f"{clock.MONTHS[month]:%Y-%m}-15 10:00:00"
    rows = []
    if month % 4 == 1:
        rows.append(["合计", *[""] * 4, "1,024.00", *[""] * 15])
        # the word stands where the number should: the row has no time
        count_bad(bad_rows, "jd", "orders", "missing_buyer_id")
    if month % 6 == 3:
        rows.append(
            [
                f"{299_000_000_000 + month}\t",
                SHOP_ID,
                SHOP_NAME,
                "在线支付",
                stamp,
                "99.00",
                "99.00",
                "0.00",
                "0.00",
                "九十九元",
                "完成",
                "SOP",
                "jdo_badrow",
                "张*",
                "上海浦东新区****",
                "139*******0",
                "",
                stamp,
                stamp,
                stamp,
                _ORIGINS[0],
            ]
        )
        count_bad(bad_rows, "jd", "orders", "unreadable_amount")
    return [csv_line(row) for row in rows]


def _write_items(
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    goods = catalogue.load()
    lines_of = orders.line_keep
    product, price = purchases.product[lines_of], purchases.unit_price[lines_of]
    month = clock.month_index(orders.created)[orders.line_order]
    numbers = order_numbers(people, orders)[orders.line_order]
    amount = online.line_amounts(purchases, orders)
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        lines = [
            csv_line(values)
            for values in zip(
                [f"{n}\t" for n in numbers[chosen].tolist()],
                [f"{n}\t" for n in sku(product[chosen]).tolist()],
                [f"【官方旗舰】{goods.names[p]}" for p in product[chosen].tolist()],
                [goods.product_ids[p] for p in product[chosen].tolist()],
                [str(q) for q in purchases.quantity[lines_of[chosen]].tolist()],
                yuan(price[chosen]),
                yuan(orders.line_share[chosen]),
                yuan(amount[chosen]),
                strict=True,
            )
        ]
        if people.chunk == 0 and m % 7 == 2:
            lines.append(
                csv_line([f"{299_100_000_000 + m}\t", "1", "赠品", "", "1", "0.00", "0.00", "0.00"])
            )
            count_bad(bad_rows, "jd", "order_items", "missing_product_id")
        writer.append_csv(
            "jd",
            "order_items",
            f"jd_order_sku_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            encoding="gb18030",
        )


def _write_after_sales(
    seed: int,
    people: People,
    orders: OnlineOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """A service order stands in the report of the month it was asked for and, once it is closed,
    in that month's too."""
    rng = clock.stream(seed, clock.STREAM_JD, people.chunk, 2)
    count = len(orders.refund_order)
    exchange = ~orders.refund_settled & (rng.random(count) < EXCHANGE_SHARE)
    reason = rng.integers(0, len(_REASONS), count)
    asked, closed = orders.refund_asked_at, orders.refund_at
    month_asked, month_closed = clock.month_index(asked), clock.month_index(closed)
    numbers = order_numbers(people, orders)[orders.refund_order]
    asked_text, closed_text = clock.local_text(asked), clock.local_text(closed)
    amount = yuan(np.where(exchange, 0, orders.refund_amount))
    for m in range(months):
        chosen = np.flatnonzero((month_asked == m) | (month_closed == m))
        lines = []
        for k in chosen.tolist():
            is_closed = month_closed[k] <= m
            ended = "完成" if orders.refund_settled[k] or exchange[k] else "取消"
            lines.append(
                csv_line(
                    (
                        f"{numbers[k] * 3 + 7}\t",
                        f"{numbers[k]}\t",
                        "换货" if exchange[k] else "退货",
                        _REASONS[reason[k]],
                        asked_text[k],
                        ended if is_closed else "待审核",
                        amount[k],
                        closed_text[k] if is_closed else "",
                        closed_text[k] if is_closed else asked_text[k],
                    )
                )
            )
        if people.chunk == 0 and m % 9 == 5:
            stamp = f"{clock.MONTHS[m]:%Y-%m}-20 09:00:00"
            lines.append(
                csv_line(["", "299999999999", "退货", "其他", stamp, "完成", "10.00", stamp, stamp])
            )
            count_bad(bad_rows, "jd", "after_sales", "missing_service_id")
        writer.append_csv(
            "jd",
            "after_sales",
            f"jd_service_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            encoding="gb18030",
        )


def write_reviews(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    reviews: Reviews,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> list[str]:
    """Append the chunk's reviews to the first `months` months.

    Returns:
        The review numbers, one per review of the whole horizon.
    """
    goods = catalogue.load()
    order = orders.line_order[reviews.line]
    product = purchases.product[orders.line_keep[reviews.line]]
    numbers = order_numbers(people, orders)[order]
    buyers = buyer_id(people, orders.person[order], orders.account[order], seed)
    serial = people.chunk * 10**7 + np.arange(len(reviews.line))
    ids = [f"T{value:016x}" for value in clock.mix(serial, seed * 31 + 11 + behaviour.JD).tolist()]
    month = clock.month_index(reviews.written_at)
    written = clock.local_text(reviews.written_at)
    for m in range(months):
        lines = [
            csv_line(
                (
                    ids[k],
                    f"{numbers[k]}\t",
                    f"{sku(product[k])}\t",
                    goods.product_ids[product[k]],
                    buyers[k],
                    str(reviews.rating[k]),
                    reviews.texts[k] or NO_TEXT,
                    written[k],
                )
            )
            for k in np.flatnonzero(month == m).tolist()
        ]
        if people.chunk == 0 and m % 8 == 6:
            stamp = f"{clock.MONTHS[m]:%Y-%m}-21 21:00:00"
            row = [f"Tbad{m}", "1", "1", "P101001", "jdo_badrow", "满分", "", stamp]
            lines.append(csv_line(row))
            count_bad(bad_rows, "jd", "reviews", "unreadable_rating")
        writer.append_csv(
            "jd",
            "reviews",
            f"jd_comment_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            encoding="gb18030",
        )
    return ids
