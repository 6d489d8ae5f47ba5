"""Whether categories sell as they did.

Belongs here: which numbers of weekly sales are compared. Does not belong here: the index itself
(analysis/drift.py).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.demand.grading import MODEL_NAME
from orchestration.analysis.drift import drift_rows, no_drift

WEEKS, YEAR = 8, 52
#: Weeks before a span that tell what a category usually sells.
USUAL, FEWEST_USUAL = 52, 26


def demand_drift(sales: pd.DataFrame, *, as_of_date: date) -> pd.DataFrame:
    """Population stability of weekly sales over what the category usually sells.

    A season is no drift: weeks are compared with the same weeks a year before. A forecast is
    smoother than what is sold, so the two are not compared; misses are graded instead.

    Args:
        sales: segment, category, week (a Monday), quantity.
        as_of_date: The day; weeks that it does not end are left out.

    Returns:
        DRIFT_COLUMNS, the row `weekly_sales`; none when a year and a half are not known.
    """
    known = sales.assign(week=pd.to_datetime(sales["week"]))
    known = known[known["week"] + pd.Timedelta(days=6) <= pd.Timestamp(as_of_date)]
    if known.empty:
        return no_drift()
    weekly = known.groupby(["category", "week"])["quantity"].sum().unstack("week", fill_value=0.0)
    first, last = weekly.columns.min(), weekly.columns.max()
    weekly = weekly.reindex(columns=pd.date_range(first, last, freq="7D"), fill_value=0.0)
    count = weekly.shape[1]
    now = _over_usual(weekly, count - WEEKS)
    then = _over_usual(weekly, count - WEEKS - YEAR)
    if not len(now) or not len(then):
        return no_drift()
    return drift_rows(
        {"weekly_sales": then},
        {"weekly_sales": now},
        model=MODEL_NAME,
        reference_date=(last - pd.Timedelta(weeks=YEAR)).date(),
        as_of_date=as_of_date,
    )


def _over_usual(weekly: pd.DataFrame, begin: int) -> np.ndarray:
    """WEEKS from place `begin` on, over the mean of the weeks before; none where few are known."""
    usual = weekly.iloc[:, max(begin - USUAL, 0) : max(begin, 0)]
    if usual.shape[1] < FEWEST_USUAL:
        return np.empty(0)
    mean = usual.mean(axis=1)
    span = weekly.iloc[:, begin : begin + WEEKS]
    return span.div(mean.where(mean > 0), axis=0).to_numpy(dtype=float).ravel()
