"""Steps that are killed with SIGKILL at random moments, and processes that meet at one build file.

Whole runs that are killed are in test_published_under_fire.py and, step by step, in
test_faults_of_whole_runs.py.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.resources import warehouse as module
from orchestration.resources.warehouse import Warehouse, WarehouseLockedError
from orchestration.settings import PROJECT_ROOT
from tests.faults.killing import FILES, ROWS
from tests.faults.machine import held
from tests.ingestion.ingestion_company import Company, csv_text

KILLS = [8, pytest.param(100, marks=pytest.mark.bench)]
LOADING_STEP = """
import sys
from pathlib import Path
from orchestration.ingestion import load_contracts, load_landing
from orchestration.resources.warehouse import Warehouse

home = Path(sys.argv[1])
warehouse = Warehouse(path=str(home / "build.duckdb"), temp_dir=str(home), memory_limit="1GB",
                      threads=1)
with warehouse.connect() as connection:
    load = load_landing(connection, load_contracts(home / "staging"), home / "landing",
                        run_id="both", temp_dir=home / "warehouse" / "tmp")
print(load.rows_loaded)
"""


def killed(what: str, folder: Path, kills: int) -> list[str]:
    """What the writers said, a line each."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killing", what, str(folder), str(kills), "360"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[-1] == "ended 0", done.stderr[-2000:]
    return lines


@pytest.mark.parametrize("kills", KILLS)
def test_a_load_that_is_killed_again_and_again_loads_every_file_once(
    tmp_path: Path, kills: int
) -> None:
    company = Company(tmp_path, str(tmp_path / "build.duckdb"))
    company.con.close()
    waiting = tmp_path / "waiting"
    waiting.mkdir()
    for number in range(FILES):
        rows = [(f"F{number}R{row}", "0.10", "张三", "") for row in range(ROWS)]
        rows.append(("broken",))
        # every other file is copied before it is read
        encoding = "gb18030" if number % 2 else "utf-8"
        (waiting / f"{number:02}.csv").write_text(csv_text(rows), encoding=encoding)

    lines = killed("ingestion", tmp_path, kills)

    assert sum(line.startswith("killed") for line in lines) > kills / 8, (
        "hardly any of them lived long enough to be killed"
    )
    company.con = duckdb.connect(str(tmp_path / "build.duckdb"))
    # whole files, every row accounted for, no copy with personal data left behind
    company.assert_balanced()
    assert [row[1:] for row in company.manifest()] == [
        ("loaded", ROWS + 1, ROWS, 1) for _ in range(FILES)
    ]
    assert company.query(
        "select count(*), count(distinct ticket), sum(cast(amount as decimal(9, 2))) "
        "from raw.till__lines"
    ) == [(FILES * ROWS, FILES * ROWS, FILES * ROWS // 10)]
    company.load()
    assert company.last.rows_loaded == 0


@pytest.mark.parametrize("kills", KILLS)
def test_a_python_step_that_is_killed_leaves_its_tables_of_one_run(
    tmp_path: Path, kills: int
) -> None:
    said = count = 0
    for line in killed("tables", tmp_path, kills):
        if line.isdigit():
            said = int(line)
        elif line.startswith("found"):
            ((score, grade, rows),) = ast.literal_eval(line.removeprefix("found "))
            assert score == grade
            assert rows == 2 * ROWS
            # a writer may be killed between its commit and saying so
            assert score in (said, said + 1)
            said, count = score, count + 1
    assert count > kills / 2


def test_two_processes_that_load_at_once_load_every_file_once(tmp_path: Path) -> None:
    company = Company(tmp_path, str(tmp_path / "build.duckdb"))
    company.con.close()
    for number in range(50):
        company.drop(f"{number}.csv", csv_text([(f"F{number}", "1.00", "", "")]))
    both = [
        subprocess.Popen(
            [sys.executable, "-c", LOADING_STEP, str(tmp_path)],
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    loaded = sorted(int(process.communicate(timeout=60)[0]) for process in both)
    assert loaded == [0, 50], "one of them waited for the other and found nothing left to do"
    company.con = duckdb.connect(str(tmp_path / "build.duckdb"))
    company.assert_balanced()
    assert company.query("select count(*), count(distinct ticket) from raw.till__lines") == [
        (50, 50)
    ]


def test_the_build_file_in_other_hands_is_told_by_its_process_and_free_again_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_SECONDS", 0.2)
    path = tmp_path / "build.duckdb"
    made = Warehouse(path=str(path), temp_dir=str(tmp_path), memory_limit="1GB", threads=1)
    with held(path) as holder:
        with pytest.raises(dg.RetryRequested) as refused, made.connect():
            pass
        assert f"PID {holder.pid}" in str(refused.value.__cause__)
        assert "Close that process" in str(refused.value.__cause__)
        with (
            pytest.raises(WarehouseLockedError, match="a run most likely"),
            made.connect_read_only(),
        ):
            pass
    with made.connect() as connection:
        connection.execute("create table done as select 1 as one")
