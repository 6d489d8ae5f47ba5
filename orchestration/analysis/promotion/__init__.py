"""Who answers to promotions: what a coupon changes, learnt from people who were left alone.

campaigns → learners, fitting → ranking, grading → scoring → answers, artefact. Callers need
`train_and_score`, `answer_customers`, `save_model` and `load_model`.
Belongs here: everything particular to this prediction. Effects of arms that other analyses measure
too are in `orchestration.analysis.experiments`; reading and writing tables is the asset's work.
"""

from orchestration.analysis.promotion.answers import answer_customers
from orchestration.analysis.promotion.artefact import PromotionArtefact, load_model, save_model
from orchestration.analysis.promotion.config import (
    ARM_COLUMNS,
    SCORE_COLUMNS,
    TRIAL_COLUMNS,
    PromotionConfig,
)
from orchestration.analysis.promotion.features import FEATURES
from orchestration.analysis.promotion.scoring import PromotionResult, train_and_score

__all__ = [
    "ARM_COLUMNS",
    "FEATURES",
    "SCORE_COLUMNS",
    "TRIAL_COLUMNS",
    "PromotionArtefact",
    "PromotionConfig",
    "PromotionResult",
    "answer_customers",
    "load_model",
    "save_model",
    "train_and_score",
]
