"""The company in canonical columns that several modules look at; their group is `standard`.

Belongs here: fixtures of this folder that more than one module needs.
Does not belong here: assertions.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Company
from tests.faults.damaging import damage, truncated
from tests.warehouse.replay import CompiledWarehouse
from tests.warehouse.small_company import land, write_feed

# one key, so that the hashes of two companies can be compared; test_secrets.py looks for it
HASH_KEY = "canary-of-the-hash-key"
#: Further secrets that no run needs and none may write anywhere.
SECRETS = {
    "smtp_password": "canary-of-the-mail-server",
    "superset_password": "canary-of-superset",
    "dashboard_password": "canary-of-the-web-page",
}


@pytest.fixture(scope="session")
def standard_company(make_company) -> Company:
    # its second run is looked at statement by statement, so it leaves none out
    return make_company("standard", hash_key=HASH_KEY, skip_unchanged="false", **SECRETS)


@pytest.fixture(scope="session")
def placed(standard_company: Company) -> list[dict]:
    """The orders that were landed, as they stand in the file."""
    return land(standard_company.landing)


@pytest.fixture(scope="session")
def published(standard_company: Company, placed: list[dict]) -> Company:
    """The company after its first run."""
    standard_company.strata("run")
    return standard_company


@pytest.fixture(scope="session")
def first_published(
    published: Company, placed: list[dict], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What the first run published; the company has gone on since.

    Before its second run the published file is damaged, which the run that replaces it must not
    mind. In it all orders are exported again, and the campaign that touches name is described for
    the first time: touches are exported the same day, the list of campaigns once a month.
    """
    before = tmp_path_factory.mktemp("first") / "strata360.duckdb"
    shutil.copy(published.published, before)
    again = [dict(reversed(row.items())) for row in reversed(placed)]
    write_feed(published.landing, "orders", again, "again.csv")
    write_feed(
        published.landing,
        "campaigns",
        [{"campaign_id": "SUMMER", "channel": "SMS", "starts_on": "2024-06-01"}],
    )
    damage(published.published, truncated)
    published.strata("run")
    return before


@pytest.fixture(scope="session")
def warehouse(published: Company, first_published: Path) -> CompiledWarehouse:
    """The statements of a run that built everything and of one that went on."""
    return CompiledWarehouse(published)
