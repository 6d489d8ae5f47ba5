"""The Parquet export: whole under its name, proven by its manifest, one build for who reads it."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.publishing.catalogue import PublishedTable
from orchestration.publishing.export_files import checksum
from orchestration.publishing.parquet_export import (
    KIND,
    ExportFolderError,
    UnknownTableError,
    export_parquet,
    is_whole,
)
from orchestration.publishing.publish import publish
from orchestration.publishing.reader import NothingPublishedError, open_published
from tests.conftest import STRATA

AT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  the warehouse keeps naive UTC
CUSTOMERS = PublishedTable(
    "customer_360",
    "marts.customer_360",
    "People, it's said. One row per customer.",
    {"customer_id": "The customer.", "as_of_date": "The day.", "net_spend": "Paid 'n' kept."},
)
ORDERS = PublishedTable(
    "orders", "marts.orders", "Orders.", {"order_id": "The order.", "ordered_at": "When, UTC."}
)
KILLS = 5


def publish_run(published: Path, run_id: str, customers: int = 3) -> None:
    """Publish a small build."""
    with duckdb.connect() as build:
        build.execute("create schema marts")
        build.execute(
            "create table marts.customer_360 as select 'c' || i as customer_id, "
            "date '2026-01-01' as as_of_date, cast(i + 0.01 as decimal(18, 2)) as net_spend, "
            "'not declared' as _hidden from range(?) as numbers(i)",
            [customers],
        )
        build.execute(
            "create table marts.orders as select 'o' || i as order_id, "
            "timestamp '2026-01-01 10:00:00' as ordered_at from range(?) as numbers(i)",
            [2 * customers],
        )
        publish(build, [CUSTOMERS, ORDERS], published, run_id=run_id, published_at=AT)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published" / "strata360.duckdb"
    publish_run(path, "aaaaaaaa-1")
    return path


def test_the_manifest_proves_and_explains_its_files(published: Path, tmp_path: Path) -> None:
    folder, manifest = export_parquet(published, tmp_path / "out")
    assert manifest == json.loads((folder / "manifest.json").read_text())
    assert folder.name == "2026-01-01_aaaaaaaa"
    assert (tmp_path / "out" / "latest").resolve() == folder
    stamp = {key: manifest[key] for key in ("export", "run_id", "as_of_date", "published_at")}
    assert stamp == {
        "export": KIND,
        "run_id": "aaaaaaaa-1",
        "as_of_date": "2026-01-01",
        "published_at": "2026-01-02T03:04:00Z",
    }
    assert [file["table"] for file in manifest["files"]] == [
        *("customer_360", "orders", "publish_info")
    ]
    for file in manifest["files"]:
        path = folder / file["name"]
        assert checksum(path) == file["sha256"]
        assert path.stat().st_size == file["bytes"]
        assert pq.read_metadata(path).num_rows == file["rows"]
        about = {
            key.decode(): value.decode() for key, value in pq.read_schema(path).metadata.items()
        }
        assert about == {**stamp, "table": file["table"]}
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert manifest["files"][0]["description"] == CUSTOMERS.description
    assert manifest["files"][0]["columns"] == [
        {"name": "customer_id", "type": "VARCHAR", "description": "The customer."},
        {"name": "as_of_date", "type": "DATE", "description": "The day."},
        {"name": "net_spend", "type": "DECIMAL(18,2)", "description": "Paid 'n' kept."},
    ]


def test_the_rows_and_types_are_those_of_the_published_file(
    published: Path, tmp_path: Path
) -> None:
    folder, manifest = export_parquet(published, tmp_path / "out")
    for file in manifest["files"]:
        exported = duckdb.read_parquet(str(folder / file["name"]))
        assert [str(kind) for kind in exported.types] == [c["type"] for c in file["columns"]]
        with open_published(published) as connection:
            assert exported.fetchall() == connection.execute(f"from {file['table']}").fetchall()


def test_some_tables_may_be_named(published: Path, tmp_path: Path) -> None:
    folder, _ = export_parquet(published, tmp_path / "out", ["orders"])
    assert {path.name for path in folder.iterdir()} == {"orders.parquet", "manifest.json"}
    with pytest.raises(UnknownTableError, match="'order' is published; is it orders"):
        export_parquet(published, tmp_path / "out", ["order"])


def test_the_same_build_is_not_written_again_unless_a_file_was_changed(
    published: Path, tmp_path: Path
) -> None:
    first, _ = export_parquet(published, tmp_path / "out")
    written = (first / "orders.parquet").stat().st_ino
    again, _ = export_parquet(published, tmp_path / "out")
    assert (again, (again / "orders.parquet").stat().st_ino) == (first, written)
    with (first / "orders.parquet").open("ab") as file:
        file.write(b"!")
    assert not is_whole(first)
    anew, _ = export_parquet(published, tmp_path / "out")
    assert is_whole(anew)
    assert (tmp_path / "out" / "latest").resolve() == anew


def test_a_new_build_gets_a_folder_and_the_one_before_stays(
    published: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "2020-somebody-elses").mkdir(parents=True)
    folders = []
    for run in "abc":
        publish_run(published, run * 8)
        folders.append(export_parquet(published, tmp_path / "out")[0])
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert (tmp_path / "out" / "latest").resolve() == folders[-1]
    assert (tmp_path / "out" / "2020-somebody-elses").exists()


def test_an_export_that_fails_leaves_the_older_one(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, _ = export_parquet(published, tmp_path / "out")
    publish_run(published, "bbbbbbbb")

    def full(path: Path) -> str:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("orchestration.publishing.parquet_export.checksum", full)
    with pytest.raises(OSError, match="No space left"):
        export_parquet(published, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {older.name, "latest"}


def test_two_exports_do_not_write_to_one_folder(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    handle = os.open(target, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(ExportFolderError, match="another export is writing"):
            export_parquet(published, target)
    finally:
        os.close(handle)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportFolderError, match="is a file"):
        export_parquet(published, tmp_path / "file")


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="strata run"):
        export_parquet(tmp_path / "nothing.duckdb", tmp_path / "out")


def test_the_connection_that_exports_writes_to_its_folder_only(
    published: Path, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with open_published(published, writes_to=inside) as connection:
        connection.execute(f"copy orders to '{inside / 'orders.parquet'}'")
        for sql in (
            f"copy orders to '{tmp_path / 'outside.parquet'}'",
            f"copy orders to '{inside / '..' / 'outside.parquet'}'",
            "select * from read_text('/etc/hostname')",
            "set allowed_directories = ['/']",
            "set threads = 1",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
    assert not (tmp_path / "outside.parquet").exists()


def test_an_export_that_was_killed_never_looks_complete(published: Path, tmp_path: Path) -> None:
    """Killed at random moments, also while it renames and removes; whatever has a name is whole."""
    target = tmp_path / "out"
    generator = random.Random(360)
    killed = 0
    for number in range(KILLS):
        publish_run(published, f"{number:08}", customers=60_000)
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORTING, str(published), str(target)], stdout=subprocess.PIPE
        )
        # it says so when its libraries are loaded and the work begins
        process.stdout.readline()
        time.sleep(generator.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
        for folder in target.glob("[0-9]*"):
            assert is_whole(folder), f"kill {number}: {folder.name} is not whole"
    assert killed > KILLS / 2, "it was over before it was killed"
    folder, _ = export_parquet(published, target)
    assert is_whole((target / "latest").resolve())
    assert not list(target.glob(".*"))
    assert folder.name.endswith(f"_{KILLS - 1:08}")


EXPORTING = """
import sys
from pathlib import Path
from orchestration.publishing.parquet_export import export_parquet
print("begins", flush=True)
export_parquet(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_the_command_writes_where_it_is_told(published: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(STRATA), "export", "parquet", "--tables", "orders, customer_360", "--to", "share"],
        cwd=tmp_path,
        env={**os.environ, "STRATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "share" / "2026-01-01_aaaaaaaa") in done.stdout
    assert pq.read_table(tmp_path / "share" / "latest" / "orders.parquet").num_rows == 6
