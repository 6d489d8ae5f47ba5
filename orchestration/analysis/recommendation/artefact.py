"""A trained ranker on disk.

Belongs here: what is kept of it, saving and loading. Does not belong here: training and scoring;
choosing the folder.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.analysis.artefact import load_artefact, save_artefact
from orchestration.analysis.recommendation.blend import Blend
from orchestration.analysis.recommendation.signals import FEATURES


@dataclass(frozen=True)
class RankerArtefact:
    """What is served, with all that is needed to trust and repeat it.

    Attributes:
        blend: The learnt blend; None where a rule is served.
        rule_name: The rule that is served when the blend is not.
        model_version: Name and hash of everything that made it.
        trained_until: Last day that was learnt from.
        features: Columns of the matrix, in order.
        metrics: The contest that decided: metric, as_of_date, model_value, baseline_value.
        settings: Configuration, seed, library versions.
        notes: Plain sentences on what was decided and why.
    """

    blend: Blend | None
    rule_name: str
    model_version: str
    trained_until: date
    features: tuple[str, ...] = FEATURES
    metrics: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def served_by(self) -> str:
        """`model`, or `baseline` where a rule is served."""
        return "baseline" if self.blend is None else "model"

    def description(self) -> dict[str, Any]:
        """Everything but the fitted parts, ready for JSON."""
        kept = {name: value for name, value in vars(self).items() if name != "blend"}
        return {
            **kept,
            "served_by": self.served_by,
            "training_rows": None if self.blend is None else self.blend.rows,
        }


def save_model(artefact: RankerArtefact, models_dir: Path) -> Path:
    """Write `<models_dir>/recommendation/<model_version>.joblib` and a description beside it."""
    return save_artefact(artefact, Path(models_dir) / "recommendation")


def load_model(path: Path) -> RankerArtefact:
    """Read a saved ranker; see `analysis.artefact.load_artefact` for what is refused."""
    return load_artefact(path)


def settings_of(config: Any, seed: int, versions: dict[str, str]) -> dict[str, Any]:
    """Settings as the description keeps them."""
    return {**asdict(config), "seed": seed, "versions": versions}
