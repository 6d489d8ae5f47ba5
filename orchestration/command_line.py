"""What every `strata` command says and ends with.

Belongs here: words on the terminal and the exit status of a failure. Does not belong here: any
command.
"""

from __future__ import annotations

from typing import NoReturn

import typer

#: Exit status of a command that could not do its work; those of a run are in orchestration.run.
FAILED = 1


def say(text: str) -> None:
    """Print a line."""
    typer.echo(text)


def fail(text: str) -> NoReturn:
    """Say what went wrong, and end the command."""
    typer.echo(text, err=True)
    raise typer.Exit(FAILED)
