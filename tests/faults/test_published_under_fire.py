"""Readers during builds, and builds that are killed: the published file is always one whole build.

The quick tests publish small builds with the code of the last step of a run. Those marked `bench`
do the same to `strata run` itself.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.publish import PARTIAL_SUFFIX
from orchestration.publishing.reader import open_published
from tests.conftest import STRATA, Company
from tests.faults.reading import problems_of, readers_of
from tests.warehouse.small_company import land, orders, write_feed

READERS, BUILDS, KILLS = 20, 3, 20
PUBLISHING = """
import sys
from datetime import datetime
from pathlib import Path
import duckdb
from orchestration.publishing.catalogue import PublishedTable
from orchestration.publishing.publish import publish

published, first, last, rows = Path(sys.argv[1]), *map(int, sys.argv[2:])
columns = {"customer_id": "Id.", "as_of_date": "Day.", "built_by": "Run."}
tables = [
    PublishedTable(name, "main." + name, name, columns)
    for name in ("customer_360", "customer_tag", "orders")
]
build = duckdb.connect()
for table in tables:
    build.execute(
        f"create table {table.name} as select 'c' || i as customer_id, "
        f"date '2026-01-01' as as_of_date, 0 as built_by from range({rows}) as numbers(i)"
    )
print("begins", flush=True)
for run in range(first, last + 1):
    for table in tables:
        build.execute(f"insert into {table.name} from {table.name} limit 100")
        build.execute(f"update {table.name} set as_of_date = as_of_date + 1, built_by = {run}")
    publish(build, tables, published, run_id=f"run{run:02}", published_at=datetime(2026, 1, 1))
"""


def publishing(published: Path, first: int, last: int, rows: int = 20_000) -> subprocess.Popen:
    """A process that publishes the builds of some runs; its first line says that it begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHING, published, str(first), str(last), str(rows)],
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    return process


def build_of(published: Path) -> str:
    """The run whose build is published; the file is whole."""
    with open_published(published) as connection:
        run, problems = problems_of(connection)
    assert problems == []
    return run


def test_readers_meet_whole_builds_while_others_are_published(tmp_path: Path) -> None:
    published = tmp_path / "strata360.duckdb"
    publishing(published, 0, 0).communicate()
    with readers_of(published, READERS, tmp_path) as reading:
        publishing(published, 1, BUILDS, rows=60_000).communicate()
    assert build_of(published) == f"run{BUILDS:02}"
    assert reading.problems == []
    assert len(reading.readers) == READERS
    # each has read before the last build came and after it
    assert all(reader["connections"] >= 2 for reader in reading.readers)
    assert all(f"run{BUILDS:02}" in reader["builds"] for reader in reading.readers)
    assert len(reading.builds) > 1


def test_a_reader_that_mixes_builds_would_be_found(tmp_path: Path) -> None:
    """The readers' own eyes: a file that was put together from two builds."""
    published = tmp_path / "strata360.duckdb"
    publishing(published, 0, 0).communicate()
    with duckdb.connect(str(published)) as file:
        file.execute("insert into orders select * from orders limit 1")
        file.execute("update customer_360 set as_of_date = date '2000-01-01' where rowid = 0")
    with readers_of(published, 1, tmp_path) as reading:
        pass
    assert {problem.split(" has ")[0] for problem in reading.problems} == {
        *("orders", "customer_360 is of 2 days")
    }


def test_a_publish_that_is_killed_leaves_a_whole_file_and_the_next_one_completes(
    tmp_path: Path,
) -> None:
    published = tmp_path / "strata360.duckdb"
    publishing(published, 0, 0).communicate()
    generator = random.Random(360)
    expected, interrupted = "run00", 0
    for number in range(1, KILLS + 1):
        # far more builds than it will live to publish
        process = publishing(published, number * 100, number * 100 + 99)
        time.sleep(generator.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = build_of(published)
        assert found == expected or found.startswith(f"run{number}"), f"kill {number}"
        expected = found
        interrupted += published.with_name(published.name + PARTIAL_SUFFIX).exists()
    assert interrupted > KILLS / 4, "hardly any of them was killed while it wrote"
    publishing(published, 1, 1).communicate()
    assert build_of(published) == "run01"
    assert list(tmp_path.iterdir()) == [published]


@pytest.fixture(scope="module")
def company(make_company) -> Company:
    made = make_company("under_fire")
    land(made.landing)
    return made


@pytest.fixture(scope="module")
def seconds(company: Company) -> float:
    """How long a run takes."""
    began = time.monotonic()
    company.strata("run")
    return time.monotonic() - began


def land_more(company: Company, number: int) -> None:
    """A file that was not there at the run before, so that there is something to build."""
    placed = orders([f"K{customer:04}" for customer in range(20)], seed=100 + number)
    for row in placed:
        row["order_id"] = f"F{number:03}{row['order_id']}"
    write_feed(company.landing, "orders", placed, f"more{number:03}.csv")


@pytest.mark.bench
@pytest.mark.slow
def test_readers_meet_whole_builds_while_strata_runs(
    company: Company, seconds: float, tmp_path: Path
) -> None:
    with readers_of(company.published, READERS, tmp_path, pause=5) as reading:
        for number in range(BUILDS):
            land_more(company, number)
            company.strata("run")
    print(  # noqa: T201  bench tests report their figures
        f"\n{READERS} readers, {BUILDS} runs, {reading.connections:,} connections, "
        f"{len(reading.builds)} builds seen, {len(reading.problems)} problems"
    )
    assert reading.problems == []
    assert len(reading.builds) == BUILDS + 1
    assert all(len(reader["builds"]) == BUILDS + 1 for reader in reading.readers)


@pytest.mark.bench
@pytest.mark.slow
def test_a_run_that_is_killed_leaves_a_whole_file_and_the_next_one_completes(
    company: Company, seconds: float
) -> None:
    """Twenty kills and runs take more than an hour.

    STRATA_TEST_KILLS sets how often; STRATA_TEST_KILLS_IN_A_ROW how many runs are killed one after
    the other before one is let through.
    """
    generator = random.Random(360)
    kills = int(os.environ.get("STRATA_TEST_KILLS", KILLS))
    in_a_row = int(os.environ.get("STRATA_TEST_KILLS_IN_A_ROW", "1"))
    before = build_of(company.published)
    for number in range(kills):
        land_more(company, 500 + number)
        after = generator.uniform(0, seconds)
        process = subprocess.Popen(
            [str(STRATA), "run"],
            env={**os.environ, **company.environment, "STRATA_HOME": str(company.home)},
            cwd=company.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=after)
            killed = False
        except subprocess.TimeoutExpired:
            # every other time only the command itself, as a killer for want of memory does
            (os.killpg if number % 2 else os.kill)(process.pid, signal.SIGKILL)
            process.wait()
            killed = True
        left = build_of(company.published)
        print(  # noqa: T201  bench tests report their figures
            f"\n{number + 1}: {'killed' if killed else 'over'} after {after:.0f} s of "
            f"{seconds:.0f}, {'old' if left == before else 'new'} build left",
            flush=True,
        )
        if (number + 1) % in_a_row == 0 or number + 1 == kills:
            company.strata("run")
            before = build_of(company.published)
            print(f"{number + 1}: the next run completed", flush=True)  # noqa: T201
            assert before != left
            assert company.failing_balances() == []
        else:
            before = left
