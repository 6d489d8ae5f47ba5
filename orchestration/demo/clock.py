"""The simulated retailer's calendar: months, season, shopping time and random streams.

Belongs here: everything that says when something may happen, and which random stream decides
it. Does not belong here: what happens then (`behaviour`, the channel modules).

All simulated times are whole seconds since 2024-01-01 00:00 Beijing time (negative before).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

DAY = 86_400
DATA_START = date(2024, 1, 1)
FIRST_JOIN = date(2021, 1, 1)
#: The last day that files can reach; people are simulated a quarter further, for churn labels.
LAST_UNTIL = date(2026, 12, 31)
HORIZON_END = date(2027, 4, 1)
CHURN_HORIZON_DAYS = 90
ELIGIBILITY_DAYS = 365

#: Shopping intensity by calendar month: new year goods, 618 and double eleven stand out.
SEASON_BY_MONTH = (1.10, 0.80, 0.90, 0.90, 1.00, 1.25, 0.90, 0.85, 0.95, 1.00, 1.45, 1.10)

_EPOCH64 = np.datetime64("2024-01-01T00:00:00", "s")


def _month_starts(first: date, last: date) -> list[date]:
    starts, current = [], first.replace(day=1)
    while current <= last:
        starts.append(current)
        current = (current.replace(day=28) + timedelta(days=4)).replace(day=1)
    return starts


def day_number(day: date) -> int:
    """Days from the first day of the data to `day`."""
    return (day - DATA_START).days


_ALL_STARTS = _month_starts(FIRST_JOIN, HORIZON_END)
_EDGES = np.array([day_number(d) for d in _ALL_STARTS], dtype=float)
_SHOPPING = np.concatenate(
    [
        [0.0],
        np.cumsum(
            np.diff(_EDGES) * np.array([SEASON_BY_MONTH[d.month - 1] for d in _ALL_STARTS[:-1]])
        ),
    ]
)

#: First days of the data's months, and their edges in seconds (one more edge than months).
MONTHS: list[date] = [d for d in _ALL_STARTS if DATA_START <= d < date(2027, 1, 1)]
MONTH_EDGES = np.array([day_number(d) for d in [*MONTHS, date(2027, 1, 1)]], dtype=np.int64) * DAY


def shopping_time(days: np.ndarray) -> np.ndarray:
    """Calendar days to shopping time: days weighted by the season, counted from `FIRST_JOIN`."""
    return np.interp(days, _EDGES, _SHOPPING)


def calendar_days(shopping: np.ndarray) -> np.ndarray:
    """The inverse of `shopping_time`."""
    return np.interp(shopping, _SHOPPING, _EDGES)


def months_until(until: date) -> int:
    """Number of monthly files up to `until`.

    Raises:
        ValueError: `until` is not the last day of a month, or lies outside the simulated years.
    """
    if (until + timedelta(days=1)).day != 1:
        raise ValueError(f"until={until} is not the last day of a month; files are monthly")
    if not date(2024, 1, 31) <= until <= LAST_UNTIL:
        raise ValueError(f"until={until} is outside 2024-01-31 .. {LAST_UNTIL}")
    return (until.year - 2024) * 12 + until.month


def month_index(seconds: np.ndarray) -> np.ndarray:
    """Which monthly file a time falls into; negative before the data, `len(MONTHS)` after."""
    return np.searchsorted(MONTH_EDGES, seconds, side="right") - 1


def to_datetime64(seconds: np.ndarray) -> np.ndarray:
    """Local (Beijing) wall-clock times."""
    return _EPOCH64 + np.asarray(seconds, dtype=np.int64).astype("timedelta64[s]")


def local_text(seconds: np.ndarray) -> list[str]:
    """Local times as `2024-01-05 12:33:10`."""
    text = np.datetime_as_string(to_datetime64(seconds), unit="s")
    return [value.replace("T", " ") for value in text.tolist()]


# One number per independent decision process; a new process takes a new number, so that adding
# one never changes what the others draw.
STREAM_POPULATION, STREAM_PURCHASES, STREAM_BASKETS, STREAM_TMALL, STREAM_POS = 1, 2, 3, 4, 5
STREAM_CRM, STREAM_POINTS, STREAM_ACCOUNTS, STREAM_EVENTS, STREAM_STOCK = 6, 7, 8, 9, 10
STREAM_CHANNELS, STREAM_JD, STREAM_SHOP, STREAM_SHOP_VISITS, STREAM_WECHAT = 20, 21, 22, 23, 24
STREAM_WECHAT_ORDERS, STREAM_INTERACTIONS, STREAM_REVIEWS = 25, 26, 27
STREAM_REFERRALS, STREAM_WEIBO, STREAM_MARKETING, STREAM_ENRICHMENT = 31, 32, 33, 34
STREAM_CAMPAIGN_EFFECT = 35


def stream(seed: int, process: int, chunk: int, month: int = 0) -> np.random.Generator:
    """The random stream of one process for one chunk of people, and one month where it matters."""
    sequence = np.random.SeedSequence(seed, spawn_key=(process, chunk, month))
    return np.random.Generator(np.random.PCG64(sequence))


def mix(values: np.ndarray, salt: int) -> np.ndarray:
    """splitmix64: a bijection on 64-bit integers, so distinct inputs give distinct tokens.

    Args:
        values: Non-negative integers.
        salt: Chooses the bijection.
    """
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def unit_hash(values: np.ndarray, salt: int) -> np.ndarray:
    """A fixed number in [0, 1) per input value."""
    return (mix(values, salt) >> np.uint64(11)).astype(float) / float(1 << 53)
