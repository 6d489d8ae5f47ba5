"""Discovery: what counts as a landing file, and what is reported instead of loaded.

Belongs here: discover.py. Does not belong here: file contents.
"""

from __future__ import annotations

import os
import time

from ingestion_company import Company, csv_text

from orchestration.ingestion import discover, is_stable

GOOD = csv_text([("1", "2", "", "")])


def _strays(company: Company) -> dict[str, str]:
    return {
        stray.file_name: stray.reason
        for stray in discover(company.landing, company.contracts).strays
    }


def _found(company: Company) -> list[str]:
    files = discover(company.landing, company.contracts).files[("till", "lines")]
    return [file.file_name for file in files]


def test_files_at_any_depth_are_found_and_leftovers_are_not(company: Company):
    for name in (
        "a.csv",
        "2024/05/b.CSV",
        "c.csv.gz",
        ".hidden.csv",
        "d.csv.tmp",
        "e.csv.part",
        "~$f.xlsx",
        ".git/g.csv",
    ):
        company.drop(name, GOOD)

    assert _found(company) == [
        "till/lines/2024/05/b.CSV",
        "till/lines/a.csv",
        "till/lines/c.csv.gz",
    ]
    assert _strays(company) == {}


def test_a_file_in_an_unknown_place_is_reported_with_what_would_be_right(company: Company):
    company.drop("a.csv", GOOD, feed="bakery/lines")
    company.drop("a.csv", GOOD, feed="till/orders")
    company.drop("a.csv", GOOD, feed="till")
    company.drop("a.doc", GOOD)
    company.drop("a.parquet", GOOD, feed="till/refunds")

    strays = _strays(company)

    assert "there are ['till']" in strays["bakery/lines/a.csv"]
    assert "it has ['lines', 'refunds']" in strays["till/orders/a.csv"]
    assert "landing/<source>/<feed>/" in strays["till/a.csv"]
    assert "unknown suffix" in strays["till/lines/a.doc"]
    assert "takes ['csv']" in strays["till/refunds/a.parquet"]


def test_a_link_out_of_the_landing_folder_is_refused(company: Company):
    secret = company.home / "secret.csv"
    secret.write_text(GOOD)
    (company.feed_dir / "link.csv").symlink_to(secret)
    (company.feed_dir / "folder").symlink_to(company.home)
    (company.feed_dir / "dangling.csv").symlink_to(company.home / "nothing.csv")

    company.load()

    assert company.rows() == []
    strays = {stray.file_name: stray.reason for stray in company.last.strays}
    assert "out of the landing folder" in strays["till/lines/link.csv"]
    assert "out of the landing folder" in strays["till/lines/folder"]
    assert "to nothing" in strays["till/lines/dangling.csv"]


def test_a_link_within_the_landing_folder_is_the_same_file_again(company: Company):
    path = company.drop("a.csv", GOOD)
    (company.feed_dir / "b.csv").symlink_to(path)

    company.load()

    assert company.rows() == [("1", "2", None, None)]
    assert company.outcome("b.csv").status == "repeated"


def test_a_missing_landing_folder_is_an_empty_one(company: Company):
    files = discover(company.home / "nowhere", company.contracts).files
    assert files == {("till", "lines"): [], ("till", "refunds"): []}


def test_names_that_mean_something_to_a_shell_or_a_glob_are_just_names(company: Company):
    names = [
        "a[1].csv",
        "*.csv",
        "$(rm -rf x);'\".csv",
        "line\nbreak.csv",
        "空 格.csv",
        "x=1/y.csv",
    ]
    for number, name in enumerate(names):
        company.drop(name, csv_text([(str(number), "1", "", "")]))

    company.load()

    assert {company.outcome(name).status for name in names} == {"loaded"}
    assert sorted(row[0] for row in company.rows()) == ["0", "1", "2", "3", "4", "5"]


def test_a_file_still_being_written_waits(company: Company):
    path = company.drop("a.csv", GOOD)
    assert not is_stable(path, 10)

    company.load(min_age_seconds=10)
    assert company.outcome("a.csv").status == "waiting"
    assert company.manifest() == []

    old = time.time() - 60
    os.utime(path, (old, old))
    assert is_stable(path, 10)
    company.load(min_age_seconds=10)
    assert company.outcome("a.csv").status == "loaded"


def test_a_file_that_is_gone_is_not_stable(company: Company):
    assert not is_stable(company.feed_dir / "gone.csv", 0)
