"""The commands about personal data: scan, roles, erasure, access requests, retention.

Belongs here: arguments, help texts and what is printed. Does not belong here: work. Heavy modules
are imported inside the commands, as in orchestration/cli.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.command_line import FAILED, fail, say

if TYPE_CHECKING:
    from orchestration.privacy.erase import Erasure


def register(app: typer.Typer) -> None:
    """Add the commands to `strata`."""
    app.command("privacy-scan")(privacy_scan)
    app.command("publish-role")(publish_role)
    app.command("erase")(erase)
    app.command("export-person")(export_person)
    app.command("retention")(retention)


def privacy_scan() -> None:
    """Search the published file, exports, logs, models and Dagster's files for known identifiers.

    Exit status 1 when any is found. Nothing is printed but places, kinds and numbers.
    """
    from orchestration.privacy.scan import scan_company
    from orchestration.resources.warehouse import WarehouseError
    from orchestration.settings import Settings

    try:
        report = scan_company(Settings())
    except WarehouseError as error:
        fail(str(error))
    say(
        f"{report.looked_for:,} identifiers looked for in {report.files:,} files; "
        f"{report.left_out} names are also other words and were not looked for"
    )
    for folder in report.clear_exports:
        say(f"not looked into, exported in the clear on request: {folder}")
    for finding in report.findings:
        say(f"{finding.place}: {finding.count} of kind {finding.kind}")
    if report.findings:
        raise typer.Exit(FAILED)
    say("none found outside the build file, the landing files and uploaded lists")


def publish_role(
    role: Annotated[str, typer.Argument(help="A role of dbt_project/roles.yml.")],
) -> None:
    """Write a role's own file beside the published one: fewer tables, columns and rows."""
    import json

    from orchestration.privacy.roles import (
        RoleError,
        column_classes,
        read_roles,
        role_file,
    )
    from orchestration.privacy.roles import publish_role as write
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.resources.dbt import ensure_manifest
    from orchestration.settings import Settings

    settings = Settings()
    try:
        roles = read_roles()
        if role not in roles:
            raise RoleError(f"there is no role {role!r}; dbt_project/roles.yml has {sorted(roles)}")
        classes = column_classes(json.loads(ensure_manifest(settings).read_text()))
        publication = write(settings, roles[role], classes)
    except (RoleError, NothingPublishedError) as error:
        fail(str(error))
    say(f"{role_file(settings, role)}: {len(publication.rows)} tables")
    say(" ".join(roles[role].description_en.split()))


def erase(
    subject: Annotated[
        str | None,
        typer.Argument(
            help="A customer_id or SOURCE:RECORD. Leave it out to type a phone number or an e-mail "
            "address, so that it does not enter the shell's history; `-` reads a line of input."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish an erasure that was interrupted.")
    ] = False,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Leave computing everything anew to the next run.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase one person from landing files, warehouse, published files, exports, models and logs.

    The person cannot come back from an old export: keyed hashes of their numbers are kept, and rows
    that match are dropped on arrival. Exit status 3 when files remain that somebody has to look at.
    """
    from orchestration.ingestion.limits import UnreadableFileError
    from orchestration.privacy import erase as work
    from orchestration.privacy.person import UnknownPersonError
    from orchestration.privacy.rewrite import RewriteError
    from orchestration.resources.warehouse import WarehouseError
    from orchestration.run import OK, PUBLISHED_WITH_UNREADABLE_FILES, run_here
    from orchestration.run_lock import RunInProgressError
    from orchestration.settings import Settings

    settings = Settings()
    unreadable: tuple[str, ...] = ()
    try:
        if resume:
            receipts = work.resume(settings)
            if not receipts:
                say("no erasure was interrupted")
                return
        else:
            done = work.erase(settings, _typed(subject), _asked(dry_run=dry_run, yes=yes))
            if done.receipt is None:
                return
            unreadable, receipts = done.unreadable, [done.receipt]
    except (
        UnknownPersonError,
        RunInProgressError,
        WarehouseError,
        RewriteError,
        UnreadableFileError,
    ) as error:
        fail(str(error))
    for receipt in receipts:
        say(f"receipt: {receipt}")
    if not no_run:
        status = run_here(settings, None)
        if status not in (OK, PUBLISHED_WITH_UNREADABLE_FILES):
            fail("erased, but the run that computes everything anew failed; see above, run again")
        for receipt in receipts:
            work.note_rebuilt(receipt)
    if unreadable:
        raise typer.Exit(PUBLISHED_WITH_UNREADABLE_FILES)


def export_person(
    subject: Annotated[
        str | None,
        typer.Argument(
            help="A customer_id or SOURCE:RECORD; leave it out to type a phone number or an e-mail "
            "address; `-` reads a line of input."
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where to; default: below the exports.")
    ] = None,
) -> None:
    """Write everything that is held about one person, in the clear, for an access request."""
    from orchestration.privacy.export_person import export_person as work
    from orchestration.privacy.person import UnknownPersonError
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.resources.warehouse import WarehouseError
    from orchestration.settings import Settings

    try:
        written = work(Settings(), _typed(subject), folder)
    except (UnknownPersonError, NothingPublishedError, WarehouseError) as error:
        fail(str(error))
    say(f"{written.folder}: {sum(written.rows.values()):,} rows in {len(written.rows)} files")
    say("in the clear: hand it over on a safe way, then delete the folder")


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Leave computing everything anew to the next run.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take out landed rows that are older than their feed's contract allows (retention_days)."""
    from orchestration.privacy import erase as work
    from orchestration.privacy.retention import apply_retention
    from orchestration.privacy.rewrite import RewriteError
    from orchestration.resources.warehouse import WarehouseError
    from orchestration.run import OK, PUBLISHED_WITH_UNREADABLE_FILES, run_here
    from orchestration.run_lock import RunInProgressError
    from orchestration.settings import Settings

    def confirm(counts: Mapping[str, int]) -> bool:
        for feed, rows in counts.items():
            say(f"  {rows:>9,}  {feed}")
        return not dry_run and (yes or typer.confirm("Take these rows out for good?"))

    settings = Settings()
    try:
        receipt = apply_retention(settings, confirm)
    except (RunInProgressError, WarehouseError, RewriteError) as error:
        fail(str(error))
    if receipt is None:
        say("nothing was taken out")
        return
    say(f"receipt: {receipt}")
    if not no_run:
        if run_here(settings, None) not in (OK, PUBLISHED_WITH_UNREADABLE_FILES):
            fail("taken out, but the run that computes everything anew failed; run again")
        work.note_rebuilt(receipt)


def _typed(subject: str | None) -> str:
    if subject == "-":
        return sys.stdin.readline().strip()
    return subject or typer.prompt(
        "Phone number, e-mail address, customer_id or SOURCE:RECORD", hide_input=True
    )


def _asked(*, dry_run: bool, yes: bool) -> Callable[[Erasure], bool]:
    def confirm(planned: Erasure) -> bool:
        _say_erasure(planned, "would be erased" if dry_run else "will be erased")
        return not dry_run and (yes or typer.confirm("Erase for good?"))

    return confirm


def _say_erasure(found: Erasure, verb: str) -> None:
    say(f"{found.customer_id} {verb}:")
    for name, count in found.counts.items():
        say(f"  {count:>7,}  {name.replace('_', ' ')}")
    for name in found.unreadable:
        say(f"look at this file yourself, no feed can read it and it names them: {name}")
