"""Every connection that is shipped reads the published file, and can reach nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.catalogue import PublishedTable
from orchestration.publishing.publish import READER_CONFIG, publish
from orchestration.publishing.reader import open_published
from tests.bi.recipes import recipes, ways_out
from tests.conftest import STRATA

AT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  the warehouse keeps naive UTC
COLUMNS = {"rfm_group": "Group.", "net_spend": "Paid less refunded."}
COUNT = "select count(*) from customer_360"
CUSTOMERS = 4711
SECRET = "what nobody may read"

RECIPES = recipes()
#: Drivers that the package registry of the tests does not have; the page says so.
NOT_RUN = {"node", "r", "jdbc", "odbc"}
WAYS_OUT = ways_out(Path("secret.csv"), Path("other.duckdb"))

Query = Callable[[str], object]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the recipes expect it, with a secret and another database beside the data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.csv").write_text(f"secret\n{SECRET}\n")
    with duckdb.connect("other.duckdb") as build:
        build.execute(
            "create table customer_360 as select 'core' as rfm_group, "
            "cast(1 as decimal(18, 2)) as net_spend from range(?)",
            [CUSTOMERS],
        )
        table = PublishedTable("customer_360", "main.customer_360", "People.", COLUMNS)
        target = tmp_path / "data" / "published" / "strata360.duckdb"
        publish(build, [table], target, run_id="r1", published_at=AT)
    return tmp_path


def of_reader(home: Path) -> Query:
    def query(sql: str) -> object:
        with open_published(home / "data" / "published" / "strata360.duckdb") as connection:
            return connection.execute(sql).fetchall()

    return query


def of_python(home: Path) -> Query:
    names: dict = {}
    exec(RECIPES["python"], names)
    assert names["frame"]["customers"].tolist() == [CUSTOMERS]
    return lambda sql: names["connection"].execute(sql).fetchall()


def of_ibis(home: Path) -> Query:
    pytest.importorskip(
        "ibis", reason="ibis is not installed: pip install 'ibis-framework[duckdb]'"
    )
    names: dict = {}
    exec(RECIPES["ibis"], names)
    assert names["frame"]["customers"].tolist() == [CUSTOMERS]
    return lambda sql: names["connection"].raw_sql(sql).fetchall()


def of_sqlalchemy(home: Path) -> Query:
    pytest.importorskip("duckdb_engine", reason="the extra `test` brings duckdb-engine")
    names: dict = {}
    exec(RECIPES["sqlalchemy"], names)

    def query(sql: str) -> object:
        with names["engine"].connect() as connection:
            return connection.exec_driver_sql(sql).fetchall()

    return query


def of_command_line(home: Path) -> Query:
    # as in a shell that has the environment's commands on its path
    folder = Path(sys.executable).parent
    if shutil.which("duckdb", path=folder) is None:
        pytest.skip("the extra `test` brings duckdb-cli")

    def query(sql: str) -> object:
        done = subprocess.run(
            ["bash", "-c", f'PATH="{folder}:$PATH" {RECIPES["command_line"].strip()} -csv'],
            input=sql if sql.startswith(".") else f"{sql};",
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or done.stderr:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    return query


CONNECTIONS = {
    "strata": of_reader,
    "python": of_python,
    "ibis": of_ibis,
    "sqlalchemy": of_sqlalchemy,
    "command_line": of_command_line,
}


def test_every_recipe_is_run_or_said_not_to_be() -> None:
    assert set(RECIPES) == set(CONNECTIONS) - {"strata"} | NOT_RUN


@pytest.mark.parametrize("name", sorted(NOT_RUN))
def test_a_recipe_that_is_not_run_names_every_setting(name: str) -> None:
    text = RECIPES[name].replace(" ", "").replace('"', "").replace("'", "").replace(":", "=")
    for setting, value in READER_CONFIG.items():
        assert f"{setting}={value}" in text
    assert "read_only=true" in text.lower() or "access_mode=read_only" in text.lower()


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_reads_and_cannot_get_out(home: Path, name: str) -> None:
    query = CONNECTIONS[name](home)
    assert str(CUSTOMERS) in str(query(COUNT))
    before = sorted(path.name for path in home.iterdir())
    answered = {}
    for way, sql in WAYS_OUT.items():
        try:
            answered[way] = query(sql)
        except Exception as error:
            # whatever the error says, it must not say what is in the file
            assert SECRET not in str(error), way
    assert answered == {}
    assert sorted(path.name for path in home.iterdir()) == before
    assert str(CUSTOMERS) in str(query(COUNT)), "a refused statement broke the connection"


def test_the_shell_has_no_way_out_of_its_own(home: Path) -> None:
    query = of_command_line(home)
    for command in (
        ".shell cat secret.csv",
        ".system cat secret.csv",
        ".read secret.csv",
        ".import secret.csv mine",
        ".open other.duckdb",
        ".output stolen",
        ".once stolen",
        "select getenv('HOME')",
    ):
        with pytest.raises(RuntimeError) as refused:
            query(command)
        assert SECRET not in str(refused.value), command
    assert not (home / "stolen").exists()


def test_without_the_lock_queries_read_any_file(home: Path) -> None:
    """What the settings are there for; if DuckDB refuses it by itself one day, this says so."""
    path = home / "data" / "published" / "strata360.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        read = connection.execute(WAYS_OUT["read_text"]).fetchall()
        assert SECRET in str(read)
        connection.execute(WAYS_OUT["attach"])


def test_polars_reads_through_the_lock(home: Path) -> None:
    names: dict = {}
    exec(RECIPES["python"], names)
    assert names["groups"].pl()["customers"].to_list() == [CUSTOMERS]


def test_strata_query_is_refused_in_words(home: Path) -> None:
    done = subprocess.run(
        [str(STRATA), "query", WAYS_OUT["read_text"]],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Permission Error" in done.stderr
    assert SECRET not in done.stdout + done.stderr
