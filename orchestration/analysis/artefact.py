"""A trained model on disk: one binary file and one readable description beside it.

Belongs here: saving a model whole, refusing a file that is not what was saved, what it ran on.
Does not belong here: what one kind of model keeps; training and scoring; choosing the folder.
"""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol


class Artefact(Protocol):
    """A fitted model with all that is needed to trust and repeat it."""

    @property
    def model_version(self) -> str:
        """Name and hash of what made the model; the name of its file."""

    def description(self) -> dict[str, Any]:
        """Everything but the fitted parts, ready for JSON."""


def save_artefact(artefact: Artefact, folder: Path) -> Path:
    """Write `<folder>/<model_version>.joblib` and a `.json` of the same name.

    Both are written aside and renamed, the description last: a description that exists describes a
    whole file. Saving the same version again replaces it.

    Args:
        artefact: What is kept of the model.
        folder: Folder of the models of one kind; created when missing.

    Returns:
        Path of the .joblib file.
    """
    import joblib

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{artefact.model_version}.joblib"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as aside:
        binary = Path(aside) / path.name
        joblib.dump(artefact, binary, compress=3)
        description = {**artefact.description(), "sha256": _sha256(binary)}
        sidecar = Path(aside) / "description.json"
        sidecar.write_text(as_json(description), encoding="utf-8")
        binary.replace(path)
        sidecar.replace(path.with_suffix(".json"))
    return path


def load_artefact(path: Path) -> Any:
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


def save_text(folder: Path, name: str, content: str) -> Path:
    """Write a file into a folder, created when missing, whole or not at all; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as aside:
        file = Path(aside) / name
        file.write_text(content, encoding="utf-8")
        file.replace(path)
    return path


def as_json(description: dict[str, Any]) -> str:
    """A description as people read it; JSON has no NaN and no dates: null and ISO text."""
    return json.dumps(_plain(description), ensure_ascii=False, indent=2) + "\n"


def library_versions(names: Sequence[str]) -> dict[str, str]:
    """Versions of Python and of the packages that a model's numbers depend on."""
    return {"python": platform.python_version(), **{n: metadata.version(n) for n in names}}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    return value.isoformat() if isinstance(value, date) else value
