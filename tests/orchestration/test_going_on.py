"""When a run may leave as it is what has no new row: only where the last one says the same."""

from __future__ import annotations

import copy
from collections.abc import Callable

import duckdb
import pytest

from orchestration.resources.increment import CompleteRun, goes_on, last_complete_run
from orchestration.resources.run_record import ensure_tables
from orchestration.resources.run_state import project_fingerprint

MANIFEST = {
    "nodes": {
        "model.orders": {
            "checksum": {"checksum": "of its text"},
            "columns": {"amount": {"data_type": "decimal(18, 2)"}},
            "config": {"materialized": "incremental", "meta": {}},
        },
        "seed.gender": {
            "checksum": {"checksum": "of its rows"},
            "columns": {},
            "config": {"column_types": {"code": "varchar"}},
        },
        "test.orders": {
            "checksum": {"checksum": ""},
            "columns": {},
            "config": {"severity": "error", "where": None},
        },
    },
    "macros": {"macro.money": {"macro_sql": "cast(x as decimal(18, 2))"}},
}
SETTINGS = {"STRATA_TIMEZONE": "Asia/Shanghai"}
SAME = project_fingerprint(MANIFEST, SETTINGS)

Change = Callable[[dict, dict], object]
CHANGES: dict[str, Change] = {
    "a model": lambda m, _: m["nodes"]["model.orders"].update(checksum={"checksum": "another"}),
    "a vocabulary": lambda m, _: m["nodes"]["seed.gender"].update(checksum={"checksum": "more"}),
    "the types of a vocabulary": lambda m, _: m["nodes"]["seed.gender"]["config"].update(
        column_types={"code": "integer"}
    ),
    "a column's type": lambda m, _: m["nodes"]["model.orders"]["columns"]["amount"].update(
        data_type="double"
    ),
    # nobody looks at a test's rows again unless something says that the test is another
    "a test that only warned": lambda m, _: m["nodes"]["test.orders"]["config"].update(
        severity="warn"
    ),
    "the rows a test looks at": lambda m, _: m["nodes"]["test.orders"]["config"].update(
        where="amount > 0"
    ),
    "a macro": lambda m, _: m["macros"]["macro.money"].update(macro_sql="cast(x as double)"),
    "a model more": lambda m, _: m["nodes"].update({"model.x": m["nodes"]["model.orders"]}),
    "a setting": lambda _, s: s.update(STRATA_TIMEZONE="UTC"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_nothing_is_left_when_something_else_would_come_out(change: Change) -> None:
    manifest, settings = copy.deepcopy(MANIFEST), dict(SETTINGS)
    change(manifest, settings)
    complete = CompleteRun(run_id="yesterday", project=SAME)
    assert goes_on(complete, "yesterday", SAME)
    assert not goes_on(complete, "yesterday", project_fingerprint(manifest, settings))


def test_nothing_is_left_when_the_run_before_broke_off_or_there_was_none() -> None:
    assert not goes_on(CompleteRun(run_id="monday", project=SAME), "tuesday", SAME)
    assert not goes_on(CompleteRun(), None, SAME)


def test_a_build_file_of_an_earlier_version_is_looked_at_whole() -> None:
    with duckdb.connect() as build:
        build.execute("create schema ops")
        build.execute(
            "create table ops.complete_run (run_id varchar, load_number integer, as_of_date date, "
            "as_of_end_at timestamp, evidence_until_at timestamp)"
        )
        build.execute("insert into ops.complete_run (run_id, load_number) values ('yesterday', 7)")
        ensure_tables(build)
        complete = last_complete_run(build)
    assert (complete.run_id, complete.load_number) == ("yesterday", 7)
    assert not goes_on(complete, "yesterday", SAME)
