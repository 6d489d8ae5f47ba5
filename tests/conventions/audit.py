"""Known weaknesses of the pinned packages: `make audit`.

Belongs here: asking the advisory service, and what was accepted and why. Does not belong here:
licences (dependencies.py).

    python -m tests.conventions.audit

Exit status 0 when nothing is known, or when the service cannot be reached or answers something
else, which is said; 1 when a pinned version has a known weakness that was not accepted.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from urllib.parse import urlsplit

from orchestration.settings import PROJECT_ROOT

CONSTRAINTS = PROJECT_ROOT / ".ci" / "constraints.txt"
SERVICE = "https://api.osv.dev/v1/query"
SECONDS = 5.0
#: Advisory to the reason why it does not concern the warehouse; empty it when versions move on.
ACCEPTED: dict[str, str] = {}


def audit(service: str = SERVICE) -> int:
    """Ask about every pinned version; returns the exit status.

    Args:
        service: Address of an OSV service's query.
    """
    address = urlsplit(service)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.hostname, port), timeout=SECONDS):
            pass
    except OSError as error:
        return _not_audited(f"{address.hostname} cannot be reached ({error})")
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS)]
    command += ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
    command += ["--vulnerability-service", "osv", "--osv-url", service]
    for advisory in ACCEPTED:
        command += ["--ignore-vuln", advisory]
    ended = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    sys.stdout.write(ended.stdout)
    if ended.returncode and not ended.stdout.strip():
        # a table is printed of weaknesses only; a proxy's own page ends with the same status
        return _not_audited(f"{address.hostname} gave no answer that could be read")
    return ended.returncode


def _not_audited(reason: str) -> int:
    sys.stdout.write(
        f"NOT AUDITED: {reason}. Run `make audit` where it can be, before a release at least.\n"
    )
    return 0


def main() -> None:
    """Audit, and end with its status."""
    argparse.ArgumentParser(prog="make audit", description=__doc__).parse_args()
    raise SystemExit(audit())


if __name__ == "__main__":
    main()
