"""What is kept of a reader of reviews.

Belongs here: its description. Does not belong here: training and scoring; how files are written
(analysis/artefact.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.analysis.artefact import load_artefact, save_artefact

if TYPE_CHECKING:
    from orchestration.analysis.sentiment.aspects import AspectWords
    from orchestration.analysis.sentiment.model import LexiconModel, SentimentModel


@dataclass(frozen=True)
class SentimentArtefact:
    """What is served, with all that is needed to trust and repeat it. It holds no review.

    Attributes:
        predictor: Answers sentiment(texts).
        aspect_words: Words that name an aspect.
        served_by: 'model' or 'lexicon'.
        model_version: Name and hash of training data, settings, word lists and library versions.
        training_from: Day of the first review that trained; None when nothing did.
        training_to: Day of the last.
        training_rows: Reviews that trained.
        praise_rate: Share of praise among them; None when nothing trained.
        metrics: The contest that decided: metric, as_of_date, model_value, baseline_value.
        settings: Parameters, configuration, library versions.
        notes: Plain sentences on what was decided and why.
    """

    predictor: SentimentModel | LexiconModel
    aspect_words: AspectWords
    served_by: str
    model_version: str
    training_from: date | None
    training_to: date | None
    training_rows: int
    praise_rate: float | None
    metrics: list[dict[str, Any]]
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def description(self) -> dict[str, Any]:
        """Everything but the predictor, ready for JSON."""
        return {
            "model_version": self.model_version,
            "served_by": self.served_by,
            "predictor": self.predictor.name,
            "baseline_name": "lexicon",
            "training_from": self.training_from,
            "training_to": self.training_to,
            "training_rows": self.training_rows,
            "praise_rate": self.praise_rate,
            "metrics": self.metrics,
            "settings": self.settings,
            "notes": list(self.notes),
        }


def save_model(artefact: SentimentArtefact, models_dir: Path) -> Path:
    """Write `<models_dir>/sentiment/<model_version>.joblib` and its description."""
    return save_artefact(artefact, Path(models_dir) / "sentiment")


def load_model(path: Path) -> SentimentArtefact:
    """Read a saved model, if the file is byte for byte the one that was saved."""
    return load_artefact(path)
