"""Rows that are older than their feed may be kept leave landing files, raw and all that follows.

Belongs here: which rows are too old. Does not belong here: taking them out (erase.py).

A feed's contract says how long (`retention_days` beside `time`, the staging column that says when a
row happened). Age is counted back from the business date of the last run, not from the clock. Rows
of feeds that only name an order (lines, refunds) leave with the order.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.ingestion.contracts import FeedContract, load_contracts
from orchestration.privacy.erase import begin, carry_out, resume_all
from orchestration.privacy.person import Feed, feeds_of
from orchestration.privacy.plan import Plan, landed_counts, planned_files
from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.warehouse import Warehouse, table_exists
from orchestration.run_lock import run_lock
from orchestration.settings import STAGING_DIR, Settings
from orchestration.sql import qualified, quote

if TYPE_CHECKING:
    import duckdb

    from orchestration.privacy.plan import PlannedFile


def apply_retention(
    settings: Settings, confirm: Callable[[Mapping[str, int]], bool] = lambda _: True
) -> Path | None:
    """Take out what is too old.

    Args:
        settings: Whose company.
        confirm: Is told the rows by feed; nothing goes when it says no.

    Returns:
        The receipt; None when nothing was too old, or nothing was to go.

    Raises:
        RunInProgressError: A run is under way.
        WarehouseLockedError: Another process has the build file open, or there is none.
        RewriteError: A landing file was changed since it was loaded; nothing was begun.
    """
    settings.make_dirs()
    with run_lock(settings.run_lock_file):
        resume_all(settings)
        manifest = json.loads(ensure_manifest(settings).read_text())
        limits = retention_days(load_contracts(STAGING_DIR))
        with Warehouse.of(settings).connect_read_only() as build:
            files = too_old(build, feeds_of(manifest), limits)
        counts = landed_counts(files)
        if not files or not confirm(dict(sorted(counts.items()))):
            return None
        plan = Plan(
            request_id=secrets.token_hex(6),
            request_hash="",
            requested_at=datetime.now(UTC).isoformat(timespec="seconds"),
            customer_ids=[],
            tokens=[],
            counts={f"landed rows {feed}": rows for feed, rows in sorted(counts.items())},
            files=files,
            purpose="retention",
        )
        begin(settings, plan)
        return carry_out(settings, plan, ())


def retention_days(contracts: Iterable[FeedContract]) -> dict[tuple[str, str], tuple[int, str]]:
    """Days and time column of every feed whose contract limits how long its rows are kept."""
    return {
        (contract.source, contract.feed): (contract.retention_days, contract.time)
        for contract in contracts
        if contract.retention_days and contract.time
    }


def too_old(
    build: duckdb.DuckDBPyConnection,
    feeds: list[Feed],
    limits: Mapping[tuple[str, str], tuple[int, str]],
) -> list[PlannedFile]:
    """Landing files with rows that are too old, and which.

    Args:
        build: The build file after a run.
        feeds: Every feed.
        limits: From `retention_days`.
    """
    rows: dict[int, set[int]] = defaultdict(set)
    (as_of_date,) = build.execute("select as_of_date from intermediate.int_run__as_of").fetchone()
    build.execute("create or replace temp table old_order (source varchar, number varchar)")
    build.execute("create or replace temp table old_row (file_id integer, number bigint)")
    for feed in feeds:
        if (feed.source, feed.feed) in limits and table_exists(build, feed.staged):
            days, time = limits[feed.source, feed.feed]
            _note_old(build, feed, as_of_date - timedelta(days=days), time)
    for feed in feeds:
        # lines and refunds go with their order
        if feed.order and not feed.customer and (feed.source, feed.feed) not in limits:
            build.execute(
                f"insert into old_row select _file_id, _row_number from {qualified(feed.staged)} "  # noqa: S608
                f"where {quote(feed.order[0])} in (select number from old_order where source = ?)",
                [feed.source],
            )
    for file_id, number in build.execute("select distinct * from old_row").fetchall():
        rows[file_id].add(number)
    return planned_files(build, rows, {})


def _note_old(build: duckdb.DuckDBPyConnection, feed: Feed, first_day: date, time: str) -> None:
    """The rows of a feed from before a day, and the orders that they are."""
    is_old = f"cast({quote(time)} as date) < ?"
    staged = qualified(feed.staged)
    build.execute(
        f"insert into old_row select _file_id, _row_number from {staged} where {is_old}",  # noqa: S608
        [first_day],
    )
    if feed.order:
        build.execute(
            f"insert into old_order select distinct ?, {quote(feed.order[0])} "  # noqa: S608
            f"from {staged} where {is_old}",
            [feed.source, first_day],
        )
