"""Is this installation fit to run: what `strata doctor` prints.

Belongs here: settings with their origin, the report for people and for programs.
Does not belong here: the checks (installation, files), checks of data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from pydantic import SecretStr
from rich.console import Console

from orchestration.doctor import files, installation
from orchestration.doctor.findings import Check, Finding, Level, looked_at
from orchestration.settings import ENV_PREFIX, Settings

CHECKS: tuple[Check, ...] = (
    installation.python,
    installation.packages,
    installation.constraints,
    installation.home,
    installation.disk,
    installation.secrets,
    installation.others,
    installation.mail,
    files.lock,
    files.build,
    files.runs,
    files.last_run,
    files.published,
)
MARKS = {
    Level.OK: "[green]✓[/green]",
    Level.WARNING: "[yellow]![/yellow]",
    Level.PROBLEM: "[red]✗[/red]",
}


def diagnose(console: Console, *, as_json: bool = False) -> bool:
    """Print settings and checks; returns whether nothing stands in the way of a run."""
    settings = Settings()
    findings = [looked_at(check, settings) for check in CHECKS]
    healthy = all(finding.level != Level.PROBLEM for finding in findings)
    if as_json:
        console.print(_document(settings, findings, healthy=healthy), markup=False, soft_wrap=True)
        return healthy
    console.print("[bold]Settings[/bold]")
    for name, value, origin in _settings(settings):
        console.print(
            f"  {name:<30} {value:<40} {origin}", highlight=False, markup=False, soft_wrap=True
        )
    console.print("\n[bold]Checks[/bold]")
    for finding in findings:
        _print(console, finding)
    return healthy


def _print(console: Console, finding: Finding) -> None:
    console.print(f"  {MARKS[finding.level]} {finding.title}", highlight=False, soft_wrap=True)
    if finding.found:
        console.print(f"      {finding.found}", highlight=False, markup=False, soft_wrap=True)
    if finding.remedy:
        console.print(
            f"      what to do: {finding.remedy}", highlight=False, markup=False, soft_wrap=True
        )


def _document(settings: Settings, findings: list[Finding], *, healthy: bool) -> str:
    return json.dumps(
        {
            "healthy": healthy,
            "checks": [
                {
                    "check": finding.name,
                    "title": finding.title,
                    "level": finding.level.value,
                    "found": finding.found,
                    "remedy": finding.remedy,
                }
                for finding in findings
            ],
            "settings": [
                {"name": name, "value": value, "origin": origin}
                for name, value, origin in _settings(settings)
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _settings(settings: Settings) -> Iterator[tuple[str, str, str]]:
    for name in Settings.model_fields:
        variable = ENV_PREFIX + name.upper()
        value = getattr(settings, name)
        if variable in os.environ:
            origin = "environment"
        elif name in settings.model_fields_set:
            origin = ".env"
        else:
            origin = "default"
        shown = "(secret)" if isinstance(value, SecretStr) else str(value)
        yield variable, shown, origin
