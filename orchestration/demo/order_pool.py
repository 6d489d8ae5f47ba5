"""Orders of all channels side by side, for what happens to orders whatever their channel.

Belongs here: one shape for the orders of every channel, and finding an order that a coupon fits.
Does not belong here: what a channel records of an order (the channel modules).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from orchestration.demo import clock
from orchestration.demo.behaviour import Purchases
from orchestration.demo.online import OnlineOrders
from orchestration.demo.population import NEVER
from orchestration.demo.pos import Tickets, store_name, ticket_name

#: What the campaign platform calls the channel of each system that takes orders online.
_CHANNEL_NAMES = {"tmall": "天猫", "jd": "京东", "shop": "官方商城", "wechat": "微信小程序"}
_SCALE = np.int64(10**10)
#: Seconds before the first day of data that a time may lie, so that keys stay positive.
_OFFSET = np.int64(10**9)


@dataclass
class ChannelOrders:
    """Paid orders of one channel of a chunk; amounts in fen, times in seconds.

    Attributes:
        source: System that issues the order numbers.
        channel: The channel as the campaign platform writes it.
        person: Who bought, by index.
        at: When it was paid.
        paid: What was paid.
        taken_off: What discounts and coupons took off.
        order_id: Order numbers, as the channel exports them, for positions in these arrays.
    """

    source: str
    channel: str
    person: np.ndarray
    at: np.ndarray
    paid: np.ndarray
    taken_off: np.ndarray
    order_id: Callable[[np.ndarray], list[str]]


def online_orders(source: str, orders: OnlineOrders, numbers: list[str]) -> ChannelOrders:
    """The paid orders of an online channel.

    Args:
        source: System that issues the order numbers.
        orders: The channel's orders.
        numbers: Their numbers as exported, one per order.
    """
    kept = np.flatnonzero(orders.paid_at < NEVER)
    return ChannelOrders(
        source=source,
        channel=_CHANNEL_NAMES[source],
        person=orders.person[kept],
        at=orders.paid_at[kept],
        paid=orders.due[kept],
        taken_off=(orders.discount + orders.coupon)[kept],
        order_id=lambda at: [numbers[k] for k in kept[at].tolist()],
    )


def store_orders(purchases: Purchases, tickets: Tickets) -> ChannelOrders:
    """The tickets of the stores, anonymous ones too: a coupon says whose they are."""
    sold = purchases.placed_at[tickets.index]
    off = np.bincount(
        tickets.line_ticket, weights=tickets.line_discount, minlength=len(tickets.index)
    ).astype(np.int64)

    def order_id(at: np.ndarray) -> list[str]:
        return [
            f"{store_name(store)}-{ticket_name(day, number)}"
            for store, day, number in zip(
                tickets.store[at].tolist(),
                (sold[at] // clock.DAY).tolist(),
                tickets.number[at].tolist(),
                strict=True,
            )
        ]

    return ChannelOrders(
        source="pos",
        channel="门店",
        person=purchases.person[tickets.index],
        at=sold,
        paid=tickets.amount,
        taken_off=off,
        order_id=order_id,
    )


class OrderPool:
    """The orders of several channels, from which each is taken once at most.

    Args:
        channels: The channels' orders.
    """

    def __init__(self, channels: Iterable[ChannelOrders]) -> None:
        self.channels = list(channels)
        part = np.repeat(np.arange(len(self.channels)), [len(c.person) for c in self.channels])
        position = np.concatenate([np.arange(len(c.person)) for c in self.channels])
        person = np.concatenate([c.person for c in self.channels])
        self.at = np.concatenate([c.at for c in self.channels])
        self.paid = np.concatenate([c.paid for c in self.channels])
        self._off = np.concatenate([c.taken_off for c in self.channels])
        self._key = person * _SCALE + self.at + _OFFSET
        order = np.argsort(self._key, kind="stable")
        self.part, self.position = part[order], position[order]
        self.at, self.paid, self._off = self.at[order], self.paid[order], self._off[order]
        self._key = self._key[order]
        self._free = np.ones(len(order), dtype=bool)

    def take(
        self,
        person: np.ndarray,
        opens_at: np.ndarray,
        closes_at: int,
        *,
        least_paid: int,
        least_off: int,
    ) -> np.ndarray:
        """For each person the first free order in the window that fits, taken out of the pool.

        Args:
            person: People by index, nobody twice.
            opens_at: Seconds from which on an order counts, per person.
            closes_at: Seconds up to which it does.
            least_paid: Least amount of the order before the coupon, in fen.
            least_off: Least amount that was taken off it, in fen.

        Returns:
            Number of the order in the pool per person, -1 where none fits.
        """
        fits = np.flatnonzero(
            self._free & (self.paid + least_off >= least_paid) & (self._off >= least_off)
        )
        keys = self._key[fits]
        place = np.searchsorted(keys, person * _SCALE + opens_at + _OFFSET)
        inside = place < len(keys)
        last = person * _SCALE + closes_at + _OFFSET
        inside[inside] = keys[place[inside]] <= last[inside]
        taken = np.where(inside, fits[np.minimum(place, len(fits) - 1)] if len(fits) else -1, -1)
        self._free[taken[taken >= 0]] = False
        return taken

    def names(self, numbers: np.ndarray) -> tuple[list[str], list[str], list[str]]:
        """source, channel and order number of orders of the pool."""
        sources, channels, ids = ([""] * len(numbers) for _ in range(3))
        for index, channel in enumerate(self.channels):
            mine = np.flatnonzero(self.part[numbers] == index)
            found = channel.order_id(self.position[numbers[mine]])
            for at, text in zip(mine.tolist(), found, strict=True):
                sources[at], channels[at], ids[at] = channel.source, channel.channel, text
        return sources, channels, ids
