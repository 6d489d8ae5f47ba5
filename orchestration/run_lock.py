"""The lock of a company: one run, erasure or purge at a time, whoever begins it.

Belongs here: taking it, and whether somebody has it. Does not belong here: the lock that DuckDB
has on the build file (resources/warehouse).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunInProgressError(RuntimeError):
    """Another run of the same company is under way."""


@contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold the company's run lock; the system frees it when the process ends, however it ends.

    Raises:
        RunInProgressError: Somebody else holds it.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise RunInProgressError(
                f"another run is under way ({file.read().strip() or path}): wait for it to end, or "
                "stop that process and run again"
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


def is_locked(path: Path) -> bool:
    """Whether somebody holds it, this process included."""
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
