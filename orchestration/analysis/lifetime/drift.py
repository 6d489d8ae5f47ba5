"""Whether customers who are valued are still like those that were learnt from.

Belongs here: which numbers of customer value are compared. Does not belong here: the index itself
(analysis/drift.py).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.drift import SCORE, drift_rows, no_drift
from orchestration.analysis.lifetime.artefact import LifetimeArtefact
from orchestration.analysis.lifetime.grading import MODEL_NAME
from orchestration.analysis.lifetime.scoring import FEATURES, sample_customers, score_customers


def lifetime_drift(
    artefact: LifetimeArtefact | None,
    past: pd.DataFrame,
    current: pd.DataFrame,
    *,
    as_of_date: date,
) -> pd.DataFrame:
    """Population stability of clv_12m and of what it is made of, since the newest day before.

    Args:
        artefact: What is served; None when nobody has ever bought.
        past: customer_id, as_of_date and FEATURES on the days that were looked back on.
        current: customer_id and FEATURES of the day.
        as_of_date: The day.

    Returns:
        DRIFT_COLUMNS; empty when there is no earlier day.
    """
    days = pd.to_datetime(past["as_of_date"])
    earlier = past[days < pd.Timestamp(as_of_date)]
    if artefact is None or earlier.empty:
        return no_drift()
    reference_date = pd.to_datetime(earlier["as_of_date"]).max().date()
    reference = earlier[pd.to_datetime(earlier["as_of_date"]).dt.date == reference_date]
    return drift_rows(
        _values(artefact, reference, as_of_date),
        _values(artefact, sample_customers(current), as_of_date),
        model=MODEL_NAME,
        reference_date=reference_date,
        as_of_date=as_of_date,
    )


def _values(
    artefact: LifetimeArtefact, rows: pd.DataFrame, as_of_date: date
) -> dict[str, np.ndarray]:
    values = {name: rows[name].to_numpy(dtype=float) for name in FEATURES}
    scores = score_customers(artefact, rows, as_of_date=as_of_date)["clv_12m"]
    return {**values, SCORE: scores.to_numpy(dtype=float)}
