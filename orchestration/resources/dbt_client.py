"""Stands where the dbt command is expected: hands the command to the server, or runs dbt itself.

Belongs here: passing on arguments, environment, output and signals. Does not belong here: imports
from this package or from outside the standard library; this program has to start at once.
"""

import json
import os
import signal
import socket
import sys


def main() -> int:
    """Exit status of the command."""
    path = os.environ.get("STRATA_DBT_SOCKET")
    dbt = os.environ["STRATA_DBT_EXECUTABLE"]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(path or "")
    except OSError:
        os.execv(dbt, [dbt, *sys.argv[1:]])
    request = {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes as long to import as the rest
    }
    socket.send_fds(connection, [json.dumps(request).encode()], [1, 2])
    pid = int(connection.recv(64))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: os.kill(pid, received))
    return int(connection.recv(64) or b"2")


if __name__ == "__main__":
    sys.exit(main())
