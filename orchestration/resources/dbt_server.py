"""A process that has dbt imported and the project parsed, and runs commands in copies of itself.

Belongs here: the server, which is this module run as a program, and starting and stopping it.
Does not belong here: which commands are run, or the little program that hands them over
(dbt_client.py).

Importing dbt and reading the parsed project takes dbt five seconds before it looks at a model, and
a run calls it three times. The server does both once, while ingestion is busy, and forks for each
command: the copy ends with the command, so that nothing of one command, no handle on the warehouse
least of all, is left for the next.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestration.resources.dbt_lines import make_wanted_lines_only
from orchestration.resources.dbt_macros import compile_macros
from orchestration.resources.dbt_selection import choose_once, keep_tests_of_several_tables
from orchestration.settings import DBT_PROFILE_VARIABLES, DBT_PROJECT_DIR, Settings

SOCKET_VARIABLE = "STRATA_DBT_SOCKET"
MAX_REQUEST_BYTES = 4 * 2**20
STOP_SECONDS = 10


@contextmanager
def dbt_server(settings: Settings, output: Path) -> Iterator[None]:
    """Keep a server running; commands find it through the environment.

    Without one they run dbt the usual way, so a server that cannot start costs time only.

    Args:
        settings: The company; its folder holds the socket.
        output: File for what the server itself prints.
    """
    server = start_dbt_server(settings, output)
    try:
        yield
    finally:
        if server is not None:
            path = Path(os.environ.pop(SOCKET_VARIABLE))
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(STOP_SECONDS)
            server.kill()
            path.unlink(missing_ok=True)


def start_dbt_server(settings: Settings, output: Path) -> subprocess.Popen[bytes] | None:
    """Start a server that ends with this process, if nobody ends it before.

    Args:
        settings: The company; its folder holds the socket.
        output: File for what the server itself prints.

    Returns:
        None on Spark, whose session would not survive being copied: commands start by themselves.
    """
    if settings.engine == "spark":
        return None
    path = settings.warehouse_dir / "dbt.socket"
    path.unlink(missing_ok=True)
    with output.open("ab") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "orchestration.resources.dbt_server",
                str(path),
                str(os.getpid()),
            ],
            env={**os.environ, **settings.dbt_environment()},
            cwd=DBT_PROJECT_DIR,
            stdout=log,
            stderr=log,
        )
    os.environ[SOCKET_VARIABLE] = str(path)
    return server


def serve(path: str, parent: int) -> None:
    """Answer requests one after the other until the process that started this one is gone.

    That process says its number itself: asked for later, it is 1 where it was killed meanwhile, and
    a server that took that for its parent would never end.

    A request is one JSON message {arguments, environment, folder}, sent together with the file
    descriptors for its output. The answers are two lines: the copy's process id, its exit status.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        os.chmod(path, 0o600)  # noqa: PTH101 - before anything listens
        listener.listen()
        if os.getppid() != parent:
            return
        runner = _warm_runner()
        listener.settimeout(1.0)
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                _answer(connection, runner)


def _warm_runner():
    """dbt with the project in memory; parsing it fails in the command's own words, not here.

    It goes on from the parsed project that loading the definitions left (resources/dbt.py), in a
    folder of its own, because other processes read that one.
    """
    from dbt.cli.main import dbtRunner

    choose_once()
    keep_tests_of_several_tables()
    make_wanted_lines_only()
    # a command brings its profile with it; here it would only make dbt parse everything anew
    for name in DBT_PROFILE_VARIABLES:
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as target:
        with suppress(FileNotFoundError):
            shutil.copy(DBT_PROJECT_DIR / "target" / "partial_parse.msgpack", target)
        parsed = dbtRunner().invoke(
            [
                *("--quiet", "--no-write-json", "parse"),
                *("--profiles-dir", str(DBT_PROJECT_DIR), "--target-path", target),
            ]
        )
    if not parsed.success:
        return dbtRunner()
    compile_macros(parsed.result)
    return dbtRunner(manifest=parsed.result)


def _answer(connection: socket.socket, runner) -> None:
    message, descriptors, _, _ = socket.recv_fds(connection, MAX_REQUEST_BYTES, 2)
    if not message:
        return
    pid = os.fork()
    if pid == 0:
        _become(json.loads(message), descriptors, runner)
    for descriptor in descriptors:
        os.close(descriptor)
    # whoever asked may have been killed; the next one is answered all the same
    with suppress(BrokenPipeError):
        connection.send(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        connection.send(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: dict, descriptors: list[int], runner) -> None:
    """Run the command in this copy, and end it."""
    status = 2
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for number, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, number)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        result = runner.invoke(request["arguments"])
        status = 0 if result.success else 2 if result.exception else 1
        if result.exception:
            print(result.exception)  # noqa: T201 - what dbt's own command line does
        sys.stdout.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
