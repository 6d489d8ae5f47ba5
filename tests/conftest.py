"""Shared by all tests: scratch companies, and the `strata` command as a person runs it.

Belongs here: fixtures that more than one folder needs. Does not belong here: assertions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

STRATA = Path(sys.executable).with_name("strata")
#: Of one command; on a machine that does other things besides, STRATA_TEST_TIMEOUT may be longer.
TIMEOUT_SECONDS = float(os.environ.get("STRATA_TEST_TIMEOUT", "600"))


@dataclass(frozen=True)
class Company:
    """A STRATA_HOME of its own and the command that works on it."""

    home: Path
    environment: dict[str, str]

    def strata(
        self, *arguments: str, status: int | None = 0, timeout: float = TIMEOUT_SECONDS
    ) -> str:
        """Run the command; returns what it printed.

        Args:
            arguments: Command line after `strata`.
            status: Exit status it must end with; None takes any.
            timeout: Seconds after which it is given up.
        """
        done = subprocess.run(
            [str(STRATA), *arguments],
            env={**os.environ, **self.environment, "STRATA_HOME": str(self.home), "COLUMNS": "160"},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        printed = done.stdout + done.stderr
        if status is not None:
            assert done.returncode == status, f"exit status {done.returncode}:\n{printed}"
        return printed

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def published(self) -> Path:
        return self.home / "published" / "strata360.duckdb"

    @property
    def build(self) -> Path:
        return self.home / "warehouse" / "build.duckdb"

    @property
    def truth(self) -> Path:
        return self.home / "truth.duckdb"

    def query(self, sql: str, parameters: list | None = None) -> list[tuple]:
        """Rows of a query on the published file."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql, parameters or []).fetchall()

    def value(self, sql: str, parameters: list | None = None):
        """The first value of the first row of a query on the published file."""
        return self.query(sql, parameters)[0][0]

    def failing_balances(self) -> list[tuple]:
        """Feeds with rows that are unaccounted for, and months whose money does not reconcile."""
        rows = self.query(
            "select * from source_row_balance "
            "where raw_rows <> staged_rows + duplicate_rows + rejected_rows"
        )
        return rows + self.query("select * from revenue_reconciliation where diff <> 0")


@pytest.fixture(scope="session")
def make_company(tmp_path_factory: pytest.TempPathFactory):
    """A function that makes an empty company; settings are keyword arguments."""

    def make(name: str, **settings: str) -> Company:
        home = tmp_path_factory.mktemp(name)
        environment = {f"STRATA_{key.upper()}": value for key, value in settings.items()}
        return Company(home, environment)

    return make
