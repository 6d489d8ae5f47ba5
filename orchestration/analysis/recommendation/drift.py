"""Whether candidates of the newest window are still like those of the window before it.

Belongs here: which numbers of recommendations are compared. Does not belong here: the index itself
(analysis/drift.py). Compared are buyers with buyers: who will buy next is not known of today.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.drift import SCORE, drift_rows, no_drift
from orchestration.analysis.recommendation.artefact import RankerArtefact
from orchestration.analysis.recommendation.grading import MODEL
from orchestration.analysis.recommendation.rules import RULES
from orchestration.analysis.recommendation.signals import FEATURES, signal_matrix
from orchestration.analysis.sampling import hashed_sample, key_hashes

MAX_CUSTOMERS = 500


def recommendation_drift(
    artefact: RankerArtefact, candidates: pd.DataFrame, *, as_of_date: date
) -> pd.DataFrame:
    """Population stability of the score and of every signal.

    Args:
        artefact: What is served.
        candidates: Of earlier dates, as for `train_ranker`.
        as_of_date: The day.

    Returns:
        DRIFT_COLUMNS; empty when there are no two earlier dates.
    """
    days = sorted(set(candidates["as_of_date"]))
    if len(days) < 2:
        return no_drift()
    then, now = (candidates[candidates["as_of_date"] == day] for day in days[-2:])
    return drift_rows(
        _values(artefact, then),
        _values(artefact, now),
        model=MODEL,
        reference_date=pd.Timestamp(days[-2]).date(),
        as_of_date=as_of_date,
    )


def _values(artefact: RankerArtefact, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    customers = np.sort(rows["customer_id"].unique())
    chosen = customers[hashed_sample(key_hashes(customers), MAX_CUSTOMERS)]
    rows = rows[rows["customer_id"].isin(chosen)]
    matrix = signal_matrix(rows)
    score = (
        RULES[artefact.rule_name](rows)
        if artefact.blend is None
        else artefact.blend.probability(matrix)
    )
    values = {name: matrix[:, k].astype(float) for k, name in enumerate(FEATURES)}
    return {**values, SCORE: np.round(np.asarray(score, dtype=float), 6)}
