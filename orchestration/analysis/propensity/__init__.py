"""Will it happen within the window? Learnt, graded, calibrated and explained for any event.

features → training_frame → rules and model → contest → scoring → reasons, artefact. Callers need a
Target, `label_snapshots`, `learn`, `score`, `save_model` and `load_model`.
Belongs here: everything that yes-or-no predictions share; churn.py beside it is one of them.
Does not belong here: reading and writing tables (the assets' work); metrics that other kinds of
models share (`orchestration.analysis.evaluation`).
"""

from orchestration.analysis.propensity.artefact import PropensityArtefact, load_model, save_model
from orchestration.analysis.propensity.features import Feature
from orchestration.analysis.propensity.scoring import (
    REASON_COLUMNS,
    Learnt,
    fingerprint,
    learn,
    score,
)
from orchestration.analysis.propensity.target import Limits, Rule, Target, Wording
from orchestration.analysis.propensity.training_frame import label_snapshots

__all__ = [
    "REASON_COLUMNS",
    "Feature",
    "Learnt",
    "Limits",
    "PropensityArtefact",
    "Rule",
    "Target",
    "Wording",
    "fingerprint",
    "label_snapshots",
    "learn",
    "load_model",
    "save_model",
    "score",
]
