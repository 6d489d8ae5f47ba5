"""What to recommend to whom: signals of candidate products in, a graded order of them out.

signals, rules → ranking → blend → grading → scoring, artefact. Callers need `train_ranker`,
`recommend` and `save_model`; content has its own, smaller question in `content`.
Belongs here: the blend of signals into one score, its grades, and the lists that come of it.
Does not belong here: co-occurrence, popularity, rules of stock and recency, reasons (all SQL);
reading and writing tables is the asset's work.
"""

from orchestration.analysis.recommendation.artefact import RankerArtefact, load_model, save_model
from orchestration.analysis.recommendation.config import RecommendationConfig
from orchestration.analysis.recommendation.content import (
    CONTENT_COLUMNS,
    ContentChoice,
    choose_content_order,
)
from orchestration.analysis.recommendation.scoring import (
    CANDIDATE_COLUMNS,
    PAST_COLUMNS,
    RECOMMENDATION_COLUMNS,
    RankerResult,
    recommend,
    train_ranker,
)

__all__ = [
    "CANDIDATE_COLUMNS",
    "CONTENT_COLUMNS",
    "PAST_COLUMNS",
    "RECOMMENDATION_COLUMNS",
    "ContentChoice",
    "RankerArtefact",
    "RankerResult",
    "RecommendationConfig",
    "choose_content_order",
    "load_model",
    "recommend",
    "save_model",
    "train_ranker",
]
