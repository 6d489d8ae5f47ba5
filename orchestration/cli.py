"""The `strata` command.

Belongs here: arguments, help texts, exit statuses and what is printed. Does not belong here: work.
Heavy modules are imported inside the commands, so that `strata --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.audiences.commands import audience_app, message_app
from orchestration.command_line import FAILED, fail, say
from orchestration.privacy.commands import register as register_privacy_commands
from orchestration.publishing.commands import export_app

NOTHING_FOR_OTHERS = 0o007

app = typer.Typer(
    name="strata",
    help="strata360: dirty exports of every channel in, one trusted customer warehouse out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

source_app = typer.Typer(help="The systems that files come from.", no_args_is_help=True)
app.add_typer(source_app, name="source")

tags_app = typer.Typer(help="The catalogue of tags.", no_args_is_help=True)
app.add_typer(tags_app, name="tags")

propensity_app = typer.Typer(help="Questions about who will do what.", no_args_is_help=True)
app.add_typer(propensity_app, name="propensity")

app.add_typer(audience_app, name="audience")
app.add_typer(message_app, name="message")
campaign_app = typer.Typer(help="Campaigns before they are launched.", no_args_is_help=True)
app.add_typer(campaign_app, name="campaign")
app.add_typer(export_app, name="export")
register_privacy_commands(app)

Day = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Business date, YYYY-MM-DD."),
]


@app.command()
def simulate(
    persons: Annotated[int, typer.Option(min=1, help="People in the simulated town.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same retailer.")] = 360,
    landing: Annotated[
        Path | None, typer.Option(help="Where the files go; default STRATA_HOME/landing.")
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="DuckDB file for the truth; default STRATA_HOME/truth.duckdb."),
    ] = None,
    until: Day = None,
) -> None:
    """Write the landing files of a simulated retailer, and the truth about it into another file."""
    from orchestration.settings import Settings

    settings = Settings()
    _simulate(
        persons,
        seed,
        landing or settings.landing_dir,
        truth or settings.home / "truth.duckdb",
        until.date() if until else None,
    )


@app.command()
def run(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Business date to compute everything as of; default: that of the newest fact.",
        ),
    ] = None,
    micro: Annotated[
        bool,
        typer.Option(
            "--micro",
            help="A micro-batch: new files through to tags and audiences, while learnt scores, "
            "recommendations, demand and effects stay those of the last daily run.",
        ),
    ] = False,
) -> None:
    """Run the daily job here and now: landing files in, published warehouse out.

    Exit status: 0 all well; 1 nothing was published; 3 published, but a landing file could not be
    read.
    """
    raise typer.Exit(_run(as_of.date() if as_of else None, micro=micro))


@app.command()
def demo(
    persons: Annotated[int, typer.Option(min=1, help="People in the simulated town.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same retailer.")] = 360,
) -> None:
    """Simulate the demo retailer, build its warehouse and say where to look."""
    from orchestration.settings import Settings

    settings = Settings()
    if not _has_files(settings.landing_dir):
        _simulate(persons, seed, settings.landing_dir, settings.home / "truth.duckdb", None)
    raise typer.Exit(_run(None))


@app.command()
def real() -> None:
    """Build a warehouse of the Complete Journey data in STRATA_HOME (default ./data-real)."""

    os.environ.setdefault("STRATA_HOME", "data-real")
    os.environ.setdefault("STRATA_TIMEZONE", "America/New_York")
    os.environ.setdefault("STRATA_CURRENCY", "USD")
    from orchestration.demo.complete_journey import MissingDataError, convert
    from orchestration.settings import Settings

    settings = Settings()
    if not _has_files(settings.landing_dir):
        say(f"Converting Complete Journey into standard feeds under {settings.landing_dir}")
        try:
            convert(settings.landing_dir / "standard")
        except MissingDataError as error:
            fail(str(error))
    raise typer.Exit(_run(None))


@app.command()
def status() -> None:
    """What is published, how fresh it is, and what the last run said."""
    from rich.console import Console

    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.settings import Settings
    from orchestration.status import print_status

    try:
        print_status(Settings(), Console())
    except NothingPublishedError as error:
        fail(str(error))


@app.command()
def query(sql: Annotated[str, typer.Argument(help="SQL over the published tables.")]) -> None:
    """Run SQL on the published file; it can reach nothing but that file."""
    import duckdb

    from orchestration.publishing.reader import NothingPublishedError, open_published
    from orchestration.settings import Settings

    try:
        with open_published(Settings().published_file) as connection:
            result = connection.sql(sql)
            if result is not None:
                result.show(max_width=200, max_rows=200)
    except (NothingPublishedError, duckdb.Error) as error:
        fail(str(error))


@app.command()
def explain(
    subject: Annotated[
        str, typer.Argument(help="A customer_id, also an old one, or SOURCE:RECORD.")
    ],
    other: Annotated[
        str | None, typer.Argument(help="A second SOURCE:RECORD; without it the whole customer.")
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option(help="File for the chart of match weights; default: one in the exports."),
    ] = None,
    values: Annotated[
        bool,
        typer.Option(
            "--values", help="Also print what the records say, in the clear, from the build file."
        ),
    ] = False,
) -> None:
    """Say why records are one customer, link by link, or why they are not."""
    from rich.console import Console

    from orchestration.analysis.explanation import UnknownSubjectError
    from orchestration.explain import explain as answer
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.resources.warehouse import WarehouseError
    from orchestration.settings import Settings

    try:
        answer(Settings(), Console(emoji=False), subject, other, chart=chart, with_values=values)
    except (NothingPublishedError, UnknownSubjectError, WarehouseError) as error:
        fail(str(error))


@app.command("identity-report")
def identity_report(
    truth: Annotated[
        Path,
        typer.Option(
            help="CSV, Parquet or DuckDB file: source, source_customer_id, person_id per record, "
            "or judged pairs with is_match."
        ),
    ],
) -> None:
    """Grade who is who against a file that knows: precision, recall, F1, B-cubed, the curve."""
    from rich.console import Console

    from orchestration.identity_report import HashKeyMissingError, print_report
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.resources.warehouse import WarehouseError
    from orchestration.settings import Settings
    from orchestration.truth import TruthFileError

    refusals = HashKeyMissingError, NothingPublishedError, TruthFileError, WarehouseError
    try:
        print_report(Settings(), Console(), truth)
    except (*refusals, ValueError) as error:
        fail(str(error))


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
) -> None:
    """Remove what runs older than STRATA_HISTORY_DAYS left: records, logs, old model versions."""
    from orchestration.instance import company_instance
    from orchestration.pruning import prune as remove
    from orchestration.settings import Settings

    settings = Settings()
    with company_instance(settings) as instance:
        gone = remove(settings, instance, dry_run=dry_run)
    for leftover in gone:
        say(f"{leftover.kind:<6} {leftover.size_bytes / 2**20:>8.1f} MB  {leftover.name}")
    freed = sum(leftover.size_bytes for leftover in gone) / 2**20
    say(f"{len(gone)} leftovers, {freed:.1f} MB" + (", nothing removed" if dry_run else " removed"))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check installation, disk, locks, files and runs; list every setting and its origin.

    Exit status: 0 nothing stands in the way of a run; 1 something does, with what to do about it.
    """
    from rich.console import Console

    from orchestration.doctor.report import diagnose

    raise typer.Exit(0 if diagnose(Console(), as_json=as_json) else FAILED)


@app.command()
def recover() -> None:
    """End runs whose process is gone, before Dagster's daemon is started on this machine."""
    from orchestration.reaper import recover as end_dead_runs
    from orchestration.settings import Settings

    for line in end_dead_runs(Settings()):
        say(line)


@app.command()
def docs(
    serve: Annotated[bool, typer.Option("--serve", help="Also show it on this machine.")] = False,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8080,
) -> None:
    """Write dbt's documentation of every model, column, test and lineage as one offline page."""
    from orchestration.dbt_docs import DocsNotBuiltError, build_docs, serve_docs
    from orchestration.settings import Settings

    try:
        page = build_docs(Settings())
    except DocsNotBuiltError as error:
        fail(str(error))
    say(f"{page} ({page.stat().st_size / 2**20:.1f} MB)")
    if serve:
        say(f"dbt docs on http://127.0.0.1:{port} (Ctrl-C stops it)")
        serve_docs(page, port)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open the Dagster UI with its daemon (schedule, sensor) on this machine only."""

    from orchestration.reaper import recover as end_dead_runs
    from orchestration.settings import PROJECT_ROOT, Settings

    settings = Settings()
    for line in end_dead_runs(settings):
        say(line)
    os.environ |= {
        "DAGSTER_HOME": str(settings.dagster_home),
        "STRATA_HOME": str(settings.home),
    }
    dagster = Path(sys.executable).with_name("dagster")
    say(f"Dagster UI on http://127.0.0.1:{port} (Ctrl-C stops it)")
    os.execv(
        dagster,
        [
            str(dagster),
            "dev",
            "--workspace",
            str(PROJECT_ROOT / "workspace.yaml"),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
    )


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
) -> None:
    """Open the web page on the published file, on this machine only."""
    from importlib.util import find_spec

    from orchestration.settings import Settings

    if find_spec("streamlit") is None:
        fail("the web page needs the extra `dashboard`: pip install -e '.[dashboard]'")
    settings = Settings()
    os.environ |= {
        "STRATA_HOME": str(settings.home),
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
    say(f"strata360 on http://127.0.0.1:{port} (Ctrl-C stops it)")
    os.execv(
        sys.executable,
        [
            sys.executable,
            *("-m", "orchestration.dashboard.serve"),
            *("--server.address", "127.0.0.1", "--server.port", str(port)),
            *("--server.headless", "true", "--server.fileWatcherType", "none"),
            # red, its own choice, would look like an error around a field that is typed into
            *("--client.toolbarMode", "minimal", "--theme.primaryColor", "#1f6f8b"),
        ],
    )


@app.command()
def superset(
    language: Annotated[str, typer.Option(help="zh or en: names of metrics and charts.")] = "en",
    file: Annotated[
        Path | None,
        typer.Option(help="Path of the published file on Superset's machine, if it is another."),
    ] = None,
) -> None:
    """Set up a running Apache Superset: locked-down database, datasets, metrics, a dashboard.

    Address and user are STRATA_SUPERSET_URL, STRATA_SUPERSET_USER and STRATA_SUPERSET_PASSWORD.
    """
    from orchestration.bi.superset import create_example
    from orchestration.bi.superset_api import Superset, SupersetError
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.settings import Settings

    settings = Settings()
    if language not in ("zh", "en"):
        fail(f"unknown language {language!r}; write zh or en")
    if settings.superset_password is None:
        fail("set STRATA_SUPERSET_PASSWORD to the password of Superset's user")
    try:
        example = create_example(
            Superset(
                settings.superset_url,
                settings.superset_user,
                settings.superset_password.get_secret_value(),
            ),
            settings.published_file,
            language,
            seen_as=str(file) if file else None,
        )
    except (SupersetError, NothingPublishedError) as error:
        fail(str(error))
    say(f"{len(example.charts)} charts: {example.url}")


@source_app.command("new")
def source_new(
    name: Annotated[str, typer.Argument(help="Name of the system: its folder under landing/.")],
    sample: Annotated[Path, typer.Option(help="One of its files, in any format that lands.")],
    feed: Annotated[
        str | None, typer.Option(help="Name of the kind of file; default: made of its name.")
    ] = None,
) -> None:
    """Draft the landing contract and the staging model of a new feed from a sample file.

    A source that exists gains the feed. Nothing that is there is written over.
    """
    from orchestration.ingestion.draft import DraftError, draft_source
    from orchestration.settings import STAGING_DIR, Settings

    try:
        draft = draft_source(name, sample, feed, STAGING_DIR)
    except DraftError as error:
        fail(str(error))
    proposal = draft.proposal
    for path in (draft.files.sources_file, draft.files.models_file, draft.files.model_file):
        say(f"wrote {path}")
    say(f"keys: {', '.join(proposal.keys)}")
    say(f"watermark: {', '.join(proposal.watermark) or 'none'}")
    for column in proposal.columns:
        say(f"  {column.name}: {column.kind.name}, {column.kind.privacy}")
    for doubt in proposal.doubts:
        say(f"Look at this: {doubt}")
    say(draft.next_steps(Settings().landing_dir))


@tags_app.command("check")
def tags_check() -> None:
    """Check every row of seeds/tag_catalogue.csv and count the tags."""
    from rich.console import Console

    from orchestration.conditions.problems import VocabularyError
    from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR
    from orchestration.tags import checked_tags
    from orchestration.tags.report import print_counts

    try:
        print_counts(checked_tags(DBT_PROJECT_DIR, SEEDS_DIR), Console())
    except VocabularyError as error:
        fail(str(error))


@tags_app.command("columns")
def tags_columns(
    word: Annotated[str, typer.Argument(help="Only columns whose name holds this.")] = "",
) -> None:
    """List what the conditions of tags may look at."""
    from rich.console import Console

    from orchestration.conditions.problems import VocabularyError
    from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR
    from orchestration.tags.catalogue import read_columns
    from orchestration.tags.report import print_columns

    try:
        print_columns(read_columns(SEEDS_DIR, DBT_PROJECT_DIR / "models"), Console(), word)
    except VocabularyError as error:
        fail(str(error))


@tags_app.command("preview")
def tags_preview(code: Annotated[str, typer.Argument(help="Code of the tag.")]) -> None:
    """Show how many customers carry a tag in the published file, and why five of them do."""
    from rich.console import Console

    from orchestration.conditions.problems import VocabularyError
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR, Settings
    from orchestration.tags import checked_tags
    from orchestration.tags.report import UnknownTagError, print_preview

    try:
        catalogue = checked_tags(DBT_PROJECT_DIR, SEEDS_DIR)
        print_preview(catalogue, code, Settings().published_file, Console())
    except (VocabularyError, NothingPublishedError, UnknownTagError) as error:
        fail(str(error))


@propensity_app.command("check")
def propensity_check() -> None:
    """Check every file of dbt_project/propensities and list the questions."""
    from rich.console import Console
    from rich.table import Table

    from orchestration.conditions.problems import VocabularyError
    from orchestration.propensities import read_propensities
    from orchestration.settings import DBT_PROJECT_DIR

    try:
        definitions = read_propensities(DBT_PROJECT_DIR)
    except VocabularyError as error:
        fail(str(error))
    table = Table("propensity", "name", "名称", "event", "days", "of whom")
    # a name is there to be typed
    table.columns[0].min_width = max((len(one.name) for one in definitions), default=0)
    for one in definitions:
        event = f"{one.fact.name} where {one.where}" if one.where else one.fact.name
        days = str(one.window_days)
        table.add_row(one.name, one.label_en, one.label_zh, event, days, one.eligible)
    Console().print(table)


@campaign_app.command("plan")
def campaign_plan(
    segment: Annotated[
        str, typer.Option(help="Whom: a segment such as core or lifecycle_stage=new, or all.")
    ] = "all",
    holdout: Annotated[float, typer.Option(help="Share left alone, above 0 and below 1.")] = 0.1,
    metric: Annotated[
        str, typer.Option(help="arpu, conversion_rate, orders_per_customer or visit_rate.")
    ] = "arpu",
    window: Annotated[
        int | None,
        typer.Option(min=1, max=365, help="Days; default STRATA_CAMPAIGN_WINDOW_DAYS."),
    ] = None,
    customers: Annotated[
        int | None, typer.Option(min=2, help="Customers chosen; default: all in the segment.")
    ] = None,
) -> None:
    """Say how small an effect a campaign could show, for several shares left alone."""
    from rich.console import Console

    from orchestration.campaign_plan import PlanError, plan_of, print_plan
    from orchestration.publishing.reader import NothingPublishedError
    from orchestration.settings import Settings

    try:
        plan = plan_of(
            Settings(),
            segment=segment,
            metric=metric,
            holdout=holdout,
            window_days=window,
            customers=customers,
        )
    except (PlanError, NothingPublishedError) as error:
        fail(str(error))
    print_plan(plan, Console(), holdout=holdout)


def _simulate(persons: int, seed: int, landing: Path, truth: Path, until: date | None) -> None:
    from orchestration.demo.retailer import DEFAULT_UNTIL, simulate

    say(f"Simulating a retailer of {persons:,} people (seed {seed}) into {landing}")
    summary = simulate(persons, seed, landing, truth, until=until or DEFAULT_UNTIL)
    say(f"  {summary}")


def _run(as_of: date | None, *, micro: bool = False) -> int:
    from orchestration.run import run_here
    from orchestration.settings import Settings

    return run_here(Settings(), as_of, micro=micro)


def _has_files(folder: Path) -> bool:
    return folder.exists() and any(path.is_file() for path in folder.rglob("*"))


def main() -> None:
    """Entry point of the `strata` command."""
    from pydantic import ValidationError

    # whatever is written is nobody's business but the owner's and the group's
    os.umask(os.umask(NOTHING_FOR_OTHERS) | NOTHING_FOR_OTHERS)
    try:
        app()
    except ValidationError as error:
        from orchestration.settings import Settings

        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"])
            field = Settings.model_fields.get(name)
            meant = f" ({field.description})" if field else ""
            typer.echo(f"STRATA_{name.upper()}: {problem['msg']}{meant}", err=True)
        sys.exit(2)
