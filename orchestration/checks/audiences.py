"""A check that audiences are about as large as they were.

Belongs here: from when a change of size is worth a warning. Does not belong here: finding members.
A rule that suddenly holds for everybody, or for nobody, is most often a mistake in a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from orchestration.checks.results import check_result
from orchestration.publishing.reader import DamagedPublishedFileError, published_table
from orchestration.resources.run_record import CheckOutcome

#: An audience is suspicious when its size is more than so many times the former, or less than one
#: part of it.
SUSPICIOUS_RATIO = 3.0
#: Below so many members either way nothing can be told.
FEWEST = 30
NAME = "audience_sizes"
DESCRIPTION = f"Audiences more than {SUSPICIOUS_RATIO:g} times as large or as small as published."


def size_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of all audiences' sizes."""
    return dg.AssetCheckSpec(NAME, asset=asset, description=DESCRIPTION)


def size_result(
    spec: dg.AssetCheckSpec,
    published_file: Path,
    sizes: Mapping[str, int],
) -> tuple[dg.AssetCheckResult, CheckOutcome]:
    """What it says, for Dagster and for ops.dq_result.

    Args:
        spec: From size_spec.
        published_file: The file that readers have; without one there is nothing to compare with.
        sizes: Members of this run by audience.
    """
    try:
        earlier = published_table(published_file, "audience_definition")
    except DamagedPublishedFileError:
        # the run that asks is the one that replaces the file
        earlier = None
    rows = earlier.to_pylist() if earlier is not None else []
    before = {row["audience_code"]: row["member_count"] for row in rows}
    moved = [code for code, count in sizes.items() if _moved(before.get(code), count)]
    outcome = CheckOutcome(NAME, "warn", float(len(moved)), not moved, DESCRIPTION)
    lines = ["| audience | published | now |", "|---|---|---|"]
    lines += [f"| {code} | {before[code]:,} | {sizes[code]:,} |" for code in moved]
    table = dg.MetadataValue.md("\n".join(lines))
    return check_result(spec, outcome, {"moved": table}), outcome


def _moved(before: int | None, now: int) -> bool:
    if before is None or max(before, now) < FEWEST:
        return False
    low, high = sorted((before, now))
    return low == 0 or high / low > SUSPICIOUS_RATIO
