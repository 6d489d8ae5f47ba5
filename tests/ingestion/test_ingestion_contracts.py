"""Contracts: what the source YAMLs must say, and how they are told off when they do not.

Belongs here: contracts.py. Does not belong here: files in the landing folder.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ingestion_company import SOURCES, Company, csv_text, write_contracts

from orchestration.ingestion import ContractError, load_contracts
from orchestration.ingestion.contracts import DeletionMarker

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
        ("watermark: []", "watermark: [], retention_days: 0", "landing.retention_days"),
        ("watermark: []", "watermark: [], retention_days: 30", "needs `time`"),
        ("name: amount", "name: Amount", "columns[1].name"),
        ("            landing: {", "            landed: {", "config.meta.landing"),
        ("version: 2", "version: [2", "is not valid YAML"),
        ('header: "顾客"', 'header: "顾客", aliases: 5', "columns[2].config.meta.aliases"),
        ('header: "顾客"', 'header: "顾客", aliases: [true]', "aliases holds True"),
        ('header: "顾客"', 'header: "顾客", aliases: [" "]', "columns[2].config.meta.aliases"),
        ('header: "顾客"', 'header: "顾客", aliases: ["金额 "]', "tables[0].columns"),
        (
            "watermark: []",
            'watermark: [], deleted: {column: gone, values: ["1"]}',
            "deleted.column",
        ),
        ("watermark: []", "watermark: [], deleted: {column: note}", "deleted.values"),
        ("watermark: []", "watermark: [], deleted: {column: note, values: []}", "deleted.values"),
        ("watermark: []", "watermark: [], deleted: {column: note, values: [1]}", "holds 1; write"),
        ("watermark: []", "watermark: [], deleted: note", "landing.deleted must be a mapping"),
        (
            "watermark: []",
            'watermark: [], deleted: {column: note, value: "1"}',
            "landing.deleted.value is unknown",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_its_file_and_key(tmp_path, old, new, key):
    assert old in SOURCES
    write_contracts(tmp_path, SOURCES.replace(old, new))

    with pytest.raises(ContractError) as refusal:
        load_contracts(tmp_path)

    assert "_till__sources.yml" in str(refusal.value)
    assert key in str(refusal.value)


def test_a_deletion_marker_is_read_in_the_form_that_values_are_compared_in(tmp_path):
    marker = 'deleted: {column: note, values: ["1", "Y", " 是 ", "ｙ"]}'
    text = SOURCES.replace("watermark: []}", "watermark: [], " + marker + "}", 1)

    lines, refunds = load_contracts(write_contracts(tmp_path, text))

    # the full-width ｙ is the Y that is there already
    assert lines.deleted == DeletionMarker("note", ("1", "y", "是"))
    assert refunds.deleted is None


def test_a_column_is_known_by_any_of_its_titles(company: Company):
    _add_aliases(company)
    company.drop("a.csv", csv_text([("1", "2", "x")], header=("小票号", "总价", "MEMBER")))
    company.drop("b.jsonl", '{"小票号": "3", "Member": "y", "合计金额": 4}\n')

    company.load()

    assert company.rows() == [("1", "2", "x", None), ("3", "4", "y", None)]
    assert company.query("select count(*) from raw.till__lines where _extra is not null") == [(0,)]


def test_of_two_titles_of_one_column_the_preferred_one_counts_and_the_other_is_kept_aside(
    company: Company,
):
    _add_aliases(company)
    header = ("总价", "小票号", "合计金额", "金额")
    company.load_one("a.csv", csv_text([("1", "T", "2", "3")], header=header))

    assert company.rows() == [("T", "3", None, None)]
    assert company.query("select _extra from raw.till__lines") == [
        ('{"总价":"1","合计金额":"2"}',),
    ]


def test_a_json_line_with_two_titles_of_one_column_is_rejected(company: Company):
    # old lines say 金额, new lines 总价: of a line that says both one value would be lost
    _add_aliases(company)
    old = '{"小票号": "1", "金额": 1}\n'
    both = '{"小票号": "2", "总价": 2, "金额": 3}\n'
    new = '{"小票号": "3", "总价": 4}\n'
    company.load_one("a.jsonl", old + both + new)

    assert company.rows() == [("1", "1", None, None), ("3", "4", None, None)]
    assert [(line, rule) for line, rule, _ in company.rejected()] == [(2, "repeated_key")]


def _add_aliases(company: Company) -> None:
    text = SOURCES.replace('header: "金额"', 'header: "金额", aliases: ["总价", "合计金额"]')
    text = text.replace('header: "顾客"', 'header: "顾客", aliases: member')
    company.contracts = load_contracts(write_contracts(company.home / "staging", text))


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        (("小票号", "总金额", "x"), "'总金额' may be its new name for '金额'"),
        # the English name in the warehouse is one of its names too
        (("小票号", "Amount"), "'Amount' may be its new name for '金额'"),
        (("单号", "实付金额", "备注"), "'实付金额' may be its new name for '金额'"),
        (("小票号", "x", "y"), None),
    ],
)
def test_the_error_about_a_missing_column_names_its_likely_new_name(company: Company, header, hint):
    outcome = company.load_one("a.csv", csv_text([tuple("123"[: len(header)])], header=header))

    assert outcome.status == "failed"
    assert "lacks [" in outcome.error
    if hint:
        assert f"{hint}: if so, list it there under aliases" in outcome.error
    else:
        assert "may be" not in outcome.error


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
