"""The same dbt project on Apache Spark, a master and two workers, gives the same tables."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Company
from tests.spark.cluster import standalone_cluster, why_not
from tests.warehouse.comparison import LOAD_COLUMNS, TABLES_ABOUT_LOADS, differing_rows

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("spark")]

PERSONS = 250
#: A run there took twenty minutes on two cores.
RUN_SECONDS = 7200
PROJECT_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def here(make_company) -> Company:
    """A company whose warehouse DuckDB has built."""
    if reason := why_not():
        pytest.skip(reason)
    company = make_company("here")
    company.strata("simulate", "--persons", str(PERSONS))
    company.strata("run")
    return company


def test_every_relation_is_equal_on_spark(here: Company) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.spark", "--home", str(here.home)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_whole_run_on_spark_publishes_the_same_tables(
    here: Company, make_company, tmp_path: Path
) -> None:
    with standalone_cluster(tmp_path) as master:
        there = make_company("there", engine="spark", spark_master=master)
        shutil.copytree(here.landing, there.landing)
        # the same key, so that hashes of persons are the same
        shutil.copy(here.home / ".hash_key", there.home)
        there.strata("run", timeout=RUN_SECONDS)
    different = differing_rows(
        here.published, there.published, ignore=TABLES_ABOUT_LOADS, ignore_columns=LOAD_COLUMNS
    )
    assert different == {}
    logged = "select count(*) from run_log where kind = 'sql'"
    assert there.value(logged) == here.value(logged)
