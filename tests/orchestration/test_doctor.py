"""The doctor: every fault is found, comes with a remedy, and a sound company has none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.events import EngineEventData

from orchestration.doctor import installation
from orchestration.doctor.findings import Level, looked_at
from orchestration.doctor.report import CHECKS
from orchestration.instance import write_dagster_yaml
from orchestration.publishing.catalogue import PublishedTable
from orchestration.publishing.publish import publish
from orchestration.resources.run_state import RunState, note_begun, note_complete
from orchestration.settings import Settings

HOLDER = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company with a build file, a published file and a Dagster instance."""
    settings = Settings(home=tmp_path_factory.mktemp("sound"))
    settings.make_dirs()
    assert settings.hash_key_bytes
    write_dagster_yaml(settings.dagster_home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(settings.dagster_home))
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            assert instance.get_runs() == []
    with duckdb.connect(str(settings.build_file)) as build:
        build.execute("create schema marts")
        build.execute("create table marts.orders as from range(100000) as rows(order_id)")
        table = PublishedTable("orders", "marts.orders", "Orders.", {"order_id": "Its id."})
        publish(
            build,
            [table],
            settings.published_file,
            run_id="r",
            published_at=datetime.now(UTC).replace(tzinfo=None),
        )
    return settings.home


@pytest.fixture
def settings(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of that company."""
    settings = Settings(home=tmp_path / "company", alert_email="ops@example.com")
    shutil.copytree(sound, settings.home)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    monkeypatch.chdir(settings.home)
    return settings


def findings(settings: Settings, *names: str) -> dict[str, tuple[Level, str]]:
    """Level and text of everything that is not well, by check.

    Args:
        settings: The company.
        names: The checks that are made; all of them when none is named.
    """
    found = {}
    for check in CHECKS:
        if names and check.__name__ not in names:
            continue
        finding = looked_at(check, settings)
        if finding.level != Level.OK:
            assert finding.remedy, finding
            found[finding.name] = (finding.level, f"{finding.found} {finding.remedy}")
    # the versions of this environment are nobody's fault here
    found.pop("constraints", None)
    return found


def test_a_sound_company_has_nothing(settings: Settings) -> None:
    assert findings(settings) == {}


def test_an_open_secret_is_found(settings: Settings) -> None:
    (settings.home / ".hash_key").chmod(0o644)
    level, text = findings(settings, "secrets")["secrets"]
    assert level == Level.PROBLEM
    assert "chmod go=" in text


def test_a_folder_that_everybody_may_look_into_is_worth_a_warning(settings: Settings) -> None:
    settings.home.chmod(0o755)
    level, text = findings(settings, "others")["others"]
    assert level == Level.WARNING
    assert f"chmod o= {settings.home}" in text


@pytest.mark.parametrize("damage", ["truncated", "flipped", "garbage"])
def test_a_damaged_published_file_is_found(settings: Settings, damage: str) -> None:
    content = bytearray(settings.published_file.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        # in a data block, past the headers
        content[3 * 4096 + 20000 : 3 * 4096 + 20064] = b"\xff" * 64
    else:
        content[:] = b"no database" * 1000
    settings.published_file.write_bytes(content)
    level, text = findings(settings, "published")["published"]
    assert level == Level.PROBLEM
    assert "strata run" in text


def test_a_damaged_build_file_is_found(settings: Settings) -> None:
    settings.build_file.write_bytes(b"no database" * 1000)
    level, text = findings(settings, "build")["build"]
    assert level == Level.PROBLEM
    assert "delete it and run again" in text


def test_damaged_storage_of_dagster_is_found(settings: Settings) -> None:
    path = settings.dagster_home / "history" / "runs.db"
    path.write_bytes(b"no database" * 1000)
    level, text = findings(settings, "runs")["runs"]
    assert level == Level.PROBLEM
    assert "runs.db" in text


def test_who_holds_the_build_file_is_named(settings: Settings) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.build_file)], stdout=subprocess.PIPE
    )
    try:
        holder.stdout.readline()
        level, text = findings(settings, "build")["build"]
    finally:
        holder.kill()
        holder.wait(10)
    assert level == Level.WARNING
    assert f"process {holder.pid}" in text


def test_a_run_without_a_process_is_found(settings: Settings) -> None:
    @dg.job
    def nothing() -> None:
        """A job without steps."""

    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait(10)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
        assert findings(settings, "runs") == {}, "a run may not have told of its process yet"
        instance.report_engine_event("begun", run, EngineEventData.in_process(gone.pid))
    level, text = findings(settings, "runs")["runs"]
    assert level == Level.PROBLEM
    assert run.run_id in text


def test_a_run_that_broke_off_and_an_old_file_are_worth_a_warning(settings: Settings) -> None:
    note_begun(settings, RunState("r1", landing="", project=""))
    old = settings.model_copy(update={"freshness_hours": 1e-9})
    found = findings(old, "last_run", "published")
    assert found["last_run"][0] == found["published"][0] == Level.WARNING
    note_complete(settings, "r1", is_daily=True)
    assert findings(settings, "last_run", "published") == {}


def test_a_full_disk_is_found(settings: Settings) -> None:
    with settings.build_file.open("r+b") as file:
        # a file with a hole is as long as it says and takes no room
        file.truncate(2**42)
    level, text = findings(settings, "disk")["disk"]
    assert level == Level.PROBLEM
    assert "strata prune" in text


@pytest.mark.parametrize(
    ("changed", "level"),
    [
        ({"alert_email": None}, Level.WARNING),
        ({"smtp_user": "me"}, Level.PROBLEM),
        ({"smtp_user": "me", "smtp_password": "x", "smtp_security": "none"}, Level.PROBLEM),
    ],
)
def test_settings_of_alerts_that_do_not_fit_are_found(
    settings: Settings, changed: dict, level: Level
) -> None:
    given = {"home": settings.home, "alert_email": "ops@example.com", **changed}
    assert findings(Settings(**given), "mail")["mail"][0] == level


def test_a_missing_package_and_another_version_are_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("duckdb==0.1\nno-such-package==1\n")
    monkeypatch.setattr(installation, "CONSTRAINTS", constraints)
    finding = looked_at(installation.constraints, settings)
    assert (finding.level, finding.found.split(":")[0]) == (Level.WARNING, "1 differ")
    monkeypatch.setattr(installation.metadata, "requires", lambda _: ["duckdb>=99", "nope"])
    level, text = findings(settings)["packages"]
    assert level == Level.PROBLEM
    assert "duckdb>=99" in text
    assert "nope (found none)" in text


def test_programs_get_the_same_and_no_secret(make_company) -> None:
    company = make_company("doctor", hash_key="secret-of-the-house")
    document = json.loads(company.strata("doctor", "--json"))
    assert document["healthy"] is True
    assert {check["check"] for check in document["checks"]} >= {"disk", "build", "runs", "secrets"}
    values = {setting["name"]: setting for setting in document["settings"]}
    assert values["STRATA_HASH_KEY"]["value"] == "(secret)"
    assert values["STRATA_HOME"]["origin"] == "environment"
    company.landing.parent.joinpath(".hash_key").write_text("x")
    company.landing.parent.joinpath(".hash_key").chmod(0o666)
    assert "chmod go=" in company.strata("doctor", status=1)
