"""Whether the customers who are scored are still like those that were learnt from.

Belongs here: which numbers of a question are compared. Does not belong here: the index itself
(analysis/drift.py).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.drift import SCORE, drift_rows, no_drift
from orchestration.analysis.propensity.artefact import PropensityArtefact
from orchestration.analysis.propensity.features import available_features, feature_matrix


def propensity_drift(
    artefact: PropensityArtefact,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    as_of_date: date,
) -> pd.DataFrame:
    """Population stability of the score and of every feature that the question may read.

    Args:
        artefact: What is served.
        reference: Feature rows of the newest month that was learnt from.
        current: Feature rows of the day.
        as_of_date: The day.

    Returns:
        DRIFT_COLUMNS; empty when nothing was learnt from or nobody is scored.
    """
    if reference.empty or current.empty:
        return no_drift()
    names = [feature.name for feature in available_features(reference, artefact.target.features)]
    return drift_rows(
        _values(artefact, reference, names),
        _values(artefact, current, names),
        model=artefact.target.name,
        reference_date=pd.Timestamp(reference["as_of_date"].max()).date(),
        as_of_date=as_of_date,
    )


def _values(
    artefact: PropensityArtefact, rows: pd.DataFrame, names: list[str]
) -> dict[str, np.ndarray]:
    matrix = feature_matrix(rows, names)
    values = {name: matrix[:, position] for position, name in enumerate(names)}
    return {**values, SCORE: np.round(artefact.predictor.probability(rows), 6)}
