"""When people buy, through which channel, and what is in the basket.

Belongs here: the buy-till-you-die purchase process and basket contents, for one chunk over the
whole horizon. Does not belong here: what an online order costs (`online`), how a channel records it
(`tmall`, `jd`, `shop`, `wechat_shop`, `pos`), or churn truth (`truth`).

People buy as a Poisson process in shopping time (calendar days weighted by the season) from the
day they join until they drop out, which happens after an exponential shopping time: Pareto/NBD
(Schmittlein, Morrison and Colombo 1987, Counting Your Customers). Campaigns with a coupon add about
one purchase in a hundred (`campaign_effect`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo import campaign_effect, catalogue, clock, population
from orchestration.demo.population import People

#: Hours of the day in which people shop, online and in stores.
_ONLINE_HOURS = np.array(
    [3, 1.5, 0.7, 0.4, 0.3, 0.4, 0.9, 2, 3, 4, 5, 5, 5, 4.5, 4.5, 4.5, 4.5, 4.5, 5, 6, 8, 9, 8, 6]
)
ONLINE_SHARES = _ONLINE_HOURS / _ONLINE_HOURS.sum()
_STORE_HOURS = np.array([0] * 10 + [5, 7, 7, 6, 6, 7, 8, 8, 9, 10, 9, 6] + [0] * 2, dtype=float)
HABIT_RATE = 0.35
#: Where a purchase is made, as `Purchases.channel` says it.
STORE, TMALL, JD, SHOP, WECHAT = range(5)


@dataclass
class Purchases:
    """Orders of a chunk, ordered by time; amounts in fen, times in seconds.

    Line arrays are ordered by order, then line; `line_order` points into the order arrays.
    """

    person: np.ndarray
    placed_at: np.ndarray
    channel: np.ndarray
    is_paid: np.ndarray
    is_identified: np.ndarray
    discount_rate: np.ndarray
    line_order: np.ndarray
    line_number: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    unit_price: np.ndarray

    def __len__(self) -> int:
        return len(self.person)

    @property
    def in_store(self) -> np.ndarray:
        """Bought at a till."""
        return self.channel == STORE

    @property
    def is_visible(self) -> np.ndarray:
        """Valid and tied to an identity: what a customer's history can show."""
        return self.is_paid & self.is_identified


def _times(rng: np.random.Generator, people: People) -> tuple[np.ndarray, np.ndarray]:
    start = np.maximum(people.joined_day, 0.0)
    end = np.minimum(people.died_day, clock.day_number(clock.HORIZON_END) - 1e-6)
    low, high = clock.shopping_time(start), clock.shopping_time(np.maximum(end, start))
    counts = rng.poisson(people.purchase_rate * (high - low))
    person = np.repeat(np.arange(len(people)), counts)
    moment = low[person] + rng.random(len(person)) * (high - low)[person]
    day = np.floor(clock.calendar_days(moment)).astype(np.int64)
    # the day somebody becomes a customer is the day of a first purchase
    joiners = np.flatnonzero(people.joined_day >= 0)
    person = np.concatenate([person, joiners])
    day = np.concatenate([day, people.joined_day[joiners].astype(np.int64)])
    return person, day


def _channels(
    rng: np.random.Generator, people: People, person: np.ndarray, in_store: np.ndarray
) -> np.ndarray:
    """The channel of each purchase; people keep to a main online channel and often a second."""
    elsewhere = rng.random(len(person)) < people.second_channel_share[person]
    online = np.where(elsewhere, people.second_channel[person], people.main_channel[person])
    return np.where(in_store, STORE, online)


def _seconds_of_day(rng: np.random.Generator, hours: np.ndarray, count: int) -> np.ndarray:
    hour = rng.choice(24, size=count, p=hours / hours.sum())
    return hour * 3600 + rng.integers(0, 3600, count)


def choose_products(rng: np.random.Generator, people: People, person: np.ndarray) -> np.ndarray:
    """One product index per entry of `person`, by taste, price tier and habit."""
    goods = catalogue.load()
    cumulative = np.cumsum(people.tastes[person], axis=1)
    draw = rng.random(len(person), dtype=np.float32) * cumulative[:, -1] * np.float32(0.999999)
    category = (cumulative < draw[:, None]).sum(axis=1)
    tier = np.clip(
        np.searchsorted([0.65, 0.88, 1.14, 1.53], people.spend_level[person]),
        0,
        catalogue.PRICE_TIERS - 1,
    )
    habit = clock.unit_hash((people.first + person) * 64 + category, 17)
    fresh = rng.random(len(person))
    pick = np.where(rng.random(len(person)) < HABIT_RATE, habit, fresh)
    rank = (goods.choice[tier, category] < pick[:, None]).sum(axis=1)
    return category * catalogue.PRODUCTS_PER_CATEGORY + rank


def simulate_purchases(seed: int, people: People) -> Purchases:
    """Draw every purchase of a chunk from the first day of files to the horizon.

    What campaigns add is drawn from streams of its own and put between the others.
    """
    rng = clock.stream(seed, clock.STREAM_PURCHASES, people.chunk)
    person, day = _times(rng, people)
    anyway = _carried_out(
        (
            rng,
            clock.stream(seed, clock.STREAM_BASKETS, people.chunk),
            clock.stream(seed, clock.STREAM_CHANNELS, people.chunk, 1),
        ),
        people,
        person,
        day,
    )
    person, day = campaign_effect.extra_purchases(seed, people)
    if not len(person):
        return anyway
    streams = tuple(
        clock.stream(seed, clock.STREAM_CAMPAIGN_EFFECT, people.chunk, 1_000 + number)
        for number in range(3)
    )
    return _merged(anyway, _carried_out(streams, people, person, day))


def _merged(first: Purchases, second: Purchases) -> Purchases:
    """The purchases of both, ordered by time, then person."""
    both = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in Purchases.__annotations__
    }
    order = np.lexsort((both["person"], both["placed_at"]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    both["line_order"][len(first.line_order) :] += len(first)
    line_order = place[both["line_order"]]
    lines = np.lexsort((both["line_number"], line_order))
    of_lines = {"line_number", "product", "quantity", "unit_price"}
    return Purchases(
        **{
            name: line_order[lines]
            if name == "line_order"
            else values[lines if name in of_lines else order]
            for name, values in both.items()
        }
    )


def _carried_out(
    streams: tuple[np.random.Generator, np.random.Generator, np.random.Generator],
    people: People,
    person: np.ndarray,
    day: np.ndarray,
) -> Purchases:
    """Where, at what hour and with what in the basket people buy on these days.

    Args:
        streams: Decide on place and hour, on the basket, on the online channel.
        people: The chunk.
        person: Who buys, by index, at least one.
        day: On which day, counted as in `clock`.
    """
    rng, basket_rng, channel_rng = streams
    count = len(person)
    in_store = rng.random(count) < people.store_share[person]
    online = _seconds_of_day(rng, _ONLINE_HOURS, count)
    offline = _seconds_of_day(rng, _STORE_HOURS, count)
    placed_at = day * clock.DAY + np.where(in_store, offline, online)
    is_paid = in_store | (rng.random(count) >= population.CANCEL_RATE)
    is_identified = ~in_store | (rng.random(count) < people.identified_rate[person])
    order = np.lexsort((person, placed_at))
    person, placed_at, in_store = person[order], placed_at[order], in_store[order]
    is_paid, is_identified = is_paid[order], is_identified[order]

    rng = basket_rng
    month = clock.month_index(placed_at)
    promotion = np.isin(month % 12, (5, 10))
    chance = np.clip(people.price_sensitivity[person] * np.where(promotion, 1.6, 0.9), 0, 0.95)
    discount_rate = np.where(
        rng.random(count) < chance, rng.choice([0.05, 0.1, 0.15, 0.2, 0.3], count), 0.0
    )
    lines = np.minimum(1 + rng.poisson(0.85, count), 5)
    line_order = np.repeat(np.arange(count), lines)
    product = choose_products(rng, people, person[line_order])
    goods = catalogue.load()
    # an accessory replaces the next line of the same basket, or is added to a single one
    extra = goods.accessory[product]
    taken = (extra >= 0) & (rng.random(len(product)) < catalogue.ACCESSORY_RATE)
    line_order = np.concatenate([line_order, line_order[taken]])
    product = np.concatenate([product, extra[taken]])
    keep = np.lexsort((product, line_order))
    line_order, product = line_order[keep], product[keep]
    repeated = np.zeros(len(product), dtype=bool)
    repeated[1:] = (line_order[1:] == line_order[:-1]) & (product[1:] == product[:-1])
    line_order, product = line_order[~repeated], product[~repeated]
    first = np.searchsorted(line_order, np.arange(count))
    line_number = np.arange(len(line_order)) - first[line_order] + 1
    months = np.clip(month[line_order], 0, len(clock.MONTHS) - 1)
    unit_price = goods.prices[months, product]
    cheap = unit_price < 20_000
    quantity = 1 + np.where(cheap, rng.poisson(0.35, len(product)), 0)
    return Purchases(
        person=person,
        placed_at=placed_at,
        channel=_channels(channel_rng, people, person, in_store),
        is_paid=is_paid,
        is_identified=is_identified,
        discount_rate=discount_rate,
        line_order=line_order,
        line_number=line_number,
        product=product,
        quantity=quantity,
        unit_price=unit_price,
    )
