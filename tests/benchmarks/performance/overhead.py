"""Where a run's time went, from Dagster's record of steps and dbt's record of nodes.

Belongs here: cutting the time from the command's start to its end into components that add up to
it. Does not belong here: measuring the run.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestration.instance import existing_instance
from orchestration.settings import Settings

#: In the order in which a run meets them.
COMPONENTS = {
    "start": "command to first step: imports, definitions",
    "python": "Python steps: their own work",
    "around_python": "Python steps: connections, checks, events",
    "dbt_start": "dbt steps: until the first node is compiled",
    "nodes": "dbt steps: nodes are compiled and executed",
    "dbt_end": "dbt steps: after the last node (rows, columns, lineage, events)",
    "between_steps": "Dagster between two steps",
    "end": "last step to end of command",
}
#: Seconds since 1970.
Interval = tuple[float, float]


@dataclass(frozen=True)
class Component:
    """Seconds of a component, and the processor seconds that the run used in them."""

    seconds: float
    cpu_seconds: float


def components(
    settings: Settings,
    run_id: str,
    whole: Interval,
    python: Component,
    cpu_of: Callable[[float, float], float],
) -> dict[str, Component]:
    """Each of COMPONENTS; together they are the run.

    Args:
        settings: The company.
        run_id: Its run.
        whole: When the command was started and when it ended.
        python: What run_log says of Python steps in all.
        cpu_of: Processor seconds that the run used from one instant to another.
    """
    with existing_instance(settings) as instance:
        stats = instance.get_run_step_stats(run_id)
    steps = {step.step_key: (step.start_time, step.end_time) for step in stats}
    folder = settings.dbt_target_dir / run_id
    nodes = {
        step: span
        for step in steps
        if (span := _first_to_last_node(folder / step / "run_results.json"))
    }
    ordered = sorted(steps.values())
    spans: dict[str, list[Interval]] = {
        "start": [(whole[0], ordered[0][0])],
        "around_python": [span for step, span in steps.items() if step not in nodes],
        "dbt_start": [(steps[step][0], begun) for step, (begun, _) in nodes.items()],
        "nodes": list(nodes.values()),
        "dbt_end": [(over, steps[step][1]) for step, (_, over) in nodes.items()],
        "between_steps": [
            (ended, begun)
            for (_, ended), (begun, _) in itertools.pairwise(ordered)
            if begun > ended
        ],
        "end": [(ordered[-1][1], whole[1])],
    }
    found = {name: _sum(intervals, cpu_of) for name, intervals in spans.items()}
    all_of_python = found["around_python"]
    found["around_python"] = Component(
        all_of_python.seconds - python.seconds, all_of_python.cpu_seconds - python.cpu_seconds
    )
    found["python"] = python
    return {name: found[name] for name in COMPONENTS}


def _sum(intervals: Iterable[Interval], cpu_of: Callable[[float, float], float]) -> Component:
    intervals = list(intervals)
    return Component(
        sum(end - start for start, end in intervals),
        sum(cpu_of(start, end) for start, end in intervals),
    )


def _first_to_last_node(results_path: Path) -> Interval | None:
    """When dbt began with the first node of a step and was done with the last; None without dbt."""
    if not results_path.exists():
        return None
    timings = [
        timing
        for result in json.loads(results_path.read_text())["results"]
        for timing in result["timing"]
    ]
    return (
        min(_instant(timing["started_at"]) for timing in timings),
        max(_instant(timing["completed_at"]) for timing in timings),
    )


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
