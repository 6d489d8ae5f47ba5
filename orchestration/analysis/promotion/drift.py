"""Whether people of the newest campaigns are like those of the campaigns before.

Belongs here: which numbers of promotion response are compared. Does not belong here: the index
itself (analysis/drift.py).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.drift import SCORE, drift_since, no_drift
from orchestration.analysis.promotion.artefact import PromotionArtefact
from orchestration.analysis.promotion.config import MODEL_NAME
from orchestration.analysis.promotion.features import FEATURES, covariates


def promotion_drift(
    artefact: PromotionArtefact, trials: pd.DataFrame, *, as_of_date: date
) -> pd.DataFrame:
    """Population stability of the chance to order and of every feature.

    Args:
        artefact: What is served; without a model there is no score.
        trials: As for `train_and_score`.
        as_of_date: The day.

    Returns:
        DRIFT_COLUMNS; empty without campaigns in both spans.
    """
    if trials.empty:
        return no_drift()
    values = covariates(trials)
    columns = {name: values[name].to_numpy() for name in FEATURES if name in values}
    if artefact.model is not None:
        chance = artefact.model.predict(values.to_numpy())["order_probability"]
        columns[SCORE] = np.round(chance.to_numpy(), 6)
    days = pd.to_datetime(trials["starts_on"]).to_numpy()
    return drift_since(columns, days, model=MODEL_NAME, as_of_date=as_of_date)
