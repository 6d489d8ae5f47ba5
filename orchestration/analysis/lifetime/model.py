"""The fitted model as one thing: purchases, spend and the pace of the calendar.

Belongs here: fitting all parts on the customers of one day, predictions for a horizon.
Does not belong here: the parts themselves; whether the model is served (grading).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from orchestration.analysis.lifetime.fitting import fit_process
from orchestration.analysis.lifetime.histories import Histories, histories_of
from orchestration.analysis.lifetime.intervals import outlook
from orchestration.analysis.lifetime.purchases import PurchaseProcess
from orchestration.analysis.lifetime.signs import SignsOfLife, fit_signs
from orchestration.analysis.lifetime.spend import SpendModel, fit_spend

# A pace beyond these says that the company changed, not that the model is somewhat off.
PACE_LIMITS = (0.5, 2.0)
# Purchases that speak for the model as it is; a window of a thousand is believed to nine tenths.
PACE_PRIOR_PURCHASES = 100.0


@dataclass(frozen=True)
class LifetimeModel:
    """Parameters that answer for any customer.

    Attributes:
        process: How often people buy, times in days.
        spend: How much they spend on a purchase day.
        pace: Days of the model per calendar day.
        signs: What else tells that somebody is still there; None goes by purchases alone.
        notes: Plain sentences on how they were fitted.
    """

    process: PurchaseProcess
    spend: SpendModel
    pace: float = 1.0
    signs: SignsOfLife | None = None
    notes: tuple[str, ...] = field(default=())

    def predict(self, features: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
        """What customers will do within the horizon.

        Args:
            features: purchase_day_count (>= 1), days_first_to_last_order, days_since_first_order,
                net_spend, and SIGNS where the model has weights of them.
            horizon_days: Calendar days to look ahead.

        Returns:
            probability_alive, expected_purchases (days with an order), expected_spend (money per
            such day), value, low, high (money within the horizon); rows as in `features`.
        """
        histories, position = histories_of(features)
        money = features["net_spend"].to_numpy(dtype=float)
        days = features["purchase_day_count"].to_numpy(dtype=float)
        purchases, low, high = outlook(
            self.process, self.spend, histories, horizon_days=horizon_days * self.pace
        )
        expected_spend = self.spend.expected_spend(days, money)
        factor = np.ones(len(features)) if self.signs is None else self.signs.factor(features)
        scale = self.spend.scale(money) * factor
        value = purchases[position] * factor * expected_spend
        return pd.DataFrame(
            {
                "probability_alive": self.process.probability_alive(histories)[position],
                "expected_purchases": purchases[position] * factor,
                "expected_spend": expected_spend,
                "value": value,
                # of somebody who most likely buys nothing, the mean may lie above the interval
                "low": low[position] * scale,
                "high": np.maximum(high[position] * scale, value),
            },
            index=features.index,
        )


def fit_lifetime(
    features: pd.DataFrame,
    *,
    earlier: pd.DataFrame | None = None,
    later: pd.DataFrame | None = None,
    window_days: int = 0,
) -> LifetimeModel:
    """Fit all parts on the customers of one day.

    Histories that end in the high season, or that are short beside the time customers stay, make
    the future look too busy, whatever process is fitted. How much too busy shows in a window that
    is over already: what customers of an earlier day were expected to buy, and what they bought.

    Args:
        features: Customers with a purchase as of the day to learn from.
        earlier: The same as of an earlier day; None leaves the pace at one.
        later: purchase_day_count and net_spend at the end of the window, indexed like `earlier`.
        window_days: Days between earlier and later.

    Returns:
        The model, with parameters for any number of customers including none.
    """
    histories, _ = histories_of(features)
    fitted = fit_process(histories)
    spend = fit_spend(
        features["purchase_day_count"].to_numpy(dtype=float),
        features["net_spend"].to_numpy(dtype=float),
    )
    notes = [fitted.note, spend.note]
    pace, signs = 1.0, None
    if earlier is not None and later is not None and len(earlier):
        bought = float((later["purchase_day_count"] - earlier["purchase_day_count"]).sum())
        past, _ = histories_of(earlier)
        pace, expected = _pace(fit_process(past).process, past, bought, window_days)
        notes.append(
            f"Pace {pace:.3f}: {bought:.0f} purchase days in the last {window_days} days of "
            f"history, where {expected:.0f} were expected."
        )
        plain = LifetimeModel(fitted.process, spend.model, pace)
        signs = fit_signs(earlier, later, plain.predict(earlier, window_days)["value"].to_numpy())
    return LifetimeModel(fitted.process, spend.model, pace, signs, tuple(notes))


def _pace(
    process: PurchaseProcess, histories: Histories, bought: float, window_days: int
) -> tuple[float, float]:
    """How many days of the model a calendar day is worth, and what was expected at one.

    The window's total grows with the horizon, so halving the interval finds it.
    """

    def expected_at(pace: float) -> float:
        expected = process.expected_purchases(histories, window_days * pace)
        return float((expected * histories.weight).sum())

    expected = expected_at(1.0)
    share = (bought + PACE_PRIOR_PURCHASES) / (expected + PACE_PRIOR_PURCHASES)
    low, high = PACE_LIMITS
    pace = min(max(share, low), high)
    for _ in range(8):
        found = expected_at(pace)
        if found <= 0 or abs(found / (expected * share) - 1) < 1e-4:
            break
        pace = min(max(pace * expected * share / found, low), high)
    return pace, expected
