"""Checks of volume: each is shown to pass and to fail."""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest

from orchestration.checks.landing import LEAST_FILES, file_volumes_result
from orchestration.checks.published import published_results
from orchestration.disk import LEAST_BYTES, Room, room
from orchestration.ingestion.manifest import ensure_tables
from orchestration.settings import Settings

PUBLISHED = dg.AssetKey(["published", "strata360"])
ENOUGH = Room(free=10 * LEAST_BYTES, needed=LEAST_BYTES)


def add_file(connection: duckdb.DuckDBPyConnection, load_number: int, rows: int) -> None:
    (file_id,) = connection.execute(
        "select coalesce(max(file_id), 0) + 1 from raw.landing_file"
    ).fetchone()
    connection.execute(
        """
        insert into raw.landing_file by name
        select
            $id as file_id, 'pos' as source, 'ticket_lines' as feed,
            'pos/ticket_lines/' || $id || '.csv' as file_name, 'loaded' as status,
            $rows as rows_read, $rows as rows_loaded, 0 as rows_rejected, 'run' as run_id,
            $load as load_number, current_timestamp as loaded_at
        """,
        {"id": file_id, "rows": rows, "load": load_number},
    )


@pytest.mark.parametrize(
    ("earlier", "rows", "passes"),
    [
        (LEAST_FILES, 1_000, True),
        (LEAST_FILES, 300, True),
        (LEAST_FILES, 200, False),
        (LEAST_FILES, 0, False),
        (LEAST_FILES, 5_000, False),
        # with fewer files nobody knows what is usual
        (LEAST_FILES - 1, 0, True),
    ],
)
def test_a_file_with_far_more_or_fewer_rows_than_usual_is_named(
    earlier: int, rows: int, passes: bool
) -> None:
    with duckdb.connect() as connection:
        ensure_tables(connection, [])
        for number in range(earlier):
            add_file(connection, 1, 900 + 50 * number)
        add_file(connection, 2, rows)
        result, outcome = file_volumes_result(connection, 2)
    assert outcome.passed == result.passed == passes
    assert outcome.value == (0 if passes else 1)
    if not passes:
        (record,) = result.metadata["unusual"].records
        assert record.data["rows"] == rows
        assert 900 < record.data["usual"] < 1300


@pytest.mark.parametrize(
    ("changed", "failing"),
    [
        ({}, set()),
        ({"rows": {"orders": 40, "stores": 3}}, {"rows_as_before"}),
        ({"rows": {"stores": 3}}, {"rows_as_before"}),
        # a small table may halve
        ({"rows": {"orders": 100, "stores": 0}}, set()),
        ({"size": 400 * 2**20}, {"size_as_before"}),
        # a small file may double, and the first has nothing before it
        ({"size_before": 2**20, "size": 4 * 2**20}, set()),
        ({"size_before": 0}, set()),
        ({"room": Room(free=LEAST_BYTES - 1, needed=LEAST_BYTES)}, {"room_on_disk"}),
    ],
)
def test_what_is_published_is_compared_with_what_was(changed: dict, failing: set[str]) -> None:
    given = {
        "before": {"orders": 100, "stores": 5},
        "rows": {"orders": 101, "stores": 5},
        "size_before": 200 * 2**20,
        "size": 210 * 2**20,
        "room": ENOUGH,
    }
    results = list(published_results(PUBLISHED, **{**given, **changed}))
    assert {result.check_name for result, _ in results if not result.passed} == failing
    assert all(result.severity == dg.AssetCheckSeverity.WARN for result, _ in results)


def test_room_is_needed_for_copies_of_what_there_is(tmp_path) -> None:
    settings = Settings(home=tmp_path / "company")
    assert room(settings).needed == LEAST_BYTES
    settings.make_dirs()
    with settings.build_file.open("wb") as file:
        # a file with a hole takes no room of its own
        file.truncate(LEAST_BYTES)
    assert room(settings).needed == 2 * LEAST_BYTES
