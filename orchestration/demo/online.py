"""Online orders: what they cost, what becomes of them, and what is paid back.

Belongs here: the economics that every online channel shares: accounts, payment, parcels, amounts,
discounts, refunds, and which orders a monthly report repeats. Does not belong here: when people
buy and what (`behaviour`), or how a channel numbers, spells and masks it (`tmall`, `jd`, `shop`,
`wechat_shop`).

A monthly report is drawn at midnight after the month's last day. It carries the orders created
in the month and repeats older ones whose state changed in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.demo import behaviour, clock
from orchestration.demo.behaviour import Purchases
from orchestration.demo.population import NEVER, People

#: What an order came to last, as `MonthOfOrders.state` and the columns of `OnlineOrders.moments`.
CREATED, PAID, SHIPPED, DONE, CLOSED, REFUNDED = range(6)
SECOND_ACCOUNT_RATE, SECOND_ACCOUNT_USE = 0.03, 0.4
GIFT_RATE = 0.03
REFUND_RATE, DROPPED_CLAIM_RATE, WHOLE_REFUND_RATE = 0.06, 0.01, 0.6
FREE_POSTAGE_FROM, POSTAGE, CHARGED_POSTAGE_RATE = 8_800, 1_000, 0.6

_STREAMS = {
    behaviour.TMALL: clock.STREAM_TMALL,
    behaviour.JD: clock.STREAM_JD,
    behaviour.SHOP: clock.STREAM_SHOP,
    behaviour.WECHAT: clock.STREAM_WECHAT_ORDERS,
}


@dataclass
class OnlineOrders:
    """One channel's orders of a chunk; amounts in fen, times in seconds.

    Order arrays are ordered by time; `line_order` and `refund_order` point into them.

    Attributes:
        index: Position in the chunk's purchases.
        person: Who ordered.
        created: When.
        account: 1 for orders through the person's second account.
        moments: (n, 6) when each state was reached, NEVER where it was not.
        line_keep: Position in the chunk's purchase lines.
        line_share: The line's share of discount and coupon.
        refund_asked_at: When the claim was made.
        refund_at: When it was settled or dropped.
        refund_settled: Whether money moved.
    """

    channel: int
    index: np.ndarray
    person: np.ndarray
    created: np.ndarray
    account: np.ndarray
    moments: np.ndarray
    goods: np.ndarray
    postage: np.ndarray
    discount: np.ndarray
    coupon: np.ndarray
    line_order: np.ndarray
    line_keep: np.ndarray
    line_share: np.ndarray
    refund_order: np.ndarray
    refund_asked_at: np.ndarray
    refund_at: np.ndarray
    refund_amount: np.ndarray
    refund_settled: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    @property
    def paid_at(self) -> np.ndarray:
        """When each order was paid, NEVER for those that were not."""
        return self.moments[:, PAID]

    @property
    def due(self) -> np.ndarray:
        """What the buyer pays, postage included."""
        return self.goods + self.postage - self.discount - self.coupon

    @cached_property
    def changed_in(self) -> np.ndarray:
        """(n, 6) month in which each state was reached, beyond all months where it was not."""
        return clock.month_index(np.minimum(self.moments, clock.MONTH_EDGES[-1] * 2))

    def report(self, month: int) -> MonthOfOrders:
        """The orders that the report of one month carries."""
        chosen = np.flatnonzero((self.changed_in == month).any(axis=1))
        happened = self.moments[chosen] < clock.MONTH_EDGES[month + 1]
        reached = np.where(happened, self.moments[chosen], -1)
        return MonthOfOrders(chosen, reached.argmax(axis=1), reached.max(axis=1), reached)


@dataclass(frozen=True)
class MonthOfOrders:
    """A monthly report as of its month's end.

    Attributes:
        chosen: Positions of the orders in it.
        state: What each came to last.
        changed_at: When it did.
        reached: (k, 6) when each state was reached, -1 where it was not by then.
    """

    chosen: np.ndarray
    state: np.ndarray
    changed_at: np.ndarray
    reached: np.ndarray

    @property
    def paid_at(self) -> np.ndarray:
        """When each was paid, -1 where it was not by then."""
        return self.reached[:, PAID]


def has_second_account(people: People, seed: int, channel: int) -> np.ndarray:
    """Who orders through two accounts of a channel."""
    everyone = people.first + np.arange(len(people))
    salt = seed * 31 + 4 + 1_000 * (channel - behaviour.TMALL)
    return clock.unit_hash(everyone, salt) < SECOND_ACCOUNT_RATE


def simulate_orders(seed: int, people: People, purchases: Purchases, channel: int) -> OnlineOrders:
    """Draw accounts, payment, parcels, amounts and refunds of the chunk's orders on one channel."""
    rng = clock.stream(seed, _STREAMS[channel], people.chunk)
    index = np.flatnonzero(purchases.channel == channel)
    count = len(index)
    person, created = purchases.person[index], purchases.placed_at[index]
    twice = has_second_account(people, seed, channel)[person]
    account = (twice & (rng.random(count) < SECOND_ACCOUNT_USE)).astype(int)

    paid = purchases.is_paid[index]
    moments = np.full((count, 6), NEVER)
    moments[:, CREATED] = created
    paid_at = created + np.minimum(rng.exponential(400, count), 80_000).astype(np.int64) + 8
    shipped_at = paid_at + rng.integers(3, 60, count) * 3600
    done_at = (
        shipped_at + rng.integers(3 * 24, 12 * 24, count) * 3600 + rng.integers(0, 3600, count)
    )
    closed_at = created + np.where(
        rng.random(count) < 0.6, 86_400, rng.integers(600, 80_000, count)
    )
    for state, moment in ((PAID, paid_at), (SHIPPED, shipped_at), (DONE, done_at)):
        moments[:, state] = np.where(paid, moment, NEVER)
    moments[:, CLOSED] = np.where(paid, NEVER, closed_at)

    is_line = purchases.channel[purchases.line_order] == channel
    position = np.zeros(len(purchases), dtype=np.int64)
    position[index] = np.arange(count)
    line_order = position[purchases.line_order[is_line]]
    line_goods = (purchases.unit_price * purchases.quantity)[is_line]
    goods = np.bincount(line_order, weights=line_goods, minlength=count).astype(np.int64)
    charged = rng.random(count) < CHARGED_POSTAGE_RATE
    postage = np.where((goods < FREE_POSTAGE_FROM) & charged, POSTAGE, 0)
    discount = (goods * purchases.discount_rate[index]).astype(np.int64) // 10 * 10
    wants_coupon = rng.random(count) < 0.30 * people.price_sensitivity[person] + 0.03
    coupon = np.where(wants_coupon & (goods - discount > 9_900), 1_000, 0)
    coupon = np.where((coupon > 0) & (goods - discount > 29_900), 3_000, coupon)
    # lines carry the discounts in proportion; the first line of an order takes the rounding
    off = discount + coupon
    share = line_goods * off[line_order] // np.maximum(goods[line_order], 1)
    rest = off - np.bincount(line_order, weights=share, minlength=count).astype(np.int64)
    first_line = np.flatnonzero(np.diff(line_order, prepend=-1))
    share[first_line] += rest

    claim = rng.random(count)
    refund_order = np.flatnonzero(paid & (claim < REFUND_RATE + DROPPED_CLAIM_RATE))
    settled = claim[refund_order] < REFUND_RATE
    refund_at = (
        paid_at[refund_order]
        + (rng.gamma(2.0, 4.0, len(refund_order)) * 86_400).astype(np.int64)
        + 7200
    )
    asked_at = refund_at - rng.integers(1_800, 4 * 86_400, len(refund_order))
    asked_at = np.maximum(asked_at, paid_at[refund_order] + 600)
    due = (goods + postage - off)[refund_order]
    whole = rng.random(len(refund_order)) < WHOLE_REFUND_RATE
    part = np.where(whole, 1.0, rng.uniform(0.1, 0.9, len(due)))
    refund_amount = np.maximum((due * part).astype(np.int64), 1)

    # all the money back before the parcel was accepted ends the order
    ends = refund_order[settled & whole]
    ended_at = refund_at[settled & whole]
    early = ended_at < moments[ends, DONE]
    ends, ended_at = ends[early], ended_at[early]
    moments[ends, REFUNDED] = ended_at
    moments[ends, DONE] = NEVER
    moments[ends, SHIPPED] = np.where(
        moments[ends, SHIPPED] < ended_at, moments[ends, SHIPPED], NEVER
    )
    return OnlineOrders(
        channel=channel,
        index=index,
        person=person,
        created=created,
        account=account,
        moments=moments,
        goods=goods,
        postage=postage,
        discount=discount,
        coupon=coupon,
        line_order=line_order,
        line_keep=np.flatnonzero(is_line),
        line_share=share,
        refund_order=refund_order,
        refund_asked_at=asked_at,
        refund_at=refund_at,
        refund_amount=refund_amount,
        refund_settled=settled,
    )


def receivers(rng: np.random.Generator, people: People, orders: OnlineOrders) -> np.ndarray:
    """Who gets each parcel: the buyer, or for a gift anybody."""
    gift = rng.random(len(orders)) < GIFT_RATE
    return np.where(gift, rng.integers(0, len(people), len(orders)), orders.person)


def line_amounts(purchases: Purchases, orders: OnlineOrders) -> np.ndarray:
    """What was paid for each line, postage aside; 0 in orders that were never paid."""
    lines = orders.line_keep
    amount = purchases.unit_price[lines] * purchases.quantity[lines] - orders.line_share
    return np.where((orders.paid_at < NEVER)[orders.line_order], amount, 0)


def yuan(fen: np.ndarray) -> list[str]:
    """Amounts as `1234.50`."""
    return [f"{value / 100:.2f}" for value in fen.tolist()]


def count_bad(bad_rows: dict[tuple[str, str, str], int], source: str, feed: str, rule: str) -> None:
    """Note one more planted row that a rule has to reject."""
    bad_rows[source, feed, rule] = bad_rows.get((source, feed, rule), 0) + 1
