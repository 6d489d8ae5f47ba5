"""The `strata audience` and `strata message` commands.

Belongs here: arguments, help texts and what is printed. Does not belong here: work. Heavy modules
are imported inside the commands, as in orchestration/cli.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.command_line import fail, say

if TYPE_CHECKING:
    from orchestration.audiences.definition import Audience

FORMATS = ("csv", "parquet")

audience_app = typer.Typer(
    help="Audiences (人群): who is in, how many, and files for the channels.", no_args_is_help=True
)
message_app = typer.Typer(help="The messages that the last run queued.", no_args_is_help=True)

Form = Annotated[str, typer.Option("--format", help="csv or parquet.")]
Clear = Annotated[
    bool,
    typer.Option(
        "--contacts",
        help="Phone numbers, addresses and ids in the clear instead of their SHA-256; "
        "for platforms that cannot match hashes.",
    ),
]


@audience_app.command("check")
def check() -> None:
    """Check every file of dbt_project/audiences and list the audiences."""
    audience_list()


@audience_app.command("list")
def audience_list() -> None:
    """List the audiences with their sizes in the published file."""
    from rich.console import Console

    from orchestration.audiences.report import print_list
    from orchestration.settings import Settings

    print_list(_read(), Settings().published_file, Console())


@audience_app.command("preview")
def preview(
    audience: Annotated[
        str, typer.Argument(help="Code of the audience, or a file that is not there yet.")
    ],
    sql: Annotated[bool, typer.Option("--sql", help="Show the SQL of the rule.")] = False,
) -> None:
    """Count an audience in the published file: size, reach, segments, overlaps, examples."""
    from rich.console import Console

    from orchestration.audiences.lists import ListError
    from orchestration.audiences.plan import TooLargeError
    from orchestration.audiences.report import UnknownAudienceError, find_audience, print_preview
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.settings import Settings

    draft = Path(audience) if audience.endswith((".yml", ".yaml")) else None
    code = draft.stem if draft else audience
    audiences = _read(draft=draft, only=code)
    try:
        found = find_audience(audiences or _read(), code)
        with _no_pandas():
            print_preview(audiences, found, Settings(), Console(), shows_sql=sql)
    except (
        UnknownAudienceError,
        NothingPublishedError,
        ListError,
        TooLargeError,
    ) as error:
        fail(str(error))


@audience_app.command("export")
def export(
    code: Annotated[str, typer.Argument(help="Code of the audience.")],
    channel: Annotated[str, typer.Option(help="sms, email, push, wechat or ads.")],
    form: Form = "csv",
    contacts: Clear = False,
) -> None:
    """Write who of an audience may be written to on a channel, and who was added and removed.

    Nobody without consent, held out, suppressed or in a control group is among them.
    """
    from orchestration.publishing.contacts import CONTACTS
    from orchestration.publishing.exports import export_audience

    if channel not in CONTACTS:
        fail(f"unknown channel {channel!r}; there are {', '.join(CONTACTS)}")
    _export(export_audience, code, channel, form=form, is_clear=contacts)


@audience_app.command("sync")
def sync(form: Form = "parquet") -> None:
    """Write audiences, people and audience_memberships for reverse-ETL tools."""
    from orchestration.publishing.exports import export_reverse_etl

    _export(export_reverse_etl, form=form)


@message_app.command("export")
def export_queue(form: Form = "csv", contacts: Clear = False) -> None:
    """Write the messages of the last run's day, a file per channel."""
    from orchestration.publishing.exports import export_messages

    _export(export_messages, form=form, is_clear=contacts)


def _export(write: Any, *arguments: str, form: str, **options: bool) -> None:
    from orchestration.publishing.exports import NotPublishedError, UnknownAudienceError
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.resources.warehouse import Warehouse, WarehouseError
    from orchestration.settings import Settings

    if form not in FORMATS:
        fail(f"unknown format {form!r}; write csv or parquet")
    settings = Settings()
    try:
        with Warehouse.of(settings).connect_read_only() as build:
            folder, manifest = write(
                build,
                settings.published_file,
                settings.exports_dir,
                *arguments,
                form=form,
                **options,
            )
    except (
        NothingPublishedError,
        NotPublishedError,
        UnknownAudienceError,
        WarehouseError,
    ) as error:
        fail(str(error))
    say(f"{folder}")
    for file in manifest["files"]:
        say(f"  {file['name']:32} {file['rows']:>9,} rows")
    for reason, count in manifest.get("not_exported", {}).items():
        say(f"  not exported, {reason}: {count:,}")


@contextmanager
def _no_pandas() -> Iterator[None]:
    """DuckDB looks for pandas at the first bound value; loading it takes half of a preview's time.

    Nothing that a preview runs needs it.
    """
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None
    try:
        yield
    finally:
        del sys.modules["pandas"]


def _read(draft: Path | None = None, only: str | None = None) -> Mapping[str, Audience]:
    from orchestration.audiences.reader import read_audiences
    from orchestration.conditions.problems import VocabularyError
    from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR

    if draft is not None and not draft.is_file():
        fail(f"{draft} does not exist")
    try:
        return read_audiences(DBT_PROJECT_DIR, SEEDS_DIR, draft=draft, only=only)
    except VocabularyError as error:
        fail(str(error))
