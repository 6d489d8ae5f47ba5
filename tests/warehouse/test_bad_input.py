"""Bad files: the run names file and reason, everything else goes on, and the exit status tells."""

from __future__ import annotations

import gzip

import pytest

from tests.conftest import Company
from tests.warehouse.small_company import land, write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bad_input")]

PUBLISHED_WITH_UNREADABLE_FILES = 3


@pytest.fixture(scope="module")
def company(make_company) -> Company:
    company = make_company("bad")
    land(company.landing)
    (company.landing / "standard" / "events").mkdir()
    return company


@pytest.fixture(scope="module")
def bad_run(company: Company) -> str:
    """One run over a good company with four bad files beside the good ones."""
    standard = company.landing / "standard"
    (standard / "orders" / "truncated.parquet").write_bytes(b"PAR1 and then nothing")
    write_feed(
        company.landing, "orders", [{"ordered_at": "2024-05-05", "amount": "1"}], "no_key.csv"
    )
    write_feed(
        company.landing,
        "customers",
        [{"source_customer_id": "U1", "full_name": "宽字节"}],
        "wide.csv",
        encoding="utf-16",
    )
    (standard / "orders" / "cut.csv.gz").write_bytes(
        gzip.compress(b"order_id,ordered_at\n" + b"x,2024-01-01\n" * 5000)[:60]
    )
    return company.strata("run", status=PUBLISHED_WITH_UNREADABLE_FILES)


@pytest.mark.parametrize(
    ("file_name", "reason"),
    [
        ("standard/orders/truncated.parquet", "parquet"),
        ("standard/orders/no_key.csv", "order_id"),
        ("standard/customers/wide.csv", "utf-16"),
        ("standard/orders/cut.csv.gz", "gz"),
    ],
)
def test_the_run_says_which_file_and_why(bad_run: str, file_name: str, reason: str) -> None:
    line = next(line for line in bad_run.splitlines() if f"{file_name}:" in line)
    assert reason in line.lower()


def test_good_files_beside_bad_ones_are_loaded_and_published(
    company: Company, bad_run: str
) -> None:
    assert company.value("select count(*) from orders") > 100
    assert company.value("select count(*) from customer_360") == 120
    assert company.query("select * from revenue_reconciliation where diff <> 0") == []


def test_a_failed_check_says_so_in_the_published_results(company: Company, bad_run: str) -> None:
    failing = {
        name for (name,) in company.query("select check_name from dq_result where not passed")
    }
    assert {"files_readable:standard.orders", "files_readable:standard.customers"} <= failing


def test_removing_the_bad_files_heals_the_next_run(company: Company, bad_run: str) -> None:
    for path in company.landing.rglob("*"):
        if path.name in {"truncated.parquet", "no_key.csv", "wide.csv", "cut.csv.gz"}:
            path.unlink()
    company.strata("run", status=0)
    failing = company.query(
        "select check_name from dq_result where not passed and check_name like 'files_readable%' "
        "and run_id = (select max(run_id) from publish_info)"
    )
    assert failing == []


def test_an_empty_landing_folder_says_what_to_do(make_company) -> None:
    printed = make_company("empty").strata("run", status=1)
    assert "no landing files" in printed
    assert "strata simulate" in printed


def test_a_wrong_setting_is_named(make_company) -> None:
    printed = make_company("wrong", timezone="Mars/Olympus").strata("doctor", status=2)
    assert "STRATA_TIMEZONE" in printed


def test_a_second_run_at_the_same_time_is_refused(company: Company) -> None:
    from orchestration.run import run_lock

    with run_lock(company.home / "warehouse" / "run.lock"):
        printed = company.strata("run", status=1)
    assert "another run is under way" in printed
