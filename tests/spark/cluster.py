"""A standalone Spark cluster on this machine: a master and two workers, each a process of its own.

Belongs here: starting and stopping those processes. Does not belong here: what runs on them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orchestration.resources.spark import lacking

WORKERS = 2
#: Of each worker; its one executor takes all of it.
CORES, MEMORY = 1, "1g"
START_SECONDS = 120
DAEMON_MEMORY = "256m"


class ClusterError(RuntimeError):
    """The cluster did not come up; the message is what its log says."""


def why_not() -> str | None:
    """What this machine lacks for a cluster; None when it lacks nothing."""
    if reason := lacking():
        return reason
    return None if java_home() else "there is no Java on the path and none in JAVA_HOME"


def java_home() -> Path | None:
    """The folder of the Java that Spark will use."""
    if home := os.environ.get("JAVA_HOME"):
        return Path(home)
    java = shutil.which("java")
    return Path(java).resolve().parents[1] if java else None


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[str]:
    """Run a master and two workers; gives the master's address.

    Args:
        folder: Logs, and what the workers write.

    Raises:
        ClusterError: One of them did not start in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        log = folder / "master.log"
        running.enter_context(
            _daemon(log, "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        )
        address = _said(log, r"Starting Spark master at (spark://\S+)")
        for number in range(WORKERS):
            log = folder / f"worker_{number}.log"
            running.enter_context(
                _daemon(
                    log,
                    "worker.Worker",
                    *("--host", "127.0.0.1", "--webui-port", "0"),
                    *("--cores", str(CORES), "--memory", MEMORY),
                    *("--work-dir", str(folder / f"worker_{number}")),
                    address,
                )
            )
            _said(log, "Successfully registered with master")
        yield address


@contextmanager
def _daemon(log: Path, name: str, *arguments: str) -> Iterator[None]:
    import pyspark

    spark_home = Path(pyspark.__file__).parent
    with log.open("wb") as output:
        process = subprocess.Popen(
            [spark_home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", *arguments],
            env={
                **os.environ,
                "SPARK_HOME": str(spark_home),
                "JAVA_HOME": str(java_home()),
                "SPARK_DAEMON_MEMORY": DAEMON_MEMORY,
            },
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _said(log: Path, pattern: str) -> str:
    """Wait until a log holds a pattern; its first group, or all of it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found.group(found.lastindex or 0)
        time.sleep(0.2)
    raise ClusterError(f"no {pattern!r} within {START_SECONDS} s:\n{log.read_text()}")
