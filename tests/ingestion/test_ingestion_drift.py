"""Columns that come, go, move and change their titles, and files that come late or again.

Belongs here: what happens to a feed as its exports change. Does not belong here: broken files.
"""

from __future__ import annotations

import os

import dagster as dg
import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingestion_company import HEADER, SOURCES, Company, csv_text, write_contracts

from orchestration.checks.landing import FEED_CHECKS
from orchestration.ingestion import load_contracts
from orchestration.ingestion.drift import _moved
from orchestration.ingestion.manifest import ensure_tables

SCHEMA_CHECK = next(check for check in FEED_CHECKS if check.name == "schema_as_agreed")


def drop(company: Company, name: str, header: tuple, ticket: str = "1") -> None:
    """One row under a header; every value is its column's title, so that rows tell headers."""
    values = [ticket if title == "小票号" else title for title in header]
    company.drop(name, csv_text([tuple(values)], header=header))


def found(company: Company) -> list[tuple]:
    """What differs, without the file names."""
    return [
        (drift.against.rpartition("/")[2], drift.finding, drift.columns, drift.counts)
        for drift in company.last.feeds[0].drifts
    ]


def test_a_file_as_agreed_drifts_in_nothing(company: Company):
    drop(company, "a.csv", HEADER)
    drop(company, "b.csv", HEADER, "2")
    company.load()

    assert found(company) == []


def test_a_new_column_is_kept_aside_and_reported_until_it_is_no_longer_new(company: Company):
    drop(company, "a.csv", HEADER)
    drop(company, "b.csv", (*HEADER, "税号"), "2")
    company.load()

    assert company.query("select _extra from raw.till__lines order by ticket") == [
        (None,),
        ('{"税号":"税号"}',),
    ]
    assert found(company) == [
        ("contract", "unknown", ("税号",), True),
        ("a.csv", "new", ("税号",), True),
    ]
    drop(company, "c.csv", (*HEADER, "税号"), "3")
    company.load()
    # the next run compares with the last file of the last one; the contract still lacks the column
    assert found(company) == [("contract", "unknown", ("税号",), True)]


def test_an_optional_column_that_disappears_is_null_and_reported_once(company: Company):
    drop(company, "a.csv", HEADER)
    drop(company, "b.csv", HEADER[:3], "2")
    drop(company, "c.csv", HEADER[:3], "3")
    company.load()

    assert [row[3] for row in company.rows()] == ["备注", None, None]
    assert found(company) == [
        ("contract", "optional and missing", ("备注",), False),
        ("a.csv", "gone", ("备注",), True),
        ("contract", "optional and missing", ("备注",), False),
    ]


def test_another_order_is_reported_when_it_changes_and_costs_nothing(company: Company):
    moved = ("备注", *HEADER[:3])
    drop(company, "a.csv", HEADER)
    drop(company, "b.csv", moved, "2")
    drop(company, "c.csv", moved, "3")
    company.load()

    assert {row[1:] for row in company.rows()} == {HEADER[1:]}
    assert found(company) == [
        ("contract", "in another order", ("备注",), False),
        ("a.csv", "in another order", ("备注",), True),
        ("contract", "in another order", ("备注",), False),
    ]


def test_a_renamed_optional_column_is_guessed(company: Company):
    drop(company, "a.csv", (*HEADER[:3], "订单备注"))
    company.load()

    assert found(company) == [
        ("contract", "unknown", ("订单备注",), True),
        ("contract", "perhaps renamed", ("备注 → 订单备注",), False),
        ("contract", "optional and missing", ("备注",), False),
    ]


def test_another_accepted_title_is_the_same_column_and_is_mentioned(company: Company):
    text = SOURCES.replace('header: "备注"', 'header: "备注", aliases: ["订单备注"]')
    company.contracts = load_contracts(write_contracts(company.home / "staging", text))
    drop(company, "a.csv", HEADER)
    drop(company, "b.csv", (*HEADER[:3], "订单备注"), "2")
    company.load()

    assert [row[3] for row in company.rows()] == ["备注", "订单备注"]
    assert found(company) == [
        ("a.csv", "under another title", ("备注 → 订单备注",), True),
    ]


def test_an_unknown_column_that_bears_the_warehouse_name_of_another_is_unknown(company: Company):
    # `note` is what the warehouse calls 备注; a file that has both has two columns
    drop(company, "a.csv", (*HEADER, "note"))
    company.load()

    assert found(company) == [("contract", "unknown", ("note",), True)]


def test_keys_that_no_object_fills_are_no_drift(company: Company):
    company.drop("a.jsonl", '{"小票号": "1", "金额": 1, "备注": "x"}\n')
    company.drop("b.jsonl", '{"金额": 1, "小票号": "2", "y": 1}\n')
    company.load()

    assert [entry for entry in found(company) if entry[3]] == [
        ("contract", "unknown", ("y",), True)
    ]


def test_a_missing_key_column_stops_its_file_and_no_other_feed(company: Company):
    drop(company, "a.csv", ("小票号", "备注"))
    drop(company, "b.csv", HEADER, "2")
    company.drop("a.csv", "ticket\n1\n", feed="till/refunds")
    company.load()

    assert [outcome.file_name for outcome in company.last.failed] == ["till/lines/a.csv"]
    assert company.last.rows_loaded == 2
    # a file that was not loaded is no file to compare with
    assert found(company) == []


def test_the_check_passes_and_fails_and_shows_a_table(company: Company):
    key = dg.AssetKey(["raw", "till", "lines"])
    drop(company, "a.csv", HEADER)
    result, outcome = SCHEMA_CHECK.evaluate(key, company.load().feeds[0])
    assert (result.passed, outcome.passed, outcome.value) == (True, True, 0)
    assert "columns" not in result.metadata

    drop(company, "b.csv", ("小票号", "金额", "税号"), "2")
    result, outcome = SCHEMA_CHECK.evaluate(key, company.load().feeds[0])

    assert (result.passed, outcome.severity, outcome.value) == (False, "warn", 3)
    assert outcome.name == "schema_as_agreed:till.lines"
    assert result.severity == dg.AssetCheckSeverity.WARN
    table = [record.data for record in result.metadata["columns"].records]
    assert {
        "file": "till/lines/b.csv",
        "compared with": "till/lines/a.csv",
        "finding": "gone",
        "columns": "顾客, 备注",
        "counts": True,
    } in table
    assert len(table) == 4


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=12).flatmap(
        lambda names: st.tuples(st.just(names), st.permutations(names))
    )
)
def test_what_moved_is_the_least_that_explains_the_new_order(orders):
    before, now = orders
    moved = _moved(before, now)

    place = {name: position for position, name in enumerate(before)}
    kept = [place[name] for name in now if name not in moved]
    assert kept == sorted(kept)
    # the longest increasing run by brute force over all pairs
    longest: list[int] = []
    for position, name in enumerate(now):
        earlier = [longest[other] for other in range(position) if place[now[other]] < place[name]]
        longest.append(1 + max(earlier, default=0))
    assert len(kept) == max(longest, default=0)


# ---------------------------------------------------------------- over time


def test_a_corrected_export_under_an_old_name_is_a_later_load_of_the_same_key(company: Company):
    company.load_one("2024-05.csv", csv_text([("1", "10", "", ""), ("2", "20", "", "")]))
    company.load_one("2024-05.csv", csv_text([("1", "11", "", ""), ("2", "20", "", "")]))

    # both stay; which one counts is staging's to say, by watermark, then by load
    assert company.query(
        "select ticket, amount, _load_number, count(*) over (partition by ticket, _row_hash) "
        "from raw.till__lines order by all"
    ) == [("1", "10", 1, 1), ("1", "11", 2, 1), ("2", "20", 1, 2), ("2", "20", 2, 2)]


@pytest.mark.parametrize("keeps_its_time", [True, False])
def test_an_export_that_is_put_back_is_the_latest_load_again(
    company: Company, keeps_its_time: bool
):
    """The correction was a mistake; it must not go on winning over what lies there."""
    right, wrong = csv_text([("1", "10", "", "")]), csv_text([("1", "99", "", "")])
    path = company.drop("2024-05.csv", right)
    company.load()
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    assert company.load_one("2024-05.csv", wrong).status == "loaded"
    company.drop("2024-05.csv", right)
    if keeps_its_time:
        os.utime(path, ns=times)
    company.load()

    assert company.outcome("2024-05.csv").status == "loaded"
    assert company.query("select _load_number, amount from raw.till__lines order by 1") == [
        (1, "10"),
        (2, "99"),
        (3, "10"),
    ]
    # elsewhere it is nothing new, and here no more than once
    assert company.load_one("copy.csv", right).status == "repeated"
    path.touch()
    company.load()
    assert company.outcome("2024-05.csv").status == "repeated"
    assert company.query("select count(*) from raw.till__lines") == [(3,)]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "a", "b"), ("b", "c", "a")])
def test_files_may_come_in_any_order(company: Company, order):
    texts = {name: csv_text([(name, "1", "", "")]) for name in "abc"}
    for name in order:
        company.load_one(f"{name}.csv", texts[name])

    assert company.query("select ticket, _row_number from raw.till__lines order by all") == [
        ("a", 1),
        ("b", 1),
        ("c", 1),
    ]
    assert company.query(
        "select string_agg(file_name, ',' order by load_number) from raw.landing_file"
    ) == [(",".join(f"till/lines/{name}.csv" for name in order),)]


def test_a_warehouse_from_before_column_names_were_kept_gains_them(tmp_path):
    con = duckdb.connect(str(tmp_path / "build.duckdb"))
    contracts = load_contracts(write_contracts(tmp_path / "staging"))
    ensure_tables(con, contracts)
    con.execute("alter table raw.landing_file drop column column_names")

    ensure_tables(con, contracts)
    ensure_tables(con, contracts)

    assert con.execute("select count(column_names) from raw.landing_file").fetchone() == (0,)
