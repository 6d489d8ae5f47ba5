"""The floor: the statements of a finished run, executed straight in one DuckDB connection.

Belongs here: their order, the tables they start from, timing, and the proof that the same rows come
out. Does not belong here: the run itself (measured_run.py), or what follows from the figures.

dbt leaves the text that it executed for every seed, model and test. What ran before and between it
in Python is not repeated: the tables of those steps, and the landed rows, stay as the run left
them.

    python -m tests.benchmarks.performance.straight HOME SCRATCH
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.analysis.identity.hashing import install_hmac
from orchestration.publishing.catalogue import published_tables
from orchestration.publishing.publish import publish
from orchestration.resources.run_record import utc_now
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.sql import qualified

PACKAGE = "strata360"
#: What the last complete run had seen, written when one ends: a first run finds these empty.
SEEN_BEFORE = "ops.complete_"
#: A run writes these while it goes on, so a copy of the finished build holds more than it saw.
WRITTEN_MEANWHILE = frozenset({"marts.run_log", "marts.dq_result"})
PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


class UnequalFloorError(RuntimeError):
    """The statements made other rows than the run did, so their time says nothing about it."""


@dataclass(frozen=True)
class Statement:
    """What dbt executed for one node.

    Attributes:
        name: The step's name in run_log.
        kind: seed, model or test.
        relation: `schema.table` that it makes; None for a test.
        is_table: Whether that is a table.
        sql: The text, as dbt sent it.
    """

    name: str
    kind: str
    relation: str | None
    is_table: bool
    sql: str


@dataclass(frozen=True)
class Executed:
    """What one statement took; memory is the most that the process held meanwhile."""

    name: str
    kind: str
    seconds: float
    cpu_seconds: float
    rows: int | None
    peak_memory_mb: float


@dataclass(frozen=True)
class Floor:
    """A whole run's SQL, executed straight.

    Attributes:
        statements: Every statement, in the order of execution.
        publish_seconds: Copying the published tables into a file of their own.
        publish_cpu_seconds: Processor seconds of that.
        tables: Tables whose rows were counted and are as many as the run's.
        not_run: Nodes whose text dbt left nowhere, with the run's seconds for them.
    """

    statements: list[Executed]
    publish_seconds: float
    publish_cpu_seconds: float
    tables: int
    not_run: dict[str, float]

    def seconds(self, *kinds: str) -> float:
        """Seconds of the statements of these kinds; of all without any."""
        return sum(row.seconds for row in self.statements if not kinds or row.kind in kinds)

    def cpu_seconds(self, *kinds: str) -> float:
        """Processor seconds of the same."""
        return sum(row.cpu_seconds for row in self.statements if not kinds or row.kind in kinds)


def statements(run_folder: Path) -> tuple[list[Statement], dict[str, float]]:
    """Everything that dbt executed in a run, each node after those that it reads.

    Args:
        run_folder: dbt's folder of the run, with one folder per dbt step.

    Returns:
        The statements, and seconds of nodes that left no text, by name.
    """
    started, not_run = [], {}
    for results_path in run_folder.glob("*/run_results.json"):
        manifest = json.loads((results_path.parent / "manifest.json").read_text())
        for result in json.loads(results_path.read_text())["results"]:
            node = manifest["nodes"][result["unique_id"]]
            name = result["unique_id"].split(".", 2)[2]
            path = _executed_text(results_path.parent, node)
            if not path.exists():
                not_run[name] = result["execution_time"]
                continue
            begun = next(t["started_at"] for t in result["timing"] if t["name"] == "execute")
            is_test = node["resource_type"] == "test"
            statement = Statement(
                name=name,
                kind=node["resource_type"],
                relation=None if is_test else f"{node['schema']}.{node['alias']}",
                is_table=not is_test and node["config"]["materialized"] != "view",
                sql=path.read_text(),
            )
            started.append((begun, statement))
    return [statement for _, statement in sorted(started, key=lambda pair: pair[0])], not_run


def _executed_text(target: Path, node: Mapping[str, Any]) -> Path:
    if node["resource_type"] == "seed":
        return target / "run" / "seeds" / node["path"]
    folder = target / "run" / PACKAGE / node["original_file_path"]
    # a test of a YAML file stands in a folder of that file's name
    return folder if folder.suffix == ".sql" else folder / node["path"]


def floor(settings: Settings, scratch: Path) -> Floor:
    """Execute a finished run's statements anew, in its own build file.

    A company of a million has no room for a second file of that size, so what dbt made is dropped
    first, and a go that was broken off is begun again.

    Args:
        settings: The company, whose last run is a first one: it built every table whole.
        scratch: Receives the published file, and the rows of every table of the run.

    Raises:
        UnequalFloorError: A table came out with other rows than the run's.
    """
    run_id = json.loads((settings.warehouse_dir / "run_state.json").read_text())["run_id"]
    todo, not_run = statements(settings.dbt_target_dir / run_id)
    config = {
        "memory_limit": settings.memory_limit_or_default,
        "threads": settings.threads,
        "temp_directory": str(scratch / "spilled"),
    }
    with duckdb.connect(str(settings.build_file), config=config) as connection:
        connection.execute("set TimeZone = 'UTC'")
        expected = _rows_of_the_run(connection, scratch / "rows.json", todo)
        _forget_what_dbt_made(connection, {statement.relation for statement in todo})
        executed = list(_execute(connection, todo))
        _compare(executed, todo, expected)
        install_hmac(connection, settings.hash_key_bytes)
        seconds, cpu_seconds = time.perf_counter(), time.process_time()
        publish(
            connection,
            published_tables(DBT_PROJECT_DIR / "target" / "manifest.json"),
            scratch / "published.duckdb",
            run_id=run_id,
            published_at=utc_now(),
        )
        return Floor(
            executed,
            time.perf_counter() - seconds,
            time.process_time() - cpu_seconds,
            len(expected),
            not_run,
        )


def _rows_of_the_run(
    connection: duckdb.DuckDBPyConnection, kept: Path, todo: list[Statement]
) -> dict[str, int]:
    """Rows by relation, counted before the first go drops the tables."""
    if not kept.exists():
        rows = {
            statement.relation: _count(connection, statement.relation)
            for statement in todo
            if statement.is_table and statement.relation not in WRITTEN_MEANWHILE
        }
        kept.write_text(json.dumps(rows))
    return json.loads(kept.read_text())


def _forget_what_dbt_made(connection: duckdb.DuckDBPyConnection, made: set[str | None]) -> None:
    """Leave the landed rows and the tables of Python steps, as the run left them."""
    for kind in ("view", "table"):
        for schema, name in connection.execute(
            f"select schema_name, {kind}_name from duckdb_{kind}s() where not internal"  # noqa: S608
        ).fetchall():
            relation = f"{schema}.{name}"
            if relation in made:
                connection.execute(f"drop {kind} {qualified(relation)}")
            elif kind == "table" and relation.startswith(SEEN_BEFORE):
                connection.execute(f"delete from {qualified(relation)}")  # noqa: S608
    connection.execute("checkpoint")


def _execute(connection: duckdb.DuckDBPyConnection, todo: list[Statement]) -> Iterator[Executed]:
    for statement in todo:
        _forget_peak()
        seconds, cpu_seconds = time.perf_counter(), time.process_time()
        connection.execute(statement.sql).fetchall()
        seconds, cpu_seconds = time.perf_counter() - seconds, time.process_time() - cpu_seconds
        peak = _peak_mb()
        rows = _count(connection, statement.relation) if statement.is_table else None
        yield Executed(statement.name, statement.kind, seconds, cpu_seconds, rows, peak)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    return int(PEAK.search(Path("/proc/self/status").read_text())[1]) / 1024


def _compare(executed: list[Executed], todo: list[Statement], expected: dict[str, int]) -> None:
    """Raise for any table that came out with other rows than the run's."""
    different = [
        f"{statement.relation}: {row.rows:,} rows, the run made {expected[statement.relation]:,}"
        for statement, row in zip(todo, executed, strict=True)
        if statement.relation in expected and row.rows != expected[statement.relation]
    ]
    if different:
        raise UnequalFloorError("; ".join(different))


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return connection.execute(f"select count(*) from {qualified(relation)}").fetchone()[0]  # noqa: S608


def _main() -> None:
    result = floor(Settings(home=Path(sys.argv[1])), Path(sys.argv[2]))
    sys.stdout.write(json.dumps(asdict(result)))


if __name__ == "__main__":
    _main()
