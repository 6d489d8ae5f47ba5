"""Whether categories sell as they did, and as is forecast.

Belongs here: which numbers of weekly sales are compared. Does not belong here: the index itself
(analysis/drift.py).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.demand.grading import MODEL_NAME
from orchestration.analysis.drift import SCORE, drift_rows, no_drift

RECENT = pd.Timedelta(weeks=8)
YEAR = pd.Timedelta(weeks=52)


def demand_drift(sales: pd.DataFrame, forecast: pd.DataFrame, *, as_of_date: date) -> pd.DataFrame:
    """Population stability of weekly sales over the mean of their category.

    Args:
        sales: segment, category, week, quantity.
        forecast: FORECAST_COLUMNS.
        as_of_date: The day.

    Returns:
        DRIFT_COLUMNS: `weekly_sales` compares the last eight weeks with the 52 before, the score
        the forecast with the last 52; empty when there is less than a year.
    """
    weekly = sales.assign(week=pd.to_datetime(sales["week"]))
    weekly = weekly.groupby(["category", "week"])["quantity"].sum().unstack("week", fill_value=0.0)
    said = forecast[forecast["level"] == "category"]
    if weekly.empty or said.empty or weekly.columns.max() - weekly.columns.min() < YEAR + RECENT:
        return no_drift()
    ages = weekly.columns.max() - weekly.columns
    mean = weekly.mean(axis=1)
    share = weekly.div(mean.where(mean > 0), axis=0)
    expected = said["quantity"] / said["category"].map(mean.where(mean > 0)).to_numpy()

    def of(weeks: np.ndarray) -> np.ndarray:
        return share.loc[:, weeks].to_numpy(dtype=float).ravel()

    lately, before = ages < RECENT, (ages >= RECENT) & (ages < YEAR + RECENT)
    return drift_rows(
        {"weekly_sales": of(before), SCORE: of(ages < YEAR)},
        {"weekly_sales": of(lately), SCORE: expected.to_numpy(dtype=float)},
        model=MODEL_NAME,
        reference_date=(weekly.columns.max() - RECENT).date(),
        as_of_date=as_of_date,
    )
