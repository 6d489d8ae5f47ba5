"""Readers of the published file, each a process of its own, for as long as a test wants them.

Belongs here: opening the file as the web page and commands do, over and over, and looking whether
what one connection sees is one build. Does not belong here: assertions.

    python -m tests.faults.reading FILE READERS PAUSE STOP

reads until the file STOP is there, with PAUSE seconds or so between two connections of a reader,
and prints what every reader met, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import duckdb

from orchestration.publishing.reader import open_published
from orchestration.settings import PROJECT_ROOT
from orchestration.sql import quote

DIGEST_ROWS = 500


class Reading:
    """What the readers met; filled in when they have stopped."""

    def __init__(self) -> None:
        self.readers: list[dict] = []

    @property
    def connections(self) -> int:
        return sum(reader["connections"] for reader in self.readers)

    @property
    def problems(self) -> list[str]:
        return [problem for reader in self.readers for problem in reader["problems"]]

    @property
    def builds(self) -> set[str]:
        """The runs whose builds were seen by anybody."""
        return {run for reader in self.readers for run in reader["builds"]}


@contextmanager
def readers_of(
    published: Path, readers: int, folder: Path, *, pause: float = 0.3
) -> Iterator[Reading]:
    """Readers that read while the block runs; what they met is there after it."""
    stop = folder / "stop_reading"
    stop.unlink(missing_ok=True)
    reading = Reading()
    command = [sys.executable, "-m", "tests.faults.reading", published, readers, pause, stop]
    with Popen([str(part) for part in command], cwd=PROJECT_ROOT, stdout=PIPE) as process:
        try:
            # it says so when every one of them has read
            process.stdout.readline()
            yield reading
        finally:
            stop.touch()
            printed, _ = process.communicate()
    reading.readers = json.loads(printed)


def problems_of(connection: duckdb.DuckDBPyConnection) -> tuple[str, list[str]]:
    """The run that built the file as one connection sees it, and what does not fit that build."""
    problems = []
    runs = connection.execute("select distinct run_id from publish_info").fetchall()
    if len(runs) != 1:
        problems.append(f"publish_info names the runs {runs}")
    for table, expected in connection.execute(
        "select table_name, row_count from publish_info"
    ).fetchall():
        found = connection.execute(f"select count(*) from {quote(table)}").fetchone()[0]  # noqa: S608
        if found != expected:
            problems.append(f"{table} has {found} rows, {runs[0][0]} published {expected}")
    days = connection.execute("select count(distinct as_of_date) from customer_360").fetchone()[0]
    if days != 1:
        problems.append(f"customer_360 is of {days} days")
    return runs[0][0], problems


def _read(published: Path) -> tuple[str, list[str]]:
    """One connection: everything is there, and a second look shows the same."""
    digest = f"select sum(hash(part)) from (from customer_360 limit {DIGEST_ROWS}) as part"  # noqa: S608
    with open_published(published) as connection:
        before = connection.execute(digest).fetchone()
        run, problems = problems_of(connection)
        if connection.execute(digest).fetchone() != before:
            problems.append("customer_360 changed under an open connection")
        if connection.execute("select max(run_id) from publish_info").fetchone()[0] != run:
            problems.append("the build changed under an open connection")
    return run, problems


def _loop(published: Path, stop: Path, pause: float, seed: int, started: int) -> dict:
    generator = random.Random(seed)
    met: dict = {"connections": 0, "problems": [], "builds": []}
    while True:
        # who is told to stop looks once more, so that everybody has seen the last build
        is_last = stop.exists()
        try:
            run, problems = _read(published)
            met["problems"] += problems
            met["builds"] = sorted({*met["builds"], run})
        except Exception as error:
            met["problems"].append(f"{type(error).__name__}: {error}")
        met["connections"] += 1
        if met["connections"] == 1:
            os.write(started, b"1")
        if is_last:
            return met
        time.sleep(generator.uniform(0.5, 1.5) * pause)


def main(published: Path, readers: int, pause: float, stop: Path) -> None:
    """Fork the readers: the libraries are loaded once, no connection is open yet."""
    pipes = []
    starting, started = os.pipe()
    for seed in range(readers):
        receiving, sending = os.pipe()
        if os.fork() == 0:
            os.close(receiving)
            with os.fdopen(sending, "w") as pipe:
                json.dump(_loop(published, stop, pause, seed, started), pipe)
            os._exit(0)
        os.close(sending)
        pipes.append(receiving)
    os.close(started)
    for _ in range(readers):
        os.read(starting, 1)
    sys.stdout.write("reading\n")
    sys.stdout.flush()
    answers = [os.fdopen(pipe).read() for pipe in pipes]
    sys.stdout.write(json.dumps([json.loads(answer) for answer in answers]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
