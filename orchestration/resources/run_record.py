"""What a run did and what its checks found, written to ops.run_log and ops.dq_result.

Belongs here: timing of steps and the two tables. Does not belong here: deciding what a check means.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.resources import increment
from orchestration.resources.increment import CompleteRun
from orchestration.resources.warehouse import Warehouse, table_exists
from orchestration.settings import Settings

Kind = Literal["sql", "python", "orchestration"]

DDL = """
create schema if not exists ops;
create table if not exists ops.evidence_horizon (run_id varchar, until_at timestamp);
create table if not exists ops.run_log (
    run_id varchar, step varchar, started_at timestamp, seconds double, rows bigint,
    peak_memory_mb double, kind varchar
);
create table if not exists ops.dq_result (
    run_id varchar, check_name varchar, severity varchar, value double, passed boolean,
    description varchar
);
"""


@dataclass
class Step:
    """One timed step; `rows` is set by whoever does the work."""

    name: str
    kind: Kind
    started_at: datetime
    seconds: float = 0.0
    rows: int | None = None
    peak_memory_mb: float | None = None


@dataclass(frozen=True)
class CheckOutcome:
    """One check of one run; value is the number of failing rows or the figure measured."""

    name: str
    severity: Literal["error", "warn"]
    value: float
    passed: bool
    description: str = ""


def utc_now() -> datetime:
    """The instant as a naive UTC timestamp, the form the warehouse keeps."""
    return datetime.now(UTC).replace(tzinfo=None)


def peak_memory_mb() -> float:
    """The largest resident size of this process since `forget_peak_memory`, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak_memory() -> None:
    """Measure the peak from now on; systems other than Linux go on from the process's start."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def ensure_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ops tables that do not exist yet."""
    connection.execute(DDL)
    connection.execute(increment.DDL)


def begin_run(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    as_of: date | None,
    settings: Settings,
    complete: CompleteRun,
    *,
    goes_on: bool,
) -> None:
    """Write the one row that tells the models which run this is, what it computes and since when.

    Args:
        connection: The build file.
        run_id: This run.
        as_of: Business date asked for; None for that of the newest fact.
        settings: Time zone, currency, horizon.
        complete: What the last complete run has seen.
        goes_on: Whether the run before reached its end, with the models and settings of this one.
    """
    ensure_tables(connection)
    connection.execute(
        """
        create or replace table ops.run_context as
        select
            cast($run_id as varchar) as run_id,
            cast($as_of as date) as requested_as_of_date,
            cast($started_at as timestamp) as started_at,
            cast($timezone as varchar) as timezone,
            cast($currency as varchar) as currency,
            cast($churn_horizon_days as integer) as churn_horizon_days,
            cast($load_number as integer) as complete_load_number,
            cast($as_of_date as date) as complete_as_of_date,
            cast($as_of_end_at as timestamp) as complete_as_of_end_at,
            cast($evidence_until_at as timestamp) as complete_evidence_until_at,
            cast($goes_on as boolean) as goes_on
        """,
        {
            "run_id": run_id,
            "as_of": as_of,
            "started_at": utc_now(),
            "timezone": settings.timezone,
            "currency": settings.currency,
            "churn_horizon_days": settings.churn_horizon_days,
            "load_number": complete.load_number,
            "as_of_date": complete.as_of_date,
            "as_of_end_at": complete.as_of_end_at,
            "evidence_until_at": complete.evidence_until_at,
            "goes_on": goes_on,
        },
    )


def previous_run_id(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The run that was begun last; None before the first."""
    if not table_exists(connection, "ops.run_context"):
        return None
    row = connection.execute("select run_id from ops.run_context").fetchone()
    return row[0] if row else None


def as_of_date(connection: duckdb.DuckDBPyConnection) -> date:
    """The business date that the current run computes, as int_run__as_of worked it out."""
    return connection.execute("select as_of_date from intermediate.int_run__as_of").fetchone()[0]


def note_evidence(connection: duckdb.DuckDBPyConnection, run_id: str, until_at: datetime) -> None:
    """Remember until when identity has looked at evidence; later runs look at least as far."""
    connection.execute("insert into ops.evidence_horizon values (?, ?)", [run_id, until_at])


@contextmanager
def timed_step(
    warehouse: Warehouse, run_id: str, name: str, kind: Kind = "python"
) -> Iterator[Step]:
    """Time a block and log it when it succeeds; a failed step is Dagster's to report."""
    step = Step(name, kind, utc_now())
    start = time.perf_counter()
    forget_peak_memory()
    yield step
    step.seconds = time.perf_counter() - start
    step.peak_memory_mb = peak_memory_mb()
    with warehouse.connect() as connection:
        write_steps(connection, run_id, [step])


def write_steps(connection: duckdb.DuckDBPyConnection, run_id: str, steps: Iterable[Step]) -> None:
    """Append steps to ops.run_log."""
    rows = [
        (run_id, s.name, s.started_at, s.seconds, s.rows, s.peak_memory_mb, s.kind) for s in steps
    ]
    if rows:
        ensure_tables(connection)
        _append(connection, "ops.run_log", rows)


def write_checks(
    connection: duckdb.DuckDBPyConnection, run_id: str, outcomes: Iterable[CheckOutcome]
) -> None:
    """Append check results to ops.dq_result, replacing those of the same name in this run."""
    rows = [(run_id, o.name, o.severity, o.value, o.passed, o.description) for o in outcomes]
    if rows:
        ensure_tables(connection)
        connection.execute(
            "delete from ops.dq_result where run_id = ? and check_name in (select unnest(?))",
            [run_id, [outcome[1] for outcome in rows]],
        )
        _append(connection, "ops.dq_result", rows)


def _append(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    """Insert rows by one statement: one each would wait for the disk a thousand times a run."""
    values = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
    connection.execute(
        f"insert into {table} values {values}",  # noqa: S608
        [value for row in rows for value in row],
    )


def carry_checks_over(
    connection: duckdb.DuckDBPyConnection, run_id: str, among: Collection[str] | None = None
) -> None:
    """Repeat what the last complete run found where this run had no reason to look again.

    Args:
        connection: The build file.
        run_id: This run.
        among: Names of the checks that may be repeated; None for all.
    """
    connection.execute(
        """
        insert into ops.dq_result
        select $run_id, check_name, severity, value, passed, description
        from ops.dq_result
        where run_id = (select run_id from ops.complete_run)
            and check_name not in (select check_name from ops.dq_result where run_id = $run_id)
            and ($among is null or list_contains($among, check_name))
        """,
        {"run_id": run_id, "among": None if among is None else list(among)},
    )


def forget_old_runs(connection: duckdb.DuckDBPyConnection, days: int) -> None:
    """Remove what the two tables say of runs that began longer ago, the last complete one aside."""
    connection.execute(
        """
        create or replace temporary table old_run as
        select run_id from ops.run_log
        where run_id not in (select run_id from ops.complete_run where run_id is not null)
        group by run_id
        having max(started_at) < $until
        """,
        {"until": utc_now() - timedelta(days=days)},
    )
    for table in ("ops.run_log", "ops.dq_result"):
        connection.execute(f"delete from {table} where run_id in (from old_run)")  # noqa: S608
