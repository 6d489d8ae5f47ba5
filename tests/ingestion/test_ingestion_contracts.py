"""Contracts: what the source YAMLs must say, and how they are told off when they do not.

Belongs here: contracts.py. Does not belong here: files in the landing folder.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ingestion_company import SOURCES, Company, csv_text, write_contracts

from orchestration.ingestion import ContractError, load_contracts

STAGING = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "staging"


def test_the_shipped_sources_are_valid_contracts():
    contracts = {contract.label: contract for contract in load_contracts(STAGING)}

    orders = contracts["tmall/orders"]
    assert orders.formats == ("csv",)
    assert orders.encoding == "gb18030"
    assert orders.keys == ("order_id",)
    assert orders.watermark == ("modified_at",)
    assert orders.columns[0].header == "订单编号"
    assert orders.columns[0].required
    assert contracts["standard/customers"].formats == ("csv", "parquet")
    assert contracts["standard/customers"].columns[0].header == "source_customer_id"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("format: [csv, jsonl, xlsx, parquet]", "format: [tsv]", "landing.format"),
        ("keys: [ticket], watermark: []", "keys: [tickets]", "landing.keys"),
        ("keys: [ticket], watermark: []", "watermark: []", "landing.keys"),
        ("watermark: []", "watermark: [when]", "landing.watermark"),
        ("privacy: identifier", "privacy: secret", "columns[2].config.meta.privacy"),
        ("required: true", "required: maybe", "columns[0].config.meta.required"),
        ("identifier: till__lines", "identifier: lines", "tables[0].identifier"),
        ('header: "金额"', 'header: "小票号 "', "tables[0].columns"),
        ("schema: raw", "schema: landing", "sources[0].schema"),
        ("name: amount", "name: Amount", "columns[1].name"),
        ("            landing: {", "            landed: {", "config.meta.landing"),
        ("version: 2", "version: [2", "is not valid YAML"),
    ],
)
def test_a_wrong_contract_is_refused_with_its_file_and_key(tmp_path, old, new, key):
    assert old in SOURCES
    write_contracts(tmp_path, SOURCES.replace(old, new))

    with pytest.raises(ContractError) as refusal:
        load_contracts(tmp_path)

    assert "_till__sources.yml" in str(refusal.value)
    assert key in str(refusal.value)


def test_two_yamls_may_not_declare_the_same_feed(tmp_path):
    write_contracts(tmp_path)
    write_contracts(tmp_path, source="till_copy")

    with pytest.raises(ContractError, match="till/lines is already declared"):
        load_contracts(tmp_path)


def test_yaml_that_makes_python_objects_is_refused(tmp_path):
    write_contracts(tmp_path, "sources: !!python/object/apply:os.getcwd []")

    with pytest.raises(ContractError, match="is not valid YAML"):
        load_contracts(tmp_path)


def test_a_new_source_is_one_yaml_and_no_code(company: Company):
    text = SOURCES.replace("name: till", "name: kiosk").replace("till__", "kiosk__")
    staging = write_contracts(company.home / "staging", text, source="kiosk")
    company.contracts = load_contracts(staging)
    company.drop("a.csv", csv_text([("1", "2", "", "")]), feed="kiosk/lines")

    feeds = {feed.source: feed for feed in _load_without_balance(company).feeds if feed.files}

    assert feeds["kiosk"].rows_loaded == 1
    assert company.query("select ticket, amount from raw.kiosk__lines") == [("1", "2")]


def _load_without_balance(company: Company):
    company.assert_balanced = lambda: None
    return company.load()


def test_a_column_added_to_a_contract_is_added_to_the_table(company: Company):
    company.load_one("a.csv", csv_text([("1", "2", "", "")]))
    added = "          - {name: lane, config: {meta: {privacy: plain}}}\n      - name: refunds"
    text = SOURCES.replace("      - name: refunds", added)
    company.contracts = load_contracts(write_contracts(company.home / "staging", text))

    company.load_one("b.csv", csv_text([("3", "4", "5")], header=("小票号", "金额", "lane")))

    assert company.query("select ticket, lane from raw.till__lines order by ticket") == [
        ("1", None),
        ("3", "5"),
    ]


def test_every_feed_has_its_table_even_without_a_file(company: Company):
    company.load()

    columns = company.query("select column_name from (describe raw.till__refunds)")
    assert [name for (name,) in columns] == [
        "ticket",
        "_file_id",
        "_row_number",
        "_row_hash",
        "_load_number",
        "_extra",
    ]
