"""The commands about personal data: scan, roles, erasure, access requests, retention.

Belongs here: arguments, help texts and what is printed. Does not belong here: work. Heavy modules
are imported inside the commands, as in orchestration/cli.py.
"""

from __future__ import annotations

import typer

from orchestration.command_line import FAILED, fail, say


def register(app: typer.Typer) -> None:
    """Add the commands to `strata`."""
    app.command("privacy-scan")(privacy_scan)


def privacy_scan() -> None:
    """Search the published file, exports, logs, models and Dagster's files for known identifiers.

    Exit status 1 when any is found. Nothing is printed but places, kinds and numbers.
    """
    from orchestration.privacy.scan import scan_company
    from orchestration.resources.warehouse import WarehouseLockedError
    from orchestration.settings import Settings

    try:
        report = scan_company(Settings())
    except WarehouseLockedError as error:
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
