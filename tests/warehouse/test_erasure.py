"""One person erased from a whole company: the small one, copied after its first run.

Belongs here: what is left, and that an interruption does no harm. Does not belong here: formats
(tests/privacy/test_rewrite.py), the list (tests/privacy/test_reentry.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.privacy import erase as work
from orchestration.privacy import retention
from orchestration.privacy.erased import RECORD, plain, read_erased
from orchestration.privacy.export_person import PersonExport, export_person
from orchestration.privacy.pending import pending
from orchestration.privacy.person import UnknownPersonError
from orchestration.privacy.rewrite import RewriteError
from orchestration.privacy.scan import scan_company
from orchestration.publishing.reader import open_published
from orchestration.run import FAILED, run_here
from orchestration.settings import Settings
from tests.conftest import Company
from tests.warehouse.conftest import HASH_KEY
from tests.warehouse.small_company import write_feed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

# the tenth customer has a second record of the same phone
PHONE, RECORDS = "1381 000 0010", ("K0010", "Z0010")
NEEDLES = ("13810000010", "客户10\n", "客户10,", "K0010", "Z0010")


@pytest.fixture
def copied(published: Company, first_published: Path, tmp_path: Path) -> Settings:
    """The company as it stands, to be changed at will."""
    home = tmp_path / "home"
    # what dbt wrote is large and holds nobody; a log that does is planted below
    shutil.copytree(published.home, home, ignore=shutil.ignore_patterns("dbt", "runs"))
    return Settings(home=home, hash_key=HASH_KEY, _env_file=None)


def everything(settings: Settings, customers: set[str]) -> dict[str, list[tuple]]:
    """Published rows that do not name the customers, by table."""
    with open_published(settings.published_file) as connection:
        tables = [name for (name,) in connection.execute("show tables").fetchall()]
        rows = {
            name: connection.execute(f"select * from {name}").fetchall()  # noqa: S608
            for name in tables
            if name not in ("publish_info", "customer_redirect", "id_history")
        }
    return {
        name: sorted(map(repr, (row for row in found if not customers & set(map(str, row)))))
        for name, found in rows.items()
    }


def places_that_hold(home: Path, needles: tuple[str, ...]) -> set[str]:
    """Files of text and raw bytes in which one of these stands."""
    return {
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles)
    }


def customer_of(settings: Settings) -> str:
    with open_published(settings.published_file) as connection:
        return connection.execute(
            "select customer_id from id_map where id_type = 'record' and id_value = ?",
            [RECORDS[0]],
        ).fetchone()[0]


def assert_gone(settings: Settings, customer_id: str, before: dict[str, list[tuple]]) -> None:
    after = everything(settings, set())
    assert after == before
    assert places_that_hold(settings.home, NEEDLES) == set()
    with duckdb.connect(str(settings.build_file), read_only=True) as build:
        assert build.execute(
            "select count(*) from raw.standard__customers where phone like '%13810000010'"
        ).fetchone() == (0,)
        # what is left is numbered as its file is, and the manifest agrees
        for table in ("customers", "orders", "campaign_touches"):
            assert (
                build.execute(
                    f"""
                select count(*), max(_row_number)
                from raw.standard__{table} group by _file_id
                having count(*) <> max(_row_number)
                """  # noqa: S608
                ).fetchall()
                == []
            )
        assert build.execute(
            "select count(*) from raw.landing_file "
            "where status = 'loaded' and rows_erased > 0 and rows_read <> rows_loaded"
        ).fetchone() == (0,)
        assert build.execute(
            "select event from identity.id_history where customer_id = ? and reason = 'erased'",
            [customer_id],
        ).fetchall() == [("retired",)]


def interrupt(*arguments, **named) -> None:
    """What a kill does to a step."""
    raise KeyboardInterrupt


def assert_everything_and_nobody_elses(request: PersonExport, customer_id: str) -> None:
    """What an access request gets."""
    assert request.folder.parts[-3:] == ("exports", "persons", customer_id)
    with duckdb.connect() as reader:
        landed = reader.execute(
            f"select source_customer_id, phone from read_csv('{request.folder}/landed/"  # noqa: S608
            "standard__customers.csv', all_varchar = true) order by 1"
        ).fetchall()
    # a spreadsheet would take what begins with a plus for a formula
    assert landed == [("K0010", "13810000010"), ("Z0010", "'+86 13810000010")]
    profile = json.loads((request.folder / "derived" / "customer_360.json").read_text())
    assert [row["customer_id"] for row in profile] == [customer_id]
    assert request.rows["landed/standard__orders.csv"] > 0
    assert request.rows["derived/consent_event.json"] == 2
    links = json.loads((request.folder / "identity.json").read_text())["links"]
    assert {link["id_value"] for link in links} >= {"K0010", "Z0010", "+8613810000010"}
    files = [path for path in request.folder.rglob("*") if path.is_file()]
    text = "".join(path.read_text() for path in files)
    assert "客户10" in text
    assert "客户11" not in text
    assert all(path.stat().st_mode & 0o077 == 0 for path in (request.folder, *files))


def test_one_person_leaves_every_place_and_nobody_else_does(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = customer_of(copied)
    before = everything(copied, {customer_id})
    assert places_that_hold(copied.home, NEEDLES) != set()
    lists = copied.home / "lists"
    lists.mkdir()
    (lists / "guests.csv").write_text("phone\n13810000010\n13810000011\n")
    # a log that should not, a chart that somebody made
    copied.run_output_file.write_text("cannot read 13810000010\n")
    chart = copied.exports_dir / "explain.html"
    chart.parent.mkdir(exist_ok=True)
    chart.write_text(f"<p>{customer_id}</p>")
    # a table as a run on Spark leaves it
    handed_over = copied.spark_dir / "handed_over" / "raw.standard__customers" / "rows.parquet"
    handed_over.parent.mkdir(parents=True)
    duckdb.sql("select '13810000010' as phone").write_parquet(str(handed_over))

    request = export_person(copied, "standard:Z0010")
    assert_everything_and_nobody_elses(request, customer_id)

    told: list[work.Erasure] = []
    rehearsed = work.erase(copied, PHONE, lambda plan: bool(told.append(plan)))
    assert rehearsed.receipt is None
    assert everything(copied, {customer_id}) == before
    assert customer_of(copied) == customer_id

    # a corrected export lies there that no run has loaded: nothing is begun that could not go on
    export = copied.landing_dir / "standard" / "customers" / "export.csv"
    as_loaded = export.read_bytes()
    export.write_bytes(as_loaded + b"\n")
    with pytest.raises(RewriteError, match=r"customers/export\.csv. `strata run` loads what is"):
        work.erase(copied, PHONE)
    assert pending(copied.home) == []
    export.write_bytes(as_loaded)

    # killed when the landing files are done and the published one is not; the bench tries all steps
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(work, "purge_published", interrupt)
        work.erase(copied, PHONE)
    assert len(pending(copied.home)) == 1
    (receipt_file,) = work.resume(copied)
    receipt = json.loads(receipt_file.read_text())
    assert receipt["counts"]["records"] == 2
    assert receipt["counts"]["landed rows standard/customers"] == 2
    assert told[0].counts.items() <= receipt["counts"].items()
    assert_gone(copied, customer_id, before)
    assert (lists / "guests.csv").read_text().split() == ["phone", "13810000011"]
    assert not chart.exists()
    assert not handed_over.exists()
    assert not request.folder.exists()
    assert receipt["counts"]["landed rows standard/orders"] > 0
    assert receipt["blocked_hashes"] > 4
    assert customer_id not in receipt_file.read_text()
    assert receipt_file.stat().st_mode & 0o077 == 0
    erased = read_erased(copied.home, copied.hash_key_bytes)
    assert erased.contains(RECORD, "standard", plain("K0010"))
    # nobody is found by it any more
    with pytest.raises(UnknownPersonError):
        work.erase(copied, customer_id)


@pytest.mark.bench
def test_an_erasure_that_is_interrupted_again_and_again_is_finished_in_the_end(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = customer_of(copied)
    before = everything(copied, {customer_id})

    def break_at(step: str) -> None:
        """Let the next attempt end in this step, after its first call has done its work."""
        work_of: Callable = getattr(work, step)
        calls: list[str] = []

        def broken(*arguments, **named):
            calls.append(step)
            if len(calls) == 1:
                result = work_of(*arguments, **named)
                # of the files, the second is the one that is not reached
                if step == "_rewrite":
                    return result
            raise KeyboardInterrupt

        monkeypatch.setattr(work, step, broken)

    steps = ("_purge_texts", "_rewrite", "purge_published", "purge_build")
    for number, step in enumerate(steps):
        break_at(step)
        with pytest.raises(KeyboardInterrupt):
            work.resume(copied) if number else work.erase(copied, PHONE)
        monkeypatch.undo()
        assert len(pending(copied.home)) == 1
    # no run begins before it is finished
    assert run_here(copied, None) == FAILED
    (receipt,) = work.resume(copied)
    assert_gone(copied, customer_id, before)
    assert pending(copied.home) == []
    assert json.loads(receipt.read_text())["counts"]["landed rows standard/customers"] == 2
    assert work.resume(copied) == []


@pytest.mark.bench
def test_the_company_goes_on_without_them_and_an_old_export_does_not_bring_them_back(
    copied: Settings,
) -> None:
    company = Company(copied.home, {"STRATA_HASH_KEY": HASH_KEY})
    export = company.landing / "standard" / "customers" / "export.csv"
    old = export.read_text()
    ids = "select id_value, customer_id from id_map where id_type = 'record' order by all"
    others = [row for row in company.query(ids) if row[0] not in RECORDS]
    customer_id = customer_of(copied)
    company.strata("erase", customer_id, "--yes")
    assert company.query(ids) == others
    assert company.failing_balances() == []
    assert company.value("select count(*) from customer_360") == 119
    # the same export under another name, and a new one with new orders of theirs
    (export.parent / "again.csv").write_text(old)
    order = {
        "order_id": "O999999", "ordered_at": "2025-01-02 10:00:00", "source_customer_id": "Z0010",
        "channel": "shop", "status": "paid", "gross_amount": "1.00",
    }  # fmt: skip
    write_feed(
        company.landing,
        "orders",
        [order, {**order, "order_id": "O999998", "source_customer_id": "K0011"}],
        "new.csv",
    )
    company.strata("run")
    assert company.query(ids) == others
    assert company.failing_balances() == []
    assert company.value("select count(*) from orders where order_id like 'O99999%'") == 1
    assert scan_company(copied).findings == ()
    with duckdb.connect(str(company.build), read_only=True) as build:
        assert build.execute(
            "select sum(rows_erased) from raw.landing_file where file_name like '%again.csv' "
            "and feed = 'customers' or file_name like '%new.csv'"
        ).fetchone() == (3,)
    assert company.value("select sum(erased_rows) from source_row_balance") > 3


def test_rows_that_are_too_old_leave_file_and_table(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {("standard", "orders"): (100, "ordered_at")}
    monkeypatch.setattr(retention, "retention_days", lambda manifest: limits)
    newest = "select cast(max(ordered_at) as date) - 100 from raw.standard__orders"
    with duckdb.connect(str(copied.build_file), read_only=True) as build:
        first_day = build.execute(newest).fetchone()[0]
        as_of = build.execute("select as_of_date from intermediate.int_run__as_of").fetchone()[0]
        days = (as_of - first_day).days
        kept = build.execute(
            "select _file_id, order_id from raw.standard__orders "
            "where cast(ordered_at as date) >= ? order by _file_id, _row_number",
            [first_day],
        ).fetchall()
    limits["standard", "orders"] = (days, "ordered_at")
    told: list[dict] = []
    assert retention.apply_retention(copied, lambda counts: bool(told.append(counts))) is None
    receipt = retention.apply_retention(copied)
    with duckdb.connect(str(copied.build_file), read_only=True) as build:
        left = build.execute(
            "select _file_id, order_id from raw.standard__orders order by _file_id, _row_number"
        ).fetchall()
    assert left == kept
    assert len(kept) > 0
    lines = [
        line
        for path in sorted((copied.landing_dir / "standard" / "orders").iterdir())
        for line in path.read_text().splitlines()[1:]
    ]
    assert len(lines) == len(kept)
    said = json.loads(receipt.read_text())
    assert said["purpose"] == "retention"
    assert said["counts"] == {
        f"landed rows {feed}": rows for feed, rows in told[0].items()
    }  # touches stay, whoever they belong to
    assert list(told[0]) == ["standard/orders"]


@pytest.mark.bench
def test_somebody_in_an_export_that_was_corrected_and_put_back_is_erased(copied: Settings) -> None:
    company = Company(copied.home, {"STRATA_HASH_KEY": HASH_KEY})
    export = company.landing / "standard" / "orders" / "export.csv"
    loads = "select count(*) from raw.landing_file where file_name = 'standard/orders/export.csv'"
    right = export.read_text()
    paid = company.query("select order_id, net_amount from orders order by all")
    for text in (right.replace(",paid,", ",cancelled,"), right):
        export.write_text(text)
        company.strata("run")
    assert company.query("select order_id, net_amount from orders order by all") == paid
    company.strata("erase", customer_of(copied), "--yes")
    assert company.failing_balances() == []
    assert places_that_hold(export.parent, RECORDS) == set()
    with duckdb.connect(str(company.build), read_only=True) as build:
        loads = (
            "select count(*) from raw.landing_file where file_name = 'standard/orders/export.csv'"
        )
        before = build.execute(loads).fetchone()
    company.strata("run")
    with duckdb.connect(str(company.build), read_only=True) as build:
        assert build.execute(loads).fetchone() == before, "what is left was loaded once more"
