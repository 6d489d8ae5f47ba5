"""Damaged database files: nobody reads wrong numbers, everybody is told what to do about it.

Belongs here: the published file, the build file, their write-ahead logs, Dagster's storage, each by
itself. Does not belong here: commands and pages (warehouse/test_damaged_company.py), whole runs
(test_faults_of_whole_runs.py).
"""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.checks.audiences import size_result, size_spec
from orchestration.checks.published import rows_before
from orchestration.instance import company_instance
from orchestration.obstacles import obstacle_of
from orchestration.publishing.reader import DamagedPublishedFileError, open_published
from orchestration.resources.kept_tables import restore_kept_tables
from orchestration.resources.warehouse import DamagedWarehouseError, Warehouse
from orchestration.settings import Settings
from tests.faults.damaging import DAMAGES, damage, garbage, headless, truncated
from tests.faults.machine import program
from tests.faults.test_published_under_fire import PUBLISHING, build_of

FLIPS = 60
ANSWER = "select count(*), sum(hash(customer_id)), sum(hash(built_by)) from customer_360"
# each flip is looked at in a process of its own: damage may end the reader
FLIPPING = """
import os, random, shutil, sys
from pathlib import Path
from orchestration.publishing.reader import DamagedPublishedFileError, open_published

published, flips, sql = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
content, generator, answers = published.read_bytes(), random.Random(360), []
copy = published.with_name("flipped.duckdb")
for _ in range(flips):
    damaged = bytearray(content)
    damaged[generator.randrange(len(damaged))] ^= 1 << generator.randrange(8)
    copy.write_bytes(damaged)
    sys.stdout.flush()
    if os.fork() == 0:
        try:
            with open_published(copy) as connection:
                os.write(1, f"{connection.execute(sql).fetchone()}\\n".encode())
        except DamagedPublishedFileError:
            os.write(1, b"damaged\\n")
        os._exit(0)
    os.wait()
"""
LEFT_WAL = """
import os, signal, sys
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("create table if not exists kept as select 1 as one; checkpoint")
connection.execute(sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    published = tmp_path_factory.mktemp("whole") / "strata360.duckdb"
    assert program(PUBLISHING, published, 0, 0, 3_000).returncode == 0
    return published


@pytest.fixture
def published(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "strata360.duckdb"))


def publish_again(published: Path) -> None:
    assert program(PUBLISHING, published, 1, 1, 3_000).returncode == 0
    assert build_of(published) == "run01"


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_published_file_is_said_to_be_and_the_next_publish_replaces_it(
    published: Path, how
) -> None:
    damage(published, how)
    with (
        pytest.raises(DamagedPublishedFileError, match="`strata run` publishes it again") as told,
        open_published(published) as connection,
    ):
        for table in ("customer_360", "customer_tag", "orders", "publish_info"):
            connection.execute(f"select bit_xor(hash({table})) from {table}").fetchall()  # noqa: S608
    assert str(published) in str(told.value)
    # the run that replaces the file compares with it before it does
    assert rows_before(published) in ({}, dict.fromkeys(rows_before(published), 3_100))
    _, outcome = size_result(size_spec(dg.AssetKey("members")), published, {"core": 1_000})
    assert outcome.passed
    publish_again(published)


def test_no_flipped_bit_changes_a_number(published: Path) -> None:
    with open_published(published) as connection:
        right = str(connection.execute(ANSWER).fetchone())
    answers = program(FLIPPING, published, FLIPS, ANSWER).stdout.splitlines()
    assert set(answers) == {right, "damaged"}
    # whoever reads it hears of it, unless the bit is in a block that he does not need
    assert answers.count("damaged") > FLIPS / 3
    assert len(answers) == FLIPS


def test_a_log_that_a_foreign_writer_left_beside_the_published_file_does_not_reach_the_next_build(
    published: Path,
) -> None:
    killed = program(LEFT_WAL, published, "update customer_360 set built_by = 99")
    assert killed.returncode == -signal.SIGKILL
    log = published.with_name(published.name + ".wal")
    assert log.exists()
    content = log.read_bytes()
    publish_again(published)
    assert not log.exists()
    with open_published(published) as connection:
        before = connection.execute(ANSWER).fetchone()
    # what it prevents: DuckDB does not ask whose log it is
    log.write_bytes(content)
    with duckdb.connect(str(published)) as connection:
        assert connection.execute(ANSWER).fetchone() != before


@pytest.fixture
def build(tmp_path: Path) -> Warehouse:
    made = Warehouse(
        path=str(tmp_path / "build.duckdb"), temp_dir=str(tmp_path), memory_limit="1GB", threads=1
    )
    with made.connect() as connection:
        connection.execute(
            "create table score as select range as id, hash(range) as h from range(90000)"
        )
    return made


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_build_file_is_said_to_be_with_what_to_do(build: Warehouse, how) -> None:
    damage(Path(build.path), how)
    for opened in (build.connect(), build.connect_read_only()):
        with pytest.raises(DamagedWarehouseError, match="Delete it") as told, opened as connection:
            connection.execute("select sum(hash(id)), sum(hash(h)) from score").fetchall()
        assert build.path in str(told.value)


def test_a_log_of_the_build_file_that_was_cut_short_loses_what_was_not_finished(
    build: Warehouse,
) -> None:
    log = Path(build.path + ".wal")
    for how, is_damage in ((truncated, False), (flipped_in_the_middle, True)):
        killed = program(LEFT_WAL, build.path, "create table unfinished as select 1 as one")
        assert killed.returncode == -signal.SIGKILL
        damage(log, how)
        if is_damage:
            with pytest.raises(DamagedWarehouseError, match=r"build.duckdb.wal"), build.connect():
                pass
            continue
        with build.connect() as connection:
            tables = {name for (name,) in connection.execute("show tables").fetchall()}
            assert tables == {"score", "kept"}


def flipped_in_the_middle(content: bytes) -> bytes:
    """One byte in the middle of a log."""
    damaged = bytearray(content)
    damaged[len(damaged) // 2] ^= 0xFF
    return bytes(damaged)


def test_ids_are_not_begun_anew_because_the_published_file_cannot_be_read(
    published: Path, build: Warehouse
) -> None:
    """The build file was lost; what it remembered is in a published file that is damaged."""
    model = {"resource_type": "model", "schema": "marts", "alias": "customer_360"}
    manifest = {"nodes": {"m": {**model, "config": {"meta": {"kept": True}}}}}
    content = published.read_bytes()
    damage(published, headless)
    with (
        build.connect() as connection,
        pytest.raises(DamagedPublishedFileError, match="put back a copy"),
    ):
        restore_kept_tables(connection, manifest, published)
    published.write_bytes(content)
    with build.connect() as connection:
        assert restore_kept_tables(connection, manifest, published) == {"marts.customer_360": 3_100}


@dg.job
def nothing() -> None:
    """A job without steps."""


STORAGE = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


@pytest.fixture(scope="module")
def instance_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("instance"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        with company_instance(settings) as instance:
            nothing.execute_in_process(instance=instance)
    return settings.home


@pytest.mark.parametrize("name", STORAGE)
@pytest.mark.parametrize("how", [garbage, pytest.param(truncated, marks=pytest.mark.bench)])
def test_damaged_storage_of_dagster_is_said_to_hold_no_data_and_made_anew(
    instance_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    settings = Settings(home=tmp_path / "company")
    shutil.copytree(instance_home, settings.home)
    damage(settings.dagster_home / name, how)
    with pytest.raises(Exception, match="sqlite") as met, company_instance(settings) as instance:
        nothing.execute_in_process(instance=instance)
    told = obstacle_of(met.value, settings)
    assert f"move {settings.dagster_home} away" in told
    settings.dagster_home.rename(tmp_path / "aside")
    with company_instance(settings) as instance:
        assert nothing.execute_in_process(instance=instance).success


def test_files_that_are_not_there_are_told_apart_from_damaged_ones(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert obstacle_of(FileNotFoundError(2, "No such file or directory", "x"), settings) is None
    assert obstacle_of(ValueError(json.dumps({"model": "wrong"})), settings) is None
