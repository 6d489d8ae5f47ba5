"""What is kept of a trained churn model.

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
    from orchestration.analysis.churn.model import ChurnModel
    from orchestration.analysis.churn.rules import RuleModel


@dataclass(frozen=True)
class ChurnArtefact:
    """What is served, with all that is needed to trust and repeat it.

    Attributes:
        predictor: Answers probability(frame) and contributions(frame).
        served_by: 'model' or 'baseline'.
        model_version: Name and hash of training data, settings, features and library versions.
        features: Columns of the model in training order; empty for a rule.
        horizon_days: Days without an order that count as churn.
        training_from: First snapshot that trained; None when nothing did.
        training_to: Last snapshot that trained; its label window ended horizon_days later.
        training_rows: Number of customer snapshots that trained.
        churn_rate: Share of them who left.
        metrics: The contest that decided: metric, as_of_date, model_value, baseline_value.
        baseline_name: The rule the model was compared with.
        settings: Parameters, seed, configuration, library versions.
        notes: Plain sentences on what was decided and why.
    """

    predictor: ChurnModel | RuleModel
    served_by: str
    model_version: str
    features: tuple[str, ...]
    horizon_days: int
    training_from: date | None
    training_to: date | None
    training_rows: int
    churn_rate: float | None
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
            "horizon_days": self.horizon_days,
            "training_from": self.training_from,
            "training_to": self.training_to,
            "training_rows": self.training_rows,
            "churn_rate": self.churn_rate,
            "features": list(self.features),
            "metrics": self.metrics,
            "settings": self.settings,
            "notes": list(self.notes),
        }


def save_model(artefact: ChurnArtefact, models_dir: Path) -> Path:
    """Write `<models_dir>/churn/<model_version>.joblib` and its description; returns the path."""
    return save_artefact(artefact, Path(models_dir) / "churn")


def load_model(path: Path) -> ChurnArtefact:
    """Read a saved model, if the file is byte for byte the one that was saved."""
    return load_artefact(path)
