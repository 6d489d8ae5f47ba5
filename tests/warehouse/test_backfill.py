"""A day of the past, asked for in Dagster and by the command, is the same day."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company
from tests.warehouse.comparison import (
    LOAD_COLUMNS,
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing_rows,
)
from tests.warehouse.small_company import land

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("backfill")]

DAY = date(2024, 12, 31)


def launch_daily(company: Company, config: Path) -> None:
    """What the launchpad does with its text, by Dagster's own command."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dagster")),
            *("job", "execute", "-m", "orchestration.definitions"),
            *("-j", "daily", "-c", str(config)),
        ],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            **company.environment,
            "STRATA_HOME": str(company.home),
            "DAGSTER_HOME": str(company.home / "dagster"),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_launchpad_and_the_command_compute_the_same_day(make_company, tmp_path: Path) -> None:
    by_command = make_company("backfill_by_command", hash_key="same")
    land(by_command.landing)
    by_launchpad = make_company("backfill_by_launchpad", hash_key="same")
    shutil.copytree(by_command.landing, by_launchpad.landing)
    by_command.strata("run", "--as-of", str(DAY))
    by_launchpad.strata("recover")
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"ops": {"ingest": {"config": {"as_of": str(DAY)}}}}))
    launch_daily(by_launchpad, config)
    assert by_launchpad.value("select max(as_of_date) from customer_360") == DAY
    assert by_launchpad.value("select max(order_date) from orders") > DAY, "facts hold all there is"
    different = differing_rows(
        by_command.published,
        by_launchpad.published,
        ignore=TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES,
        ignore_columns=LOAD_COLUMNS,
    )
    assert different == {}


def test_the_documentation_is_one_page_that_needs_no_network(make_company) -> None:
    company = make_company("documented")
    company.strata("docs")
    page = (company.home / "docs" / "index.html").read_text()
    assert "customer_360" in page
    assert 'src="http' not in page
