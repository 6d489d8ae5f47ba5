"""The machine's clock and time zone: business days are those of the company, whatever they say.

The clock of this machine is not touched. Its zone is set by TZ in processes of their own; jumps of
the clock are moments that files, runs and records carry, and the instant that the product reads.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.discover import is_stable
from orchestration.resources import run_record
from orchestration.resources.increment import last_complete_run
from orchestration.resources.run_record import begin_run, ensure_tables, previous_run_id
from orchestration.resources.run_state import RunState, note_begun, note_complete, read_run_state
from orchestration.settings import Settings
from tests.faults.machine import program
from tests.standardisation.rendering import Macros

# moments as files write them, and the day in Shanghai and in New York
EDGES = {
    "2024-02-29 00:00:00": ("2024-02-29", "2024-02-29"),
    "2024-02-29 23:59:59": ("2024-02-29", "2024-02-29"),
    "2024-03-01 00:00:00": ("2024-03-01", "2024-03-01"),
    "2023-12-31 23:59:59": ("2023-12-31", "2023-12-31"),
    "2024-02-29T16:30:00+00:00": ("2024-03-01", "2024-02-29"),
    "2024-03-01T04:59:59Z": ("2024-03-01", "2024-02-29"),
    # the hour that summer time leaves out in New York, and the one it has twice
    "2024-03-10 02:30:00": ("2024-03-10", "2024-03-10"),
    "2024-11-03 01:30:00": ("2024-11-03", "2024-11-03"),
}
COMPANIES = ("Asia/Shanghai", "America/New_York")
MACHINES = (
    *("UTC", "Asia/Shanghai", "America/New_York"),
    # 14 hours ahead, and half an hour of summer time
    *("Pacific/Kiritimati", "Australia/Lord_Howe"),
)
# every zone in a fork of its own: DuckDB and the C library read TZ once
IN_EVERY_ZONE = """
import json, os, sys, time
from orchestration.resources.warehouse import Warehouse

folder, zones, statements = sys.argv[1], *map(json.loads, sys.argv[2:])
for zone in zones:
    sys.stdout.flush()
    if os.fork() == 0:
        os.environ["TZ"] = zone
        time.tzset()
        warehouse = Warehouse(path=f"{folder}/{zone.replace('/', '_')}.duckdb", temp_dir=folder,
                              memory_limit="1GB", threads=1)
        with warehouse.connect() as connection:
            days = [connection.execute(sql).fetchall() for sql in statements]
        print(json.dumps(days), flush=True)
        os._exit(0)
    os.wait()
"""


def _days(zone: str) -> str:
    macros = Macros({"STRATA_TIMEZONE": zone})
    instant = macros.call("parse_instant", "text")
    day = macros.call("business_date", f"({instant})")
    return (
        f"select cast({day} as varchar) from (select unnest({list(EDGES)}) as text, "  # noqa: S608
        f"unnest(range({len(EDGES)})) as n) order by n"
    )


def test_a_business_day_is_the_companys_in_every_zone_of_the_machine(tmp_path: Path) -> None:
    statements = [_days(zone) for zone in COMPANIES]
    done = program(IN_EVERY_ZONE, tmp_path, json.dumps(MACHINES), json.dumps(statements))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(MACHINES), done.stderr
    expected = [[[days[company]] for days in EDGES.values()] for company in range(len(COMPANIES))]
    assert answers == [expected] * len(MACHINES)


@pytest.mark.parametrize("hours", [-24 * 365, -1, 1, 24 * 365])
def test_a_file_from_a_machine_whose_clock_is_wrong_is_not_waited_for_for_ever(
    tmp_path: Path, hours: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")
    then = time.time() + hours * 3600
    os.utime(path, (then, then))
    assert is_stable(path, 10)
    os.utime(path, (time.time() + 3, time.time() + 3))
    assert not is_stable(path, 10), "it may be written to this very moment"


def test_runs_follow_each_other_in_the_order_they_came_whatever_the_clock_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    with duckdb.connect() as connection:
        ensure_tables(connection)
        complete = last_complete_run(connection)
        for run, clock in (("first", 2026), ("ahead", 2036), ("back", 2016)):
            now = datetime(clock, 2, 28, 23, 59, 59, tzinfo=UTC).replace(tzinfo=None)
            monkeypatch.setattr(run_record, "utc_now", lambda now=now: now)
            begin_run(connection, run, None, settings, complete, goes_on=False)
            assert previous_run_id(connection) == run


def test_a_run_that_was_complete_stays_so_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    settings.make_dirs()
    note_begun(settings, RunState("r1", landing="", project=""))
    note_complete(settings, "r1", is_daily=True)
    path = tmp_path / "warehouse" / "run_state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"daily_at": "2099-12-31T23:59:59+00:00"}))
    note_begun(settings, RunState("r2", landing="", project=""))
    assert not read_run_state(settings).complete
    note_complete(settings, "r2", is_daily=True)
    # the wrong moment is gone with the next daily run
    assert read_run_state(settings).daily_at < "2099"
    assert read_run_state(settings).complete
