"""Every model on Spark beside DuckDB: `python -m tests.spark`.

Belongs here: the command line, the company, the table that is printed. Does not belong here: how
models are run and compared (proof.py).

    python -m tests.spark [--persons 250] [--home FOLDER] [--select MODELS] [--master ADDRESS]

Without --home a company is simulated and built first. Without --master a standalone cluster with
two workers is started. Exit status 1 when a table differs or a model failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from orchestration.settings import Settings
from tests.benchmarks.own_process import say
from tests.spark.cluster import standalone_cluster, why_not
from tests.spark.proof import Comparison, prove

PERSONS = 250


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.spark")
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--home", type=Path, help="a company after its first run; stays as it is")
    parser.add_argument("--select", help="models, as dbt selects them")
    parser.add_argument("--master", help="a Spark master that there is already")
    options = parser.parse_args()
    if reason := why_not():
        parser.exit(2, f"{reason}\n")
    with tempfile.TemporaryDirectory() as scratch:
        home = options.home or _simulated(Path(scratch) / "company", options.persons)
        cluster = (
            nullcontext(options.master)
            if options.master
            else standalone_cluster(Path(scratch) / "cluster")
        )
        with cluster as master:
            say(f"Spark master {master}")
            settings = Settings(home=Path(scratch) / "spark", engine="spark", spark_master=master)
            settings.make_dirs()
            models, tests = prove(Settings(home=home).build_file, settings, say, options.select)
    _print("model", models)
    _print("data test", tests)
    return int(any(one.difference for one in [*models, *tests]))


def _simulated(home: Path, persons: int) -> Path:
    say(f"simulating {persons:,} persons and building their warehouse on DuckDB")
    strata = Path(sys.executable).with_name("strata")
    for arguments in (["simulate", "--persons", str(persons)], ["run"]):
        subprocess.run(
            [strata, *arguments],
            env={**os.environ, "STRATA_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return home


def _print(kind: str, comparisons: list[Comparison]) -> None:
    say(f"\n| {kind} | rows | equal | s on Spark | s on DuckDB |\n| --- | --- | --- | --- | --- |")
    for one in sorted(comparisons, key=lambda one: one.node):
        beside = "" if one.duckdb_seconds is None else f"{one.duckdb_seconds:.2f}"
        say(
            f"| `{one.node}` | {one.rows:,} | {one.difference or 'yes'} "
            f"| {one.spark_seconds:.2f} | {beside} |"
        )
    equal = sum(not one.difference for one in comparisons)
    on_duckdb = [one.duckdb_seconds for one in comparisons if one.duckdb_seconds is not None]
    say(
        f"\n{equal} of {len(comparisons)} are equal; "
        f"{sum(one.spark_seconds for one in comparisons):.0f} s on Spark"
        + (f", {sum(on_duckdb):.0f} s on DuckDB" if on_duckdb else "")
    )


if __name__ == "__main__":
    sys.exit(main())
