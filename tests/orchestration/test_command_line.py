"""Commands that only ask a question answer before the libraries of a build would have loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

OF_A_BUILD = ("dagster", "dbt", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "splink")


@pytest.mark.parametrize("module", ["cli", "explain", "publishing.reader"])
def test_asking_loads_nothing_of_a_build(module: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, orchestration.{module}; print(*{set(OF_A_BUILD)} & sys.modules.keys())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
