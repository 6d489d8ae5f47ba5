"""Faults of the machine, made for real: small disks, folders that cannot be written to, files held.

Belongs here: making a fault and taking it away again. Does not belong here: assertions.
"""

from __future__ import annotations

import codecs
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT

NOBODY = 65534
HOLDER = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(120)
"""


def program(text: str, *arguments: object, **options) -> subprocess.CompletedProcess:
    """Run a program of a test in a process of its own, which a fault may take with it."""
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of its own under a folder, in memory; skips where nobody may mount."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def enlarge(folder: Path, megabytes: int) -> None:
    """Give a mounted disk more room."""
    _mount("-o", f"remount,size={megabytes}m", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder on a disk that takes no writes any more, as after an error of the disk.

    Skips where nobody may mount.
    """
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no right to mount here: {done.stderr.strip()}")


@contextmanager
def without_the_right_to_write(folder: Path) -> Iterator[None]:
    """This process as somebody who may read a folder and not write to it.

    Root may write anywhere, so tests that run as root become somebody else for a while.
    """
    before = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in before.items():
        path.chmod((mode | 0o555) & ~0o222)
    # Python may be installed where nobody else may look
    importlib.import_module("pandas")
    for encoding in ("utf-8-sig", "gb18030"):
        codecs.lookup(encoding)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for path, mode in before.items():
            path.chmod(mode)


@contextmanager
def held(file: Path | str) -> Iterator[subprocess.Popen]:
    """A DuckDB file that another process has open to write."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE
    ) as holder:
        try:
            holder.stdout.readline()
            yield holder
        finally:
            holder.kill()
