"""The manifest: each content once, failures until they are mended, all or nothing.

Belongs here: what happens over several runs, and in a crash. Does not belong here: file formats.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest
from ingestion_company import HEADER, Company, csv_text

from orchestration.ingestion import failed_files, load_feed, next_load_number, status
from orchestration.ingestion.manifest import ensure_tables

ONE = csv_text([("1", "2", "", "")])
TWO = csv_text([("3", "4", "", "")])


def test_a_second_run_opens_nothing_and_changes_nothing(company: Company):
    company.load_one("a.csv", ONE)
    before = company.query("from raw.landing_file"), company.rows()

    company.load()

    assert company.outcome("a.csv").status == "unchanged"
    assert (company.query("from raw.landing_file"), company.rows()) == before


def test_the_same_content_under_another_name_is_repeated(company: Company):
    company.load_one("a.csv", ONE)
    outcome = company.load_one("b.csv", ONE)

    assert (outcome.status, outcome.rows_loaded) == ("repeated", 0)
    assert company.rows() == [("1", "2", None, None)]
    assert company.manifest() == [
        ("till/lines/a.csv", "loaded", 1, 1, 0),
        ("till/lines/b.csv", "repeated", 0, 0, 0),
    ]
    company.load()
    assert company.outcome("b.csv").status == "unchanged"


def test_the_same_content_twice_in_one_run_is_loaded_once(company: Company):
    for name in ("a.csv", "b.csv", "c.csv"):
        company.drop(name, ONE)
    company.load()

    assert [company.outcome(f"{name}.csv").status for name in "abc"] == [
        "loaded",
        "repeated",
        "repeated",
    ]
    assert company.rows() == [("1", "2", None, None)]


def test_twins_of_a_failed_file_fail_like_it(company: Company):
    for name in ("a.csv", "b.csv"):
        company.drop(name, ",".join(HEADER) + "\n" + "x\n" * 30)
    company.load()

    assert company.outcome("b.csv").status == "failed"
    assert company.outcome("b.csv").error.startswith("till/lines/b.csv has 21 lines")
    assert company.outcome("b.csv").error.count("b.csv") == 1


def test_a_touched_file_is_known_again_next_time(company: Company):
    path = company.drop("a.csv", ONE)
    company.load()
    os.utime(path, (1, 1))

    company.load()
    assert company.outcome("a.csv").status == "repeated"
    company.load()
    assert company.outcome("a.csv").status == "unchanged"
    assert len(company.manifest()) == 1


def test_new_content_under_an_old_name_is_loaded_too(company: Company):
    company.load_one("a.csv", ONE)
    company.load_one("a.csv", TWO)

    assert [row[0] for row in company.rows()] == ["1", "3"]
    assert company.query("select file_id, load_number from raw.landing_file order by 1") == [
        (1, 1),
        (2, 2),
    ]


def test_the_same_rows_in_other_bytes_are_new_rows_with_old_hashes(company: Company):
    company.load_one("a.csv", ONE)
    company.load_one("b.csv", ONE.replace("\n", "\r\n"))

    assert company.query("select count(*), count(distinct _row_hash) from raw.till__lines") == [
        (2, 1)
    ]


def test_the_same_content_in_two_feeds_belongs_to_both(company: Company):
    text = "ticket,小票号,金额\n1,1,2\n"
    company.drop("a.csv", text)
    company.drop("a.csv", text, feed="till/refunds")

    assert company.load().rows_loaded == 2


def test_a_failed_file_is_tried_again_until_it_is_mended(company: Company):
    company.load_one("a.csv", "小票号\n1\n")
    company.load()
    assert company.manifest() == [("till/lines/a.csv", "failed", 0, 0, 0)]
    assert company.query("select run_id, load_number from raw.landing_file") == [("run-2", None)]
    assert [failure.file_name for failure in failed_files(company.con)] == ["till/lines/a.csv"]

    company.load_one("a.csv", ONE)

    assert company.manifest() == [("till/lines/a.csv", "loaded", 1, 1, 0)]
    assert company.query("select file_id, error from raw.landing_file") == [(1, None)]
    assert failed_files(company.con) == []


def test_a_failed_file_that_is_gone_is_forgotten(company: Company):
    path = company.drop("a.csv", "小票号\n1\n")
    company.load_one("b.csv", ONE)
    path.unlink()
    (company.feed_dir / "b.csv").unlink()

    company.load()

    # what was loaded stays known, so that it cannot be loaded again
    assert company.manifest() == [("till/lines/b.csv", "loaded", 1, 1, 0)]


def test_a_run_that_loads_nothing_takes_no_load_number(company: Company):
    company.load_one("a.csv", ONE)
    company.load()
    company.load_one("b.csv", TWO)

    assert company.query("select distinct _load_number from raw.till__lines order by 1") == [
        (1,),
        (2,),
    ]
    assert next_load_number(company.con) == 3


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_run(company: Company):
    path = company.drop("a.csv", ONE)
    company.drop("b.csv", TWO)

    class Growing(_Connection):
        def execute(self, sql, *parameters):
            if "read_csv" in sql:
                with path.open("a") as file:
                    file.write("9,9,,\n")
            return super().execute(sql, *parameters)

    company.load(con=Growing(company.con))

    assert "changed while it was being read" in company.outcome("a.csv").error
    assert [row[0] for row in company.rows()] == ["3"]
    company.load()
    assert [row[0] for row in company.rows()] == ["1", "9", "3"]


def test_a_file_nobody_may_read_fails_and_says_so(company: Company, monkeypatch):
    path = company.drop("a.csv", ONE)
    company.drop("b.csv", TWO)
    genuine = Path.open

    def refuse(self, *arguments, **options):
        # the tests may run as root, who may read everything
        if self == path:
            raise PermissionError(13, "Permission denied")
        return genuine(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    company.load()

    assert "cannot be read (Permission denied)" in company.outcome("a.csv").error
    assert company.outcome("b.csv").status == "loaded"


def test_the_status_counts_files_and_rows_per_feed(company: Company):
    company.drop("a.csv", ONE)
    company.drop("b.csv", ONE)
    company.drop("c.csv", "小票号\n1\n")
    company.drop("d.csv", TWO + "x\n")
    company.load()

    (feed,) = status(company.con)
    assert (feed.source, feed.feed) == ("till", "lines")
    assert (feed.files_loaded, feed.files_repeated, feed.files_failed) == (2, 1, 1)
    assert (feed.rows_loaded, feed.rows_rejected) == (2, 1)
    assert feed.last_loaded_at is not None


def test_one_feed_can_be_loaded_alone(company: Company):
    company.drop("a.csv", ONE)
    company.drop("a.csv", "ticket\n1\n", feed="till/refunds")

    load = load_feed(
        company.con,
        company.contracts[0],
        company.landing,
        "run-x",
        load_number=7,
        temp_dir=company.home / "tmp",
    )

    assert (load.source, load.feed, load.rows_loaded) == ("till", "lines", 1)
    assert company.query("select _load_number from raw.till__lines") == [(7,)]


def test_row_numbers_hold_although_the_connection_gave_up_order(company: Company):
    company.con.execute("set preserve_insertion_order = false")
    company.load_one("a.csv", csv_text([(str(n), "1", "", "") for n in range(100_000)]))

    wrong = company.query(
        "select count(*) from raw.till__lines where cast(ticket as bigint) <> _row_number - 1"
    )
    assert wrong == [(0,)]
    assert company.query("select current_setting('preserve_insertion_order')") == [(False,)]


def test_copies_left_by_a_killed_process_are_removed(company: Company):
    dead = subprocess.Popen(["true"])
    dead.wait()
    leftover = company.home / "warehouse" / "tmp" / f"landing-{dead.pid}-x"
    leftover.mkdir(parents=True)
    (leftover / "copy.txt").write_text("13800138000")

    company.load()

    assert not leftover.exists()


class _Connection:
    """A real connection whose statements a test can come between."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def __getattr__(self, name: str):
        return getattr(self._con, name)

    def execute(self, sql, *parameters):
        return self._con.execute(sql, *parameters)


class _Fails(_Connection):
    """Raises before the n-th statement."""

    def __init__(self, con: duckdb.DuckDBPyConnection, at: int) -> None:
        super().__init__(con)
        self._left = at

    def execute(self, sql, *parameters):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return super().execute(sql, *parameters)

    def commit(self):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        self._con.commit()


def test_an_interruption_before_any_statement_leaves_whole_files_or_none(company: Company):
    company.drop("a.csv", ONE + "broken\n")
    company.drop("b.jsonl", '{"小票号":"3","金额":"4"}\nbroken\n')
    company.drop("c.csv", "小票号\n1\n")

    interruptions = 0
    for at in range(1, 200):
        company.con.execute("drop schema if exists raw cascade")
        ensure_tables(company.con, company.contracts)
        try:
            company.load(con=_Fails(company.con, at))
        except KeyboardInterrupt:
            interruptions += 1
            company.assert_balanced()
            company.load()
        else:
            break
        assert sorted(row[0] for row in company.rows()) == ["1", "3"]
        assert len(company.rejected()) == 2
        assert [row[1] for row in company.manifest()] == ["loaded", "loaded", "failed"]
    assert interruptions > 20


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from orchestration.ingestion import load_contracts, load_landing

home, at = Path(sys.argv[1]), int(sys.argv[2])
left = at

class Killed:
    def __init__(self, con): self._con = con
    def __getattr__(self, name): return getattr(self._con, name)
    def _count(self):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def execute(self, *arguments):
        self._count()
        return self._con.execute(*arguments)
    def commit(self):
        self._count()
        self._con.commit()

con = duckdb.connect(str(home / "build.duckdb"))
load_landing(Killed(con), load_contracts(home / "staging"), home / "landing",
             run_id="killed", temp_dir=home / "warehouse" / "tmp")
"""


@pytest.mark.parametrize("at", [30, 36, 42])
def test_a_killed_process_leaves_whole_files_or_none(company: Company, at):
    company.con.close()
    company.drop("a.csv", ONE + "broken\n")
    company.drop("b.csv", ONE.encode("gb18030") + "中,1,,\n".encode("gb18030"))
    company.drop("c.jsonl", '{"小票号":"3","金额":"4"}\nbroken\n')

    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(company.home), str(at)],
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    company.con = duckdb.connect(str(company.home / "build.duckdb"))
    ensure_tables(company.con, company.contracts)
    halves = company.query(
        "select count(*) from raw.till__lines anti join raw.landing_file on file_id = _file_id"
    )
    assert halves == [(0,)]
    company.load()
    assert sorted(row[0] for row in company.rows()) == ["1", "1", "3", "中"]
    assert len(company.rejected()) == 2
