"""A disk that is full, and limits on files and memory: what was there stays, the next run goes on.

Two ways to run out of room: a small disk of its own, where the tests may mount one, and a limit on
the size of files, which any process can set for itself.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.resources.warehouse import Warehouse
from tests.conftest import Company as WholeCompany
from tests.faults.machine import enlarge, mounted, program
from tests.faults.test_published_under_fire import PUBLISHING, build_of
from tests.ingestion.ingestion_company import Company, csv_text

ROWS = 120_000
LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
"""
LOADING = """
import sys
from pathlib import Path
import duckdb
from orchestration.ingestion import load_contracts, load_landing

home, build = map(Path, sys.argv[1:])
with duckdb.connect(str(build)) as connection:
    load_landing(connection, load_contracts(home / "staging"), home / "landing",
                 run_id="full", temp_dir=home / "warehouse" / "tmp")
"""
NO_ROOM = ("No space left", "out of disk space", "File too large")


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    with mounted(folder, 6):
        yield "", lambda: enlarge(folder, 400)


@contextmanager
def _small_files(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    folder.mkdir()
    yield LIMITED.format(limit=5 * 2**20), lambda: None


@pytest.mark.parametrize("lack", [_small_disk, _small_files])
def test_a_load_without_room_leaves_what_was_loaded_and_the_next_one_loads_the_rest_once(
    tmp_path: Path, lack
) -> None:
    warehouse = tmp_path / "disk"
    build = warehouse / "build.duckdb"
    with lack(warehouse) as (limit, make_room):
        company = Company(tmp_path, str(build))
        company.load_one("a.csv", csv_text([("A1", "1.00", "", "")]))
        company.con.close()
        many = [(f"T{n}", "9.90", hashlib.md5(b"%d" % n).hexdigest(), "") for n in range(ROWS)]
        company.drop("big.csv", csv_text(many))
        company.drop("z.csv", csv_text([("Z1", "2.00", "", "")]))

        failed = program(limit + LOADING, company.home, build)
        assert failed.returncode != 0, "there was room after all"
        assert any(sign in failed.stderr for sign in NO_ROOM), failed.stderr[-2000:]
        assert "9.90" not in failed.stderr
        company.con = duckdb.connect(str(build))
        # the big file is not half there, and it was not the file's fault
        assert company.rows() == [("A1", "1.00", None, None)]
        assert [row[:2] for row in company.manifest()] == [("till/lines/a.csv", "loaded")]
        company.con.close()

        make_room()
        company.con = duckdb.connect(str(build))
        company.load()
        company.load()
        assert company.query("select count(*), count(distinct ticket) from raw.till__lines") == [
            (ROWS + 2, ROWS + 2)
        ]
        assert company.query("select sum(cast(amount as decimal(18, 2))) from raw.till__lines") == [
            (ROWS * 99 // 10 + 3,)
        ]
        company.con.close()


@pytest.mark.parametrize("lack", [_small_disk, _small_files])
def test_a_publish_without_room_leaves_the_old_build_and_no_half_copy(tmp_path: Path, lack) -> None:
    folder = tmp_path / "published"
    published = folder / "strata360.duckdb"
    with lack(folder) as (limit, make_room):
        assert program(PUBLISHING, published, 0, 0, 20_000).returncode == 0
        content = published.read_bytes()

        failed = program(limit + PUBLISHING, published, 1, 1, 500_000)
        assert failed.returncode != 0, "there was room after all"
        assert any(sign in failed.stderr for sign in NO_ROOM), failed.stderr[-2000:]
        assert published.read_bytes() == content
        assert list(folder.iterdir()) == [published], "half a copy would keep the disk full"
        assert build_of(published) == "run00"

        make_room()
        assert program(PUBLISHING, published, 2, 2, 100_000).returncode == 0
        assert build_of(published) == "run02"


def test_a_run_on_a_full_disk_says_so_in_a_line(tmp_path: Path) -> None:
    home = tmp_path / "company"
    with mounted(home, 1):
        company = WholeCompany(home, {})
        feed = home / "landing" / "standard" / "orders"
        feed.mkdir(parents=True)
        (feed / "a.csv").write_text("order_id,ordered_at\n1,2025-01-01\n")
        with pytest.raises(OSError, match="No space"):
            (home / "ballast").write_bytes(bytes(2**21))
        printed = company.strata("run", status=1)
        assert "No space left on device" in printed
        assert "free some space" in printed
        assert "Traceback" not in printed
        assert not company.published.exists()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(
        path=str(tmp_path / "build.duckdb"),
        temp_dir=str(tmp_path / "spill"),
        memory_limit="1GB",
        threads=1,
    )
    with made.connect() as connection:
        connection.execute("create table kept as select 1 as one")
    return made


HEAVY = "create or replace table kept as select md5(i::varchar) as one from range(600000) as t(i)"
SORTED = f"{HEAVY} order by one"


def test_a_statement_that_needs_more_than_the_memory_limit_spills_and_completes(
    warehouse: Warehouse,
) -> None:
    tight = warehouse.model_copy(update={"memory_limit": "40MB"})
    with tight.connect() as connection:
        connection.execute(SORTED)
        assert connection.execute("select count(*) from kept").fetchone() == (600_000,)


def test_a_statement_that_may_neither_hold_nor_spill_fails_and_changes_nothing(
    warehouse: Warehouse,
) -> None:
    tight = warehouse.model_copy(update={"memory_limit": "40MB"})
    with tight.connect() as connection:
        connection.execute("set max_temp_directory_size = '1MB'")
        with pytest.raises(duckdb.OutOfMemoryException, match="max_temp_directory_size"):
            connection.execute(SORTED)
    with warehouse.connect() as connection:
        assert connection.execute("from kept").fetchall() == [(1,)]
        connection.execute(SORTED)
        assert connection.execute("select count(*) from kept").fetchone() == (600_000,)
    shutil.rmtree(Path(warehouse.temp_dir), ignore_errors=True)
