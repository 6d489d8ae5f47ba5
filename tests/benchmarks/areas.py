"""The areas of the dbt project that a run's SQL belongs to.

Belongs here: which area a step of run_log is of, and sums by area. Does not belong here: runs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

FACTS = "landed rows and facts"
#: What the path of an area's models begins with.
AREAS = {
    FACTS: ("staging", "intermediate", "marts/core", "marts/quality", "marts/identity"),
    "customers, features, tags, segments": (
        "marts/customer",
        "marts/features",
        "marts/tags",
        "marts/segment",
    ),
    "recommendations": ("marts/recommendation", "marts/content"),
}
OTHERS = "predictions, audiences, effects, demand"


def areas(manifest: Path) -> dict[str, str]:
    """The area of every seed, model and data test, by its name in run_log.

    A test is of the area of the last model that it reads, a seed of the facts.

    Args:
        manifest: dbt's manifest.json.
    """
    nodes = json.loads(manifest.read_text())["nodes"]
    of_model = {
        key: _of_path(node["path"]) if node["resource_type"] == "model" else FACTS
        for key, node in nodes.items()
        if node["resource_type"] in {"model", "seed"}
    }
    of_test = {
        key: next(
            (of_model[read] for read in reversed(node["depends_on"]["nodes"]) if read in of_model),
            OTHERS,
        )
        for key, node in nodes.items()
        if node["resource_type"] == "test"
    }
    return {key.split(".", 2)[2]: area for key, area in (of_model | of_test).items()}


def seconds_by_area(steps: Iterable[tuple[str, float]], manifest: Path) -> dict[str, float]:
    """Seconds of a run's SQL, by area.

    Args:
        steps: Name in run_log and seconds of every step of SQL.
        manifest: dbt's manifest.json.
    """
    of_step, seconds = areas(manifest), Counter()
    for step, taken in steps:
        seconds[of_step[step]] += taken
    return dict(seconds)


def _of_path(path: str) -> str:
    return next((area for area, folders in AREAS.items() if path.startswith(folders)), OTHERS)
