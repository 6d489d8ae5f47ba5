"""Publishing: readers see the old file or the new one, with comments, and nothing half done."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.catalogue import PublishedTable
from orchestration.publishing.publish import (
    PARTIAL_SUFFIX,
    READER_CONFIG,
    PublishVerificationError,
    publish,
)
from orchestration.publishing.reader import NothingPublishedError, open_published

AT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  the warehouse keeps naive UTC
TABLE = PublishedTable(
    name="customer_360",
    source="marts.customer_360",
    description="People, it's said. One row per customer.",
    columns={"customer_id": "The customer."},
)


@pytest.fixture
def build(tmp_path: Path):
    connection = duckdb.connect(str(tmp_path / "build.duckdb"))
    connection.execute("create schema marts")
    connection.execute("create table marts.customer_360 as select 'c1' as customer_id")
    yield connection
    connection.close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "published" / "strata360.duckdb"


def test_tables_arrive_in_main_with_their_comments(build, target: Path) -> None:
    publication = publish(build, [TABLE], target, run_id="r1", published_at=AT)
    assert publication.rows == {"customer_360": 1}
    with open_published(target) as published:
        assert published.sql("select customer_id from customer_360").fetchall() == [("c1",)]
        assert published.sql(
            "select comment from duckdb_tables() where table_name = 'customer_360'"
        ).fetchone() == (TABLE.description,)
        assert published.sql(
            "select comment from duckdb_columns() where table_name = 'customer_360'"
        ).fetchone() == ("The customer.",)
        assert published.sql("select run_id, row_count from publish_info").fetchone() == ("r1", 1)


def test_a_failing_copy_leaves_the_old_file_and_no_litter(build, target: Path) -> None:
    publish(build, [TABLE], target, run_id="r1", published_at=AT)
    before = target.read_bytes()
    missing = PublishedTable("orders", "marts.orders", "", {"order_id": "The order."})
    with pytest.raises(duckdb.CatalogException):
        publish(build, [TABLE, missing], target, run_id="r2", published_at=AT)
    assert target.read_bytes() == before
    assert list(target.parent.iterdir()) == [target]


def test_a_copy_with_other_row_counts_is_not_published(
    build, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.publishing import publish as module

    copy = module._copy
    monkeypatch.setattr(module, "_copy", lambda *arguments: copy(*arguments) + 1)
    with pytest.raises(PublishVerificationError, match="customer_360 has 1 rows"):
        publish(build, [TABLE], target, run_id="r1", published_at=AT)
    assert not target.exists()


def test_what_a_killed_publish_left_behind_is_removed(build, target: Path) -> None:
    target.parent.mkdir()
    partial = target.with_name(target.name + PARTIAL_SUFFIX)
    partial.write_bytes(b"half a file")
    publish(build, [TABLE], target, run_id="r1", published_at=AT)
    assert not partial.exists()


def test_a_reader_keeps_its_build_while_the_next_one_is_published(build, target: Path) -> None:
    publish(build, [TABLE], target, run_id="r1", published_at=AT)
    with open_published(target) as reader:
        build.execute("insert into marts.customer_360 values ('c2')")
        worker = threading.Thread(
            target=publish,
            args=(build, [TABLE], target),
            kwargs={"run_id": "r2", "published_at": AT},
        )
        worker.start()
        worker.join()
        assert reader.sql("select count(*) from customer_360").fetchone() == (1,)
    with open_published(target) as reader:
        assert reader.sql("select count(*) from customer_360").fetchone() == (2,)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/hostname')",
        "select * from glob('/*')",
        "attach ':memory:' as other",
        "set enable_external_access = true",
        "copy customer_360 to '/tmp/out.csv'",
        "create table mine as select 1",
    ],
)
def test_readers_reach_nothing_but_the_file(build, target: Path, sql: str) -> None:
    publish(build, [TABLE], target, run_id="r1", published_at=AT)
    with open_published(target) as published, pytest.raises(duckdb.Error):
        published.execute(sql)
    assert READER_CONFIG["lock_configuration"] == "true"


def test_reading_before_anything_is_published_says_what_to_do(target: Path) -> None:
    with pytest.raises(NothingPublishedError, match="strata run"), open_published(target):
        pass
