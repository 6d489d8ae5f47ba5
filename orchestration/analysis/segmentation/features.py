"""The space in which customers are near or far: columns, scale, and the way back to raw units.

Belongs here: which columns of `customer_features` describe a customer's behaviour for clustering,
how they are filled, and the fitted scale.
Does not belong here: K-Means, ids, labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ClusterFeature:
    """One axis of the space.

    Attributes:
        name: Column of `customer_features`.
        is_log: Heavy-tailed and not negative: log1p before scaling. Shares (0..1) stay as they are.
        fill_zero: Null means "none" (no events landed); otherwise null takes the median.
    """

    name: str
    is_log: bool = True
    fill_zero: bool = True


# One column per side of behaviour. Ten near-copies of frequency (30, 90, 180 days, net, gross…)
# would weigh ten times in the distance and make every cluster a frequency tier.
FEATURES = (
    ClusterFeature("days_since_last_order", fill_zero=False),
    ClusterFeature("order_count_365d"),
    ClusterFeature("net_spend_365d"),
    ClusterFeature("average_order_value", fill_zero=False),
    ClusterFeature("distinct_category_count"),
    ClusterFeature("discount_share", is_log=False),
    ClusterFeature("coupon_order_share", is_log=False),
    ClusterFeature("store_order_share", is_log=False, fill_zero=False),
    ClusterFeature("active_days_90d"),
    ClusterFeature("tenure_days", fill_zero=False),
)
FEATURE_BY_NAME = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True)
class ClusterScale:
    """Fitted transformation from raw columns to the standardised space; one entry per feature.

    Attributes:
        features: Names, in order.
        fill: Raw value for null.
        low: Lower winsor bound after log.
        high: Upper winsor bound after log.
        mean: Mean after winsorising.
        spread: Standard deviation after winsorising, > 0.
    """

    features: tuple[str, ...]
    fill: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def transform(self, raw: np.ndarray) -> np.ndarray:
        """Raw values (n, features), NaN where null → standardised float64 of the same shape."""
        filled = np.where(np.isfinite(raw), raw, self.fill)
        return (np.clip(_logged(filled, self.features), self.low, self.high) - self.mean) / (
            self.spread
        )

    def inverse(self, points: np.ndarray) -> np.ndarray:
        """Standardised points (n, features) → raw units: a typical member, not the raw mean."""
        raw = points * self.spread + self.mean
        for position, name in enumerate(self.features):
            if FEATURE_BY_NAME[name].is_log:
                raw[:, position] = np.expm1(raw[:, position])
        return raw


def raw_matrix(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Columns as float64 (n, features); decimals and booleans become floats, null NaN."""
    matrix = np.empty((len(frame), len(names)), dtype="float64")
    for position, name in enumerate(names):
        values = pd.to_numeric(frame[name], errors="coerce")
        matrix[:, position] = values.to_numpy(dtype="float64", na_value=np.nan)
    matrix[~np.isfinite(matrix)] = np.nan
    # An engine that averages on several threads may differ in the last digits from run to run.
    return np.round(matrix, 6)


def fit_scale(frame: pd.DataFrame, *, winsor_share: float) -> ClusterScale:
    """Fit the scale on customers with orders, leaving out columns that do not vary.

    Args:
        frame: Rows of `customer_features`.
        winsor_share: Share of rows bent to the bound at each end of each column, 0..0.5. One
            customer spending a thousand times the usual then moves nobody else.

    Returns:
        The scale; without features when nothing varies.
    """
    present = tuple(feature.name for feature in FEATURES if feature.name in frame)
    raw = raw_matrix(frame, present)
    kept, rows = [], []
    for position, name in enumerate(present):
        values = raw[:, position]
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        fill = 0.0 if FEATURE_BY_NAME[name].fill_zero else float(np.median(known))
        filled = _logged(np.where(np.isfinite(values), values, fill)[:, None], (name,))[:, 0]
        low, high = np.quantile(filled, [winsor_share, 1 - winsor_share], method="nearest")
        if low == high:
            # Fewer rows differ than are bent (a rare coupon user): keep the column as it is
            # rather than lose it, unless nothing differs at all.
            low, high = filled.min(), filled.max()
        bent = np.clip(filled, low, high)
        spread = float(bent.std())
        if spread > 1e-9:
            kept.append(name)
            rows.append((fill, low, high, float(bent.mean()), spread))
    parameters = np.array(rows, dtype="float64").reshape(-1, 5).T
    return ClusterScale(tuple(kept), *parameters)


def _logged(values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    logged = values.astype("float64", copy=True)
    for position, name in enumerate(names):
        if FEATURE_BY_NAME[name].is_log:
            logged[:, position] = np.log1p(np.maximum(logged[:, position], 0.0))
    return logged
