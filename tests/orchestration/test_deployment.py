"""The example files of a deployment fit each other and the programs that read them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config

from orchestration.instance import DAGSTER_YAML
from orchestration.settings import PROJECT_ROOT, Settings

DEPLOYMENT = PROJECT_ROOT / "orchestration" / "deployment"
PROGRAMS = Path(sys.executable).parent
COMPOSE = yaml.safe_load((DEPLOYMENT / "compose.yaml").read_text())
EXAMPLE = {
    name: value
    for name, _, value in (
        line.partition("=")
        for line in (DEPLOYMENT / "strata.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
}


def test_dagster_takes_the_settings_for_postgres(tmp_path: Path) -> None:
    shutil.copy(DEPLOYMENT / "dagster.postgres.yaml", tmp_path / "dagster.yaml")
    config, _ = dagster_instance_config(str(tmp_path))
    assert config["storage"]["postgres"]["postgres_url"] == {"env": "STRATA_DAGSTER_POSTGRES_URL"}


def test_both_storages_have_the_same_limits() -> None:
    ours = yaml.safe_load(DAGSTER_YAML)
    postgres = yaml.safe_load((DEPLOYMENT / "dagster.postgres.yaml").read_text())
    storages = {"event_log_storage", "storage"}
    assert {k: v for k, v in ours.items() if k not in storages} == {
        k: v for k, v in postgres.items() if k not in storages
    }


def test_dagster_runs_on_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With STRATA_TEST_POSTGRES_URL and the extra `postgres`: a run, its pool and its records."""
    pytest.importorskip("dagster_postgres")
    address = os.environ.get("STRATA_TEST_POSTGRES_URL")
    if not address:
        pytest.skip("STRATA_TEST_POSTGRES_URL names no server")
    monkeypatch.setenv("STRATA_DAGSTER_POSTGRES_URL", address)
    shutil.copy(DEPLOYMENT / "dagster.postgres.yaml", tmp_path / "dagster.yaml")

    @dg.op(pool="duckdb_writer")
    def works() -> None:
        """Does nothing."""

    @dg.job(executor_def=dg.in_process_executor)
    def small() -> None:
        works()

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        result = small.execute_in_process(instance=instance)
        assert instance.get_run_by_id(result.run_id).is_success
        pool = instance.event_log_storage.get_concurrency_info("duckdb_writer")
        assert (pool.slot_count, pool.active_slot_count) == (1, 0)


def test_services_wait_for_services_that_there_are() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            origin = volume.split(":")[0]
            if origin.startswith("./"):
                assert (DEPLOYMENT / origin).is_file(), (name, origin)
            elif not origin.startswith("$"):
                assert origin in COMPOSE["volumes"], (name, origin)
    build = services["code"]["build"]
    context = (DEPLOYMENT / build["context"]).resolve()
    assert context == PROJECT_ROOT
    assert (context / build["dockerfile"]).is_file()


def test_only_the_code_server_writes_and_only_the_proxy_is_open() -> None:
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["dashboard"]["volumes"] == ["company:/srv/strata360:ro"]
    assert "--read-only" in services["viewers"]["command"]


def test_what_the_image_copies_and_starts_is_there() -> None:
    text = (DEPLOYMENT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY --chown=strata (.+)$", text, flags=re.M):
        *sources, _ = line.split()
        for source in sources:
            assert (PROJECT_ROOT / source).exists(), source
    for name, service in COMPOSE["services"].items():
        command = service.get("command")
        if command and command[0] != "sh":
            assert (PROGRAMS / command[0]).exists(), name
    (_, _, script) = COMPOSE["services"]["code"]["command"]
    assert re.findall(r"(strata|dagster) \w[\w-]*", script) == ["strata", "dagster"]


def test_every_variable_is_in_the_example_and_every_setting_is_known() -> None:
    used = set(re.findall(r"\{\$(\w+)", (DEPLOYMENT / "Caddyfile").read_text()))
    used |= set(re.findall(r"(?<!\$)\$\{(\w+)", (DEPLOYMENT / "compose.yaml").read_text()))
    used |= set(re.findall(r"env: (\w+)", (DEPLOYMENT / "dagster.postgres.yaml").read_text()))
    # what is filled in elsewhere, or has a default that fits compose.yaml
    used -= {f"STRATA_{name}_UPSTREAM" for name in ("OPERATORS", "VIEWERS", "DASHBOARD")}
    assert used <= EXAMPLE.keys()
    settings = {f"STRATA_{name.upper()}" for name in Settings.model_fields}
    unknown = {name for name in EXAMPLE if name.startswith("STRATA_")} - settings - used
    assert unknown == set()


def test_a_line_that_nobody_filled_in_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_HASH_KEY", "")
    monkeypatch.setenv("STRATA_ALERT_WEBHOOK", "")
    assert Settings().hash_key is None
    assert not Settings().wants_alerts


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze is not installed")
    for unit in (DEPLOYMENT / "systemd").glob("*.service"):
        # the programs of this environment, so that the units' own are looked for somewhere
        text = unit.read_text().replace("/opt/strata360/.venv/bin", str(PROGRAMS))
        (tmp_path / unit.name).write_text(text)
    units = sorted(map(str, tmp_path.glob("*.service")))
    assert len(units) == 3
    done = subprocess.run(
        [analyze, "verify", *units], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if "strata-" in line]
    assert (done.returncode, said) == (0, [])


def test_caddy_takes_the_proxy(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    if not caddy:
        pytest.skip("caddy is not installed")
    hashed = subprocess.run(
        [caddy, "hash-password", "--plaintext", "secret"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.strip()
    done = subprocess.run(
        [caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOYMENT / "Caddyfile")],
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "STRATA_OPERATOR_HASH": hashed,
            "STRATA_VIEWER_HASH": hashed,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
