"""What comes with the warehouse: licences that a company can live with, and no known weakness."""

from __future__ import annotations

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conventions import audit, dependencies

#: Permissive licences, and MPL-2.0, whose terms end at the package's own files.
ALLOWED = {
    *("MIT", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "Apache-2.0"),
    *("PSF-2.0", "MPL-2.0", "Zlib", "CC0-1.0", "Unlicense", "HPND", "Artistic-1.0"),
}
PACKAGES = dependencies.runtime_packages()


def allowed(text: str) -> bool:
    """Whether one alternative of a licence holds nothing but allowed ones."""
    bare = re.sub(r"[()]", " ", text)
    alternatives = re.split(r"\s+OR\s+", bare)
    if " AND " in bare and len(alternatives) > 1:
        # a joint work with a choice in it: every name has to be allowed
        alternatives = [re.sub(r"\s+OR\s+", " AND ", bare)]
    return any(
        all(name.strip() in ALLOWED for name in re.split(r"\s+AND\s+", one)) for one in alternatives
    )


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_has_a_licence_that_is_allowed(name: str) -> None:
    text = dependencies.licence(PACKAGES[name])
    assert allowed(text), f"{name} is under {text!r}; leave it out, or say why it may stay"


@pytest.mark.parametrize(
    "text", ["GPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0", "", "Proprietary", "SSPL-1.0 OR GPL"]
)
def test_a_licence_that_binds_our_users_would_be_found(text: str) -> None:
    assert not allowed(text)


def test_the_page_lists_what_is_installed() -> None:
    assert len(PACKAGES) > 100
    assert dependencies.DOCUMENTED.read() == dependencies.table(), (
        "run `python -m tests.conventions.dependencies`"
    )


def test_an_audit_that_reaches_nobody_says_so_and_stops_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        # bound and not listening: every connection is refused
        status = audit.audit(f"http://127.0.0.1:{taken.getsockname()[1]}/v1/query")
    assert status == 0
    assert capsys.readouterr().out.startswith("NOT AUDITED: 127.0.0.1 cannot be reached")


class Portal(BaseHTTPRequestHandler):
    """What a network's own page answers in place of the service."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class Advisories(BaseHTTPRequestHandler):
    """An OSV service that knows of one weakness, in one package."""

    asked: list[str] = []  # noqa: RUF012 - of the class, which the server makes an object of a call

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.asked.append(name)
        answer = {}
        if name == "requests":
            affected = {
                "package": {"name": name, "ecosystem": "PyPI"},
                "versions": [],
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
            }
            weakness = {"id": "PYSEC-0000-1", "summary": "x", "details": "x", "aliases": []}
            answer = {"vulns": [{**weakness, "affected": [affected]}]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def audited(service: type[BaseHTTPRequestHandler]) -> int:
    """The audit's status when it asks a service of this kind."""
    pytest.importorskip("pip_audit", reason="pip-audit is not installed")
    with ThreadingHTTPServer(("127.0.0.1", 0), service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        status = audit.audit(f"http://127.0.0.1:{server.server_port}/v1/query")
        server.shutdown()
    return status


def test_an_audit_that_is_answered_by_somebody_else_says_so_and_stops_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert audited(Portal) == 0
    assert "NOT AUDITED: 127.0.0.1 gave no answer that could be read" in capfd.readouterr().out


def test_a_known_weakness_ends_the_audit_with_a_status(capfd: pytest.CaptureFixture[str]) -> None:
    status = audited(Advisories)
    printed = capfd.readouterr()
    assert status == 1, printed
    assert "PYSEC-0000-1" in printed.out
    pinned = len(audit.CONSTRAINTS.read_text().split())
    assert len(set(Advisories.asked)) == pinned
