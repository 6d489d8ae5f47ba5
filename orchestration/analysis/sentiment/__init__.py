"""What reviews say, in Chinese and English: sentiment of the whole and of each aspect.

text → lexicon and model → training → artefact → aspects, scoring. Callers need `train`,
`score_reviews`, `save_model` and `load_model`.
Belongs here: everything particular to the words of reviews. Grading shared with other predictions
is in `orchestration.analysis.evaluation`; reading and writing tables is the asset's work.
"""

from orchestration.analysis.sentiment.artefact import SentimentArtefact, load_model, save_model
from orchestration.analysis.sentiment.scoring import SCORE_COLUMNS, score_reviews
from orchestration.analysis.sentiment.training import SentimentConfig, TrainingResult, train

__all__ = [
    "SCORE_COLUMNS",
    "SentimentArtefact",
    "SentimentConfig",
    "TrainingResult",
    "load_model",
    "save_model",
    "score_reviews",
    "train",
]
