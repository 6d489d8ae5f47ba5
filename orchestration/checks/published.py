"""Checks on what is published: did a table lose its rows, did the file swell, is there room.

Belongs here: how much is too much. Does not belong here: publishing. A warning never stops a run: a
day that is asked for in the past has fewer customers, and an erasure fewer rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import duckdb

from orchestration.checks.results import check_result
from orchestration.disk import Room
from orchestration.publishing.reader import open_published
from orchestration.resources.run_record import CheckOutcome

# A table with at least MIN_ROWS rows that has lost more than half of them has probably lost a feed.
MIN_ROWS = 100
LEAST_SHARE = 0.5
# A file that has grown by half in a run, and is no small one, has probably got rows twice.
MOST_GROWTH = 1.5
SMALL_FILE_BYTES = 100 * 2**20
DESCRIPTIONS = {
    "rows_as_before": "Published tables that have less than half of the rows that they had in the "
    "file before.",
    "size_as_before": "Size of the published file, as a multiple of the file before; more than 1.5 "
    "is worth a look once the file has 100 MB.",
    "room_on_disk": "Free bytes on the disk, as a multiple of what the next run may need.",
}


def published_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of the published file."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=description)
        for name, description in DESCRIPTIONS.items()
    ]


def rows_before(published_file: Path) -> dict[str, int]:
    """Rows per table of the file that readers have; empty when there is none that opens."""
    try:
        with open_published(published_file) as published:
            return dict(
                published.execute("select table_name, row_count from publish_info").fetchall()
            )
    except (duckdb.Error, RuntimeError):
        return {}


def published_results(
    asset: dg.AssetKey,
    *,
    before: Mapping[str, int],
    rows: Mapping[str, int],
    size_before: int,
    size: int,
    room: Room,
) -> Iterator[tuple[dg.AssetCheckResult, CheckOutcome]]:
    """What the checks say, for Dagster and for ops.dq_result.

    Args:
        asset: The published file.
        before: Rows per table of the file before.
        rows: Rows per table now.
        size_before: Bytes of the file before; 0 when there was none.
        size: Bytes now.
        room: Of the disk.
    """
    lost = {
        name: {"before": count, "now": rows.get(name, 0)}
        for name, count in before.items()
        if count >= MIN_ROWS and rows.get(name, 0) < LEAST_SHARE * count
    }
    growth = size / size_before if size_before else 1.0
    swollen = growth > MOST_GROWTH and size > SMALL_FILE_BYTES
    found = {
        "rows_as_before": (float(len(lost)), not lost, {"lost": dg.MetadataValue.json(lost)}),
        "size_as_before": (growth, not swollen, {"size_mb": round(size / 2**20, 1)}),
        "room_on_disk": (
            room.free / room.needed,
            room.is_enough,
            {"free_gb": round(room.free / 2**30, 1), "needed_gb": round(room.needed / 2**30, 1)},
        ),
    }
    for spec in published_specs(asset):
        value, passed, metadata = found[spec.name]
        outcome = CheckOutcome(spec.name, "warn", value, passed, spec.description or "")
        yield check_result(spec, outcome, metadata), outcome
