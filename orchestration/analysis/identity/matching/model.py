"""The trained model as people and machines read it.

Belongs here: the settings as Splink opens them, the table of what was learnt, the model file.
Does not belong here: training, choosing the folder.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from orchestration.analysis.identity.matching.comparisons import DIFFERENT, splink_comparison
from orchestration.analysis.identity.matching.scoring import Weights, strangers
from orchestration.analysis.identity.matching.training import TrainedComparison, Training
from orchestration.analysis.identity.schemas import ID_MODEL

# Models of earlier runs that are kept for comparison.
KEPT_MODELS = 30


def model_settings(training: Training, scale: Weights) -> dict:
    """Splink settings with every m and u as they are used for scoring.

    Args:
        training: Levels, m and u.
        scale: The share of matches, of which u is freed.

    Returns:
        A dictionary that `Linker(attributes, settings)` takes.
    """
    comparisons = []
    for each in training.comparisons:
        comparison = splink_comparison(each.comparison, each.levels)
        for level, m_probability, u_probability in zip(
            comparison["comparison_levels"][1:], each.m, _u(each, training, scale), strict=True
        ):
            level["m_probability"] = m_probability
            level["u_probability"] = u_probability
        comparisons.append(comparison)
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "probability_two_random_records_match": scale.match_share,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.uid = r.uid"}],
        "comparisons": comparisons,
    }


def model_table(training: Training, scale: Weights | None) -> pa.Table:
    """What was learnt of each level, and which comparisons could teach nothing.

    Args:
        training: Levels, m and u.
        scale: Weights; None when there was no pair to weigh.

    Returns:
        schemas.ID_MODEL; the weight of a level with term frequencies is that of a value of mean
        frequency.
    """
    rows = []
    for each in training.comparisons if scale else ():
        names = [*(level.name for level in each.levels), DIFFERENT]
        assumed = training.assumed.get(each.comparison.name)
        for name, m, u in zip(names, each.m, _u(each, training, scale), strict=True):
            code = 0 if name == DIFFERENT else each.comparison.code(name)
            rows.append(
                {
                    "comparison": each.comparison.name,
                    "level": name,
                    "m_probability": m,
                    "u_probability": u,
                    "match_weight": scale.level[each.comparison.name][code],
                    "note": assumed and f"m assumed: {assumed}",
                }
            )
    rows += [
        {"comparison": name, "note": f"left out: {reason}"}
        for name, reason in training.left_out.items()
    ]
    return pa.Table.from_pylist(rows, schema=ID_MODEL)


def save_match_model(report: dict, models_dir: Path, run_id: str) -> Path:
    """Write `<models_dir>/identity/<run_id>.json`, whole or not at all.

    Args:
        report: match_report of a resolution.
        models_dir: Folder of all models; created when missing.
        run_id: The run that trained it.

    Returns:
        Path of the file. Of the files of earlier runs the newest KEPT_MODELS stay.
    """
    folder = Path(models_dir) / "identity"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}.json"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as aside:
        draft = Path(aside) / path.name
        draft.write_text(json.dumps({"run_id": run_id, **report}, indent=2, ensure_ascii=False))
        draft.replace(path)
    others = sorted(
        (each for each in folder.glob("*.json") if each != path),
        key=lambda each: (each.stat().st_mtime, each.name),
        reverse=True,
    )
    for old in others[KEPT_MODELS - 1 :]:
        old.unlink()
    return path


def _u(each: TrainedComparison, training: Training, scale: Weights) -> list[float]:
    sampled = strangers(
        np.array(each.u), np.array(each.m), scale.match_share, training.sampled_pairs
    )
    return sampled.tolist()
