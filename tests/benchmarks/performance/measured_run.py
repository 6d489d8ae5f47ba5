"""A `strata` command with all of its processes watched: time, processor time and memory.

Belongs here: starting it, sampling, and what the samples say of one step. Does not belong here:
what is run or compared.

Its processes are looked at a few times a second. Processor time is what the kernel has counted, so
nothing is lost between two looks. Memory is the proportional share, so that pages which a forked
copy has in common count once; it is looked at once a second, because the kernel walks all pages for
it, and a shorter peak may be missed.
"""

from __future__ import annotations

import bisect
import itertools
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.settings import Settings
from tests.benchmarks.disk import megabytes
from tests.benchmarks.performance.overhead import Component, components
from tests.benchmarks.runs import STRATA

INTERVAL_SECONDS = 0.25
LOOKS_PER_MEMORY = 4
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PSS = re.compile(r"^Pss:\s*(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A step of the run's own log, with what the samples say of its time.

    Attributes:
        name: As in run_log.
        kind: sql or python.
        seconds: As in run_log.
        rows: As in run_log; None for dbt's steps.
        cpu_seconds: Of all processes while it ran; None where two steps may run at once.
        peak_memory_mb: Of all processes while it ran; None when it was too short to be seen.
    """

    name: str
    kind: str
    seconds: float
    rows: int | None
    cpu_seconds: float | None
    peak_memory_mb: float | None


@dataclass(frozen=True)
class MeasuredRun:
    """What a whole run took.

    Attributes:
        seconds: From start to end of the command.
        cpu_seconds: Of all of its processes.
        peak_memory_mb: The most that all of them held at once.
        events: Rows of the published `events`.
        components: Where the seconds went (overhead.py).
        others_share: Part of the machine's processors that other programs took meanwhile.
        disk_mb: What stands on disk afterwards: landing files, build file, published file.
        steps: Its log.
    """

    seconds: float
    cpu_seconds: float
    peak_memory_mb: float
    events: int
    components: dict[str, Component]
    others_share: float
    disk_mb: dict[str, float]
    steps: list[Step]

    def step_seconds(self, kind: str) -> float:
        """Seconds of the steps of a kind, added up."""
        return sum(step.seconds for step in self.steps if step.kind == kind)


@dataclass
class Samples:
    """Looks at a group of processes, oldest first; instants are seconds since 1970."""

    cpu_seconds: list[tuple[float, float]] = field(default_factory=list)
    memory_mb: list[tuple[float, float]] = field(default_factory=list)

    def cpu_between(self, start: float, end: float) -> float:
        """Processor seconds that were used from one instant to another."""
        return self._cpu_until(end) - self._cpu_until(start)

    def peak_between(self, start: float, end: float) -> float | None:
        """The most memory seen from one instant to another; None when nobody looked."""
        return max((memory for at, memory in self.memory_mb if start <= at <= end), default=None)

    def _cpu_until(self, instant: float) -> float:
        after = bisect.bisect(self.cpu_seconds, instant, key=lambda look: look[0])
        (before_at, before), (after_at, there) = (
            self.cpu_seconds[max(after - 1, 0)],
            self.cpu_seconds[min(after, len(self.cpu_seconds) - 1)],
        )
        if after_at == before_at:
            return before
        return before + (there - before) * ((instant - before_at) / (after_at - before_at))


def measured_run(home: Path) -> MeasuredRun:
    """Run the daily job on a home and watch it.

    Raises:
        SystemExit: It failed; with its own words.
    """
    before, started = machine_cpu_seconds(), time.time()
    # a session of its own is how its processes are found
    process = subprocess.Popen(
        [str(STRATA), "run"],
        env={**os.environ, "STRATA_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    samples = Samples()
    is_over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, samples, is_over))
    watcher.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        is_over.set()
        watcher.join()
    ended = time.time()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"strata run failed:\n{process.stderr.read()}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    with duckdb.connect(str(home / "published" / "strata360.duckdb"), read_only=True) as file:
        (events,) = file.execute("select count(*) from events").fetchone()
    run_id, steps = _steps(home, samples)
    of_python = [step for step in steps if step.kind == "python"]
    python = Component(
        sum(step.seconds for step in of_python), sum(step.cpu_seconds for step in of_python)
    )
    settings = Settings(home=home)
    return MeasuredRun(
        seconds=ended - started,
        cpu_seconds=cpu_seconds,
        peak_memory_mb=max(memory for _, memory in samples.memory_mb),
        events=events,
        components=components(settings, run_id, (started, ended), python, samples.cpu_between),
        others_share=others_share(before, cpu_seconds, ended - started),
        disk_mb={
            "landing": megabytes(settings.landing_dir),
            "build": megabytes(settings.build_file),
            "published": megabytes(settings.published_file),
        },
        steps=steps,
    )


def machine_cpu_seconds() -> float:
    """Processor seconds that the whole machine has used since it started."""
    user, nice, system, _idle, _waiting, *interrupts = (
        int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + sum(interrupts)) / CLOCK_TICKS


def others_share(machine_before: float, own_cpu_seconds: float, seconds: float) -> float:
    """Part of all processors that other programs took since `machine_before` was read."""
    used = machine_cpu_seconds() - machine_before - own_cpu_seconds
    return max(0.0, used / (seconds * (os.cpu_count() or 1)))


def _watch(session: int, samples: Samples, is_over: threading.Event) -> None:
    for look in itertools.count():
        if is_over.wait(INTERVAL_SECONDS):
            return
        now = time.time()
        found = dict(_processes(session))
        # a child that has just ended counts only once its parent has asked how
        used = max([sum(found.values()), *(cpu for _, cpu in samples.cpu_seconds[-1:])])
        samples.cpu_seconds.append((now, used))
        if look % LOOKS_PER_MEMORY == 0:
            samples.memory_mb.append((now, sum(map(_memory_mb, found))))


def _processes(session: int) -> Iterator[tuple[int, float]]:
    """Processes of a session, and the processor seconds of each and of its ended children."""
    for folder in Path("/proc").iterdir():
        with suppress(ValueError, FileNotFoundError, ProcessLookupError):
            pid = int(folder.name)
            # the name of the program is in parentheses and may hold spaces
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield pid, sum(int(ticks) for ticks in fields[11:15]) / CLOCK_TICKS


def _memory_mb(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        found = PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) / 1024 if found else 0
    return 0


def _steps(home: Path, samples: Samples) -> tuple[str, list[Step]]:
    """The run's id and its log."""
    with duckdb.connect(str(home / "warehouse" / "build.duckdb"), read_only=True) as file:
        (run_id,) = file.execute("select run_id from ops.complete_run").fetchone()
        rows = file.execute(
            """
            select
                step, kind, seconds, rows, epoch(started_at), epoch(started_at) + seconds
            from ops.run_log
            where run_id = ? and kind <> 'orchestration'
            order by started_at, step
            """,
            [run_id],
        ).fetchall()
    return run_id, [
        Step(
            name,
            kind,
            seconds,
            count,
            samples.cpu_between(start, end) if kind == "python" else None,
            samples.peak_between(start, end) if start else None,
        )
        for name, kind, seconds, count, start, end in rows
    ]
