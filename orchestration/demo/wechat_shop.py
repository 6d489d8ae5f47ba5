"""The mini program shop's exports: orders, their lines and refunds.

Belongs here: order numbers, spelling, and the rows of the three feeds. Does not belong here: what
orders cost and what becomes of them (`online`), or who the openids belong to (`wechat`).
"""

from __future__ import annotations

import numpy as np

from orchestration.demo import catalogue, clock, crm, dirt, online, wechat
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.online import OnlineOrders, count_bad, yuan
from orchestration.demo.population import People
from orchestration.demo.wechat import MINI_APPID, WeChatUsers

MASKED_NAME_RATE, READABLE_PHONE_RATE = 0.15, 0.25
_STATES = (
    "待付款",
    "待发货",
    "待收货",
    "已完成",
    "未付款用户主动取消或超时未付款订单自动取消",
    "全部商品售后之后，订单取消",
)


def order_numbers(people: People, orders: OnlineOrders) -> list[str]:
    """Order numbers of nineteen digits, the chunk in front of a running number."""
    serial = people.chunk * 10**7 + np.arange(len(orders))
    return [f"37{20_000_000_000_000_000 + n * 256:017d}" for n in serial.tolist()]


def buyer_openids(people: People, orders: OnlineOrders) -> list[str]:
    """The buyer's openid in the mini program, per order."""
    first = wechat.open_ids(people, orders.person, MINI_APPID)
    second = wechat.open_ids(people, orders.person, MINI_APPID, 1)
    return [b if a else f for f, b, a in zip(first, second, orders.account.tolist(), strict=True)]


def write(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    users: WeChatUsers,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    """Append the chunk's orders, lines and refunds to the first `months` months.

    Returns:
        appid:openid -> person, for the orders written.
    """
    numbers = order_numbers(people, orders)
    found = _write_orders(seed, people, orders, users, numbers, months, writer, bad_rows)
    _write_items(people, purchases, orders, numbers, months, writer, bad_rows)
    _write_refunds(people, orders, numbers, months, writer, bad_rows)
    return found


def _write_orders(
    seed: int,
    people: People,
    orders: OnlineOrders,
    users: WeChatUsers,
    numbers: list[str],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> dict[str, int]:
    rng = clock.stream(seed, clock.STREAM_WECHAT_ORDERS, people.chunk, 1)
    receiver = online.receivers(rng, people, orders)
    stars = (rng.random(len(orders)) < MASKED_NAME_RATE).tolist()
    readable = (rng.random(len(orders)) < READABLE_PHONE_RATE).tolist()
    openids = buyer_openids(people, orders)
    unions = [
        (two if account else one) if shows else ""
        for one, two, account, shows in zip(
            crm.union_ids(people, orders.person),
            crm.union_ids(people, orders.person, 1),
            orders.account.tolist(),
            users.shows_union[orders.person].tolist(),
            strict=True,
        )
    ]
    phones = [
        str(phone) if shown else dirt.mask_phone(phone)
        for phone, shown in zip(
            people.phone_at(receiver, orders.created).tolist(), readable, strict=True
        )
    ]
    names = [
        dirt.mask_name(people.full_names[to]) if starred else people.full_names[to]
        for to, starred in zip(receiver.tolist(), stars, strict=True)
    ]
    homes = people.addresses_at(receiver, orders.created)
    created = clock.local_text(orders.created)
    goods, postage, discount, coupon, due = (
        yuan(fen)
        for fen in (orders.goods, orders.postage, orders.discount, orders.coupon, orders.due)
    )
    found: dict[str, int] = {}
    for m in range(months):
        report = orders.report(m)
        paid_at = clock.local_text(report.paid_at)
        changed = clock.local_text(report.changed_at)
        lines = []
        for row, (k, state) in enumerate(
            zip(report.chosen.tolist(), report.state.tolist(), strict=True)
        ):
            is_paid = report.paid_at[row] >= 0
            lines.append(
                csv_line(
                    (
                        f"'{numbers[k]}",
                        MINI_APPID,
                        openids[k],
                        unions[k],
                        created[k],
                        paid_at[row] if is_paid else "",
                        _STATES[state],
                        f"¥{goods[k]}",
                        f"¥{postage[k]}",
                        f"¥{discount[k]}",
                        f"¥{coupon[k]}",
                        f"¥{due[k]}" if is_paid else "¥0.00",
                        names[k],
                        phones[k],
                        *homes[k][:4],
                        changed[row],
                    )
                )
            )
            found[f"{MINI_APPID}:{openids[k]}"] = int(orders.person[k])
        if people.chunk == 0:
            lines += _bad_orders(m, bad_rows)
        writer.append_csv(
            "wechat",
            "orders",
            f"mini_orders_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            byte_order_mark=True,
        )
    return found


def _bad_orders(month: int, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """An order whose user is gone from the platform, and one whose amount a hand has edited."""
    stamp = f"{clock.MONTHS[month]:%Y-%m}-09 12:00:00"
    money = ["¥10.00", "¥0.00", "¥0.00", "¥0.00"]
    where = ["*", "138****0000", "上海市", "上海市", "徐汇区", "****", stamp]
    rows = []
    if month % 6 == 1:
        head = [f"'379{month:016d}", MINI_APPID, "", "", stamp, stamp, "已完成"]
        rows.append([*head, *money, "¥10.00", *where])
        count_bad(bad_rows, "wechat", "orders", "missing_openid")
    if month % 8 == 3:
        head = [f"'378{month:016d}", MINI_APPID, "obadrow", "", stamp, stamp, "已完成"]
        rows.append([*head, *money, "十元", *where])
        count_bad(bad_rows, "wechat", "orders", "unreadable_amount")
    return [csv_line(row) for row in rows]


def _write_items(
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    numbers: list[str],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    goods = catalogue.load()
    lines_of = orders.line_keep
    product = purchases.product[lines_of]
    month = clock.month_index(orders.created)[orders.line_order]
    amount = online.line_amounts(purchases, orders)
    order = orders.line_order.tolist()
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        lines = [
            csv_line(values)
            for values in zip(
                [f"'{numbers[order[k]]}" for k in chosen.tolist()],
                [str(n) for n in purchases.line_number[lines_of[chosen]].tolist()],
                [goods.product_ids[p] for p in product[chosen].tolist()],
                [goods.names[p] for p in product[chosen].tolist()],
                [str(q) for q in purchases.quantity[lines_of[chosen]].tolist()],
                yuan(purchases.unit_price[lines_of[chosen]]),
                yuan(orders.line_share[chosen]),
                yuan(amount[chosen]),
                strict=True,
            )
        ]
        if people.chunk == 0 and m % 9 == 3:
            lines.append(csv_line([f"'379{m:016d}", "1", "", "赠品", "1", "0.00", "0.00", "0.00"]))
            count_bad(bad_rows, "wechat", "order_items", "missing_product_id")
        writer.append_csv(
            "wechat",
            "order_items",
            f"mini_order_items_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            byte_order_mark=True,
        )


def _write_refunds(
    people: People,
    orders: OnlineOrders,
    numbers: list[str],
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """A claim stands in the export of the month it was made in and of the one it ended in."""
    asked, ended = orders.refund_asked_at, orders.refund_at
    month_asked, month_ended = clock.month_index(asked), clock.month_index(ended)
    asked_text, ended_text = clock.local_text(asked), clock.local_text(ended)
    amount = yuan(orders.refund_amount)
    for m in range(months):
        lines = []
        for k in np.flatnonzero((month_asked == m) | (month_ended == m)).tolist():
            is_over = month_ended[k] <= m
            number = numbers[orders.refund_order[k]]
            result = "退款完成" if orders.refund_settled[k] else "用户取消申请"
            lines.append(
                csv_line(
                    (
                        f"'2{number[1:]}",
                        f"'{number}",
                        "退货退款" if k % 3 else "仅退款",
                        result if is_over else "待商家受理",
                        amount[k],
                        asked_text[k],
                        ended_text[k] if is_over else "",
                        ended_text[k] if is_over else asked_text[k],
                    )
                )
            )
        if people.chunk == 0 and m % 11 == 8:
            stamp = f"{clock.MONTHS[m]:%Y-%m}-19 19:00:00"
            row = [f"'279{m:016d}", "", "仅退款", "退款完成", "5.00", stamp, stamp, stamp]
            lines.append(csv_line(row))
            count_bad(bad_rows, "wechat", "refunds", "missing_order_id")
        writer.append_csv(
            "wechat",
            "refunds",
            f"mini_refunds_{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            byte_order_mark=True,
        )
