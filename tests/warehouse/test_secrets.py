"""What a company wrote in its runs: no secret in it, and nothing of it for other users.

Belongs here: the files of the company in canonical columns. Does not belong here: personal data in
them (tests/privacy, `strata privacy-scan`).
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.conftest import STRATA, Company
from tests.warehouse.conftest import HASH_KEY, SECRETS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standard")]

CANARIES = (HASH_KEY, *SECRETS.values())


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def written(company: Company) -> list[Path]:
    return [path for path in company.home.rglob("*") if path.is_file()]


def test_no_secret_stands_in_any_file(published: Company, first_published: Path) -> None:
    files = written(published)
    kinds = {path.relative_to(published.home).parts[0] for path in files}
    assert kinds >= {"dagster", "models", "published", "warehouse"}
    names = {path.name for path in files}
    # what dbt compiled, what the steps printed, what Dagster remembers of the runs
    assert {"manifest.json", "last_run.log", "runs.db"} <= names
    found = {
        path.relative_to(published.home).as_posix()
        for path in files
        for canary in CANARIES
        if canary.encode() in content(path)
    }
    assert found == set()


def test_no_command_prints_a_secret(published: Company) -> None:
    for arguments in (["doctor"], ["doctor", "--json"], ["status"]):
        printed = published.strata(*arguments, status=None)
        assert not [canary for canary in CANARIES if canary in printed]


def test_a_setting_that_is_wrong_is_named_and_no_secret_beside_it(published: Company) -> None:
    wrong = {**published.environment, "STRATA_SMTP_PORT": HASH_KEY, "STRATA_TIMEZONE": "Mars"}
    company = Company(published.home, {**wrong, "STRATA_DASHBOARD_PASSWORD": "hunter2"})
    printed = company.strata("status", status=2)
    for name in ("STRATA_SMTP_PORT", "STRATA_TIMEZONE", "STRATA_DASHBOARD_PASSWORD"):
        assert name in printed
    assert "hunter2" not in printed
    assert HASH_KEY not in printed
    assert "Traceback" not in printed


def test_settings_never_show_their_secrets(published: Company) -> None:
    settings = Settings(home=published.home, hash_key=HASH_KEY, **SECRETS, _env_file=None)
    shown = repr(settings) + str(settings) + json.dumps(settings.model_dump(mode="json"))
    assert not [canary for canary in CANARIES if canary in shown]
    compiled = settings.compiled_into_models | settings.dbt_environment()
    assert not [canary for canary in CANARIES if canary in compiled.values()]


def test_other_users_may_read_nothing_that_a_run_wrote(
    published: Company, first_published: Path
) -> None:
    """Under the umask that most machines have; what is in landing is whoever put it there's."""
    # nobody gets through a closed folder, whatever stands on what lies in it
    closed = {path for path in published.home.iterdir() if not path.stat().st_mode & 0o007}
    assert {path.name for path in closed} >= {"dagster", "models", "published", "warehouse"}
    open_to_others = {
        path.relative_to(published.home).as_posix()
        for top in closed - {published.landing, published.home / "warehouse"}
        for path in top.rglob("*")
        if path.lstat().st_mode & 0o007 and not path.is_symlink()
    }
    assert open_to_others == set()
    for folder in ("warehouse", "privacy", "receipts"):
        assert (published.home / folder).stat().st_mode & 0o077 == 0
    assert published.published.stat().st_mode & 0o777 == 0o640


def test_a_new_company_is_closed_under_the_usual_umask(tmp_path: Path) -> None:
    home = tmp_path / "deeper" / "company"
    umask_then = "import os, sys; os.umask(0o022); os.execv(sys.argv[1], sys.argv[1:])"
    simulate = [str(STRATA), "simulate", "--persons", "5", "--until", "2024-01-31"]
    subprocess.run(
        [sys.executable, "-c", umask_then, *simulate],
        env={**os.environ, "STRATA_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    paths = [home, *home.rglob("*")]
    assert len(paths) > 20
    assert [path for path in paths if path.stat().st_mode & 0o007] == []
