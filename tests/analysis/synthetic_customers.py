"""Customers with known behaviour for the analysis tests.

Belongs here: a small buy-till-you-die process, and `customer_features` computed from its orders in
a few lines of pandas. Does not belong here: anything the product itself uses.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd


class Facts(NamedTuple):
    """orders: customer_id, order_date, amount. visits: customer_id, event_date."""

    orders: pd.DataFrame
    visits: pd.DataFrame | None = None


START = pd.Timestamp("2023-01-01")


def simulate(
    persons: int, *, seed: int, days: int = 730, mean_gap: float = 40.0, mean_life: float = 300.0
) -> Facts:
    """Orders of people who buy at their own pace until they silently leave.

    Pace and dropout are gamma-distributed, as in the Pareto/NBD model. Weekly app visits while
    alive, so that events carry a signal that orders alone do not.
    """
    generator = np.random.default_rng(seed)
    pace = generator.gamma(1.5, mean_gap / 1.5, persons).clip(4, 400)
    life = generator.exponential(generator.gamma(2.0, mean_life / 2.0, persons).clip(20, None))
    born = generator.integers(0, int(days * 0.7), persons)
    orders, visits = [], []
    for person in range(persons):
        gaps = generator.exponential(pace[person], int(days / pace[person] * 2) + 5)
        times = born[person] + np.concatenate([[0.0], np.cumsum(gaps)])
        times = times[(times < days) & (times <= born[person] + life[person])]
        amounts = np.round(generator.lognormal(4 + 0.3 * (person % 3), 0.5, len(times)), 2)
        orders.append((np.full(len(times), person), times.astype(int), amounts))
        seen = np.arange(born[person], min(days, born[person] + life[person]), 7.0)
        seen = seen[generator.random(len(seen)) < 0.35]
        visits.append((np.full(len(seen), person), seen.astype(int)))
    person, day, amount = (np.concatenate(parts) for parts in zip(*orders, strict=True))
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in person],
            "order_date": START + pd.to_timedelta(day, unit="D"),
            "amount": amount,
        }
    )
    person, day = (np.concatenate(parts) for parts in zip(*visits, strict=True))
    visited = pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in person],
            "event_date": START + pd.to_timedelta(day, unit="D"),
        }
    )
    return Facts(frame, visited)


def features_at(facts: Facts, day: date | str) -> pd.DataFrame:
    """A part of `customer_features` as of one day, from facts up to its end."""
    as_of = pd.Timestamp(day)
    orders, visits = facts
    known = orders[orders["order_date"] <= as_of]
    groups = known.groupby("customer_id")
    frame = groups.agg(
        first=("order_date", "min"),
        last=("order_date", "max"),
        order_count=("order_date", "size"),
        purchase_day_count=("order_date", "nunique"),
        net_spend=("amount", "sum"),
    )
    frame["average_order_value"] = frame["net_spend"] / frame["order_count"]
    for window in (30, 90, 180, 365):
        recent = known[known["order_date"] > as_of - pd.Timedelta(days=window)]
        by_customer = recent.groupby("customer_id")["amount"].agg(["size", "sum"])
        by_customer = by_customer.reindex(frame.index, fill_value=0)
        frame[f"order_count_{window}d"] = by_customer["size"]
        if window != 180:
            frame[f"net_spend_{window}d"] = by_customer["sum"]
    frame["days_since_last_order"] = (as_of - frame["last"]).dt.days
    frame["days_since_first_order"] = (as_of - frame["first"]).dt.days
    frame["days_first_to_last_order"] = (frame["last"] - frame["first"]).dt.days
    frame["tenure_days"] = frame["days_since_first_order"]
    gaps = frame["days_first_to_last_order"] / (frame["order_count"] - 1)
    frame["mean_days_between_orders"] = gaps.where(frame["order_count"] > 1)
    if visits is not None:
        visits = visits[visits["event_date"] <= as_of]
        last_seen = visits.groupby("customer_id")["event_date"].max().reindex(frame.index)
        frame["days_since_last_event"] = (as_of - last_seen).dt.days
        recent = visits[visits["event_date"] > as_of - pd.Timedelta(days=90)]
        counts = recent.groupby("customer_id").size().reindex(frame.index, fill_value=0)
        frame["active_days_90d"] = counts
    frame["as_of_date"] = as_of.date()
    return frame.drop(columns=["first", "last"]).reset_index()


def snapshots_of(facts: Facts, as_of_date: date | str) -> pd.DataFrame:
    """Features at every month-end since the first order, and at as_of_date."""
    as_of = pd.Timestamp(as_of_date)
    days = pd.date_range(facts.orders["order_date"].min(), as_of, freq="ME").union([as_of])
    return pd.concat([features_at(facts, day) for day in days], ignore_index=True)
