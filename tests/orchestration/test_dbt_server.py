"""The warm dbt: commands end as they would without it, and nothing of it stays behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.resources import dbt_client
from orchestration.resources.dbt_server import SOCKET_VARIABLE, dbt_server
from orchestration.settings import DBT_PROJECT_DIR, Settings

pytestmark = pytest.mark.xdist_group("dbt_server")

START_SECONDS = 180
# what runs where no server answers; it prints what it was asked
FALLBACK = "/bin/echo"
SEEDS = ("ls", "--quiet", "--resource-type", "seed", "--output", "name", "--profiles-dir", ".")


def settings_in(home: Path) -> Settings:
    settings = Settings(home=home)
    settings.make_dirs()
    return settings


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess:
    """A dbt command the way Dagster gives it."""
    return subprocess.run(
        [sys.executable, "-I", dbt_client.__file__, *arguments],
        env={**os.environ, **settings.dbt_environment(), "STRATA_DBT_EXECUTABLE": FALLBACK},
        cwd=DBT_PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.connect(path)
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    settings = settings_in(tmp_path_factory.mktemp("served"))
    with dbt_server(settings, settings.run_output_file):
        deadline = time.monotonic() + START_SECONDS
        while not answers(os.environ[SOCKET_VARIABLE]):
            assert time.monotonic() < deadline, settings.run_output_file.read_text()
            time.sleep(0.1)
        yield settings


def test_a_command_is_answered_on_its_own_output(served: Settings, tmp_path: Path) -> None:
    done = command(served, *SEEDS, "--target-path", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    seeds = {path.stem for path in (DBT_PROJECT_DIR.parent / "seeds").rglob("*.csv")}
    assert set(done.stdout.split()) == seeds
    assert served.run_output_file.read_text() == ""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        # nothing has landed in this build file
        (("run", "--select", "stg_app__events", "--profiles-dir", "."), 1),
        (("no_such_command",), 2),
    ],
)
def test_the_exit_status_is_that_of_dbt(
    served: Settings,
    arguments: tuple[str, ...],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 1: what was asked for failed; 2: dbt did not get so far
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    assert command(served, *arguments).returncode == status


def test_one_command_leaves_nothing_to_the_next(served: Settings, tmp_path: Path) -> None:
    # each is a copy of the server, so a folder and a variable hold for that command only
    elsewhere = {**served.dbt_environment(), "STRATA_HOME": str(tmp_path)}
    first = subprocess.run(
        [sys.executable, "-I", dbt_client.__file__, *SEEDS],
        env={**os.environ, **elsewhere, "STRATA_DBT_EXECUTABLE": FALLBACK},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert first.returncode != 0, "there is no project in that folder"
    second = command(served, *SEEDS, "--target-path", str(tmp_path))
    assert second.returncode == 0, second.stdout + second.stderr


def test_only_its_owner_may_command_it(served: Settings) -> None:
    assert Path(os.environ[SOCKET_VARIABLE]).stat().st_mode & 0o077 == 0


def test_it_is_gone_when_the_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, "")
    settings = settings_in(tmp_path)
    with dbt_server(settings, settings.run_output_file):
        path = os.environ[SOCKET_VARIABLE]
    assert SOCKET_VARIABLE not in os.environ
    assert not Path(path).exists()
    assert not answers(path)


def test_it_is_gone_when_the_run_was_killed_while_it_warmed_up(tmp_path: Path) -> None:
    """One that asked for its parent too late was left for good, with all its memory."""
    starting = (
        "import os; from pathlib import Path; from orchestration.settings import Settings; "
        "from orchestration.resources.dbt_server import start_dbt_server; "
        "settings = Settings(); settings.make_dirs(); "
        "print(start_dbt_server(settings, Path(os.devnull)).pid, flush=True); os._exit(1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", starting],
        env={**os.environ, "STRATA_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    server = Path("/proc") / done.stdout.strip()
    deadline = time.monotonic() + START_SECONDS
    while server.exists() and "dbt_server" in (server / "cmdline").read_text():
        assert time.monotonic() < deadline, "the server outlives the run that started it"
        time.sleep(0.1)


def test_a_server_that_cannot_start_costs_time_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, "")
    # longer than the name of a socket may be
    settings = settings_in(tmp_path / ("deep" * 30))
    with dbt_server(settings, settings.run_output_file):
        done = command(settings, "build", "--select", "orders")
    assert (done.returncode, done.stdout) == (0, "build --select orders\n")
