"""Stands where the dbt command is expected when the engine is Spark, and runs commands there.

Belongs here: which tables go which way, and calling dbt in the process that has the session. Does
not belong here: the session (spark), how a table travels (spark_tables), what a model says.

Landing files are loaded, people told apart, models fitted and the result published on one machine,
from the build file. A command of dbt therefore begins with handing over what those steps wrote and
ends with handing back what dbt built.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.spark import spark_session
from orchestration.resources.spark_tables import hand_back, hand_over
from orchestration.resources.warehouse import Warehouse, table_columns
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.sql import qualified

if TYPE_CHECKING:
    import duckdb
    from dbt.cli.main import dbtRunnerResult
    from pyspark.sql import SparkSession

OPS = "ops"
#: Tables of what the last complete run has seen: Spark goes on from nothing and builds all tables.
SEEN_BEFORE = "complete_"
RUN_CONTEXT = "ops.run_context"
BUILDING = {"build", "run"}
SELECTOR = "--selector"
#: Dagster's word for every node.
EVERYTHING = "*"


def main(arguments: Sequence[str]) -> int:
    """Build on Spark what dbt's command line selects, as a step of a run asks for it.

    Args:
        arguments: dbt's command line after `dbt`.

    Returns:
        dbt's exit status.
    """
    settings = Settings()
    manifest = json.loads(ensure_manifest(settings).read_text())
    warehouse = Warehouse.of(settings)
    arguments = spelled_out(arguments, Path.cwd() / "selectors.yml")
    stay = kept_on_duckdb(manifest)
    if status := _build_on_duckdb(settings, named_by(arguments, stay)):
        return status
    with spark_session(settings) as session:
        with warehouse.connect() as connection:
            hand_over_inputs(connection, session, manifest, settings.spark_dir / "handed_over")
        result = run_dbt(settings, arguments)
        built = [
            f"{outcome.node.schema}.{outcome.node.alias}"
            for outcome in result.result or ()
            if outcome.node.resource_type == "model"
            and outcome.status == "success"
            and ".".join(outcome.node.fqn) not in stay
        ]
        with warehouse.connect() as connection:
            hand_back(connection, session, built, settings.spark_dir / "handed_back")
    if result.exception:
        print(result.exception)  # noqa: T201 - what dbt's own command line does
        return 2
    return 0 if result.success else 1


def spelled_out(arguments: Sequence[str], selectors: Path) -> list[str]:
    """The same command line with the nodes where a selector is named.

    More nodes than fit a command line are named by a selector, in a copy of the project that
    Dagster makes for the command. Here the project itself is read, which has none.

    Args:
        arguments: dbt's command line.
        selectors: The copy's file of selectors.
    """
    import yaml

    spelled = list(arguments)
    if SELECTOR not in spelled:
        return spelled
    place = spelled.index(SELECTOR)
    known = yaml.safe_load(selectors.read_text())["selectors"]
    union = next(one for one in known if one["name"] == spelled[place + 1])["definition"]["union"]
    chosen = [part for part in union if isinstance(part, str)]
    left_out = [name for part in union if isinstance(part, dict) for name in part["exclude"]]
    spelled[place : place + 2] = ["--select", " ".join(chosen)]
    return [*spelled, "--exclude", " ".join(left_out)] if left_out else spelled


def kept_on_duckdb(manifest: Mapping[str, Any]) -> set[str]:
    """What DuckDB builds whatever the engine, by dbt's names for them.

    Seeds go to Spark as Parquet. Views of nothing but the run's own log and checks are read while
    these are still being written, which a copy would not show.

    Args:
        manifest: dbt's manifest.
    """
    of_the_run = {key for key, node in manifest["sources"].items() if node["schema"] == OPS}
    return {
        ".".join(node["fqn"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "seed"
        or (
            node["resource_type"] == "model"
            and node["config"]["materialized"] == "view"
            and of_the_run.issuperset(node["depends_on"]["nodes"])
        )
    }


def named_by(arguments: Sequence[str], names: set[str]) -> list[str]:
    """Those of some nodes that a command line names, or all of them where it names everything.

    Args:
        arguments: dbt's command line.
        names: dbt's names of the nodes.
    """
    words = {word.removeprefix("fqn:") for argument in arguments for word in argument.split()}
    return sorted(names if EVERYTHING in words else names & words)


def _build_on_duckdb(settings: Settings, names: Sequence[str]) -> int:
    """Have DuckDB build some seeds and views; returns dbt's exit status."""
    if not names:
        return 0
    target_path = settings.dbt_target_dir / "on_duckdb"
    return subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--quiet", "build"),
            *("--select", " ".join(names), "--target-path", str(target_path)),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        ],
        cwd=DBT_PROJECT_DIR,
        check=False,
    ).returncode


def run_dbt(settings: Settings, arguments: Sequence[str]) -> dbtRunnerResult:
    """Run a command of dbt in this process, whose Spark session it will find.

    Args:
        settings: The company.
        arguments: The command and its options.
    """
    from dbt.cli.main import dbtRunner

    os.environ.update(settings.dbt_environment())
    return dbtRunner().invoke(
        [
            *arguments,
            *("--target", "spark"),
            *(("--full-refresh",) if BUILDING & set(arguments) else ()),
            *("--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)),
        ]
    )


def hand_over_inputs(
    connection: duckdb.DuckDBPyConnection,
    session: SparkSession,
    manifest: Mapping[str, Any],
    folder: Path,
) -> None:
    """Give Spark all that models read and dbt does not build: landed rows, seeds, answers.

    Tables that remember (resources/kept_tables) go along, because a run adds to them.

    Args:
        connection: The build file; it is not changed.
        session: Where the models will run.
        manifest: dbt's manifest.
        folder: Where the Parquet files are written; Spark's workers have to see it, too.
    """
    existing = set(table_columns(connection))
    queries = {
        name: f"select * from {qualified(name)}"  # noqa: S608
        for name in _inputs(manifest)
        if name in existing
    }
    for name in sorted(existing):
        if name.startswith(f"{OPS}."):
            queries[name] = _at_a_first_run(name)
    hand_over(connection, session, queries, folder)


def _inputs(manifest: Mapping[str, Any]) -> list[str]:
    sources = {f"{node['schema']}.{node['identifier']}" for node in manifest["sources"].values()}
    nodes = {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "seed" or node["config"].get("meta", {}).get("kept")
    }
    return sorted(sources | nodes)


def _at_a_first_run(name: str) -> str:
    """What a table of `ops` holds when no run has gone before: on Spark every build is whole."""
    if name == RUN_CONTEXT:
        return f"select * replace (0 as complete_load_number) from {RUN_CONTEXT}"  # noqa: S608
    nothing = name.startswith(f"{OPS}.{SEEN_BEFORE}")
    return f"select * from {qualified(name)} where {not nothing}"  # noqa: S608


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
