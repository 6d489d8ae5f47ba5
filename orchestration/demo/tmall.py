"""The Tmall seller centre's exports: order, item and refund reports.

Belongs here: buyers' OUIDs, platform masking, and the three reports' rows. Does not belong here:
what orders cost and what becomes of them (`online`).
"""

from __future__ import annotations

import numpy as np

from orchestration.demo import catalogue, clock, dirt, online
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.online import OnlineOrders, count_bad
from orchestration.demo.population import People

SHOP_ID, SHOP_NAME = "58601234", "三六零优选旗舰店"
MASKED_NAME_RATE = 0.60
# the platform masks the Alipay account of most orders, and of some buyers always
ALWAYS_MASKED_RATE, MASKED_ORDER_RATE = 0.06, 0.64
ALIPAY_IS_PHONE_RATE = 0.80
_CLOSE_REASONS = ("买家未付款，超时关闭", "买家不想买了", "信息填写错误，重新拍")
_REFUNDED_REASON = "退款成功，交易关闭"
_STATES = (
    "等待买家付款",
    "买家已付款，等待卖家发货",
    "卖家已发货，等待买家确认",
    "交易成功",
    "交易关闭",
    "付款以后用户退款成功，交易自动关闭",
)


def buyer_ouid(people: People, person: np.ndarray, account: np.ndarray, seed: int) -> list[str]:
    """The platform's opaque buyer ids."""
    token = clock.mix((people.first + person) * 2 + account, seed * 31 + 3)
    return [f"AAH{value:016x}" for value in token.tolist()]


def order_ids(people: People, orders: OnlineOrders) -> np.ndarray:
    """Order numbers: the minute, then the chunk and a running number."""
    running = people.chunk * 10**7 + np.arange(len(orders)) % 10**7
    return 3 * 10**18 + orders.created // 60 * 10**11 + running


def _yuan(fen: np.ndarray) -> list[str]:
    return [f"{value / 100:,.2f}" for value in fen.tolist()]


def _wrapped(numbers: np.ndarray) -> list[str]:
    return [f'="{value}"' for value in numbers.tolist()]


def _alipay(rng: np.random.Generator, people: People, person: np.ndarray, paid_at: np.ndarray):
    everyone = people.first + np.arange(len(people))
    by_phone = clock.unit_hash(everyone, 41) < ALIPAY_IS_PHONE_RATE
    hidden = clock.unit_hash(everyone, 42) < ALWAYS_MASKED_RATE
    masked = hidden[person] | (rng.random(len(person)) < MASKED_ORDER_RATE)
    phones = people.phone_at(person, paid_at)
    values = []
    for who, phone, mask in zip(person.tolist(), phones.tolist(), masked.tolist(), strict=True):
        email = people.first_email[who]
        if by_phone[who] or not email:
            values.append(dirt.mask_phone(phone) if mask else str(phone))
        else:
            values.append(dirt.mask_email(email) if mask else email)
    return values


def write(
    seed: int,
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the chunk's rows to the first `months` monthly reports."""
    rng = clock.stream(seed, clock.STREAM_TMALL, people.chunk, 1)
    count = len(orders)
    person, created = orders.person, orders.created
    ouid = buyer_ouid(people, person, orders.account, seed)
    # drawn for every order of the horizon, so that a longer history draws the same
    alipay = _alipay(rng, people, person, created)
    receiver = online.receivers(rng, people, orders)
    stars = rng.random(count) < MASKED_NAME_RATE
    reason = rng.integers(0, len(_CLOSE_REASONS), count)
    phones = people.phone_at(receiver, created).tolist()
    addresses = people.addresses_at(receiver, created)
    goods, postage = _yuan(orders.goods), _yuan(orders.postage)
    discount, coupon, due = _yuan(orders.discount), _yuan(orders.coupon), _yuan(orders.due)
    nicks = [f"tb{v % 10**9:09d}" for v in clock.mix(person + people.first, 43).tolist()]
    created_text = clock.local_text(created)
    ids = order_ids(people, orders)
    wrapped = _wrapped(ids)

    for month in range(months):
        name = f"{clock.MONTHS[month]:%Y%m}.csv"
        report = orders.report(month)
        changed_text = clock.local_text(report.changed_at)
        paid_text = clock.local_text(report.paid_at)
        is_paid = (report.paid_at >= 0).tolist()
        lines = []
        for row, (k, state) in enumerate(
            zip(report.chosen.tolist(), report.state.tolist(), strict=True)
        ):
            to = int(receiver[k])
            province, city, district, _, _ = addresses[k]
            full_name = people.full_names[to]
            why = _CLOSE_REASONS[reason[k]] if state == online.CLOSED else ""
            lines.append(
                csv_line(
                    (
                        wrapped[k],
                        ouid[k],
                        nicks[k],
                        alipay[k],
                        goods[k],
                        postage[k],
                        discount[k],
                        coupon[k],
                        due[k] if is_paid[row] else "0.00",
                        _STATES[state],
                        dirt.mask_name(full_name) if stars[k] else full_name,
                        f"{province} {city} {district} ****",
                        dirt.mask_phone(phones[k]),
                        created_text[k],
                        paid_text[row] if is_paid[row] else "",
                        changed_text[row],
                        SHOP_ID,
                        SHOP_NAME,
                        _REFUNDED_REASON if state == online.REFUNDED else why,
                    )
                )
            )
        if people.chunk == 0:
            lines += _bad_orders(month, bad_rows)
        writer.append_csv("tmall", "orders", f"ExportOrderList{name}", lines, encoding="gb18030")
    _write_items(people, purchases, orders, ids, months, writer, bad_rows)
    _write_refunds(orders, ids, months, writer)


def _bad_orders(month: int, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """Rows no pipeline can accept: a footer without a key, an amount with letters for digits."""
    rows = []
    stamp = f"{clock.MONTHS[month]:%Y-%m}-15 10:00:00"
    tail = [stamp, stamp, stamp, SHOP_ID, SHOP_NAME, ""]
    if month % 3 == 2:
        rows.append(csv_line(["", "", "合计", *[""] * 16]))
        count_bad(bad_rows, "tmall", "orders", "missing_order_id")
    if month % 6 == 4:
        bad_id = f'="{9 * 10**17 + month}"'
        rows.append(
            csv_line(
                [
                    bad_id,
                    "AAH00badrow",
                    "tb0",
                    "139****0000",
                    "12O.5O",
                    "0.00",
                    "0.00",
                    "0.00",
                    "12O.5O",
                    "交易成功",
                    "张*",
                    "上海市 上海市 徐汇区 ****",
                    "139****0000",
                    *tail,
                ]
            )
        )
        count_bad(bad_rows, "tmall", "orders", "unreadable_amount")
    if month % 12 == 7:
        bad_id = f'="{9 * 10**17 + 500 + month}"'
        rows.append(
            csv_line(
                [
                    bad_id,
                    "AAH00badrow",
                    "tb0",
                    "139****0000",
                    "10.00",
                    "0.00",
                    "0.00",
                    "0.00",
                    "10.00",
                    "交易成功",
                    "张*",
                    "上海市 上海市 徐汇区 ****",
                    "139****0000",
                    "昨天下午",
                    "",
                    "",
                    SHOP_ID,
                    SHOP_NAME,
                    "",
                ]
            )
        )
        count_bad(bad_rows, "tmall", "orders", "unreadable_ordered_at")
    return rows


def _write_items(
    people: People,
    purchases: Purchases,
    orders: OnlineOrders,
    ids: np.ndarray,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    goods = catalogue.load()
    order = orders.line_order
    number, product = purchases.line_number[orders.line_keep], purchases.product[orders.line_keep]
    quantity, price = purchases.quantity[orders.line_keep], purchases.unit_price[orders.line_keep]
    month = clock.month_index(orders.created)[order]
    amount = online.line_amounts(purchases, orders)
    # the first line of an order shares its number, as on the platform
    line_id = ids[order] + (number - 1) * 10**18 // 2
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        lines = [
            csv_line(values)
            for values in zip(
                _wrapped(ids[order[chosen]]),
                _wrapped(line_id[chosen]),
                [goods.names[p] + " 官方正品" for p in product[chosen].tolist()],
                [goods.product_ids[p] for p in product[chosen].tolist()],
                _yuan(price[chosen]),
                [str(q) for q in quantity[chosen].tolist()],
                _yuan(orders.line_share[chosen]),
                _yuan(amount[chosen]),
                strict=True,
            )
        ]
        if people.chunk == 0 and m % 5 == 3:
            bad_id = f'="{9 * 10**17 + m}"'
            lines.append(csv_line([bad_id, bad_id, "已下架商品", "", "9.90", "1", "0.00", "9.90"]))
            count_bad(bad_rows, "tmall", "order_items", "missing_product_id")
        writer.append_csv(
            "tmall",
            "order_items",
            f"ExportOrderDetailList{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            encoding="gb18030",
        )


def _write_refunds(
    orders: OnlineOrders, ids: np.ndarray, months: int, writer: LandingWriter
) -> None:
    month = clock.month_index(orders.refund_at)
    refund_id = ids[orders.refund_order] + 5 * 10**18
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        lines = [
            csv_line(values)
            for values in zip(
                _wrapped(refund_id[chosen]),
                _wrapped(ids[orders.refund_order[chosen]]),
                _yuan(orders.refund_amount[chosen]),
                ["退款成功" if s else "退款关闭" for s in orders.refund_settled[chosen].tolist()],
                clock.local_text(orders.refund_at[chosen]),
                strict=True,
            )
        ]
        writer.append_csv(
            "tmall",
            "refunds",
            f"ExportRefundList{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            encoding="gb18030",
        )
