"""Lifetime value of customers without a contract: how often they will buy, and for how much.

windows → purchases, spend (fitted) → grading → scoring → artefact. Callers need `plan_windows`,
`train_and_score`, `score_customers`, `save_model` and `load_model`. All times are in days.
Belongs here: everything particular to this prediction. Grading shared with other predictions is in
`orchestration.analysis.evaluation`; reading and writing tables is the asset's work.
"""

from orchestration.analysis.lifetime.artefact import LifetimeArtefact, load_model, save_model
from orchestration.analysis.lifetime.card import lifetime_card
from orchestration.analysis.lifetime.scoring import (
    FEATURES,
    SCORE_COLUMNS,
    LifetimeConfig,
    LifetimeResult,
    sample_customers,
    score_customers,
    train_and_score,
)
from orchestration.analysis.lifetime.signs import SIGNS
from orchestration.analysis.lifetime.windows import Windows, plan_windows

__all__ = [
    "FEATURES",
    "SCORE_COLUMNS",
    "SIGNS",
    "LifetimeArtefact",
    "LifetimeConfig",
    "LifetimeResult",
    "Windows",
    "lifetime_card",
    "load_model",
    "plan_windows",
    "sample_customers",
    "save_model",
    "score_customers",
    "train_and_score",
]
