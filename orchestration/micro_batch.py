"""The micro-batch: what a run between two daily runs does, what it leaves, and when it may run.

Belongs here: the selection of assets, and the conditions. Does not belong here: the assets, or
what starts it (automation, run).

A micro-batch loads what landed and carries it through identity, facts, features, segments, tags and
audiences into the published file. It leaves what is computed whole from everything each time:
learning and grading models, recommendations, demand, effects. Their tables stay as the last daily
run made them and say so in as_of_date and model_version. Every incremental table is among what it
does, so that the next run can go on from it as from any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.assets.audiences import DEFINITION, MEMBER
from orchestration.resources.run_state import RunState
from orchestration.sql import qualified

if TYPE_CHECKING:
    import duckdb

MICRO_BATCH = "micro_batch"
DAILY_JOB = "daily"

# Folders of marts that are computed whole, for or from a step that a micro-batch leaves out.
LEFT_OUT_FOLDERS = (
    "recommendation",
    "content",
    "category_propensity",
    "demand",
    "effects",
    "promotion",
)
ANALYSIS_SCHEMA = "analysis"
# Scores may be a day old and the next run late; later than that, a daily run is due.
MAX_DAILY_AGE = timedelta(hours=36)


def micro_batch_selection(manifest: Mapping[str, Any]) -> dg.AssetSelection:
    """All assets but the steps of Python models and the tables around them.

    Args:
        manifest: dbt's manifest.
    """
    learning = dg.AssetSelection.groups(ANALYSIS_SCHEMA) - dg.AssetSelection.assets(
        MEMBER, DEFINITION
    )
    left_out = [dg.AssetKey([node["schema"], node["alias"]]) for node in left_out_models(manifest)]
    return dg.AssetSelection.all() - learning - dg.AssetSelection.assets(*left_out)


def left_out_models(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The models that a micro-batch leaves as they are; never an incremental one.

    An incremental model takes in what changed since the last complete run, and a micro-batch is
    one: left out, it would never hear of those changes.
    """
    for node in manifest["nodes"].values():
        if (
            node["resource_type"] == "model"
            and node["fqn"][1] == "marts"
            and node["fqn"][2] in LEFT_OUT_FOLDERS
            and node["config"]["materialized"] != "incremental"
        ):
            yield node


def unchanged_nodes(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Seeds, and the staging models of feeds without a new row, as long as their table is there.

    None unless the run goes on from a complete one with the same models and settings: nothing can
    come out otherwise then. Half of a small batch's time would go into looking at them and their
    tests.

    Args:
        connection: The build file, after ingestion.
        manifest: dbt's manifest.

    Returns:
        The nodes, each after those that it reads.
    """
    (goes_on,) = connection.execute("select goes_on from ops.run_context").fetchone()
    if not goes_on:
        return
    loaded = set(
        connection.execute(
            """
            select distinct source, feed from raw.landing_file
            where status = 'loaded'
                and load_number > (select complete_load_number from ops.run_context)
            """
        ).fetchall()
    )
    tables = set(
        connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = current_database()"
        ).fetchall()
    )
    nodes = [
        node for node in manifest["nodes"].values() if (node["schema"], node["alias"]) in tables
    ]
    seeds = {node["unique_id"]: node for node in nodes if node["resource_type"] == "seed"}
    yield from seeds.values()
    for node in nodes:
        if node["resource_type"] != "model" or node["fqn"][1] != "staging":
            continue
        parents = set(node["depends_on"]["nodes"])
        feeds = {
            (source["source_name"], source["name"])
            for unique_id, source in manifest["sources"].items()
            if unique_id in parents
        }
        if not feeds & loaded and len(feeds) + len(parents & seeds.keys()) == len(parents):
            yield node


def obstacle(
    state: RunState | None, *, project: str, as_of: str | None, now: datetime | None = None
) -> str | None:
    """Why the next run has to be a daily one; None when a micro-batch may go on.

    Args:
        state: What the last run left.
        project: Fingerprint of the dbt project as it is now.
        as_of: Business date that the next run is asked for.
        now: The instant; default: the clock.
    """
    if state is None or state.daily_at is None:
        return "no daily run has published yet, or none since somebody was erased"
    if not state.complete:
        return "the run before did not reach its end"
    if state.project != project:
        return "models, seeds or settings changed since the last run"
    if state.as_of != as_of:
        return (
            f"the last run computed {state.as_of or 'the newest day'}, "
            f"this one {as_of or 'the newest day'}"
        )
    age = (now or datetime.now(UTC)) - datetime.fromisoformat(state.daily_at)
    if age > MAX_DAILY_AGE:
        return f"the last daily run published at {state.daily_at}, too long ago for its scores"
    if age < -MAX_DAILY_AGE:
        # otherwise scores would count as new until a clock that was wrong once is reached
        return f"the last daily run is said to have published at {state.daily_at}, in the future"
    return None


def forget_gone_customers(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> dict[str, int]:
    """Take customers that identity no longer knows out of what a micro-batch leaves.

    Two customers become one, and the score of the id that went would stay. A daily run computes
    these tables anew afterwards.

    Args:
        connection: The build file, after identity.
        manifest: dbt's manifest.

    Returns:
        Rows taken out, by `schema.table`, where there were any.
    """
    left = {(node["schema"], node["alias"]) for node in left_out_models(manifest)}
    tables = connection.execute(
        """
        select columns.schema_name, columns.table_name
        from duckdb_columns() as columns
        semi join duckdb_tables() as tables using (database_name, schema_name, table_name)
        where columns.database_name = current_database() and columns.column_name = 'customer_id'
        order by all
        """
    ).fetchall()
    gone = {}
    for schema, table in tables:
        if schema != ANALYSIS_SCHEMA and (schema, table) not in left:
            continue
        name = f"{schema}.{table}"
        (count,) = connection.execute(
            f"delete from {qualified(name)} where customer_id not in "  # noqa: S608
            "(select customer_id from identity.id_map where customer_id is not null)"
        ).fetchone()
        if count:
            gone[name] = count
    return gone
