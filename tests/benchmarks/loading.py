"""Loads a folder of landing files in a process of its own and says what that took.

Belongs here: one measured load, ours or DuckDB's bare one. Does not belong here: making files,
comparing figures.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.landing_files import write_contract
from tests.benchmarks.own_process import answer_of


@dataclass(frozen=True)
class Measured:
    """What one load took.

    Attributes:
        rows: Rows in the warehouse afterwards.
        seconds: From opening the database to its closing.
        cpu_seconds: Of all threads and of processes it started.
        peak_mb: Most resident memory, without what other processes of it took.
        children_peak_mb: Most resident memory of a process that it started.
    """

    rows: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    children_peak_mb: float


def measure(
    how: str, files: list[Path], scratch: Path, *, memory_limit: str = "1GB", threads: int = 2
) -> Measured:
    """Load files into a new database in a new process.

    Args:
        how: `load` for a load as a run does it, `bare` for DuckDB's own `create table as`.
        files: The files, all of one format.
        scratch: A folder for the database; what is put there is removed.
        memory_limit: DuckDB's.
        threads: DuckDB's.
    """
    home = Path(tempfile.mkdtemp(dir=scratch))
    try:
        folder = home / "landing" / "till" / "lines"
        folder.mkdir(parents=True)
        for file in files:
            (folder / file.name).hardlink_to(file)
        write_contract(home / "staging")
        return Measured(**json.loads(answer_of(__name__, how, home, memory_limit, threads)))
    finally:
        shutil.rmtree(home)


def _main(how: str, home: Path, memory_limit: str, threads: int) -> None:
    import duckdb

    from orchestration.ingestion import load_contracts, load_landing

    config = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": str(home / "spilled"),
    }
    started, cpu_before = time.perf_counter(), _cpu_seconds()
    connection = duckdb.connect(str(home / "build.duckdb"), config=config)
    if how == "bare":
        rows = _bare(connection, home / "landing" / "till" / "lines")
    else:
        load = load_landing(
            connection,
            load_contracts(home / "staging"),
            home / "landing",
            run_id="measured",
            temp_dir=home / "tmp",
        )
        if load.failed:
            raise RuntimeError(load.failed[0].error)
        rows = load.rows_loaded
    connection.close()
    seconds = time.perf_counter() - started
    # ru_maxrss of a new process begins with that of the process which started it
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    measured = Measured(
        rows=rows,
        seconds=seconds,
        cpu_seconds=_cpu_seconds() - cpu_before,
        peak_mb=int(peak[1]) / 1024,
        children_peak_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )
    sys.stdout.write(json.dumps(measured.__dict__))


def _cpu_seconds() -> float:
    used = [resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _bare(connection, folder: Path) -> int:
    files = sorted(str(path) for path in folder.iterdir())
    if files[0].endswith(".parquet"):
        reader = "select cast(columns(*) as varchar) from read_parquet(?)"
    else:
        reader = "select * from read_csv(?, all_varchar = true, header = true)"
    connection.execute(f"create table lines as {reader}", [files])
    return connection.execute("select count(*) from lines").fetchone()[0]


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
