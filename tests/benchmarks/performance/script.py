"""Runs the pandas or the Polars script in a process of its own and says what it took.

Belongs here: timing one script, imports aside. Does not belong here: the scripts.

    python -m tests.benchmarks.performance.script with_pandas|with_polars FACTS RESULTS
"""

from __future__ import annotations

import importlib
import json
import re
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.own_process import answer_of

PACKAGE = "tests.benchmarks.performance"
PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class ScriptCost:
    """What a script took from reading its first file to having written its last one."""

    seconds: float
    cpu_seconds: float
    peak_memory_mb: float


def measured_script(name: str, facts: Path, results: Path) -> ScriptCost:
    """Run a script in a process of its own.

    Raises:
        OutOfMemoryError: It does not fit into the machine.
        RuntimeError: It failed; with its own words.
    """
    return ScriptCost(**json.loads(answer_of(f"{PACKAGE}.script", name, facts, results)))


def _main(name: str, facts: Path, results: Path) -> None:
    # if memory runs out, the kernel ends this process and no other one
    Path("/proc/self/oom_score_adj").write_text("1000")
    script = importlib.import_module(f"{PACKAGE}.{name}")
    seconds, cpu_seconds = time.perf_counter(), _cpu_seconds()
    script.main(facts, results)
    cost = ScriptCost(
        time.perf_counter() - seconds,
        _cpu_seconds() - cpu_seconds,
        int(PEAK.search(Path("/proc/self/status").read_text())[1]) / 1024,
    )
    sys.stdout.write(json.dumps(asdict(cost)))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
