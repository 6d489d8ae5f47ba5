"""A copy of the project that a test may edit, and a company of its own.

Belongs here: copying and running the copy. Does not belong here: assertions, what is edited.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from orchestration.settings import PROJECT_ROOT

TIMEOUT_SECONDS = 600


class Copy:
    """The project in another folder, and a company."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.home = folder / "home"
        for part in ("orchestration", "dbt_project", "seeds", "tests"):
            shutil.copytree(
                PROJECT_ROOT / part,
                self.root / part,
                ignore=shutil.ignore_patterns("target", "logs", "__pycache__"),
            )
        for part in ("pyproject.toml", "workspace.yaml"):
            shutil.copy(PROJECT_ROOT / part, self.root / part)
        self.home.mkdir()
        self.landing = self.home / "landing"

    def python(self, *arguments: str, status: int = 0) -> str:
        """Run the copy's code; returns what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={
                **os.environ,
                "PYTHONPATH": str(self.root),
                "STRATA_HOME": str(self.home),
                "COLUMNS": "160",
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == status, printed
        return printed

    def strata(self, *arguments: str, status: int = 0) -> str:
        """The `strata` command of the copy."""
        return self.python(
            "-c", "from orchestration.cli import main; main()", *arguments, status=status
        )

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the build file."""
        with duckdb.connect(
            str(self.home / "warehouse" / "build.duckdb"), read_only=True
        ) as connection:
            return connection.execute(sql).fetchall()
