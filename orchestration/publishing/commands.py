"""The `strata export` commands.

Belongs here: arguments, help texts and what is printed. Does not belong here: work. Heavy modules
are imported inside the commands, as in orchestration/cli.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.command_line import fail, say

export_app = typer.Typer(
    help="The published tables as files, for tools that do not read DuckDB.", no_args_is_help=True
)


@export_app.callback()
def _commands() -> None:
    """Keep `parquet` a command of its own while it is the only one."""


@export_app.command("parquet")
def parquet(
    tables: Annotated[
        str, typer.Option(help="Published tables with commas between; default: all.")
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(help="Folder of the exports; default STRATA_HOME/exports/parquet."),
    ] = None,
) -> None:
    """Write published tables as Parquet, a folder per build with a manifest; `latest` leads to it.

    An export that was killed never looks complete.
    """
    import duckdb

    from orchestration.publishing.parquet_export import (
        FOLDER,
        ExportFolderError,
        UnknownTableError,
        export_parquet,
    )
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.settings import Settings

    settings = Settings()
    names = [name.strip() for name in tables.split(",") if name.strip()]
    target = (to or settings.exports_dir / FOLDER).expanduser().resolve()
    try:
        folder, manifest = export_parquet(settings.published_file, target, names)
    except (
        NothingPublishedError,
        UnknownTableError,
        ExportFolderError,
        OSError,
        duckdb.Error,
    ) as error:
        fail(str(error))
    say(f"{folder}")
    for file in manifest["files"]:
        say(f"  {file['name']:40} {file['rows']:>12,} rows")
