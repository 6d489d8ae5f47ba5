"""The same dbt project on Apache Spark, a master and two workers, gives the same tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.spark.cluster import why_not

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("spark")]

PERSONS = 250
PROJECT_ROOT = Path(__file__).resolve().parents[2]


def test_every_relation_is_equal_on_spark(make_company) -> None:
    if reason := why_not():
        pytest.skip(reason)
    company = make_company("spark")
    company.strata("simulate", "--persons", str(PERSONS))
    company.strata("run")
    done = subprocess.run(
        [sys.executable, "-m", "tests.spark", "--home", str(company.home)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
