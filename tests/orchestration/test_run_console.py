"""A run whose terminal goes away goes on."""

from __future__ import annotations

import subprocess
import sys

SHOWS_LINES = """
import sys
from orchestration.run_console import RunConsole

console = RunConsole(file=sys.stdout)
for number in range(20_000):
    console.print(f"step {number}")
print("and what others print")
print("went on", console.quiet, file=sys.stderr)
sys.exit(3)
"""


def test_a_reader_that_leaves_does_not_end_the_run() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", SHOWS_LINES],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout and run.stderr
        assert run.stdout.readline() == "step 0\n"
        run.stdout.close()
        assert run.stderr.read() == "went on True\n"
    assert run.returncode == 3


def test_a_reader_that_stays_reads_everything() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SHOWS_LINES], capture_output=True, text=True, check=False
    )
    lines = run.stdout.splitlines()
    assert (len(lines), lines[-2:]) == (20_001, ["step 19999", "and what others print"])
    assert (run.stderr, run.returncode) == ("went on False\n", 3)
