"""Broken files of every format beside sound ones in a whole run, as a person starts it.

Belongs here: exit status, what is published, what is told. Does not belong here: each fault by
itself (test_corrupt_files.py).
"""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company
from tests.faults.corrupt_files import entities, far_cells
from tests.warehouse.small_company import land, write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("corrupt_files_in_a_run")]

PUBLISHED_WITH_UNREADABLE_FILES = 3
NAME, PHONE = "司马相如是金丝雀", "13799990000"
ORDER_HEADER = "order_id,ordered_at,source_customer_id,channel,status,gross_amount\n"
FAILING = {
    "standard/orders/bomb.csv.gz": "unpacks to more than 300 times its size",
    "standard/orders/renamed.csv": "'order_number' may be its new name for 'order_id'",
    "standard/customers/mixed.csv": "is UTF-8 but has an invalid byte",
    "standard/orders/no_key.csv": "order_id",
    "standard/orders/cut.csv.gz": "gz",
    "standard/customers/wide.csv": "utf-16",
    "standard/events/cut.parquet": "is damaged, cut short or not Parquet",
    "crm/members/corners.xlsx": "takes more than 2,048 MB to open",
    "crm/points/entities.xlsx": "is not a readable XLSX workbook",
    "app/events/keys.jsonl": "has more than 10,000 different keys",
}
STRAYS = {"standard/orders/link.csv", "nowhere/orders/a.csv"}


def drop(landing: Path, name: str, content: bytes) -> None:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def company(make_company) -> Company:
    company = make_company("corrupt")
    landing = company.landing
    land(landing)
    drop(
        landing,
        "standard/orders/bomb.csv.gz",
        gzip.compress(ORDER_HEADER.encode() + bytes(200_000_000)),
    )
    drop(
        landing,
        "standard/orders/renamed.csv",
        ORDER_HEADER.replace("order_id", "order_number").encode() + f"x,{NAME}\n".encode(),
    )
    drop(
        landing,
        "standard/customers/mixed.csv",
        f"source_customer_id,full_name\nM1,{NAME}\n".encode() + "M2,欧阳\n".encode("gb18030"),
    )
    drop(landing, "standard/orders/no_key.csv", b"ordered_at,amount\n2024-05-05,1\n")
    cut = gzip.compress(b"order_id,ordered_at\n" + b"x,2024-01-01\n" * 5000)[:60]
    drop(landing, "standard/orders/cut.csv.gz", cut)
    wide = "source_customer_id,full_name\nU1,宽字节\n".encode("utf-16")
    drop(landing, "standard/customers/wide.csv", wide)
    drop(landing, "standard/events/cut.parquet", b"PAR1 and then nothing")
    drop(landing, "crm/members/corners.xlsx", far_cells())
    drop(landing, "crm/points/entities.xlsx", entities())
    keys = "".join(f'{{"event_id": "{n}", "{PHONE}{n}": 1}}\n' for n in range(10_001))
    drop(landing, "app/events/keys.jsonl", keys.encode())
    # loaded without their broken lines
    broken = [
        f'B1,2024-05-05 10:00:00,K0001,shop,paid,"{NAME}',
        f"B2,{PHONE}",
        f"B3,2024-05-05 10:00:00,K0001,shop,paid,{'9' * 20_000_000}",
        "B4,2024-05-05 10:00:00,K0001,shop,paid,=cmd|' /C calc'!A0",
        "B5,2024-05-05 10:00:00,K0001,shop,paid,10.00",
    ]
    drop(landing, "standard/orders/broken.csv", (ORDER_HEADER + "\n".join(broken)).encode())
    (landing / "standard/orders/link.csv").symlink_to("/etc/passwd")
    drop(landing, "nowhere/orders/a.csv", ORDER_HEADER.encode())
    write_feed(landing, "products", [{"product_id": "P1", "新列": "x"}])
    return company


@pytest.fixture(scope="module")
def printed(company: Company) -> str:
    return company.strata("run", status=PUBLISHED_WITH_UNREADABLE_FILES)


@pytest.mark.parametrize("file_name", FAILING)
def test_the_run_names_each_file_with_its_reason(printed: str, file_name: str) -> None:
    line = next(line for line in printed.splitlines() if f"{file_name}:" in line)
    assert FAILING[file_name].lower() in line.lower()


def test_everything_else_is_loaded_and_published(company: Company, printed: str) -> None:
    assert company.value("select count(*) from customer_360") == 120
    assert company.query("select * from revenue_reconciliation where diff <> 0") == []
    # the formula is no amount, so its row is rejected by staging; the sound row counts
    assert company.query("select order_id from orders where order_id like 'B%'") == [("B5",)]


def test_every_row_is_accounted_for(company: Company, printed: str) -> None:
    assert (
        company.query(
            "select * from source_row_balance "
            "where raw_rows <> staged_rows + duplicate_rows + rejected_rows"
        )
        == []
    )
    rules = company.query(
        "select rule from dq_rejects where file_name = 'standard/orders/broken.csv' order by rule"
    )
    assert [rule for (rule,) in rules] == [
        "line_too_long",
        "too_few_columns",
        "unreadable_amount",
        "unterminated_quote",
    ]


def test_the_checks_tell_which_feeds_had_what(company: Company, printed: str) -> None:
    failing = {
        name for (name,) in company.query("select check_name from dq_result where not passed")
    }
    assert {
        "files_readable:crm.members",
        "files_readable:app.events",
        "files_as_agreed:standard.orders",
        "schema_as_agreed:standard.products",
        "no_stray_files",
    } <= failing
    # what was not loaded has no columns to compare
    assert "schema_as_agreed:standard.customers" not in failing
    strays = company.value("select value from dq_result where check_name = 'no_stray_files'")
    assert strays == len(STRAYS)


def test_no_value_of_a_broken_file_leaves_the_build_file(company: Company, printed: str) -> None:
    assert [canary for canary in (NAME, PHONE, "root:x:0") if canary in printed] == []
    inside = {company.build}
    telling = []
    for path in company.home.rglob("*"):
        if not path.is_file() or path in inside or company.landing in path.parents:
            continue
        content = path.read_bytes()
        telling += [str(path) for canary in (NAME, PHONE) if canary.encode() in content]
    assert telling == []
    with duckdb.connect(str(company.build), read_only=True) as connection:
        kept = connection.execute(
            "select count(*) from raw.rejected_line where raw_text like ?", [f"%{NAME}%"]
        ).fetchone()
    # the canary is real: it is in the build file, where it belongs
    assert kept == (1,)


@pytest.mark.bench
def test_removing_the_bad_files_heals_the_next_run(company: Company, printed: str) -> None:
    # the last test of the module: it changes the company
    for name in (*FAILING, *STRAYS):
        (company.landing / name).unlink()
    company.strata("run", status=0)
    failing = company.query(
        "select check_name from dq_result where not passed and check_name like 'files_readable%' "
        "and run_id = (select max(run_id) from publish_info)"
    )
    assert failing == []
