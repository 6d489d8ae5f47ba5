"""What the last complete run has seen, and which tables have to be built whole.

Belongs here: the state that tells incremental models what is new, kept in `ops`, and the reasons
for which a table cannot go on from what it holds. Does not belong here: what is new (SQL does that,
macros/changes), or opening the file.

An incremental model builds its table whole when there is none, so a table that cannot be trusted is
dropped before dbt starts. That is the case when its code changed, or a vocabulary it reads, or a
setting; and for everything behind staging when the run before did not reach its end, because then
nobody knows which of the tables had taken in what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import duckdb

from orchestration.resources.run_state import project_fingerprint
from orchestration.sql import qualified
from orchestration.transaction import transaction

NOT_THERE = "there was none"
CODE_CHANGED = "its code, a vocabulary it reads or a setting changed"
RUN_BROKE_OFF = "the run before did not reach its end"
FIRST_LAYER = "staging"
DDL = """
create schema if not exists ops;
create table if not exists ops.complete_run (
    run_id varchar, load_number integer, as_of_date date, as_of_end_at timestamp,
    evidence_until_at timestamp, project varchar
);
create table if not exists ops.complete_owner (
    owner_type varchar, source varchar, owner_value varchar, customer_id varchar,
    linked_at timestamp
);
create table if not exists ops.complete_product (
    product_id varchar, category_l1 varchar, brand varchar
);
-- a build file of an earlier version lacks these
alter table ops.complete_run add column if not exists project varchar;
alter table ops.complete_product add column if not exists unit_cost decimal(18, 2);
alter table ops.complete_product add column if not exists category_l1_code varchar;
alter table ops.complete_product add column if not exists category_l2_code varchar;
alter table ops.complete_product add column if not exists category_l2 varchar;
create table if not exists ops.complete_cut_point (
    as_of_date date, kind varchar, setting varchar, value double
);
create table if not exists ops.complete_search_word (
    word varchar, category_l1_code varchar, category_l2_code varchar, brand varchar
);
create table if not exists ops.complete_trait (customer_id varchar, trait_hash varchar);
create table if not exists ops.model_fingerprint (model varchar, fingerprint varchar);
create table if not exists ops.rebuilt_model (model varchar, reason varchar);
"""


@dataclass(frozen=True)
class CompleteRun:
    """What the last complete run has seen; all but the load number None when there was none."""

    run_id: str | None = None
    load_number: int = 0
    as_of_date: date | None = None
    as_of_end_at: datetime | None = None
    evidence_until_at: datetime | None = None
    project: str | None = None


def last_complete_run(connection: duckdb.DuckDBPyConnection) -> CompleteRun:
    """The state that the last complete run left."""
    row = connection.execute(
        "select run_id, load_number, as_of_date, as_of_end_at, evidence_until_at, project "
        "from ops.complete_run"
    ).fetchone()
    return CompleteRun(*row) if row else CompleteRun()


def goes_on(complete: CompleteRun, previous_run: str | None, project: str) -> bool:
    """Whether a run that finds nothing new in a feed may leave its table as it is.

    Args:
        complete: The state that the last complete run left.
        previous_run: The run that was begun last before this one.
        project: Fingerprint of the models, seeds, tests and settings as they are now.
    """
    return complete.run_id is not None and (complete.run_id, complete.project) == (
        previous_run,
        project,
    )


def drop_stale_tables(
    connection: duckdb.DuckDBPyConnection,
    manifest: Mapping[str, Any],
    settings: Mapping[str, str],
    *,
    previous_run_complete: bool,
) -> dict[str, str]:
    """Drop the incremental tables that cannot go on from what they hold.

    `ops.rebuilt_model` then names every model that this run builds whole, so that tests which look
    at changed rows only look at all of those.

    Args:
        connection: The build file.
        manifest: dbt's manifest.
        settings: The settings that models read while they are compiled.
        previous_run_complete: Whether the run before this one reached its end.

    Returns:
        `schema.table` to the reason, for every table that existed and was dropped.
    """
    rows = connection.execute("select model, fingerprint from ops.model_fingerprint").fetchall()
    known = dict(rows)
    current = fingerprints(manifest, settings)
    existing = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = current_database()"
        ).fetchall()
    }
    dropped, names = {}, []
    for node in incremental_models(manifest):
        relation = f"{node['schema']}.{node['alias']}"
        # what is remembered stays under other code; after a broken run, what was published returns
        is_kept = node["config"]["meta"].get("kept")
        if relation not in existing:
            names.append((node["name"], NOT_THERE))
        elif not is_kept and known.get(node["name"]) != current[node["name"]]:
            dropped[relation] = CODE_CHANGED
        elif not previous_run_complete and node["fqn"][1] != FIRST_LAYER:
            dropped[relation] = RUN_BROKE_OFF
        if relation in dropped:
            names.append((node["name"], dropped[relation]))
            connection.execute(f"drop table {qualified(relation)}")
    connection.execute("delete from ops.rebuilt_model")
    if names:
        connection.executemany("insert into ops.rebuilt_model values (?, ?)", names)
    return dropped


def complete_run(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    manifest: Mapping[str, Any],
    settings: Mapping[str, str],
) -> None:
    """Remember what this run has seen; the next one begins after it.

    Args:
        connection: The build file, every model built.
        run_id: The run that has reached its end.
        manifest: dbt's manifest.
        settings: The settings that models read while they are compiled.
    """
    with transaction(connection):
        connection.execute("delete from ops.complete_run")
        connection.execute(
            """
            insert into ops.complete_run
            select
                as_of.run_id,
                (select coalesce(max(load_number), 0) from raw.landing_file),
                as_of.as_of_date,
                as_of.as_of_end_at,
                evidence.until_at,
                cast(? as varchar)
            from intermediate.int_run__as_of as as_of
            cross join intermediate.int_identity__evidence_until as evidence
            where as_of.run_id = ?
            """,
            [project_fingerprint(manifest, settings), run_id],
        )
        connection.execute("delete from ops.complete_owner")
        connection.execute(
            """
            insert into ops.complete_owner
            select 'record', source, source_customer_id, customer_id, null
            from intermediate.int_records__resolved
            union all
            select 'device', '', device_id, customer_id, linked_at
            from intermediate.int_devices__resolved
            """
        )
        connection.execute("delete from ops.complete_product")
        connection.execute(
            """
            insert into ops.complete_product by name
            select
                product_id, category_l1, category_l2, brand, unit_cost, category_l1_code,
                category_l2_code
            from marts.products
            """
        )
        connection.execute("delete from ops.complete_cut_point")
        connection.execute(
            """
            insert into ops.complete_cut_point
            select as_of_date, kind, setting, value
            from marts.segment_cut_point
            where version in (
                select version from intermediate.int_segment_thresholds where status = 'live'
            )
            """
        )
        connection.execute("delete from ops.complete_search_word")
        connection.execute(
            """
            insert into ops.complete_search_word
            select word, category_l1_code, category_l2_code, brand
            from intermediate.int_search_words
            """
        )
        connection.execute("delete from ops.complete_trait")
        connection.execute(
            """
            insert into ops.complete_trait
            select customer_id, trait_hash from intermediate.int_customer_traits
            """
        )
        connection.execute("delete from ops.model_fingerprint")
        connection.executemany(
            "insert into ops.model_fingerprint values (?, ?)",
            sorted(fingerprints(manifest, settings).items()),
        )


def fingerprints(manifest: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, str]:
    """A hash per incremental model of all that decides what its rows say, apart from the data.

    That is its own code and the project macros that it calls, the same of everything it reads, the
    content of the vocabularies among that, and the settings.
    """
    nodes, macros = manifest["nodes"], manifest["macros"]

    @cache
    def macro_text(unique_id: str) -> str:
        macro = macros.get(unique_id)
        if macro is None or macro["package_name"] != manifest["metadata"]["project_name"]:
            return ""
        return macro["macro_sql"] + "".join(
            macro_text(called) for called in macro["depends_on"]["macros"] if called != unique_id
        )

    @cache
    def node_hash(unique_id: str) -> str:
        node = nodes.get(unique_id)
        if node is None:
            return ""
        parts = [
            node["checksum"]["checksum"],
            json.dumps(node["config"].get("meta", {}).get("replaced_rows")),
            node["config"].get("materialized", ""),
            *(f"{name} {column['data_type']}" for name, column in node["columns"].items()),
            *(macro_text(macro) for macro in node["depends_on"].get("macros", [])),
            *(node_hash(parent) for parent in sorted(node["depends_on"].get("nodes", []))),
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    context = json.dumps([manifest["metadata"]["dbt_version"], dict(sorted(settings.items()))])
    return {
        node["name"]: hashlib.sha256((context + node_hash(node["unique_id"])).encode()).hexdigest()
        for node in incremental_models(manifest)
    }


def incremental_models(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The models that go on from what they hold."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental":
            yield node
