"""Churn of customers without a contract: who will not order within the horizon, and why.

features → training_frame → rules and model → scoring → reasons, artefact. Callers need
`train_and_score`, `score_customers`, `save_model` and `load_model`.
Belongs here: everything particular to this prediction. Grading shared with other predictions is in
`orchestration.analysis.evaluation`; reading and writing tables is the asset's work.
"""

from orchestration.analysis.churn.artefact import ChurnArtefact, load_model, save_model
from orchestration.analysis.churn.scoring import (
    SCORE_COLUMNS,
    ChurnConfig,
    ChurnResult,
    score_customers,
    train_and_score,
)
from orchestration.analysis.churn.training_frame import (
    build_training_frame,
    sample_customers,
)

__all__ = [
    "SCORE_COLUMNS",
    "ChurnArtefact",
    "ChurnConfig",
    "ChurnResult",
    "build_training_frame",
    "load_model",
    "sample_customers",
    "save_model",
    "score_customers",
    "train_and_score",
]
