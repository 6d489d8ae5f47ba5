"""Sums of int_campaign_moments as arms that can be compared.

Belongs here: finding and adding up the rows of one metric, segment and arm.
Does not belong here: statistics (`estimates`), what is compared (`measuring`, `strategy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from orchestration.analysis.effects.config import (
    ALL,
    CAMPAIGN,
    MOMENT_COLUMNS,
    ORDER_VALUE,
    PRODUCT_COLUMNS,
    SUM_COLUMNS,
    UNKNOWN,
)
from orchestration.analysis.effects.estimates import (
    DENOMINATOR,
    JointMoments,
    joint_moments_of_sums,
)

Pair = tuple[JointMoments, JointMoments]


class Sums:
    """Moments of all campaigns.

    Args:
        moments: MOMENT_COLUMNS, one row per comparison, segment, stratum, metric and arm.

    Raises:
        ValueError: A column is missing.
    """

    def __init__(self, moments: pd.DataFrame) -> None:
        require_columns(moments, MOMENT_COLUMNS, "moments")
        keys = [*CAMPAIGN, "metric", "segment", "stratum", "is_treated"]
        moments = moments.sort_values(keys, kind="stable", ignore_index=True)
        self._counts = moments["unit_count"].to_numpy(dtype=np.int64)
        self._signs = moments["nonzero_count"].to_numpy(dtype=np.int64)
        self._sums = moments[list(SUM_COLUMNS)].to_numpy(dtype=float)
        products = moments[list(PRODUCT_COLUMNS)].to_numpy(dtype=float)
        size = len(SUM_COLUMNS)
        upper = np.triu_indices(size)
        self._products = np.zeros((len(moments), size, size))
        self._products[:, upper[0], upper[1]] = products
        self._products[:, upper[1], upper[0]] = products
        self._segment = moments["segment"].to_numpy(dtype=str)
        self._stratum = moments["stratum"].to_numpy(dtype=str)
        self._is_treated = moments["is_treated"].to_numpy(dtype=bool)
        self._rows = {
            key: np.asarray(rows)
            for key, rows in moments.groupby([*CAMPAIGN, "metric"], sort=False).indices.items()
        }
        self._segments: dict[tuple, set[str]] = {}
        for key, rows in self._rows.items():
            self._segments.setdefault(key[: len(CAMPAIGN)], set()).update(self._segment[rows])

    def segments(self, campaign: Sequence[str]) -> list[str]:
        """Everybody, then the segments that customers of a comparison were in."""
        return [ALL, *sorted(self._segments.get(tuple(campaign), set()) - {UNKNOWN})]

    def arms(self, campaign: Sequence[str], metric: str, segment: str = ALL) -> Pair:
        """Both sides of a comparison, over all strata."""
        rows = self._of(campaign, metric, segment)
        treated = self._is_treated[rows]
        return self._added(rows[treated]), self._added(rows[~treated])

    def strata(self, campaign: Sequence[str], metric: str, segment: str = ALL) -> list[Pair]:
        """Both sides of every stratum that has two units or more on each."""
        rows = self._of(campaign, metric, segment)
        pairs = []
        for stratum in np.unique(self._stratum[rows]):
            chosen = rows[self._stratum[rows] == stratum]
            treated = self._is_treated[chosen]
            pair = self._added(chosen[treated]), self._added(chosen[~treated])
            if min(arm.count for arm in pair) >= 2:
                pairs.append(pair)
        return pairs

    def signs(self, campaign: Sequence[str], metric: str, segment: str = ALL) -> tuple[int, int]:
        """Units of each side of whom there is anything but 0."""
        rows = self._of(campaign, metric, segment)
        treated = self._is_treated[rows]
        return int(self._signs[rows[treated]].sum()), int(self._signs[rows[~treated]].sum())

    def _of(self, campaign: Sequence[str], metric: str, segment: str) -> np.ndarray:
        rows = self._rows.get((*campaign, metric), np.zeros(0, dtype=np.int64))
        return rows if segment == ALL else rows[self._segment[rows] == segment]

    def _added(self, rows: np.ndarray) -> JointMoments:
        return joint_moments_of_sums(
            int(self._counts[rows].sum()),
            self._sums[rows].sum(axis=0),
            self._products[rows].sum(axis=0),
        )


def comparable(metric: str, pair: Pair) -> bool:
    """Whether there is anything to compare: two units on each side, and orders to divide by."""
    if min(arm.count for arm in pair) < 2:
        return False
    return metric != ORDER_VALUE or min(arm.means[DENOMINATOR] for arm in pair) > 0


def require_columns(frame: pd.DataFrame, columns: Iterable[str], name: str) -> None:
    """Raise with what is missing and what is there."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{name} lacks {missing}; has {list(frame.columns)}")
