"""What `strata run` shows while it works: one line per step with its seconds and rows.

Belongs here: turning Dagster's event records into lines on a terminal.
Does not belong here: starting runs or deciding their exit status.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict

import dagster as dg
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from orchestration.assets.models import BUILT

LOGGER_NAME = "strata360.progress"
STEP = "STEP_START"
DONE = "STEP_SUCCESS"
FAILED = "STEP_FAILURE"
MADE = "ASSET_MATERIALIZATION"
CHECKED = "ASSET_CHECK_EVALUATION"


@dg.logger(description="Passes a run's events to the progress display of the process, if any.")
def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """The Dagster logger that ProgressHandler listens to."""
    logger = logging.getLogger(LOGGER_NAME)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    return logger


class ProgressHandler(logging.Handler):
    """Follows one run's event records; use it as a context manager around the run."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(level=logging.DEBUG)
        self.console = console or Console()
        self.failed_checks: list[str] = []
        self._started: dict[str, float] = {}
        self._built: dict[str, int] = defaultdict(int)
        self._tables: dict[str, int] = defaultdict(int)
        self._checks: dict[str, int] = defaultdict(int)
        self._rows: dict[str, int] = defaultdict(int)
        self._live = Live(console=self.console, refresh_per_second=8, transient=True)

    def __enter__(self) -> ProgressHandler:
        logging.getLogger(LOGGER_NAME).addHandler(self)
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        logging.getLogger(LOGGER_NAME).removeHandler(self)
        self._live.stop()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None and event.step_key:
            self._follow(event.event_type_value, event.step_key, event)
            if self.console.is_terminal:
                self._live.update(self._running())
        elif BUILT in record.getMessage():
            self._built[getattr(record, "dagster_meta", {}).get("step_key") or ""] += 1

    def _follow(self, kind: str, step: str, event) -> None:
        if kind == STEP:
            self._started[step] = time.perf_counter()
        elif kind == MADE:
            self._tables[step] += 1
            self._rows[step] += _rows(event)
        elif kind == CHECKED:
            evaluation = event.event_specific_data
            self._checks[step] += 1
            if not evaluation.passed:
                self.failed_checks.append(
                    f"{evaluation.asset_key.to_user_string()}: "
                    f"{evaluation.check_name} ({evaluation.severity.value})"
                )
        elif kind in (DONE, FAILED):
            self._report(step, failed=kind == FAILED)

    def _report(self, step: str, *, failed: bool) -> None:
        seconds = time.perf_counter() - self._started.pop(step, time.perf_counter())
        mark = "[red]✗[/red]" if failed else "[green]✓[/green]"
        details = [f"{self._tables[step]:>3} tables"] if self._tables[step] else []
        if self._checks[step]:
            details.append(f"{self._checks[step]} checks")
        if self._rows[step]:
            details.append(f"{self._rows[step]:,} rows")
        self.console.print(
            f"  {mark} {_label(step):<34} {seconds:>7.1f} s   {', '.join(details)}",
            highlight=False,
            soft_wrap=True,
        )

    def _running(self) -> Table:
        grid = Table.grid(padding=(0, 1))
        for step, started in self._started.items():
            seconds = time.perf_counter() - started
            text = f"{_label(step):<34} {seconds:>7.1f} s   {self._built[step]:>3} tables so far"
            grid.add_row(Spinner("dots"), text)
        return grid


def _label(step: str) -> str:
    return step.replace("__", " · ").replace("_", " ")


def _rows(event) -> int:
    count = event.event_specific_data.materialization.metadata.get("dagster/row_count")
    return int(count.value or 0) if count else 0
