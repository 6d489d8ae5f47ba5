"""Daily runs that leave feeds without a new row as they are, and the changes that do not let them.

Belongs here: what a run looked at, and that it ends where a build from nothing ends.
Does not belong here: the conditions one by one (tests/orchestration/test_going_on.py).
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.comparison import (
    LOAD_COLUMNS,
    TABLES_ABOUT_FILES,
    TABLES_ABOUT_LOADS,
    differing_rows,
)
from tests.warehouse.project_copy import Copy
from tests.warehouse.small_company import land, write_feed

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("unchanged_feeds")]

FEEDS = ("campaign_touches", "customers", "orders")
# what a run can leave as it is: the staging models of the company's feeds, and two vocabularies
ALL = {f"stg_standard__{feed}" for feed in FEEDS} | {"gender_spelling", "region"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A project and a company after the first run."""
    copy = Copy(tmp_path_factory.mktemp("unchanged"))
    land(copy.landing)
    copy.strata("run")
    return copy


def published(copy: Copy) -> Path:
    return copy.home / "published" / "strata360.duckdb"


def query(copy: Copy, sql: str) -> list[tuple]:
    with duckdb.connect(str(published(copy)), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def built(copy: Copy) -> set[str]:
    """Which of ALL the last run built."""
    return {
        name
        for (name,) in query(
            copy,
            "select step from run_log where kind = 'sql' "
            "and run_id = (select max(run_id) from publish_info)",
        )
    } & ALL


def checks(copy: Copy) -> list[tuple]:
    """What the last run says it checked, and whether that passed."""
    return query(
        copy,
        "select check_name, passed from dq_result "
        "where run_id = (select max(run_id) from publish_info) order by all",
    )


def test_a_day_without_files_looks_at_no_feed_and_says_what_was_found_last(
    copy: Copy, tmp_path: Path
) -> None:
    before, found = tmp_path / "before.duckdb", checks(copy)
    shutil.copy(published(copy), before)
    copy.strata("run")
    assert built(copy) == set()
    assert checks(copy) == found
    assert differing_rows(before, published(copy)) == {}


def test_a_corrected_file_and_a_record_taken_back_act_the_same_day(copy: Copy) -> None:
    orders = copy.landing / "standard" / "orders" / "export.csv"
    with orders.open(newline="") as file:
        rows = list(csv.DictReader(file))
    [corrected] = [row for row in rows if row["order_id"] == "O000010"]
    corrected.update(gross_amount="777.00", status="paid", refund_amount="0")
    write_feed(copy.landing, "orders", rows)
    of_known_age = "select count(*) from customer_360 where age is not null"
    known = query(copy, of_known_age)[0][0]
    # within the days that are computed, so that it is known
    taken_back = {"source_customer_id": "K0011", "is_deleted": "true", "updated_at": "2025-05-01"}
    write_feed(copy.landing, "customers", [taken_back], "taken_back.csv")
    copy.strata("run")
    # touches of the campaign and vocabularies stay as they are
    assert built(copy) == {"stg_standard__orders", "stg_standard__customers"}
    amount = "select cast(net_amount as varchar) from orders where order_id = 'O000010'"
    assert query(copy, amount) == [("777.00",)]
    assert query(copy, of_known_age)[0][0] == known - 1


def test_another_word_in_a_vocabulary_has_every_feed_looked_at(copy: Copy) -> None:
    female = "select count(*) from customer_360 where gender = 'female'"
    before = query(copy, female)[0][0]
    seed = copy.root / "seeds" / "gender_spelling.csv"
    said = seed.read_text()
    assert "\nunknown,unknown\n" in said
    seed.write_text(said.replace("\nunknown,unknown\n", "\nunknown,female\n"))
    copy.strata("run")
    assert built(copy) == ALL
    assert query(copy, female)[0][0] > before


def test_who_is_erased_is_gone_and_all_of_it_equals_a_build_from_nothing(
    copy: Copy, tmp_path: Path
) -> None:
    people = query(copy, "select count(*) from customer_360")[0][0]
    copy.strata("erase", "standard:K0010", "--yes")
    assert built(copy) == ALL
    assert query(copy, "select count(*) from customer_360")[0][0] == people - 1
    before = tmp_path / "before.duckdb"
    shutil.copy(published(copy), before)
    # ids come from the published file, which stays
    (copy.home / "warehouse" / "build.duckdb").unlink()
    copy.strata("run")
    assert built(copy) == ALL
    different = differing_rows(
        before,
        published(copy),
        ignore=TABLES_ABOUT_LOADS | TABLES_ABOUT_FILES,
        ignore_columns=LOAD_COLUMNS,
    )
    assert different == {}
