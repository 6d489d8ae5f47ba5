"""What is kept of a trained model.

Belongs here: its description, and the names by which callers save and load it.
Does not belong here: training and scoring; how files are written (analysis/artefact.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.analysis.artefact import load_artefact, save_artefact

if TYPE_CHECKING:
    from orchestration.analysis.propensity.model import Classifier
    from orchestration.analysis.propensity.rules import RuleModel
    from orchestration.analysis.propensity.target import Target


@dataclass(frozen=True)
class PropensityArtefact:
    """What is served, with all that is needed to trust and repeat it.

    Attributes:
        target: The question.
        predictor: Answers probability(frame) and contributions(frame).
        served_by: 'model' or 'baseline'.
        model_version: Name and hash of training data, settings, features and library versions.
        features: Columns of the model in training order; empty for a rule.
        training_from: First snapshot that trained; None when nothing did.
        training_to: Last snapshot that trained; its window ended a horizon later.
        training_rows: Number of rows that trained.
        outcome_rate: Share of them with the outcome.
        metrics: The contest that decided: metric, as_of_date, model_value, baseline_value.
        baseline_name: The rule the model was compared with.
        settings: Parameters, seed, configuration, library versions.
        notes: Plain sentences on what was decided and why.
    """

    target: Target
    predictor: Classifier | RuleModel
    served_by: str
    model_version: str
    features: tuple[str, ...]
    training_from: date | None
    training_to: date | None
    training_rows: int
    outcome_rate: float | None
    metrics: list[dict[str, Any]]
    baseline_name: str
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def description(self) -> dict[str, Any]:
        """Everything but the predictor, ready for JSON."""
        return {
            "model_version": self.model_version,
            "served_by": self.served_by,
            "predictor": self.predictor.name,
            "baseline_name": self.baseline_name,
            "target": self.target.name,
            "horizon_days": self.target.horizon_days,
            "training_from": self.training_from,
            "training_to": self.training_to,
            "training_rows": self.training_rows,
            "outcome_rate": self.outcome_rate,
            "features": list(self.features),
            "metrics": self.metrics,
            "settings": self.settings,
            "notes": list(self.notes),
        }


def save_model(artefact: PropensityArtefact, models_dir: Path) -> Path:
    """Write `<models_dir>/<target>/<model_version>.joblib` and its description."""
    return save_artefact(artefact, Path(models_dir) / artefact.target.name)


def load_model(path: Path) -> PropensityArtefact:
    """Read a saved model, if the file is byte for byte the one that was saved."""
    return load_artefact(path)
