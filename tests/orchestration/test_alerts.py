"""Alerts: one per failed run, by webhook and e-mail, without what a row could have put there."""

from __future__ import annotations

import json
import shutil
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from orchestration import run as runs
from orchestration.alerts import Alert, AlertNotSentError, alert_of, errors_of, send
from orchestration.automation import dead_run_sensor, failure_sensor
from orchestration.instance import COMMAND_TAG
from orchestration.resources.warehouse import WarehouseLockedError
from orchestration.settings import SEEDS_DIR, Settings

PHONE = "13812345678"
DBT_MESSAGE = f"""
Failure in test unique_customers_customer_id (models/marts/customer.yml)
  Got 3 results, configured to fail if != 0
Runtime Error in model customer_360 (models/marts/customer/customer_360.sql)
  Conversion Error: Could not convert string '{PHONE}' to INT32
"""
# what a mail server answers to the first word of a line
ANSWERS = {b"DATA": b"354 go on", b"QUIT": b"221 bye", b"EHLO": b"250 localhost"}


class DagsterDbtCliRuntimeError(Exception):
    """Stands under the name by which dagster-dbt's own error is known."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def posted() -> Iterator[tuple[str, list[dict]]]:
    """Address of a web server, and what was posted to it."""
    received: list[dict] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(json.loads(body))
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as port:
        yield f"http://127.0.0.1:{port}", received


@pytest.fixture
def mailed() -> Iterator[tuple[int, list[bytes]]]:
    """Port of a mail server, and the messages that it took."""
    received: list[bytes] = []

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 localhost\r\n")
            while word := self.rfile.readline().strip()[:4].upper():
                self.wfile.write(ANSWERS.get(word, b"250 ok") + b"\r\n")
                if word == b"DATA":
                    lines = iter(self.rfile.readline, b".\r\n")
                    received.append(b"".join(lines))
                    self.wfile.write(b"250 taken\r\n")
                if word == b"QUIT":
                    return

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Mail)) as port:
        yield port, received


def failing(error: Exception) -> dg.JobDefinition:
    @dg.op(name="models")
    def fails() -> None:
        raise error

    @dg.job(name="daily")
    def daily() -> None:
        fails()

    return daily


def alert_about(error: Exception, home: Path) -> Alert:
    with dg.DagsterInstance.ephemeral() as instance:
        result = failing(error).execute_in_process(instance=instance, raise_on_error=False)
        errors = errors_of(instance, result.dagster_run)
        return alert_of(Settings(home=home), "daily", result.run_id, errors)


def test_it_goes_to_the_webhook_and_by_mail(tmp_path: Path, posted, mailed) -> None:
    address, bodies = posted
    port, messages = mailed
    settings = Settings(
        home=tmp_path / "shop",
        alert_webhook=address,
        alert_email="ops@example.com, it@example.com",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
    )
    locked = WarehouseLockedError("build.duckdb is open in another process, pid 17")
    alert = alert_about(locked, settings.home)
    assert send(alert, settings) == ["webhook", "e-mail"]
    (body,), (message,) = bodies, messages
    assert body["run_id"] == alert.run_id
    assert (body["company"], body["job"], body["step"]) == ("shop", "daily", "models")
    assert "pid 17" in body["reason"]
    assert "strata doctor" in body["remedy"]
    mail = message_from_bytes(message, policy=policy.default)
    assert mail["Subject"] == "strata360 shop: daily failed at models"
    assert mail["To"] == "ops@example.com, it@example.com"
    assert alert.run_id in mail.get_content()


@pytest.mark.parametrize(
    ("format_", "where"),
    [
        ("slack", ("text",)),
        ("wecom", ("text", "content")),
        ("dingtalk", ("text", "content")),
        ("feishu", ("content", "text")),
    ],
)
def test_chat_programs_find_the_text_where_they_look(
    tmp_path: Path, posted, format_: str, where: tuple[str, ...]
) -> None:
    address, bodies = posted
    settings = Settings(home=tmp_path, alert_webhook=address, alert_webhook_format=format_)
    alert = alert_of(settings, "daily", "r1", {})
    send(alert, settings)
    found = bodies[0]
    for key in where:
        found = found[key]
    assert found == alert.text


@pytest.mark.parametrize(
    "error",
    [
        DagsterDbtCliRuntimeError(DBT_MESSAGE),
        ValueError(f"could not convert string to float: '{PHONE}'"),
        RuntimeError(f"someone@example.com and {PHONE}"),
    ],
)
def test_nothing_of_a_row_is_told(tmp_path: Path, error: Exception) -> None:
    alert = alert_about(error, tmp_path)
    assert PHONE not in alert.text
    assert "example.com" not in alert.text
    assert alert.remedy


def test_dbt_is_told_by_the_names_of_its_models_and_tests(tmp_path: Path) -> None:
    alert = alert_about(DagsterDbtCliRuntimeError(DBT_MESSAGE), tmp_path)
    assert alert.reason == "dbt: test unique_customers_customer_id, model customer_360"


def test_a_receiver_that_does_not_answer_is_named_without_its_secret(
    tmp_path: Path, posted, mailed
) -> None:
    address, _ = posted
    port, messages = mailed
    settings = Settings(
        home=tmp_path,
        alert_webhook=f"{address}/broken",
        alert_email="ops@example.com",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
    )
    with pytest.raises(AlertNotSentError, match="webhook: HTTPError") as refused:
        send(alert_of(settings, "daily", "r1", {}), settings)
    assert "/broken" not in str(refused.value)
    assert len(messages) == 1, "the other receiver is told all the same"


@pytest.mark.parametrize(("tags", "told"), [({}, 1), ({COMMAND_TAG: "run"}, 0)])
def test_the_sensor_tells_of_runs_that_no_command_tells_of(
    tmp_path: Path, posted, tags: dict[str, str], told: int
) -> None:
    address, bodies = posted
    settings = Settings(home=tmp_path, alert_webhook=address)
    job = failing(OSError("no space left"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        context = dg.build_run_status_sensor_context(
            sensor_name="failure_sensor",
            dagster_event=result.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()
        failure_sensor(settings, [job])(context)
    assert [body["run_id"] for body in bodies] == [result.run_id] * told


def test_a_command_that_was_killed_is_told_of(tmp_path: Path, posted) -> None:
    address, bodies = posted
    settings = Settings(home=tmp_path, alert_webhook=address)
    job, started = failing(OSError("no space left")), dg.DagsterRunStatus.STARTED
    with dg.DagsterInstance.ephemeral() as instance:
        killed = instance.create_run_for_job(job, status=started, tags={COMMAND_TAG: "run"})
        # nobody knows its process yet, so it may be just beginning
        instance.create_run_for_job(job, status=started)
        for _ in range(2):
            dead_run_sensor(settings)(dg.build_sensor_context(instance=instance))
    assert [body["run_id"] for body in bodies] == [killed.run_id]


def test_the_command_tells_of_a_run_that_it_refuses(
    tmp_path: Path, posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, bodies = posted
    shutil.copytree(SEEDS_DIR, tmp_path / "seeds")
    with (tmp_path / "seeds" / "tag_catalogue.csv").open("a", encoding="utf-8") as file:
        file.write("big,大,Big,value,rule,order_counts > 1,crm,daily,9,大,Big.\n")
    monkeypatch.setattr(runs, "SEEDS_DIR", tmp_path / "seeds")
    settings = Settings(home=tmp_path / "shop", alert_webhook=address)
    assert runs.run_here(settings, None, Console(quiet=True)) == runs.FAILED
    assert "unknown column order_counts" in bodies[0]["reason"]
    assert "correct the file" in bodies[0]["remedy"]
