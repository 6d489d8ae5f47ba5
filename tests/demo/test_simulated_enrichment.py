"""The simulated data providers: what they sell, of whom, and what is true.

Belongs here: what a reader of these landing files and of their truth may rely on. Does not belong
here: what the warehouse makes of them.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from tests.demo.landed import csv_rows, truth_rows, workbook_rows

pytestmark = pytest.mark.xdist_group("simulated_retailer")


@pytest.fixture(scope="module")
def rows(retailer: Path) -> list[dict[str, str]]:
    return csv_rows(retailer, "enrichment/attributes", "utf-8")


def test_the_truth_knows_every_usable_row(retailer: Path, rows: list[dict]) -> None:
    landed = Counter(
        (row["服务商"], row["授权日期"], row["匹配键"], row["属性值"])
        for row in rows
        if row["到期日期"] > row["授权日期"] or len(row["到期日期"]) == 8
    )
    truth = Counter(
        truth_rows(
            retailer, "select provider, licence_date::varchar, match_key, value from enrichment"
        )
    )
    assert landed == truth


def test_most_values_are_right_and_some_keys_match_nobody(retailer: Path) -> None:
    [(right, matchable, short)] = truth_rows(
        retailer,
        "select avg((value = true_value)::int), avg(is_matchable::int), "
        "avg((expires_on < licence_date + 40)::int) from enrichment",
    )
    assert 0.80 < right < 0.90
    assert 0.92 < matchable < 0.99
    assert 0.06 < short < 0.14


def test_a_key_is_the_hash_of_a_normalised_value_or_matches_nobody(retailer: Path) -> None:
    people = truth_rows(retailer, "select person_id, phones, emails from person")
    digests = {
        (person, sha256(text.encode()).hexdigest())
        for person, phones, emails in people
        for text in [f"+86{phone}" for phone in phones] + [email.lower() for email in emails]
    }
    keys = truth_rows(
        retailer,
        "select distinct person_id, lower(match_key), is_matchable from enrichment "
        "where match_key_type <> '会员号'",
    )
    assert keys
    assert all(((person, key) in digests) == matchable for person, key, matchable in keys)
    shared = {key for _, key in digests}
    # a key that was made carelessly is nobody's, not somebody else's
    assert not {key for _, key, matchable in keys if not matchable} & shared
    assert any(
        row["匹配键"] != row["匹配键"].lower()
        for row in csv_rows(retailer, "enrichment/attributes", "utf-8")
        if row["匹配键类型"] != "会员号"
    )


def test_an_occupation_is_the_one_that_the_programme_wrote_down(retailer: Path) -> None:
    written = {
        row["会员号"]: row["职业"]
        for row in workbook_rows(retailer, "crm/members")
        if row["会员号"] and row["职业"]
    }
    sold = truth_rows(
        retailer,
        "select source_customer_id, true_value from enrichment inner join record using (person_id) "
        "where attribute = 'occupation' and source = 'crm'",
    )
    known = [(member, job) for member, job in sold if member in written]
    assert len(known) > 20
    assert all(written[member] == job for member, job in known)


def test_planted_bad_rows_are_counted(retailer: Path, rows: list[dict]) -> None:
    bad = dict(truth_rows(retailer, "select rule, count from bad_rows where source = 'enrichment'"))
    assert bad["unknown_match_key_type"] == sum(r["匹配键类型"] == "设备MD5" for r in rows)
    assert bad["malformed_match_key"] == sum(len(r["匹配键"]) == 32 for r in rows)
    assert bad["unreadable_confidence"] == sum(r["置信度"] == "170" for r in rows)
    assert bad["expires_before_licence"] == sum(r["到期日期"] == "2020-01-01" for r in rows)
