"""The demo retailer end to end: simulated files in, a published warehouse out, held against truth.

Belongs here: the company that all modules of this folder look at, and the same one two months on.
Does not belong here: assertions.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from tests.conftest import Company
from tests.demo_company.retailer import AS_OF, PERSONS, SEED


@pytest.fixture(scope="session")
def company(make_company) -> Company:
    company = make_company("demo")
    company.strata(
        "simulate", "--persons", str(PERSONS), "--seed", str(SEED), "--until", str(AS_OF)
    )
    company.strata("run")
    return company


@pytest.fixture(scope="session")
def people(company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    """Published tables beside the truth, with the person that most of a customer's records are.

    Record numbers that lead to a person are hashed in the published file, so who is who comes from
    the build file, which is closed again at once: the next run needs it.
    """
    connection = duckdb.connect()
    connection.execute(f"attach '{company.published}' as published (read_only)")
    connection.execute(f"attach '{company.truth}' as truth (read_only)")
    connection.execute(f"attach '{company.build}' as build (read_only)")
    connection.execute(
        """
        create table record_customer as
        select id_scope as source, id_value as source_customer_id, customer_id
        from build.identity.id_map
        where id_type = 'record'
        """
    )
    connection.execute("detach build")
    connection.execute(
        """
        create table customer_person as
        select customer_id, max_by(person_id, records) as person_id
        from (
            select customer_id, person_id, count(*) as records
            from record_customer
            inner join truth.main.record as record using (source, source_customer_id)
            group by 1, 2
        )
        group by 1
        """
    )
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def followed(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A copy of the company that knows two months more, and still speaks of the day before them."""
    home = tmp_path_factory.mktemp("demo_followed") / "home"
    shutil.copytree(company.home, home, ignore=shutil.ignore_patterns("*.socket"))
    followed = replace(company, home=home)
    followed.strata("simulate", "--persons", str(PERSONS), "--until", "2026-02-28")
    followed.strata("run", "--as-of", str(AS_OF))
    return followed
