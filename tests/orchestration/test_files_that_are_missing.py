"""Commands that only read say which file is missing, and make none in its place."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.identity_report import HashKeyMissingError, print_report
from orchestration.resources.warehouse import (
    UnfinishedWarehouseError,
    Warehouse,
    WarehouseLockedError,
)
from orchestration.settings import Settings
from orchestration.status import unreadable_files


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("STRATA_HASH_KEY", raising=False)
    settings = Settings(home=tmp_path / "home", _env_file=None)
    settings.make_dirs()
    return settings


def look(settings: Settings) -> None:
    with Warehouse.of(settings).connect_read_only() as build:
        build.execute("from intermediate.int_records__resolved")


def test_a_build_file_that_is_not_there_is_named_and_not_made(settings: Settings) -> None:
    with pytest.raises(WarehouseLockedError, match="does not exist; `strata run` makes it"):
        look(settings)
    assert not settings.build_file.exists()


def test_a_build_file_that_no_run_got_far_with_is_told_from_a_damaged_one(
    settings: Settings,
) -> None:
    duckdb.connect(str(settings.build_file)).close()
    with pytest.raises(UnfinishedWarehouseError, match="int_records__resolved"):
        look(settings)
    assert unreadable_files(settings) == []


def test_grades_need_the_key_of_the_published_hashes(settings: Settings, tmp_path: Path) -> None:
    with duckdb.connect(str(settings.published_file)) as published:
        published.execute(
            "create table id_map as select 'record' as id_type, 'crm' as id_scope, "
            "'1' as id_value, 'c1' as customer_id"
        )
        published.execute(
            "create table id_edge as select 'crm:1' as record_key_a, 'crm:2' as record_key_b, "
            "1.0 as probability"
        )
    truth = tmp_path / "truth.csv"
    truth.write_text("source,source_customer_id,person_id\ncrm,1,p1\n")
    with pytest.raises(HashKeyMissingError, match="STRATA_HASH_KEY"):
        print_report(settings, Console(), truth)
    assert not (settings.home / ".hash_key").exists()
