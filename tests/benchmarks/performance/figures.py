"""The figures of one size, and the file that keeps those of every size.

Belongs here: what is remembered of a measurement, how ratios and slopes come out of it. Does not
belong here: measuring (measured_run, straight, script), or the page (page.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR
from tests.benchmarks.performance.facts import SHARED_STEPS
from tests.benchmarks.performance.measured_run import MeasuredRun
from tests.benchmarks.performance.straight import Floor

KEPT = DBT_PROJECT_DIR / "docs" / "performance.json"
#: Python steps that no model is learnt or applied in: they move rows.
MOVES_ROWS = ("ingest_", "publish")
#: The dearest statements that are kept; the others are summed.
STATEMENTS_KEPT = 15


@dataclass(frozen=True)
class Cost:
    """What something took; memory in MB, None where it was not looked at."""

    seconds: float
    cpu_seconds: float | None
    rows: int | None = None
    peak_memory_mb: float | None = None


@dataclass(frozen=True)
class Figures:
    """Everything that the page says of one size.

    Attributes:
        persons: People in the simulated town.
        events: Rows of the published `events`.
        measured_on: ISO date.
        machine: Processors and memory.
        others_share: Part of the processors that other programs took while the run was measured.
        disk_mb: What stands on disk after the run: landing files, build file, published file.
        run: The whole command.
        components: Where it went, by component.
        python: Python steps by name.
        floor: seed, model and test, executed straight, and publish.
        statements: The dearest statements, executed straight, by name.
        tables: Tables of the floor with as many rows as the run's.
        not_run: Nodes that could not be executed straight, with the run's seconds.
        scripts: The shared steps in the run, straight, and in each script that the machine has the
            memory for.
    """

    persons: int
    events: int
    measured_on: str
    machine: str
    others_share: float
    disk_mb: dict[str, float]
    run: Cost
    components: dict[str, Cost]
    python: dict[str, Cost]
    floor: dict[str, Cost]
    statements: dict[str, Cost]
    tables: int
    not_run: dict[str, float]
    scripts: dict[str, Cost]

    @property
    def learning(self) -> Cost:
        """The Python steps that learn or apply a model, identity among them."""
        steps = [cost for name, cost in self.python.items() if not name.startswith(MOVES_ROWS)]
        return _sum(steps)

    @property
    def moving(self) -> Cost:
        """The Python steps that load landing files, and publishing."""
        return _sum([cost for name, cost in self.python.items() if name.startswith(MOVES_ROWS)])

    @property
    def sql(self) -> Cost:
        """Seeds, models and tests, executed straight."""
        return _sum([self.floor[kind] for kind in ("seed", "model", "test")])

    def ratio(self, what: str, *, moving: bool) -> float:
        """How many times the floor and model fitting the run took.

        Args:
            what: `seconds` or `cpu_seconds`.
            moving: Whether loading and publishing count as work that has to be done.
        """
        parts = [self.sql, self.learning, *([self.moving] if moving else [])]
        return getattr(self.run, what) / sum(getattr(part, what) for part in parts)


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(
        sum(cost.seconds for cost in costs),
        sum(cost.cpu_seconds or 0 for cost in costs),
        peak_memory_mb=max((cost.peak_memory_mb or 0 for cost in costs), default=None),
    )


def figures(
    persons: int, run: MeasuredRun, floor: Floor, scripts: dict[str, Cost], *, on: str, machine: str
) -> Figures:
    """Put together what was measured of one size.

    Args:
        persons: People in the simulated town.
        run: The whole command.
        floor: The same SQL, straight.
        scripts: The scripts by name.
        on: ISO date.
        machine: Processors and memory.
    """
    straight = {
        row.name: Cost(row.seconds, row.cpu_seconds, row.rows, row.peak_memory_mb)
        for row in floor.statements
    }
    of_kind = {
        kind: _sum([straight[row.name] for row in floor.statements if row.kind == kind])
        for kind in ("seed", "model", "test")
    }
    shared = {
        "run": Cost(
            sum(step.seconds for step in run.steps if step.name in SHARED_STEPS), cpu_seconds=None
        ),
        "straight": _sum([straight[name] for name in sorted(SHARED_STEPS)]),
    }
    dearest = sorted(straight, key=lambda name: -straight[name].cpu_seconds)[:STATEMENTS_KEPT]
    return Figures(
        persons=persons,
        events=run.events,
        measured_on=on,
        machine=machine,
        others_share=run.others_share,
        disk_mb=run.disk_mb,
        run=Cost(run.seconds, run.cpu_seconds, peak_memory_mb=run.peak_memory_mb),
        components={
            name: Cost(part.seconds, part.cpu_seconds) for name, part in run.components.items()
        },
        python={
            step.name: Cost(step.seconds, step.cpu_seconds, step.rows, step.peak_memory_mb)
            for step in run.steps
            if step.kind == "python"
        },
        floor=of_kind | {"publish": Cost(floor.publish_seconds, floor.publish_cpu_seconds)},
        statements={name: straight[name] for name in dearest},
        tables=floor.tables,
        not_run=floor.not_run,
        scripts=shared | scripts,
    )


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """How cost grows with size: the exponent, by least squares over their logarithms."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum(
        (x - mean_x) ** 2 for x in xs
    )


def beyond(sizes: Sequence[float], costs: Sequence[float], size: float) -> float:
    """What a larger size would cost if every further person costs what the last ones did.

    Args:
        sizes: Measured sizes, small to large, at least two.
        costs: What each of them cost.
        size: The larger size.
    """
    per_person = (costs[-1] - costs[-2]) / (sizes[-1] - sizes[-2])
    return costs[-1] + per_person * (size - sizes[-1])


def remember(measured: Figures, path: Path = KEPT) -> list[Figures]:
    """Keep the figures of a size instead of earlier ones; returns all sizes, small to large."""
    kept = {kept.persons: kept for kept in recall(path)} | {measured.persons: measured}
    sizes = [kept[persons] for persons in sorted(kept)]
    path.write_text(json.dumps([_rounded(asdict(size)) for size in sizes], indent=1) + "\n")
    # as they will be read from now on: the page must come out the same
    return recall(path)


def recall(path: Path = KEPT) -> list[Figures]:
    """The figures of every size, small to large."""
    if not path.exists():
        return []
    return [_figures(size) for size in json.loads(path.read_text())]


def _figures(size: dict) -> Figures:
    costs = ("components", "python", "floor", "statements", "scripts")
    return Figures(
        **{
            **size,
            "run": Cost(**size["run"]),
            **{name: {key: Cost(**cost) for key, cost in size[name].items()} for name in costs},
        }
    )


def _rounded(value):
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return value
