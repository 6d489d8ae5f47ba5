"""What a person wants to know after a run, read from the published file.

Belongs here: the summary of a run and of the published state.
Does not belong here: computing either.
"""

from __future__ import annotations

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.damage import damaged_build_file, is_damage
from orchestration.ingestion import FailedFile, failed_files
from orchestration.publishing.reader import open_published
from orchestration.settings import Settings

SUMMARY_SQL = """
select
    (select max(as_of_date) from customer_360) as as_of_date,
    (select count(*) from customer_360) as customers,
    (select count(*) from id_map where id_type = 'record') as source_records,
    (select count(*) from orders) as orders,
    (select coalesce(sum(net_amount), 0) from orders) as net_amount,
    (select count(*) from order_items) as order_lines,
    (select count(*) from events) as events,
    (select count(*) from customer_churn_score) as churn_scores,
    (select count(distinct cluster_id) from customer_cluster) as clusters
"""

SEGMENT_SQL = """
select rfm_group, count(*) as customers, sum(net_spend) as net_spend
from customer_360
group by 1
order by net_spend desc
"""

EVAL_SQL = """
select model_eval.metric, model_value, baseline_value, baseline_name, served
from model_eval
where model = 'churn' and metric in ('roc_auc', 'pr_auc')
    and as_of_date = (select max(as_of_date) from model_eval where model = 'churn')
order by metric
"""

SECONDS_SQL = """
select kind, sum(seconds)
from run_log
where run_id = (select max(run_id) from publish_info)
group by kind
order by kind
"""


class BuildFileNotReadError(RuntimeError):
    """The build file cannot be looked into now; the message says why."""


def print_outcome(settings: Settings, console: Console, *, warnings: list[str]) -> None:
    """Say what was published, what the run spent its time on, and what deserves a look."""
    console.print(
        f"\n[green]Published[/green] {settings.published_file}", highlight=False, soft_wrap=True
    )
    with open_published(settings.published_file) as published:
        _print_summary(published, settings.currency, console)
        spent = ", ".join(
            f"{kind} {seconds:.1f} s" for kind, seconds in published.execute(SECONDS_SQL).fetchall()
        )
    console.print(f"\nTime (run_log): {spent}", highlight=False, soft_wrap=True)
    if warnings:
        console.print(f"\n[yellow]{len(warnings)} checks to look at[/yellow] (table dq_result):")
        for line in warnings[:10]:
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        '\nLook around: strata status · strata query "from customer_360 limit 5" · strata ui',
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def print_status(settings: Settings, console: Console) -> None:
    """The published state: which run, how old, and the main figures.

    Raises:
        NothingPublishedError: No run has published yet.
    """
    with open_published(settings.published_file) as published:
        run_id, published_at = published.execute(
            "select max(run_id), max(published_at) from publish_info"
        ).fetchone()
        console.print(f"{settings.published_file}", highlight=False, soft_wrap=True)
        console.print(
            f"run {run_id}, published {published_at:%Y-%m-%d %H:%M} UTC",
            highlight=False,
            soft_wrap=True,
        )
        _print_summary(published, settings.currency, console)
        failing = published.execute(
            "select check_name, value from dq_result where run_id = ? and not passed", [run_id]
        ).fetchall()
    for name, value in failing:
        console.print(f"[yellow]check[/yellow] {name}: {value:g}", highlight=False, soft_wrap=True)
    try:
        unreadable = unreadable_files(settings)
    except BuildFileNotReadError as error:
        # what is published can be told all the same
        console.print(
            f"[yellow]unreadable landing files are not known[/yellow]: {error}",
            highlight=False,
            soft_wrap=True,
        )
        return
    for failed in unreadable:
        console.print(
            f"[red]unreadable[/red] {failed.file_name}: {failed.error}",
            highlight=False,
            soft_wrap=True,
        )


def unreadable_files(settings: Settings) -> list[FailedFile]:
    """Landing files that no run could read so far.

    Raises:
        BuildFileNotReadError: A run holds the build file, or it is damaged.
    """
    if not settings.build_file.exists():
        return []
    try:
        with duckdb.connect(str(settings.build_file), read_only=True) as build:
            return failed_files(build)
    except duckdb.CatalogException:
        # a first run that was killed has not got as far as its list of files
        return []
    except duckdb.IOException as error:
        if is_damage(error):
            raise BuildFileNotReadError(damaged_build_file(settings.build_file)) from error
        raise BuildFileNotReadError(
            f"{settings.build_file} cannot be opened now; a run is under way most likely, "
            "`strata doctor` says who holds it"
        ) from error


def _print_summary(published: duckdb.DuckDBPyConnection, currency: str, console: Console) -> None:
    cursor = published.execute(SUMMARY_SQL)
    names = [column[0] for column in cursor.description]
    figures = Table.grid(padding=(0, 2))
    for name, value in zip(names, cursor.fetchone(), strict=True):
        unit = f" {currency}" if name == "net_amount" else ""
        text = f"{value:,}" if isinstance(value, int) or unit else str(value)
        figures.add_row(f"  {name.replace('_', ' ')}", f"{text}{unit}")
    console.print(figures)
    console.print("\n  RFM groups", highlight=False, soft_wrap=True)
    groups = Table.grid(padding=(0, 2))
    for group, customers, spend in published.execute(SEGMENT_SQL).fetchall():
        groups.add_row(f"    {group}", f"{customers:,} customers", f"{spend or 0:,} {currency}")
    console.print(groups)
    evaluation = published.execute(EVAL_SQL).fetchall()
    if evaluation:
        console.print(
            "\n  Churn model on the latest window it had not seen", highlight=False, soft_wrap=True
        )
    for metric, model, baseline, baseline_name, served in evaluation:
        console.print(
            f"    {metric:<8} model {model:.3f}   {baseline_name} {baseline:.3f}   "
            f"served: {served}",
            highlight=False,
            soft_wrap=True,
        )
