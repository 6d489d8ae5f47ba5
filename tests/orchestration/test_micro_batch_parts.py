"""What a micro-batch takes out, leaves and repeats, each on tables of a few rows."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.ingestion.manifest import ensure_tables as ensure_manifest_tables
from orchestration.micro_batch import forget_gone_customers, unchanged_nodes
from orchestration.resources.run_record import carry_checks_over, ensure_tables


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        ensure_tables(connection)
        ensure_manifest_tables(connection, [])
        yield connection


def node(kind: str, folder: str, name: str, *parents: str, materialized: str = "table") -> dict:
    schema = folder.split("/")[0]
    return {
        "unique_id": f"{kind}.{name}",
        "resource_type": kind,
        "schema": schema,
        "alias": name,
        "fqn": ["strata360", *folder.split("/"), name],
        "config": {"materialized": materialized},
        "depends_on": {"nodes": list(parents)} if kind == "model" else {"macros": []},
    }


def manifest(*nodes: dict, feeds: tuple[str, ...] = ()) -> dict:
    return {
        "nodes": {one["unique_id"]: one for one in nodes},
        "sources": {f"source.{feed}": {"source_name": "crm", "name": feed} for feed in feeds},
    }


def test_customers_who_went_leave_the_tables_that_are_left_and_no_other(build) -> None:
    build.execute("create schema identity; create schema analysis; create schema marts")
    build.execute("create table identity.id_map as select 'stays' as customer_id")
    tables = ("analysis.customer_churn_score", "marts.item_list", "marts.orders", "marts.history")
    for table in tables:
        build.execute(f"create table {table} as from (values ('stays'), ('went')) t(customer_id)")
    parsed = manifest(
        node("model", "marts/recommendation", "item_list"),
        # what is remembered is incremental, and minds its own customers
        node("model", "marts/recommendation", "history", materialized="incremental"),
        node("model", "marts/core", "orders"),
    )
    gone = forget_gone_customers(build, parsed)
    assert gone == {"analysis.customer_churn_score": 1, "marts.item_list": 1}
    for table in tables[2:]:
        (count,) = build.execute(f"select count(*) from {table}").fetchone()  # noqa: S608
        assert count == 2, table


def test_seeds_and_feeds_without_a_new_row_are_not_looked_at(build) -> None:
    build.execute("create schema staging; create schema reference")
    for table in ("staging.stg_new", "staging.stg_old", "staging.stg_both", "reference.gender"):
        build.execute(f"create table {table} (id integer)")
    build.execute(
        "create table ops.run_context as select 1 as complete_load_number, true as goes_on"
    )
    for file_id, feed, status, load in (
        (1, "old", "loaded", 1),
        (2, "new", "loaded", 2),
        # a file that failed, and one that repeats another, bring no row
        (3, "old", "failed", 2),
        (4, "old", "repeated", 2),
    ):
        build.execute(
            """
            insert into raw.landing_file by name
            select
                $id as file_id, 'crm' as source, $feed as feed, $id || '.csv' as file_name,
                $status as status, 1 as rows_read, 1 as rows_loaded, 0 as rows_rejected,
                'run' as run_id, $load as load_number, current_timestamp as loaded_at
            """,
            {"id": file_id, "feed": feed, "status": status, "load": load},
        )
    parsed = manifest(
        node("model", "staging/crm", "stg_old", "source.old", "seed.gender"),
        node("model", "staging/crm", "stg_new", "source.new"),
        node("model", "staging/crm", "stg_both", "source.old", "model.stg_new"),
        node("model", "staging/crm", "stg_gone", "source.old"),
        node("seed", "reference", "gender"),
        feeds=("old", "new"),
    )
    names = [one["alias"] for one in unchanged_nodes(build, parsed)]
    # a table that is gone has to be built, and one that reads a changed one too
    assert names == ["gender", "stg_old"]
    build.execute("update ops.run_context set goes_on = false")
    assert list(unchanged_nodes(build, parsed)) == []


def test_checks_that_nobody_made_again_say_what_was_found_last(build) -> None:
    build.execute("insert into ops.complete_run (run_id) values ('daily')")
    build.executemany(
        "insert into ops.dq_result values (?, ?, 'warn', ?, ?, '')",
        [
            ("older", "gone", 9, False),
            ("daily", "again", 1, False),
            ("daily", "left", 2, False),
            ("batch", "again", 0, True),
        ],
    )
    carry_checks_over(build, "batch")
    found = build.execute(
        "select check_name, value, passed from ops.dq_result where run_id = 'batch' order by 1"
    ).fetchall()
    assert found == [("again", 0.0, True), ("left", 2.0, False)]


def test_a_check_that_is_none_of_those_named_is_not_repeated(build) -> None:
    build.execute("insert into ops.complete_run (run_id) values ('daily')")
    build.executemany(
        "insert into ops.dq_result values ('daily', ?, 'warn', 1, false, '')", [("a",), ("b",)]
    )
    carry_checks_over(build, "next", among=["b"])
    found = build.execute("select check_name from ops.dq_result where run_id = 'next'").fetchall()
    assert found == [("b",)]
