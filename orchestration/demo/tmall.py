"""The Tmall seller centre's exports: order, item and refund reports.

Belongs here: buyers' accounts, order states over time, platform masking, and the three reports'
rows. Does not belong here: when people buy and what (`behaviour`).

A monthly report is drawn at midnight after the month's last day. It carries the orders created
in the month and repeats older ones whose state changed in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import catalogue, clock, dirt
from orchestration.demo.behaviour import Purchases
from orchestration.demo.landing import LandingWriter, csv_line
from orchestration.demo.population import NEVER, People

SHOP_ID, SHOP_NAME = "58601234", "三六零优选旗舰店"
SECOND_ACCOUNT_RATE = 0.03
GIFT_RATE = 0.03
MASKED_NAME_RATE = 0.60
# the platform masks the Alipay account of most orders, and of some buyers always
ALWAYS_MASKED_RATE, MASKED_ORDER_RATE = 0.06, 0.64
ALIPAY_IS_PHONE_RATE = 0.80
REFUND_RATE, DROPPED_CLAIM_RATE = 0.06, 0.01
_CLOSE_REASONS = ("买家未付款，超时关闭", "买家不想买了", "信息填写错误，重新拍")


@dataclass
class TmallOrders:
    """The chunk's Tmall orders; amounts in fen; aligned with `index` into the chunk's purchases."""

    index: np.ndarray
    order_id: np.ndarray
    account: np.ndarray
    paid_at: np.ndarray
    modified: np.ndarray
    goods: np.ndarray
    postage: np.ndarray
    discount: np.ndarray
    coupon: np.ndarray
    line_share: np.ndarray
    refund_order: np.ndarray
    refund_at: np.ndarray
    refund_amount: np.ndarray
    refund_settled: np.ndarray

    @property
    def due(self) -> np.ndarray:
        """What the buyer pays, postage included."""
        return self.goods + self.postage - self.discount - self.coupon


def buyer_ouid(people: People, person: np.ndarray, account: np.ndarray, seed: int) -> list[str]:
    """The platform's opaque buyer ids."""
    token = clock.mix((people.first + person) * 2 + account, seed * 31 + 3)
    return [f"AAH{value:016x}" for value in token.tolist()]


def has_second_account(people: People, seed: int) -> np.ndarray:
    """Who orders through two Tmall accounts."""
    everyone = people.first + np.arange(len(people))
    return clock.unit_hash(everyone, seed * 31 + 4) < SECOND_ACCOUNT_RATE


def simulate_orders(seed: int, people: People, purchases: Purchases) -> TmallOrders:
    """Draw accounts, payment, amounts and refunds of the chunk's Tmall orders."""
    rng = clock.stream(seed, clock.STREAM_TMALL, people.chunk)
    index = np.flatnonzero(~purchases.in_store)
    count = len(index)
    person, created = purchases.person[index], purchases.placed_at[index]
    account = (has_second_account(people, seed)[person] & (rng.random(count) < 0.4)).astype(int)
    minute = created // 60
    order_id = 3 * 10**18 + minute * 10**11 + people.chunk * 10**7 + np.arange(count) % 10**7

    paid = purchases.is_paid[index]
    paid_at = created + np.minimum(rng.exponential(400, count), 80_000).astype(np.int64) + 8
    shipped_at = paid_at + rng.integers(3, 60, count) * 3600
    done_at = (
        shipped_at + rng.integers(3 * 24, 12 * 24, count) * 3600 + rng.integers(0, 3600, count)
    )
    closed_at = created + np.where(
        rng.random(count) < 0.6, 86_400, rng.integers(600, 80_000, count)
    )
    paid_at = np.where(paid, paid_at, NEVER)
    never = np.full(count, NEVER)
    modified = np.stack(
        [
            created,
            paid_at,
            np.where(paid, shipped_at, never),
            np.where(paid, done_at, never),
            np.where(paid, never, closed_at),
        ],
        axis=1,
    )

    is_line = ~purchases.in_store[purchases.line_order]
    position = np.zeros(len(purchases), dtype=np.int64)
    position[index] = np.arange(count)
    line_position = position[purchases.line_order[is_line]]
    line_goods = (purchases.unit_price * purchases.quantity)[is_line]
    goods = np.bincount(line_position, weights=line_goods, minlength=count).astype(np.int64)
    postage = np.where((goods < 8_800) & (rng.random(count) < 0.6), 1_000, 0)
    discount = (goods * purchases.discount_rate[index]).astype(np.int64) // 10 * 10
    wants_coupon = rng.random(count) < 0.30 * people.price_sensitivity[person] + 0.03
    coupon = np.where(wants_coupon & (goods - discount > 9_900), 1_000, 0)
    coupon = np.where((coupon > 0) & (goods - discount > 29_900), 3_000, coupon)
    # lines carry the discounts in proportion; the first line of an order takes the rounding
    off = discount + coupon
    share = line_goods * off[line_position] // np.maximum(goods[line_position], 1)
    rest = off - np.bincount(line_position, weights=share, minlength=count).astype(np.int64)
    first_line = np.flatnonzero(np.diff(line_position, prepend=-1))
    share[first_line] += rest

    claim = rng.random(count)
    refund_order = np.flatnonzero(paid & (claim < REFUND_RATE + DROPPED_CLAIM_RATE))
    settled = claim[refund_order] < REFUND_RATE
    refund_at = (
        paid_at[refund_order]
        + (rng.gamma(2.0, 4.0, len(refund_order)) * 86_400).astype(np.int64)
        + 7200
    )
    due = (goods + postage - off)[refund_order]
    part = np.where(rng.random(len(refund_order)) < 0.6, 1.0, rng.uniform(0.1, 0.9, len(due)))
    refund_amount = np.maximum((due * part).astype(np.int64), 1)
    return TmallOrders(
        index=index,
        order_id=order_id,
        account=account,
        paid_at=paid_at,
        modified=modified,
        goods=goods,
        postage=postage,
        discount=discount,
        coupon=coupon,
        line_share=share,
        refund_order=refund_order,
        refund_at=refund_at,
        refund_amount=refund_amount,
        refund_settled=settled,
    )


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
    orders: TmallOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    """Append the chunk's rows to the first `months` monthly reports."""
    rng = clock.stream(seed, clock.STREAM_TMALL, people.chunk, 1)
    count = len(orders.index)
    person, created = purchases.person[orders.index], purchases.placed_at[orders.index]
    ouid = buyer_ouid(people, person, orders.account, seed)
    # drawn for every order of the horizon, so that a longer history draws the same
    alipay = _alipay(rng, people, person, created)
    gift = rng.random(count) < GIFT_RATE
    receiver = np.where(gift, rng.integers(0, len(people), count), person)
    stars = rng.random(count) < MASKED_NAME_RATE
    reason = rng.integers(0, len(_CLOSE_REASONS), count)
    phones = people.phone_at(receiver, created).tolist()
    goods, postage = _yuan(orders.goods), _yuan(orders.postage)
    discount, coupon, due = _yuan(orders.discount), _yuan(orders.coupon), _yuan(orders.due)
    nicks = [f"tb{v % 10**9:09d}" for v in clock.mix(person + people.first, 43).tolist()]
    created_text = clock.local_text(created)
    wrapped = _wrapped(orders.order_id)
    event_month = clock.month_index(np.minimum(orders.modified, clock.MONTH_EDGES[-1] * 2))

    for month in range(months):
        name = f"{clock.MONTHS[month]:%Y%m}.csv"
        edge = clock.MONTH_EDGES[month + 1]
        chosen = np.flatnonzero((event_month == month).any(axis=1))
        happened = orders.modified[chosen] < edge
        changed = np.where(happened, orders.modified[chosen], -1)
        newest = changed.max(axis=1)
        changed_text = clock.local_text(newest)
        paid_text = clock.local_text(np.where(happened[:, 1], orders.modified[chosen, 1], 0))
        state = np.select(
            [happened[:, 4], happened[:, 3], happened[:, 2], happened[:, 1]], [4, 3, 2, 1], 0
        ).tolist()
        lines = []
        for row, k in enumerate(chosen.tolist()):
            to = int(receiver[k])
            province, city, district, _, _ = people.address_at(to, int(created[k]))
            full_name = people.full_names[to]
            is_paid = 1 <= state[row] <= 3
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
                        due[k] if is_paid else "0.00",
                        _STATES[state[row]],
                        dirt.mask_name(full_name) if stars[k] else full_name,
                        f"{province} {city} {district} ****",
                        dirt.mask_phone(phones[k]),
                        created_text[k],
                        paid_text[row] if is_paid else "",
                        changed_text[row],
                        SHOP_ID,
                        SHOP_NAME,
                        _CLOSE_REASONS[reason[k]] if state[row] == 4 else "",
                    )
                )
            )
        if people.chunk == 0:
            lines += _bad_orders(month, bad_rows)
        writer.append_csv("tmall", "orders", f"ExportOrderList{name}", lines, encoding="gb18030")
    _write_items(people, purchases, orders, months, writer, bad_rows)
    _write_refunds(orders, months, writer)


_STATES = (
    "等待买家付款",
    "买家已付款，等待卖家发货",
    "卖家已发货，等待买家确认",
    "交易成功",
    "交易关闭",
)


def _bad_orders(month: int, bad_rows: dict[tuple[str, str, str], int]) -> list[str]:
    """Rows no pipeline can accept: a footer without a key, an amount with letters for digits."""
    rows = []
    stamp = f"{clock.MONTHS[month]:%Y-%m}-15 10:00:00"
    tail = [stamp, stamp, stamp, SHOP_ID, SHOP_NAME, ""]
    if month % 3 == 2:
        rows.append(csv_line(["", "", "合计", *[""] * 16]))
        _count(bad_rows, "tmall", "orders", "missing_order_id")
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
        _count(bad_rows, "tmall", "orders", "unreadable_amount")
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
        _count(bad_rows, "tmall", "orders", "unreadable_ordered_at")
    return rows


def _count(bad_rows: dict[tuple[str, str, str], int], source: str, feed: str, rule: str) -> None:
    bad_rows[source, feed, rule] = bad_rows.get((source, feed, rule), 0) + 1


def _write_items(
    people: People,
    purchases: Purchases,
    orders: TmallOrders,
    months: int,
    writer: LandingWriter,
    bad_rows: dict[tuple[str, str, str], int],
) -> None:
    goods = catalogue.load()
    keep = ~purchases.in_store[purchases.line_order]
    position = np.zeros(len(purchases), dtype=np.int64)
    position[orders.index] = np.arange(len(orders.index))
    order = position[purchases.line_order[keep]]
    number, product = purchases.line_number[keep], purchases.product[keep]
    quantity, price = purchases.quantity[keep], purchases.unit_price[keep]
    month = clock.month_index(purchases.placed_at[orders.index])[order]
    paid = (orders.paid_at < NEVER)[order]
    amount = np.where(paid, price * quantity - orders.line_share, 0)
    # the first line of an order shares its number, as on the platform
    line_id = orders.order_id[order] + (number - 1) * 10**18 // 2
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        lines = [
            csv_line(values)
            for values in zip(
                _wrapped(orders.order_id[order[chosen]]),
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
            _count(bad_rows, "tmall", "order_items", "missing_product_id")
        writer.append_csv(
            "tmall",
            "order_items",
            f"ExportOrderDetailList{clock.MONTHS[m]:%Y%m}.csv",
            lines,
            encoding="gb18030",
        )


def _write_refunds(orders: TmallOrders, months: int, writer: LandingWriter) -> None:
    month = clock.month_index(orders.refund_at)
    refund_id = orders.order_id[orders.refund_order] + 5 * 10**18
    for m in range(months):
        chosen = np.flatnonzero(month == m)
        lines = [
            csv_line(values)
            for values in zip(
                _wrapped(refund_id[chosen]),
                _wrapped(orders.order_id[orders.refund_order[chosen]]),
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
