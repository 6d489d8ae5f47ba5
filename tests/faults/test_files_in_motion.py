"""Files that move, grow, vanish or cannot be reached while they are loaded.

Belongs here: what the folder and its files do; each test documents its case.
Does not belong here: what is in the files (corrupt_files.py).
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion import discover
from tests.faults.corrupt_files import GOOD_CSV, GOOD_SHEET, parquet, workbook
from tests.ingestion.ingestion_company import Company, csv_text

DOCUMENTED: list[tuple[str, str]] = []
NEIGHBOUR = csv_text([("N1", "1", "", "")])
KINDS = {
    "a.csv": GOOD_CSV.encode(),
    "a.csv.gz": gzip.compress(GOOD_CSV.encode()),
    "a.parquet": parquet(),
    "a.xlsx": workbook({"1": GOOD_SHEET}),
    "a.jsonl": '{"小票号": "1", "金额": 2}\n'.encode(),
}


def documented(fault: str, outcome: str) -> Callable:
    """Put a test's case into the documentation."""
    DOCUMENTED.append((fault, outcome))
    return lambda test: test


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path, str(tmp_path / "build.duckdb"))
    made.drop("z_neighbour.csv", NEIGHBOUR)
    yield made
    made.con.close()


class _Meanwhile:
    """A real connection that does something once, before a statement that contains a text."""

    def __init__(self, con: duckdb.DuckDBPyConnection, before: str, action: Callable) -> None:
        self._con = con
        self._before = before
        self._action: Callable | None = action

    def __getattr__(self, name: str):
        return getattr(self._con, name)

    def execute(self, sql, *parameters):
        if self._action and self._before in sql:
            action, self._action = self._action, None
            action()
        return self._con.execute(sql, *parameters)


@documented(
    "a file that grows or is replaced while it is read",
    "the file fails: “… changed while it was being read …”; nothing of it is loaded, and the next "
    "run reads it",
)
@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_run(
    company: Company, name: str
) -> None:
    path = company.drop(name, KINDS[name])

    def grow() -> None:
        path.write_bytes(KINDS[name])
        os.utime(path, (1, 1))

    company.load(con=_Meanwhile(company.con, 'insert into "raw"."till__lines"', grow))

    assert "changed while it was being read" in company.outcome(name).error
    assert company.rows() == [("N1", "1", None, None)]
    company.load()
    assert company.outcome(name).status == "loaded"


@documented(
    "a file that somebody is still writing",
    "names ending in .part, .tmp, .partial, .crdownload, .filepart or ~ and names beginning with . "
    "or ~$ are passed over; the sensor waits until a file was left alone for "
    "`STRATA_LANDING_STABLE_SECONDS`; what is read too early is read again once it has grown, and "
    "the later load counts",
)
def test_a_file_read_too_early_is_read_again_once_it_is_whole(company: Company) -> None:
    for name in ("b.csv.part", ".b.csv", "~$b.xlsx", "b.csv.tmp"):
        company.drop(name, GOOD_CSV)
    path = company.drop("a.csv", GOOD_CSV[: GOOD_CSV.index("T25,") + 6])
    company.load(min_age_seconds=60)
    assert company.outcome("a.csv").status == "waiting"

    company.load()
    early = company.outcome("a.csv")
    assert (early.status, early.rows_rejected) == ("loaded", 1)
    path.write_text(GOOD_CSV)
    company.load()

    later = company.query(
        "select count(*), count(distinct ticket) from raw.till__lines "
        "where _load_number = 2 and ticket like 'T%'"
    )
    assert later == [(50, 50)]
    assert len(company.last.feeds[0].files) == 2


@documented(
    "a file that vanishes",
    "the file fails: “… cannot be opened …”, “… vanished …” or “… changed while it was being read "
    "…”; once it is gone, the next run no longer mentions it",
)
@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_vanishes_fails_and_is_forgotten(company: Company, name: str) -> None:
    path = company.drop(name, KINDS[name])
    # the neighbour, later by name, is examined after it
    company.load(con=_Meanwhile(company.con, 'insert into "raw"."till__lines"', path.unlink))

    assert company.outcome(name).status == "failed"
    assert company.rows() == [("N1", "1", None, None)]
    company.load()
    assert [outcome.file_name for outcome in company.last.feeds[0].files] == [
        "till/lines/z_neighbour.csv"
    ]
    assert [row[1] for row in company.manifest()] == ["loaded"]


def test_a_file_that_vanishes_before_it_is_opened_fails(company: Company) -> None:
    path = company.drop("a.csv", GOOD_CSV)
    company.load(con=_Meanwhile(company.con, "from raw.landing_file", path.unlink))

    assert "cannot be opened (No such file or directory)" in company.outcome("a.csv").error
    assert company.outcome("z_neighbour.csv").status == "loaded"


def test_a_broken_file_that_vanishes_while_it_is_read_with_care_fails(company: Company) -> None:
    path = company.drop("a.csv", GOOD_CSV + "broken\n")
    company.load(con=_Meanwhile(company.con, "from read_csv", path.unlink))

    assert company.outcome("a.csv").status == "failed"
    assert "vanished while it was being read" in company.outcome("a.csv").error


@contextmanager
def _as_somebody_else() -> Iterator[None]:
    """Without the right to read everything that tests run as root would have."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@documented(
    "a file or folder without the right to read it",
    "the file fails: “… cannot be read (Permission denied); check its rights”; a folder is "
    "reported by `no_stray_files`",
)
def test_a_file_nobody_may_read_fails_and_says_so() -> None:
    # not under pytest's folder, which nobody else may enter
    home = Path(tempfile.mkdtemp(prefix="strata-rights-"))
    try:
        home.chmod(0o777)
        with _as_somebody_else():
            company = Company(home, str(home / "build.duckdb"))
            for name, content in KINDS.items():
                company.drop(name, content).chmod(0)
            company.drop("z_neighbour.csv", NEIGHBOUR)
            closed = company.drop("closed/b.csv", NEIGHBOUR).parent
            closed.chmod(0)
            company.load()
            closed.chmod(0o700)
            company.con.close()
            for name in KINDS:
                assert "cannot be read (Permission denied)" in company.outcome(name).error
            assert company.outcome("z_neighbour.csv").status == "loaded"
            assert [stray.reason for stray in company.last.strays] == [
                "cannot be listed (Permission denied); check its rights"
            ]
    finally:
        shutil.rmtree(home)


@documented(
    "a symbolic link that leads out of the landing folder, or to nothing",
    "never followed; reported by the check `no_stray_files`",
)
def test_links_out_of_the_folder_are_refused_in_every_guise(company: Company) -> None:
    secret = company.home / "secret.csv"
    secret.write_text(GOOD_CSV)
    (company.feed_dir / "direct.csv").symlink_to(secret)
    (company.feed_dir / "relative.csv").symlink_to("../../../secret.csv")
    (company.feed_dir / "folder").symlink_to(company.home)
    (company.feed_dir / "passwd.csv").symlink_to("/etc/passwd")
    (company.feed_dir / "nothing.csv").symlink_to(company.home / "nothing.csv")
    (company.feed_dir / "chain.csv").symlink_to(company.feed_dir / "direct.csv")
    (company.feed_dir / "loop.csv").symlink_to(company.feed_dir / "loop.csv")
    company.load()

    assert company.rows() == [("N1", "1", None, None)]
    assert len(company.last.strays) == 7
    assert all("symbolic link" in stray.reason for stray in company.last.strays)


@documented(
    "a pipe, socket or device",
    "never opened; reported by the check `no_stray_files`",
)
def test_a_pipe_is_not_opened(company: Company) -> None:
    os.mkfifo(company.feed_dir / "pipe.csv")
    started = time.perf_counter()
    company.load()

    assert [stray.reason for stray in company.last.strays] == [
        "is neither a file nor a folder; remove it"
    ]
    assert time.perf_counter() - started < 30, "opening a pipe would wait for ever"


@documented(
    "a file outside a feed's folder, of an unknown source, feed or suffix",
    "left alone; reported by the check `no_stray_files` with what would be right",
)
def test_strays_are_reported_and_left_alone(company: Company) -> None:
    for name, feed in (
        ("a.csv", "till"),
        ("a.csv", "bakery/lines"),
        ("a.csv", "till/orders"),
        ("a.doc", "till/lines"),
    ):
        company.drop(name, GOOD_CSV, feed=feed)

    assert len(discover(company.landing, company.contracts).strays) == 4
    company.load()
    assert company.rows() == [("N1", "1", None, None)]


@documented(
    "the same bytes under another name, or in another folder of the feed",
    "`repeated`: not loaded again",
)
def test_the_same_bytes_are_loaded_once(company: Company) -> None:
    company.drop("a.csv", NEIGHBOUR)
    company.drop("2024/b.csv", NEIGHBOUR)
    company.load()

    assert sorted(outcome.status for outcome in company.last.feeds[0].files) == [
        "loaded",
        "repeated",
        "repeated",
    ]
