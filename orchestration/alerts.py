"""Telling people that a run failed: what is said, and sending it to a webhook or by e-mail.

Belongs here: the message and the two ways out. Does not belong here: noticing that a run failed
(automation, run).

A message leaves the house, so it holds nothing that a row could have put there: of a foreign
error only its class is told, of dbt's the names of models and tests. Messages of our own errors
name files, settings and rules, never a value, and are told.
"""

from __future__ import annotations

import json
import re
import smtplib
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from orchestration.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun
    from dagster_shared.error import SerializableErrorInfo

TIMEOUT_SECONDS = 10
MAX_REASON = 600
DBT_ERROR = "DagsterDbtCliRuntimeError"
DBT_NODE = re.compile(r"\b(?:Failure|Error) in (\w+) (\w+)")
#: Errors of our own by class, and what to do about them; their messages are told.
OWN_REMEDIES = {
    "WarehouseLockedError": "close the program that holds the build file; `strata doctor` names it",
    "DamagedWarehouseError": "delete the build file that is named and run again",
    "DamagedPublishedFileError": "put back a copy of the published file, or run again where the "
    "build file is sound",
    "RunInProgressError": "wait for the other run to end, or stop its process",
    "VocabularyError": "correct the file that is named and run again",
    "ContractError": "correct the landing contract that is named and run again",
    "RegistryError": "correct the YAML file that is named and run again",
    "DocumentError": "correct the audience file that is named and run again",
    "UnsafeColumnError": "mask or hash the column that is named, or do not publish its model",
    "NothingToPublishError": "say meta.published of the models that readers need",
    "PublishVerificationError": "look at the disk with `strata doctor`, then run again",
}
#: Errors of others by class; of these only the class is told.
OTHER_REMEDIES = {
    DBT_ERROR: "look the models and tests up in the run, correct data or rule, and run again",
    "DagsterExecutionInterruptedError": "somebody or something stopped the run; run again",
    "OutOfMemoryException": "set STRATA_MEMORY_LIMIT or close other programs, then run again",
    "MemoryError": "set STRATA_MEMORY_LIMIT or close other programs, then run again",
    "IOException": "look at disk and locks with `strata doctor`, then run again",
    "OSError": "look at disk and locks with `strata doctor`, then run again",
}
UNKNOWN_REMEDY = "look the run up in the Dagster UI or in warehouse/last_run.log; `strata doctor`"
NO_ERROR = "the process of the run ended before the run did"
NO_ERROR_REMEDY = "run again; when it happens again, look at memory and disk with `strata doctor`"


class AlertNotSentError(RuntimeError):
    """The webhook or the mail server did not take a message."""


@dataclass(frozen=True)
class Alert:
    """A failed run, in words that hold no personal data.

    Attributes:
        company: Name of the company's folder.
        job: The job.
        run_id: Dagster's id of the run.
        step: The first step that failed; None when none did.
        reason: Why, as far as may be told.
        remedy: What to do.
    """

    company: str
    job: str
    run_id: str
    step: str | None
    reason: str
    remedy: str

    @property
    def subject(self) -> str:
        """One line."""
        where = f" at {self.step}" if self.step else ""
        return f"strata360 {self.company}: {self.job} failed{where}"

    @property
    def text(self) -> str:
        """All of it, for people."""
        return (
            f"{self.subject}\nrun {self.run_id}\nreason: {self.reason}\nwhat to do: {self.remedy}\n"
            "Readers still have the last good build."
        )


def alert_of(
    settings: Settings, job: str, run_id: str, errors: Mapping[str, SerializableErrorInfo]
) -> Alert:
    """The message about a failed run.

    Args:
        settings: The company.
        job: The job.
        run_id: The run.
        errors: What the failed steps ended with, in the order in which they failed.
    """
    step, error = next(iter(errors.items()), (None, None))
    reason, remedy = _told(error) if error else (NO_ERROR, NO_ERROR_REMEDY)
    return Alert(settings.home.name, job, run_id, step, reason[:MAX_REASON], remedy)


def alert_before_run(settings: Settings, error: Exception) -> Alert:
    """The message about a run that was refused before it began.

    Args:
        settings: The company.
        error: One of OWN_REMEDIES.
    """
    reason = " ".join(str(error).split())
    remedy = OWN_REMEDIES[type(error).__name__]
    return Alert(settings.home.name, "run", "not begun", None, reason[:MAX_REASON], remedy)


def errors_of(instance: DagsterInstance, run: DagsterRun) -> dict[str, SerializableErrorInfo]:
    """What the failed steps of a run ended with, from its event log."""
    import dagster as dg

    records = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=20
    ).records
    return {
        event.step_key: event.event_specific_data.error
        for record in records
        if (event := record.event_log_entry.dagster_event) and event.event_specific_data.error
    }


def send(alert: Alert, settings: Settings) -> list[str]:
    """Send a message everywhere it is wanted; returns where it went.

    Raises:
        AlertNotSentError: A receiver did not take it; the other one was tried all the same.
    """
    sent, problems = [], []
    for name, wanted, way in (
        ("webhook", settings.alert_webhook, _post),
        ("e-mail", settings.alert_email, _mail),
    ):
        if not wanted:
            continue
        try:
            way(alert, settings)
            sent.append(name)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # its text may hold the address, which is a secret of the receiver
            problems.append(f"{name}: {type(error).__name__}")
    if problems:
        raise AlertNotSentError(
            f"the alert about run {alert.run_id} was not taken by {', '.join(problems)}; look at "
            "STRATA_ALERT_WEBHOOK, STRATA_ALERT_EMAIL and the STRATA_SMTP_ settings"
        )
    return sent


def _told(error: SerializableErrorInfo) -> tuple[str, str]:
    chain = list(_causes(error))
    for one in chain:
        if one.cls_name in OWN_REMEDIES:
            message = " ".join(one.message.split()).removeprefix(f"{one.cls_name}: ")
            return message, OWN_REMEDIES[one.cls_name]
    for one in chain:
        if one.cls_name == DBT_ERROR:
            nodes = [
                f"{kind} {name}" for kind, name in dict.fromkeys(DBT_NODE.findall(one.message))
            ]
            return "dbt: " + (", ".join(nodes) or "no model named"), OTHER_REMEDIES[DBT_ERROR]
    last = chain[-1]
    name = (last.cls_name or "unknown error").rsplit(".", 1)[-1]
    return name, OTHER_REMEDIES.get(name, UNKNOWN_REMEDY)


def _causes(error: SerializableErrorInfo | None):
    while error:
        yield error
        error = error.cause


def _post(alert: Alert, settings: Settings) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "json": {"text": alert.text, **asdict(alert)},
        "slack": {"text": alert.text},
        "wecom": {"msgtype": "text", "text": {"content": alert.text}},
        "dingtalk": {"msgtype": "text", "text": {"content": alert.text}},
        "feishu": {"msg_type": "text", "content": {"text": alert.text}},
    }
    url = _plain(settings.alert_webhook)
    if not url.startswith(("https://", "http://")):
        raise ValueError("no web address")
    request = urllib.request.Request(
        url,
        data=json.dumps(bodies[settings.alert_webhook_format], ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
        pass


def _mail(alert: Alert, settings: Settings) -> None:
    message = EmailMessage()
    message["Subject"] = alert.subject
    message["From"] = settings.smtp_from
    message["To"] = settings.alert_email
    message.set_content(alert.text)
    connect = smtplib.SMTP_SSL if settings.smtp_security == "tls" else smtplib.SMTP
    with connect(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS) as server:
        if settings.smtp_security == "starttls":
            server.starttls()
        if settings.smtp_user:
            server.login(settings.smtp_user, _plain(settings.smtp_password))
        server.send_message(message)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
