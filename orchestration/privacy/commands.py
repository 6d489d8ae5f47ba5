"""The commands about personal data: scan, roles, erasure, access requests, retention.

Belongs here: arguments, help texts and what is printed. Does not belong here: work. Heavy modules
are imported inside the commands, as in orchestration/cli.py.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.command_line import FAILED, fail, say


def register(app: typer.Typer) -> None:
    """Add the commands to `strata`."""
    app.command("privacy-scan")(privacy_scan)
    app.command("publish-role")(publish_role)


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
