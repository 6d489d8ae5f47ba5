"""A program of its own that answers on a port of this machine, for as long as a test needs it.

Belongs here: a free port, starting, waiting until it answers, ending. Does not belong here: what is
asked of it.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen


@contextmanager
def served(
    command: Callable[[int], Sequence[str]],
    *,
    environment: Mapping[str, str],
    health: str,
    seconds: float,
) -> Iterator[str]:
    """The address of a server while it runs.

    Args:
        command: The program and its arguments for a port.
        environment: All of its environment.
        health: Path that answers with 200 once it is ready.
        seconds: How long it may take to start, and to end.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        command(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address + health, seconds)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=seconds)


def _wait_for(url: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            if time.monotonic() > until:
                raise
        time.sleep(0.2)
