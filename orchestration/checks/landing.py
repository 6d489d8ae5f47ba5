"""Checks on what was landed: could every file be read, and was it what its contract says.

Belongs here: turning a feed's load into check outcomes. Does not belong here: reading files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import dagster as dg
import duckdb

from orchestration.checks.results import check_result
from orchestration.ingestion.discover import StrayFile
from orchestration.ingestion.load import FeedLoad
from orchestration.resources.run_record import CheckOutcome

MAX_SHOWN = 200


@dataclass(frozen=True)
class FeedCheck:
    """A check that every feed carries; it never blocks, because the other feeds go on."""

    name: str
    description: str
    severity: Literal["error", "warn"]
    problems: Callable[[FeedLoad], list[str]]
    details: Callable[[FeedLoad], dict[str, dg.MetadataValue]] | None = None

    def spec(self, asset: dg.AssetKey) -> dg.AssetCheckSpec:
        """The check on one feed's raw table."""
        return dg.AssetCheckSpec(self.name, asset=asset, description=self.description)

    def evaluate(
        self, asset: dg.AssetKey, load: FeedLoad
    ) -> tuple[dg.AssetCheckResult, CheckOutcome]:
        """The result for Dagster and the row for ops.dq_result."""
        problems = self.problems(load)
        outcome = CheckOutcome(
            name=f"{self.name}:{load.source}.{load.feed}",
            severity=self.severity,
            value=float(len(problems)),
            passed=not problems,
            description=self.description,
        )
        metadata = {
            "problems": dg.MetadataValue.json(problems[:MAX_SHOWN]),
            **(self.details(load) if self.details else {}),
        }
        return check_result(self.spec(asset), outcome, metadata), outcome


def _unreadable(load: FeedLoad) -> list[str]:
    return [f"{file.file_name}: {file.error}" for file in load.with_status("failed")]


def _not_as_agreed(load: FeedLoad) -> list[str]:
    return [
        f"{file.file_name}: {file.rows_rejected} of {file.rows_read} rows rejected"
        for file in load.with_status("loaded")
        if file.rows_rejected
    ]


def _drifted(load: FeedLoad) -> list[str]:
    return [str(drift) for drift in load.drifts if drift.counts]


def _drift_table(load: FeedLoad) -> dict[str, dg.MetadataValue]:
    records = [
        dg.TableRecord(
            {
                "file": drift.file_name,
                "compared with": drift.against,
                "finding": drift.finding,
                "columns": ", ".join(drift.columns),
                "counts": drift.counts,
            }
        )
        for drift in load.drifts[:MAX_SHOWN]
    ]
    return {"columns": dg.MetadataValue.table(records)} if records else {}


FEED_CHECKS = (
    FeedCheck(
        name="files_readable",
        description="Every landing file of the feed could be read. A failing file stays where it "
        "is, nothing of it is loaded, and every run tries it again.",
        severity="error",
        problems=_unreadable,
    ),
    FeedCheck(
        name="files_as_agreed",
        description="The feed's new files hold no unreadable line. Such lines are kept in "
        "raw.rejected_line.",
        severity="warn",
        problems=_not_as_agreed,
    ),
    FeedCheck(
        name="schema_as_agreed",
        description="The feed's new files have no column that its contract lacks (kept in _extra), "
        "and the columns of the file before them, in the same order. Optional columns that are "
        "missing (loaded as null) and an order other than the contract's are listed, but do not "
        "count.",
        severity="warn",
        problems=_drifted,
        details=_drift_table,
    ),
)

STRAY_FILES = dg.AssetCheckSpec(
    "no_stray_files",
    asset=["raw", "landing_file"],
    description="Everything in the landing folder belongs to a feed: known folder, known suffix, "
    "inside the folder.",
)


# A file is compared with so many before it; with fewer than LEAST_FILES nobody knows what is usual.
COMPARED_FILES = 28
LEAST_FILES = 8
LEAST_ROWS = 20
MOST_FOLD = 4
FILE_VOLUMES = dg.AssetCheckSpec(
    "file_volumes_as_usual",
    asset=["raw", "landing_file"],
    description=f"No new file has {MOST_FOLD} times more or fewer rows than is usual for its feed: "
    f"the median of up to {COMPARED_FILES} files of earlier loads.",
)
UNUSUAL_FILES_SQL = """
with earlier as (
    select source, feed, rows_read
    from raw.landing_file
    where status = 'loaded' and load_number < $load_number
    qualify row_number() over (partition by source, feed order by file_id desc) <= $compared
),
usual as (
    select source, feed, median(rows_read) as usual_rows
    from earlier
    group by source, feed
    having count(*) >= $least_files and median(rows_read) >= $least_rows
)
select files.file_name, files.rows_read, cast(round(usual.usual_rows) as bigint)
from raw.landing_file as files
-- many files to one feed
inner join usual using (source, feed)
where files.status = 'loaded' and files.load_number = $load_number
    and (
        files.rows_read * $fold < usual.usual_rows
        or files.rows_read > usual.usual_rows * $fold
    )
order by files.file_name
"""


def file_volumes_result(
    connection: duckdb.DuckDBPyConnection, load_number: int
) -> tuple[dg.AssetCheckResult, CheckOutcome]:
    """New files with an unusual number of rows, for Dagster and for ops.dq_result.

    Args:
        connection: The build file.
        load_number: The load whose files are looked at.
    """
    unusual = connection.execute(
        UNUSUAL_FILES_SQL,
        {
            "load_number": load_number,
            "compared": COMPARED_FILES,
            "least_files": LEAST_FILES,
            "least_rows": LEAST_ROWS,
            "fold": MOST_FOLD,
        },
    ).fetchall()
    outcome = CheckOutcome(
        FILE_VOLUMES.name, "warn", float(len(unusual)), not unusual, FILE_VOLUMES.description or ""
    )
    records = [
        dg.TableRecord({"file": name, "rows": rows, "usual": usual})
        for name, rows, usual in unusual[:MAX_SHOWN]
    ]
    metadata = {"unusual": dg.MetadataValue.table(records)} if records else {}
    return check_result(FILE_VOLUMES, outcome, metadata), outcome


def stray_files_result(
    strays: Sequence[StrayFile],
) -> tuple[dg.AssetCheckResult, CheckOutcome]:
    """Files that no feed will ever load, for Dagster and for ops.dq_result."""
    outcome = CheckOutcome(
        STRAY_FILES.name, "warn", float(len(strays)), not strays, STRAY_FILES.description or ""
    )
    problems = [f"{stray.file_name}: {stray.reason}" for stray in strays]
    return check_result(
        STRAY_FILES, outcome, {"problems": dg.MetadataValue.json(problems)}
    ), outcome
