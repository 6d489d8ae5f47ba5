"""Every kind of broken or odd file, loaded into a real warehouse file beside sound ones.

Belongs here: that each ends as documented and costs the others nothing.
Does not belong here: the files themselves (corrupt_files.py), files that change while they are read
(test_files_in_motion.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.checks.landing import FEED_CHECKS
from tests.faults import documentation
from tests.faults.corrupt_files import CANARIES, CASES, HEADER, Case
from tests.ingestion.ingestion_company import Company, csv_text

NEIGHBOUR = [("N1", "1.00", "b", "n"), ("N2", "2.00", "", "")]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path, str(tmp_path / "build.duckdb"))
    yield made
    made.con.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.suffix}: {case.fault}")
def test_the_file_ends_as_documented_and_its_neighbours_are_loaded(
    company: Company, case: Case
) -> None:
    name = f"broken.{case.suffix}"
    company.drop(name, case.content())
    company.drop("a_neighbour.csv", csv_text(NEIGHBOUR))
    company.drop("z_neighbour.csv", csv_text([("Z", "1", "", "")]))
    company.drop("other_feed.csv", "ticket\nR1\n", feed="till/refunds")

    # `load` asserts that every file's rows read are the rows loaded plus the lines rejected, as
    # they lie in the tables, and that no copy is left behind
    load = company.load(limits=case.limits)

    outcome = company.outcome(name)
    if case.loaded is None:
        assert (outcome.status, outcome.rows_read) == ("failed", 0)
        assert outcome.error.startswith(f"till/lines/{name} ")
        assert case.says in outcome.error
    else:
        assert outcome.status == "loaded", outcome.error
        assert outcome.rows_loaded == case.loaded
        assert outcome.rows_rejected == len(case.rejected)
    assert [(line, rule) for line, rule, _ in company.rejected()] == list(case.rejected)
    for row_number, values in (case.rows or {}).items():
        assert _row(company, name, row_number) == values
    assert load.rows_loaded == (case.loaded or 0) + len(NEIGHBOUR) + 2
    assert _row(company, "a_neighbour.csv", 1) == NEIGHBOUR[0]
    _assert_nothing_is_told(company)

    again = company.load(limits=case.limits)
    assert again.rows_loaded == 0
    assert company.outcome(name).status == ("failed" if case.loaded is None else "unchanged")


def test_each_of_them_at_once_costs_nothing_but_itself(company: Company) -> None:
    chosen = [
        case
        for case in CASES
        if case.limits is case.__dataclass_fields__["limits"].default and "100 MB" not in case.fault
    ]
    for number, case in enumerate(chosen):
        company.drop(f"{number:02}.{case.suffix}", case.content())
    company.load()

    statuses = [company.outcome(f"{n:02}.{case.suffix}").status for n, case in enumerate(chosen)]
    for case, status in zip(chosen, statuses, strict=True):
        # several of them have the same bytes: an empty file, for example
        expected = {"failed"} if case.loaded is None else {"loaded", "repeated"}
        assert status in expected, case.fault
    loaded = sum(
        case.loaded or 0
        for case, status in zip(chosen, statuses, strict=True)
        if status == "loaded"
    )
    assert company.query("select count(*) from raw.till__lines") == [(loaded,)]
    assert loaded > 1_000
    _assert_nothing_is_told(company)


def test_the_documentation_says_what_these_tests_show() -> None:
    assert documentation.DOCUMENTED.read() == documentation.tables(), (
        "run `python -m tests.faults.documentation`"
    )


def _row(company: Company, name: str, row_number: int) -> tuple:
    (row,) = company.con.execute(
        "select ticket, amount, buyer, note from raw.till__lines "
        "join raw.landing_file on file_id = _file_id where file_name = ? and _row_number = ?",
        [f"till/lines/{name}", row_number],
    ).fetchall()
    return row


def _assert_nothing_is_told(company: Company) -> None:
    """No cell value in anything that leaves the build file: messages, checks, rules."""
    told = []
    for feed in company.last.feeds:
        told += [outcome.error or "" for outcome in feed.files]
        for check in FEED_CHECKS:
            result, outcome = check.evaluate(dg.AssetKey([feed.source, feed.feed]), feed)
            told += [str(result.metadata), str(outcome)]
    told += [str(row) for row in company.query("select error, file_name from raw.landing_file")]
    told += [str(row) for row in company.query("select rule, detail from raw.rejected_line")]
    text = "\n".join(told)
    assert [value for value in (*CANARIES, "root:x:") if value in text] == []
    assert set(HEADER)  # headers may be told, values may not
