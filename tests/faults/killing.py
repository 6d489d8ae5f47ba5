"""A writer that is killed over and over: SIGKILL at a random moment, then another one goes on.

Belongs here: the program; its tests start it and look at what is left. Does not belong here:
assertions.

    python -m tests.faults.killing WHAT FOLDER KILLS SEED

WHAT is `ingestion` (a landing file after the other) or `tables` (two tables at once, as a Python
step writes them). Each writer says on stdout what it has finished; the last one is not killed.
The libraries are loaded once and every writer is a fork, so a kill costs tenths of a second.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.ingestion import load_contracts, load_landing
from orchestration.resources.warehouse import Warehouse

FILES = 24
ROWS = 3_000
AT_MOST_SECONDS = 0.5


def say(text: str) -> None:
    """Tell of something that is finished; one write, so that a kill cannot cut it."""
    os.write(1, f"{text}\n".encode())


def ingestion(folder: Path) -> None:
    """Load files that lie aside, one by one, as if each had just come."""
    contracts = load_contracts(folder / "staging")
    feed = folder / "landing" / "till" / "lines"
    for number in range(FILES):
        waiting = folder / "waiting" / f"{number:02}.csv"
        if waiting.exists():
            waiting.rename(feed / waiting.name)
        with duckdb.connect(str(folder / "build.duckdb")) as connection:
            load = load_landing(
                connection,
                contracts,
                folder / "landing",
                run_id="killed",
                temp_dir=folder / "warehouse" / "tmp",
            )
        if load.rows_loaded:
            say(f"{number}")


def tables(folder: Path) -> None:
    """Write two tables that belong together, over and over."""
    warehouse = Warehouse(
        path=str(folder / "build.duckdb"), temp_dir=str(folder), memory_limit="1GB", threads=1
    )
    with warehouse.connect() as connection:
        connection.execute("create schema if not exists analysis")
        for table in ("score", "grade"):
            connection.execute(
                f"create table if not exists analysis.{table} as select 0 as run from range({ROWS})"  # noqa: S608
            )
        found = connection.execute(
            "select score.run, grade.run, sum(score.rows) + sum(grade.rows) from "
            "(select run, count(*) as rows from analysis.score group by run) as score "
            "cross join (select run, count(*) as rows from analysis.grade group by run) as grade "
            "group by all"
        ).fetchall()
    say(f"found {found}")
    last = found[0][0]
    for run in range(last + 1, last + FILES):
        rows = pa.table({"run": [run] * ROWS})
        warehouse.replace_tables([("analysis.score", rows), ("analysis.grade", rows)])
        say(f"{run}")


WRITERS: dict[str, Callable[[Path], None]] = {"ingestion": ingestion, "tables": tables}


def main(what: str, folder: Path, kills: int, seed: int) -> None:
    """Start writers and kill them."""
    generator = random.Random(seed)
    for number in range(kills + 1):
        writer = os.fork()
        if writer == 0:
            WRITERS[what](folder)
            os._exit(0)
        if number < kills:
            time.sleep(generator.uniform(0.02, AT_MOST_SECONDS))
            os.kill(writer, signal.SIGKILL)
        _, status = os.waitpid(writer, 0)
        is_killed = os.WIFSIGNALED(status)
        say(f"killed {number}" if is_killed else f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
