"""Faults in the middle of `strata run`, one after the other in one company; each ends in a run that
completes, and nothing is lost, doubled or half published.

Belongs here: what needs whole runs; `make bench` runs it, in some twenty minutes. Does not belong
here: the same faults of a step by itself (the other modules of this folder).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.publishing.publish import PARTIAL_SUFFIX
from tests.conftest import STRATA, Company
from tests.faults.damaging import damage, flipped, garbage, truncated
from tests.faults.machine import held
from tests.faults.test_published_under_fire import build_of
from tests.warehouse.small_company import land, orders, write_feed

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("faults_of_runs")]

# moments as the files write them, in Shanghai unless they say otherwise, and their business dates
EDGES = {
    "2024-02-29 00:00:00": "2024-02-29",
    "2024-02-29 23:59:59": "2024-02-29",
    "2024-03-01 00:00:00": "2024-03-01",
    "2023-12-31 23:59:59": "2023-12-31",
    "2024-02-29T16:30:00+00:00": "2024-03-01",
    "2024-02-28T23:30:00-05:00": "2024-02-29",
}
# the zone of the machine is none of the company's business; every run has another one
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe")


STOP_SECONDS = 120


class Landed:
    """The company, and what must be in it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.placed = land(company.landing)
        edges = [
            {**self.placed[0], "order_id": f"EDGE{number}", "ordered_at": moment}
            for number, moment in enumerate(EDGES)
        ]
        write_feed(company.landing, "orders", edges, "edges.csv")
        self.placed += edges
        self.runs = 0
        self.ids: dict[str, str] = {}

    def more(self) -> None:
        """One more file of orders."""
        placed = orders([f"K{customer:04}" for customer in range(20)], seed=self.runs)
        for row in placed:
            row["order_id"] = f"R{self.runs}{row['order_id']}"
        write_feed(self.company.landing, "orders", placed, f"more{self.runs}.csv")
        self.placed += placed

    @property
    def environment(self) -> dict[str, str]:
        """That of the next run."""
        self.runs += 1
        return {
            **os.environ,
            **self.company.environment,
            "STRATA_HOME": str(self.company.home),
            "TZ": ZONES[self.runs % len(ZONES)],
        }

    def start(self) -> subprocess.Popen:
        """A run in a process group of its own; its output goes to a file."""
        self.output = self.company.home / f"run{self.runs}.txt"
        with self.output.open("w") as output:
            return subprocess.Popen(
                [str(STRATA), "run"],
                env=self.environment,
                cwd=self.company.home,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self) -> None:
        """A run that completes, after which all is there once."""
        with self.start() as process:
            assert process.wait() == 0, self.output.read_text()
        self.assert_whole()

    def assert_whole(self) -> None:
        company = self.company
        assert company.failing_balances() == []
        build_of(company.published)
        assert company.query(
            "select count(*), count(distinct order_id), sum(gross_amount) from orders"
        ) == [
            (
                len(self.placed),
                len(self.placed),
                sum(Decimal(row["gross_amount"]) for row in self.placed),
            )
        ]
        dates = company.query(
            "select cast(order_date as varchar) from orders where order_id like 'EDGE%' "
            "order by order_id"
        )
        assert [day for (day,) in dates] == list(EDGES.values())
        ids = dict(
            company.query("select id_value, customer_id from id_map where id_type = 'record'")
        )
        assert self.ids.items() <= ids.items(), "customers keep their ids"
        self.ids = ids


@pytest.fixture(scope="module")
def landed(make_company) -> Landed:
    made = Landed(make_company("faults_of_runs"))
    made.run()
    return made


def _begun(landed: Landed, before: str) -> bool:
    state = landed.company.home / "warehouse" / "run_state.json"
    return state.read_text() != before


def _printed(line: str, times: int) -> Callable[[Landed, str], bool]:
    return lambda landed, before: landed.output.read_text().count(line) >= times


def _copying(landed: Landed, before: str) -> bool:
    published = landed.company.published
    return published.with_name(published.name + PARTIAL_SUFFIX).exists()


STEPS = {
    "ingestion": (_begun, 2.0, "✓ ingest"),
    "dbt": (_printed("✓ ingest", 1), 20.0, "✓ models"),
    "python": (_printed("✓ models", 1), 2.0, "✓ models 2"),
    "publishing": (_copying, 0.0, "Published"),
}


@contextmanager
def started_until_in(landed: Landed, step: str) -> Iterator[subprocess.Popen]:
    """A run that has come into a step, and on in it for a moment."""
    is_there, at_most, _ = STEPS[step]
    before = _state(landed)
    with landed.start() as process:
        while not is_there(landed, before):
            assert process.poll() is None, landed.output.read_text()
            time.sleep(0.01)
        time.sleep(random.Random(step).uniform(0, at_most))
        yield process


def _state(landed: Landed) -> str:
    return (landed.company.home / "warehouse" / "run_state.json").read_text()


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_in_a_step_is_completed_by_the_next(landed: Landed, step: str) -> None:
    _, _, afterwards = STEPS[step]
    landed.more()
    left = build_of(landed.company.published)
    with started_until_in(landed, step) as process:
        os.killpg(process.pid, signal.SIGKILL)
    assert afterwards not in landed.output.read_text(), "it was killed too late"
    assert build_of(landed.company.published) == left
    landed.run()


@pytest.mark.parametrize(
    ("told", "step"),
    [(signal.SIGINT, "dbt"), (signal.SIGTERM, "python"), (signal.SIGTERM, "publishing")],
)
def test_a_run_that_is_told_to_stop_ends_by_itself(
    landed: Landed, told: signal.Signals, step: str
) -> None:
    landed.more()
    left = build_of(landed.company.published)
    with started_until_in(landed, step) as process:
        process.send_signal(told)
        assert process.wait(STOP_SECONDS) == 1
    assert "somebody or something stopped the run; run again" in landed.output.read_text()
    assert build_of(landed.company.published) == left
    landed.run()


def test_a_run_whose_output_nobody_reads_any_more_is_published(landed: Landed) -> None:
    landed.more()
    with subprocess.Popen(
        [str(STRATA), "run"],
        env=landed.environment,
        cwd=landed.company.home,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout and process.stdout.readline().startswith("strata360")
        process.stdout.close()
        assert process.wait() == 0
    landed.assert_whole()


@pytest.mark.parametrize("how", [garbage, flipped])
def test_a_damaged_build_file_fails_the_run_and_is_made_anew_from_the_landing_files(
    landed: Landed, how
) -> None:
    company = landed.company
    landed.more()
    published = company.published.read_bytes()
    damage(company.build, how)
    with landed.start() as process:
        assert process.wait() == 1, landed.output.read_text()
    printed = landed.output.read_text()
    assert "is damaged. Delete it" in printed or "Corrupt database file" in printed
    assert "What to do:" in printed
    assert company.published.read_bytes() == published
    if how is flipped:
        # the next test goes on with this file
        return
    company.build.unlink()
    landed.run()


def test_damage_everywhere_at_once_heals_as_each_message_says(landed: Landed) -> None:
    """The build file is damaged by the test before, Dagster's storage here."""
    company = landed.company
    company.build.unlink()
    company.build.with_name(company.build.name + ".wal").unlink(missing_ok=True)
    storage = company.home / "dagster"
    damage(storage / "history" / "runs.db", garbage)
    with landed.start() as process:
        assert process.wait() == 1
    assert f"move {storage} away" in landed.output.read_text()
    storage.rename(company.home / "dagster_aside")
    landed.run()


def test_a_damaged_published_file_is_replaced_by_the_next_run(landed: Landed) -> None:
    landed.more()
    damage(landed.company.published, truncated)
    assert "is damaged" in landed.company.strata("status", status=1)
    landed.run()


def test_a_run_waits_for_the_build_file_and_a_second_run_is_refused(landed: Landed) -> None:
    landed.more()
    with held(landed.company.build):
        process = landed.start()
        time.sleep(15)
        assert "another run is under way" in landed.company.strata("run", status=1)
        assert process.poll() is None
    assert process.wait() == 0, landed.output.read_text()
    landed.assert_whole()


@pytest.fixture
def little_memory(landed: Landed) -> Iterator[Path]:
    landed.company.environment["STRATA_MEMORY_LIMIT"] = "30MB"
    yield landed.company.published
    landed.company.environment.pop("STRATA_MEMORY_LIMIT", None)


def test_too_little_memory_fails_the_run_and_changes_nothing(
    landed: Landed, little_memory: Path
) -> None:
    landed.more()
    published = little_memory.read_bytes()
    with landed.start() as process:
        assert process.wait() == 1, landed.output.read_text()
    assert "Out of Memory Error" in landed.output.read_text()
    assert "set STRATA_MEMORY_LIMIT" in landed.output.read_text()
    assert little_memory.read_bytes() == published
    landed.company.environment.pop("STRATA_MEMORY_LIMIT", None)
    landed.run()
