"""The compiled models without dbt and Dagster, so that a test can afford dozens of runs.

Belongs here: taking the statements of two real runs (one that built every table, one that went on)
and executing them, with ingestion and identity in between as the graph has them.
Does not belong here: assertions, SQL of its own.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.assets.identity import TABLES, identify
from orchestration.ingestion import load_contracts, load_landing
from orchestration.resources import increment, run_record
from orchestration.resources.identity_evidence import (
    INPUTS,
    PREVIOUS,
    identity_rows,
    read_match_state,
    stream,
    take_evidence,
)
from orchestration.resources.warehouse import table_exists
from orchestration.settings import STAGING_DIR, Settings
from orchestration.sql import qualified, quote
from tests.conftest import Company

# what the end of a run reads, to tell the next one what is new
REMEMBERED = {
    "int_records__resolved", "int_devices__resolved", "products", "segment_cut_point",
    "int_segment_thresholds", "int_search_words", "int_customer_traits",
}  # fmt: skip
# Python steps behind the models; their tables stay empty here
ANALYSIS_SCHEMA = "analysis"
IDENTITY_SCHEMA = "identity"
TEMPORARY = re.compile(r'"\w+__dbt_tmp\d+"')


@dataclass(frozen=True)
class Model:
    """One model: how its table is built whole, and how it goes on.

    Attributes:
        name: Name of the model.
        relation: `schema.table`.
        is_view: Whether it is a view.
        whole: Query of a whole build.
        changes: Query of an incremental build; None where every build is whole.
        apply: Statements that bring `changes` into the table, reading them from "changes".
        after_identity: Whether it reads anything that identity resolution wrote.
        parents: Names of the models it reads.
        is_kept: Whether it remembers what no landing file can tell again.
    """

    name: str
    relation: str
    is_view: bool
    whole: str
    changes: str | None
    apply: str | None
    after_identity: bool
    parents: frozenset[str]
    is_kept: bool


class CompiledWarehouse:
    """The statements of a company's first two runs."""

    def __init__(self, company: Company) -> None:
        self._build_file = company.build
        first, second = sorted(
            (path for path in (company.home / "warehouse" / "dbt").iterdir() if path.is_dir()),
            key=lambda path: path.stat().st_mtime,
        )[:2]
        self.manifest = json.loads((first / "models" / "manifest.json").read_text())
        self.models = list(_models(self.manifest, first, second))

    def behind(self, *names: str) -> CompiledWarehouse:
        """The same with only what these models need, and identity resolution: a run is shorter."""
        needed = {*names, *REMEMBERED, *(table.split(".")[1] for table in INPUTS)}
        for model in reversed(self.models):
            if model.name in needed:
                needed |= model.parents
        part = copy.copy(self)
        part.models = [model for model in self.models if model.name in needed]
        return part

    def open(self, folder: Path) -> duckdb.DuckDBPyConnection:
        """An empty build file with the vocabularies in it; statements name the file `build`."""
        folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(folder / "build.duckdb"))
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{self._build_file}' as company (read_only)")
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'company' "
            "and schema_name in ('reference', 'analysis')"
        ).fetchall():
            connection.execute(f"create schema if not exists {quote(schema)}")
            rows = "limit 0" if schema == ANALYSIS_SCHEMA else ""
            connection.execute(
                f"create table {schema}.{table} as from company.{schema}.{table} {rows}"
            )
        connection.execute("detach company")
        for schema in {model.relation.split(".")[0] for model in self.models}:
            connection.execute(f"create schema if not exists {quote(schema)}")
        return connection


def run(
    warehouse: CompiledWarehouse,
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    settings: Settings,
    *,
    run_id: str,
    as_of: date | None = None,
    previous: duckdb.DuckDBPyConnection | None = None,
) -> None:
    """One run: what lies in the landing folder in, every table as of the newest fact out.

    Args:
        warehouse: The statements.
        connection: The build file, from `CompiledWarehouse.open`.
        landing: The landing folder.
        settings: Settings of the company.
        run_id: Name of the run.
        as_of: Business date to compute; None for that of the newest fact.
        previous: A build file whose ids and kept tables the first run goes on with, as a rebuild
            does with the published ones.
    """
    run_record.ensure_tables(connection)
    complete = increment.last_complete_run(connection)
    increment.drop_stale_tables(
        connection,
        warehouse.manifest,
        settings.compiled_into_models,
        previous_run_complete=run_record.previous_run_id(connection) == complete.run_id,
    )
    if previous:
        _restore(warehouse, connection, previous)
    run_record.begin_run(
        connection, run_id, as_of, settings, complete, goes_on=complete.run_id is not None
    )
    loaded = load_landing(
        connection,
        load_contracts(STAGING_DIR),
        landing,
        run_id=run_id,
        temp_dir=settings.temp_dir,
    )
    assert loaded.failed == []
    for model in warehouse.models:
        if not model.after_identity:
            build_model(connection, model)
    _resolve(connection, settings, run_id, previous or connection)
    for model in warehouse.models:
        if model.after_identity:
            build_model(connection, model)
    increment.complete_run(connection, run_id, warehouse.manifest, settings.compiled_into_models)


def build_model(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    name = qualified(model.relation)
    if model.is_view:
        connection.execute(f"create or replace view {name} as {model.whole}")
    elif model.changes is None or not table_exists(connection, model.relation):
        connection.execute(f"create or replace table {name} as {model.whole}")
    else:
        connection.execute(f"create or replace temp table changes as {model.changes}")
        connection.begin()
        connection.execute(model.apply)
        connection.commit()


def _restore(
    warehouse: CompiledWarehouse,
    connection: duckdb.DuckDBPyConnection,
    previous: duckdb.DuckDBPyConnection,
) -> None:
    for model in warehouse.models:
        if model.is_kept and not table_exists(connection, model.relation):
            name = qualified(model.relation)
            connection.register("kept_rows", previous.execute(f"from {name}").to_arrow_table())
            connection.execute(f"create table {name} as from kept_rows")
            connection.unregister("kept_rows")


def _resolve(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    run_id: str,
    previous: duckdb.DuckDBPyConnection,
) -> None:
    known = table_exists(previous, f"{IDENTITY_SCHEMA}.id_map")
    evidence = take_evidence(
        connection,
        {
            argument: stream(previous, f"{IDENTITY_SCHEMA}.{table}") if known else None
            for argument, table in PREVIOUS.items()
        },
        # ids come from elsewhere in a rebuild, comparisons never do
        read_match_state(connection, settings),
        settings,
    )
    with closing(evidence.workspace) as workspace:
        identify(evidence, settings, run_id)
        connection.execute(f"create schema if not exists {IDENTITY_SCHEMA}")
        for table, rows in identity_rows(workspace, TABLES):
            connection.register("incoming_rows", rows)
            connection.execute(f"create or replace table {table} as from incoming_rows")
            connection.unregister("incoming_rows")
    run_record.note_evidence(connection, run_id, evidence.until_at)


def _models(manifest: dict, first: Path, second: Path) -> Iterator[Model]:
    nodes = {
        unique_id: node
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    identity_sources = {
        unique_id
        for unique_id, source in manifest["sources"].items()
        if source["schema"] in (IDENTITY_SCHEMA, ANALYSIS_SCHEMA)
    }
    done: dict[str, bool] = {}

    def visit(unique_id: str) -> Iterator[Model]:
        if unique_id in done or unique_id not in nodes:
            return
        node = nodes[unique_id]
        parents = node["depends_on"]["nodes"]
        for parent in parents:
            yield from visit(parent)
        done[unique_id] = any(
            parent in identity_sources or done.get(parent, False) for parent in parents
        )
        names = frozenset(nodes[parent]["name"] for parent in parents if parent in nodes)
        yield _model(node, first, second, names, after_identity=done[unique_id])

    for unique_id in sorted(nodes):
        yield from visit(unique_id)


def _model(
    node: dict, first: Path, second: Path, parents: frozenset[str], *, after_identity: bool
) -> Model:
    path = Path("strata360") / "models" / node["path"]
    changes = apply = None
    if node["config"]["materialized"] == "incremental":
        changes = _text(second, "compiled", path)
        apply = TEMPORARY.sub("changes", _text(second, "run", path))
    return Model(
        name=node["name"],
        relation=f"{node['schema']}.{node['alias']}",
        is_view=node["config"]["materialized"] == "view",
        whole=_text(first, "compiled", path),
        changes=changes,
        apply=apply,
        after_identity=after_identity,
        parents=parents,
        is_kept=bool(node["config"]["meta"].get("kept")),
    )


def _text(run_folder: Path, kind: str, path: Path) -> str:
    [found] = run_folder.glob(f"*/{kind}/{path}")
    return found.read_text()
