"""Tables that remember: they outlive another code, a run that broke off, and a lost build file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.resources import increment, run_record
from orchestration.resources.kept_tables import restore_kept_tables


def model(name: str, *, kept: bool, checksum: str = "old") -> dict:
    return {
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": "marts",
        "unique_id": f"model.strata360.{name}",
        "fqn": ["strata360", "marts", name],
        "checksum": {"checksum": checksum},
        "columns": {},
        "depends_on": {"nodes": [], "macros": []},
        "config": {"materialized": "incremental", "meta": {"kept": True} if kept else {}},
    }


def manifest_of(*models: dict) -> dict:
    return {
        "nodes": {one["unique_id"]: one for one in models},
        "macros": {},
        "metadata": {"dbt_version": "1.11", "project_name": "strata360"},
    }


@pytest.fixture
def build() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    run_record.ensure_tables(connection)
    connection.execute("create schema marts")
    for name in ("told", "counted"):
        connection.execute(f"create table marts.{name} as select 1 as number")
    before = manifest_of(model("told", kept=True), model("counted", kept=False))
    connection.executemany(
        "insert into ops.model_fingerprint values (?, ?)",
        list(increment.fingerprints(before, {}).items()),
    )
    return connection


def drop(build: duckdb.DuckDBPyConnection, checksum: str, *, complete: bool) -> set[str]:
    now = manifest_of(
        model("told", kept=True, checksum=checksum), model("counted", kept=False, checksum=checksum)
    )
    return set(increment.drop_stale_tables(build, now, {}, previous_run_complete=complete))


def test_what_is_remembered_stays_when_the_code_is_another(build) -> None:
    assert drop(build, "new", complete=True) == {"marts.counted"}


def test_what_a_broken_run_remembered_is_dropped(build) -> None:
    # what was published comes back, see below
    assert drop(build, "old", complete=False) == {"marts.counted", "marts.told"}


def test_what_was_published_comes_back(build, tmp_path: Path) -> None:
    published = tmp_path / "published.duckdb"
    manifest = manifest_of(model("told", kept=True), model("x", kept=False))
    assert restore_kept_tables(build, manifest, published) == {}
    with duckdb.connect(str(published)) as connection:
        connection.execute("create table told as select unnest([7, 8, 9]) as number")
        connection.execute("create table x as select 1 as number")
    # what is there is newer than what was published
    assert restore_kept_tables(build, manifest, published) == {}
    build.execute("drop table marts.told")
    assert restore_kept_tables(build, manifest, published) == {"marts.told": 3}
    assert build.execute("select sum(number) from marts.told").fetchone() == (24,)


def test_before_anything_was_published_nothing_comes_back(build, tmp_path: Path) -> None:
    manifest = manifest_of(model("told", kept=True))
    build.execute("drop table marts.told")
    assert restore_kept_tables(build, manifest, tmp_path / "nothing.duckdb") == {}
