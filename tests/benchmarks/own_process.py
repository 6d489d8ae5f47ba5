"""Measurements in a process of their own, and words at once.

Belongs here: starting a module of the benchmarks and taking its answer, printing as a benchmark
goes on. Does not belong here: what is measured.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

# by itself: what is measured carries nothing that it does not ask for
PROJECT_ROOT = Path(__file__).resolve().parents[2]


class OutOfMemoryError(RuntimeError):
    """The kernel ended it: the machine has not the memory for it."""


def answer_of(module: str, *arguments: object) -> str:
    """Run a module in a new process, with no memory and no caches of this one.

    Args:
        module: Its full name.
        arguments: Its command line.

    Returns:
        What it printed.

    Raises:
        OutOfMemoryError: It asked for more memory than there is.
        RuntimeError: It failed; with its own words.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        raise OutOfMemoryError(f"python -m {module} was killed")
    if done.returncode:
        raise RuntimeError(f"python -m {module} failed:\n{done.stderr}")
    return done.stdout


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
