"""What a run costs beside the floor, at growing sizes; brings docs/performance.md up to date.

Belongs here: the order in which one size is measured. Does not belong here: how each part is.

    python -m tests.benchmarks.performance [PERSONS ...] [--steps FOLDER] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from orchestration.settings import Settings
from tests.benchmarks.own_process import OutOfMemoryError, answer_of, say
from tests.benchmarks.performance.agreement import disagreements
from tests.benchmarks.performance.facts import export_facts
from tests.benchmarks.performance.figures import Cost, Figures, figures, remember
from tests.benchmarks.performance.measured_run import MeasuredRun, measured_run
from tests.benchmarks.performance.page import write_page
from tests.benchmarks.performance.script import measured_script
from tests.benchmarks.performance.straight import Floor
from tests.benchmarks.runs import strata

SCRIPTS = {"pandas": "with_pandas", "Polars": "with_polars"}
Measured = TypeVar("Measured")


def main() -> None:
    """Measure each size in a scratch folder and write the page anew after each."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.performance", description=__doc__
    )
    parser.add_argument("persons", nargs="*", type=int, default=[10_000])
    parser.add_argument("--steps", type=Path, help="Folder for every step's figures, as CSV.")
    parser.add_argument("--scratch", type=Path, help="Folder for the companies; default: /tmp.")
    parser.add_argument(
        "--keep",
        type=Path,
        help="Folder in which companies stay: what was measured of one is not measured again.",
    )
    parser.add_argument("--keep-page", action="store_true", help="Print only, write no page.")
    arguments = parser.parse_args()
    for persons in arguments.persons:
        with _home(persons, arguments.keep, arguments.scratch) as home:
            measured = measure(persons, home, arguments.steps)
        say(_line(measured))
        if not arguments.keep_page:
            write_page(remember(measured))


@contextmanager
def _home(persons: int, keep: Path | None, scratch: Path | None) -> Iterator[Path]:
    """Where a company stands: under `keep`, or in a folder that goes when it has been measured."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="strata-bench-", dir=scratch) as folder:
            yield Path(folder)
    else:
        home = keep / str(persons)
        home.mkdir(parents=True, exist_ok=True)
        yield home


def measure(persons: int, home: Path, steps: Path | None) -> Figures:
    """Run a company's first day, then its SQL straight, then the scripts, one after the other."""
    _once(home / "simulated.json", bool, lambda: _simulated(home, persons))
    run = _once(home / "run.json", MeasuredRun, lambda: measured_run(home))
    say(f"{persons:,} persons: run {run.seconds:.0f} s, {run.cpu_seconds:.0f} s of processors")
    facts, build_file = home / "facts", Settings(home=home).build_file
    _once(home / "facts.json", bool, lambda: _exported(build_file, facts))
    floor = _once(home / "floor.json", Floor, lambda: _floor(home))
    say(f"floor {floor.seconds():.0f} s, {floor.cpu_seconds():.0f} s of processors")
    scripts = {}
    for label, name in SCRIPTS.items():
        try:
            cost = measured_script(name, facts, home / name)
        except OutOfMemoryError:
            say(f"{label} does not fit into this machine")
            continue
        different = disagreements(build_file, home / name)
        if different:
            raise SystemExit(f"{label} computed something else than the warehouse: {different}")
        scripts[label] = Cost(cost.seconds, cost.cpu_seconds, None, cost.peak_memory_mb)
    if steps:
        _write_steps(steps / f"{persons}.csv", run, floor)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return figures(
        persons,
        run,
        floor,
        scripts,
        on=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{os.cpu_count()} processors, {memory:.0f} GiB",
    )


def _once(path: Path, kind: type[Measured], measured: Callable[[], Measured]) -> Measured:
    """What stands in a file of the company; it is measured and written when there is none."""
    adapter = TypeAdapter(kind)
    if path.exists():
        return adapter.validate_json(path.read_bytes())
    result = measured()
    path.write_bytes(adapter.dump_json(result))
    return result


def _simulated(home: Path, persons: int) -> bool:
    strata(home, "simulate", "--persons", str(persons))
    return True


def _exported(build_file: Path, facts: Path) -> bool:
    export_facts(build_file, facts)
    return True


def _floor(home: Path) -> Floor:
    scratch = home / "floor"
    scratch.mkdir(exist_ok=True)
    answer = answer_of("tests.benchmarks.performance.straight", home, scratch)
    shutil.rmtree(scratch)
    return TypeAdapter(Floor).validate_json(answer)


def _write_steps(path: Path, run: MeasuredRun, floor: Floor) -> None:
    """One row per step: in the run, and straight where it is SQL."""
    straight = {row.name: row for row in floor.statements}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                *("step", "kind", "run_seconds", "run_cpu_seconds", "run_rows"),
                *("run_peak_memory_mb", "straight_seconds", "straight_cpu_seconds"),
                *("straight_rows", "straight_peak_memory_mb"),
            ]
        )
        for step in run.steps:
            alone = straight.get(step.name)
            writer.writerow(
                [
                    *(step.name, alone.kind if alone else step.kind, step.seconds),
                    *(step.cpu_seconds, step.rows, step.peak_memory_mb),
                    *(
                        (alone.seconds, alone.cpu_seconds, alone.rows, alone.peak_memory_mb)
                        if alone
                        else (None, None, None, None)
                    ),
                ]
            )


def _line(measured: Figures) -> str:
    scripts = ", ".join(f"{name} {cost.seconds:.1f} s" for name, cost in measured.scripts.items())
    return (
        f"{measured.persons:,} persons: run / (floor + model fitting) = "
        f"{measured.ratio('seconds', moving=False):.2f} in time, "
        f"{measured.ratio('cpu_seconds', moving=False):.2f} in processor time; shared steps: "
        f"{scripts}; other programs took {measured.others_share:.0%} of the machine"
    )


if __name__ == "__main__":
    main()
