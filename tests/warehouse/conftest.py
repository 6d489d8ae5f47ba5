"""The company in canonical columns that several modules look at; their group is `standard`.

Belongs here: fixtures of this folder that more than one module needs.
Does not belong here: assertions.
"""

from __future__ import annotations

import pytest

from tests.conftest import Company
from tests.warehouse.small_company import land

# one key, so that the hashes of two companies can be compared
HASH_KEY = "same"


@pytest.fixture(scope="session")
def standard_company(make_company) -> Company:
    return make_company("standard", hash_key=HASH_KEY)


@pytest.fixture(scope="session")
def placed(standard_company: Company) -> list[dict]:
    """The orders that were landed, as they stand in the file."""
    return land(standard_company.landing)


@pytest.fixture(scope="session")
def published(standard_company: Company, placed: list[dict]) -> Company:
    """The company after its first run."""
    standard_company.strata("run")
    return standard_company
