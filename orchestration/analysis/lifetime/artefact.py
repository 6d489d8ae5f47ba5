"""A fitted lifetime model on disk: a dozen numbers and where they come from, as JSON.

Belongs here: what is kept of a model, saving and loading it.
Does not belong here: fitting and scoring; choosing the folder.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.analysis.artefact import as_json, save_text
from orchestration.analysis.lifetime.purchases import PurchaseProcess
from orchestration.analysis.lifetime.signs import SignsOfLife, signs_of
from orchestration.analysis.lifetime.spend import SpendModel


@dataclass(frozen=True)
class LifetimeArtefact:
    """What is served, with all that is needed to trust and repeat it.

    Attributes:
        process: How often people buy, times in days.
        spend: How much they spend on a purchase day.
        pace: Days of the model per calendar day, from the newest window that was looked back on.
        signs: Weights of other signs of life; None where they proved nothing.
        served_by: 'model' or 'baseline'.
        rule_name: The rule that is served when the model is not.
        mean_spend: Mean net spend per customer in the year before as_of, for the rule of that name.
        history_days: Days since the company's first order; the rules look at a year of them.
        model_version: Name and hash of everything above and of the library versions.
        trained_until: Last day that was learnt from.
        customers: Customers that were learnt from.
        metrics: The contest that decided: metric, as_of_date, model_value, baseline_value.
        settings: Configuration, seed, library versions.
        notes: Plain sentences on what was decided and why.
    """

    process: PurchaseProcess
    spend: SpendModel
    pace: float
    served_by: str
    rule_name: str
    mean_spend: float
    history_days: int
    model_version: str
    trained_until: date
    customers: int
    metrics: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    signs: SignsOfLife | None = None


def save_model(artefact: LifetimeArtefact, models_dir: Path) -> Path:
    """Write `<models_dir>/lifetime/<model_version>.json`, whole or not at all.

    Args:
        artefact: What train_and_score returned.
        models_dir: Folder of all models; created when missing.

    Returns:
        Path of the file.
    """
    folder = Path(models_dir) / "lifetime"
    return save_text(folder, f"{artefact.model_version}.json", as_json(asdict(artefact)))


def load_model(path: Path) -> LifetimeArtefact:
    """Read a saved model.

    Args:
        path: The .json file.

    Returns:
        The artefact; score_customers answers with it as on the day it was saved.
    """
    kept = json.loads(Path(path).read_text(encoding="utf-8"))
    return LifetimeArtefact(
        **{
            **kept,
            "process": PurchaseProcess(**kept["process"]),
            "spend": SpendModel(**kept["spend"]),
            "signs": kept["signs"] and signs_of(kept["signs"]),
            "trained_until": date.fromisoformat(kept["trained_until"]),
            "metrics": [
                {**row, "as_of_date": date.fromisoformat(row["as_of_date"])}
                for row in kept["metrics"]
            ],
            "notes": tuple(kept["notes"]),
        }
    )
