"""A trained churn model on disk: one binary file and one readable description beside it.

Belongs here: what is kept of a model, saving it whole, refusing a file that is not what was saved.
Does not belong here: training and scoring; choosing the folder.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    """Write `<models_dir>/churn/<model_version>.joblib` and a `.json` of the same name.

    Both are written aside and renamed, the description last: a description that exists describes a
    whole file. Saving the same version again replaces it.

    Args:
        artefact: What train_and_score returned.
        models_dir: Folder of all models; created when missing.

    Returns:
        Path of the .joblib file.
    """
    import joblib

    folder = Path(models_dir) / "churn"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{artefact.model_version}.joblib"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as aside:
        binary = Path(aside) / path.name
        joblib.dump(artefact, binary, compress=3)
        description = {**artefact.description(), "sha256": _sha256(binary)}
        sidecar = Path(aside) / "description.json"
        text = json.dumps(_plain(description), ensure_ascii=False, indent=2)
        sidecar.write_text(text + "\n", encoding="utf-8")
        binary.replace(path)
        sidecar.replace(path.with_suffix(".json"))
    return path


def load_model(path: Path) -> ChurnArtefact:
    """Read a saved model, if the file is byte for byte the one that was saved.

    A pickle runs code when it is opened, so its hash is compared before. The hash guards against
    a damaged or swapped file, not against someone who may write both files.

    Args:
        path: The .joblib file.

    Returns:
        The artefact.

    Raises:
        FileNotFoundError: The file or its description is missing.
        ValueError: The file differs from its description.
    """
    import joblib

    path = Path(path)
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    found = _sha256(path)
    if found != expected:
        raise ValueError(
            f"{path.name} is not the file its description names (sha256 {found[:12]}…, expected "
            f"{expected[:12]}…); train again rather than load it"
        )
    return joblib.load(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    """JSON has no NaN and no dates: null and ISO text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    return value.isoformat() if isinstance(value, date) else value
