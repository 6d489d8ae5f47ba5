"""What is kept of a model of response.

Belongs here: its description. Does not belong here: fitting and scoring; how files are written
(analysis/artefact.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.analysis.artefact import load_artefact, save_artefact

if TYPE_CHECKING:
    from orchestration.analysis.experiments import Effect
    from orchestration.analysis.promotion.fitting import ResponseModel


@dataclass(frozen=True)
class PromotionArtefact:
    """What is served, with all that is needed to trust and repeat it. It holds no customer.

    Attributes:
        served_by: 'model', 'average' or 'baseline'.
        model_version: Name and hash of training data, settings and library versions.
        model: The learnt response; None where only an average or a rule is served.
        order_effect: What a promotion adds to the probability to order; None without a holdout.
        spend_effect: What it adds to net spend; None without a holdout.
        window_days: Days that an outcome was waited for.
        campaign_count: Campaigns that the answer rests on.
        mean_order_value: Net spend of an order, for whoever has none; as of trained_until.
        trained_until: Last day that was learnt from.
        metrics: The contest that decided: metric, as_of_date, model_value, baseline_value.
        fifths: Predicted beside observed effects in the judging campaigns.
        settings: Configuration, seed, library versions.
        notes: Plain sentences on what was decided and why.
    """

    served_by: str
    model_version: str
    model: ResponseModel | None
    order_effect: Effect | None
    spend_effect: Effect | None
    window_days: int
    campaign_count: int
    mean_order_value: float
    trained_until: date
    metrics: list[dict[str, Any]] = field(default_factory=list)
    fifths: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def description(self) -> dict[str, Any]:
        """Everything but the fitted parts, ready for JSON."""
        effects = {"order_effect": self.order_effect, "spend_effect": self.spend_effect}
        return {
            "model_version": self.model_version,
            "served_by": self.served_by,
            "learner": self.model.uplift.learner if self.model else None,
            "slope": self.model.slope if self.model else None,
            **{name: vars(effect) if effect else None for name, effect in effects.items()},
            "window_days": self.window_days,
            "campaign_count": self.campaign_count,
            "mean_order_value": self.mean_order_value,
            "trained_until": self.trained_until,
            "metrics": self.metrics,
            "fifths": self.fifths,
            "settings": self.settings,
            "notes": list(self.notes),
        }


def save_model(artefact: PromotionArtefact, models_dir: Path) -> Path:
    """Write `<models_dir>/promotion/<model_version>.joblib` and its description."""
    return save_artefact(artefact, Path(models_dir) / "promotion")


def load_model(path: Path) -> PromotionArtefact:
    """Read a saved model, if the file is byte for byte the one that was saved."""
    return load_artefact(path)
