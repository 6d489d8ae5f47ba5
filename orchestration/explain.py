"""Answering `strata explain`: the evidence on the screen and as a chart.

Belongs here: wording and layout. Does not belong here: finding the evidence
(analysis/explanation.py), drawing (waterfall.py).
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.analysis.explanation import (
    CustomerExplanation,
    Link,
    PairExplanation,
    Refusal,
    explain_customer,
    explain_pair,
    is_record,
)
from orchestration.publishing.pseudonyms import pseudonym
from orchestration.publishing.reader import open_published
from orchestration.settings import Settings
from orchestration.waterfall import label_of, waterfall_svg

SHOWN_VALUES = (
    "full_name",
    "masked_name",
    "nickname",
    "gender",
    "birth_date",
    "masked_phone",
    "province",
    "city",
    "district",
    "address",
    "postcode",
    "occupation",
)


def explain(
    settings: Settings,
    console: Console,
    subject: str,
    other: str | None,
    *,
    chart: Path | None,
    with_values: bool,
) -> None:
    """Say why records are one customer.

    Args:
        settings: Where the published file is.
        console: Where to print.
        subject: A customer_id or source:record.
        other: A second source:record; None explains the whole customer.
        chart: File for the chart; by default one in the folder of exports.
        with_values: Also print what both records say, in the clear, from the build file.

    Raises:
        NothingPublishedError: No run has published yet.
        UnknownSubjectError: Nobody is called so.
        WarehouseError: Values are wanted, and the build file cannot be read now.
    """
    with open_published(settings.published_file) as published:
        subject = _as_published(published, settings, subject)
        if other is None:
            explained = explain_customer(published, subject)
        else:
            other = _as_published(published, settings, other)
            explained = explain_pair(published, subject, other)
    if isinstance(explained, PairExplanation):
        _print_pair(console, explained)
        links = (*explained.path, *explained.further)
        records = [explained.record_a, explained.record_b]
        customers = [explained.customer_a, explained.customer_b]
    else:
        _print_customer(console, explained)
        links, records = explained.links, [key for key, *_ in explained.records]
        customers = [explained.customer_id]
    for path in _draw(settings, links, chart):
        console.print(f"Chart: {path}", highlight=False, soft_wrap=True)
    if with_values:
        _print_values(settings, console, records, customers)


def _as_published(published: duckdb.DuckDBPyConnection, settings: Settings, subject: str) -> str:
    """A record as readers see it, when its number is a private one; anything else as it is."""
    source, _, number = subject.partition(":")
    hash_key = settings.known_hash_key
    if not number or hash_key is None:
        return subject
    hidden = f"{source}:{pseudonym(number, hash_key)}"
    return hidden if is_record(published, hidden) else subject


def _print_customer(console: Console, explained: CustomerExplanation) -> None:
    led = ""
    if explained.asked_for != explained.customer_id:
        led = f" (from {escape(explained.asked_for)})"
    console.print(
        f"[bold]{explained.customer_id}[/bold]{led}, household {explained.household_id}, "
        f"{len(explained.records)} records",
        highlight=False,
    )
    table = Table("record", "came by", "probability", box=None, pad_edge=False)
    for key, method, probability in explained.records:
        table.add_row(escape(key), method, f"{probability:.4f}")
    console.print(table)
    if explained.links:
        console.print("\n[bold]What holds it together[/bold]")
        _print_links(console, explained.links)
    _print_refusals(console, explained.refusals)
    if explained.events:
        console.print("\n[bold]History of the id[/bold]")
        events = Table("as of", "event", "customer", "other", "records", "reason", box=None)
        for event in explained.events:
            events.add_row(
                str(event.as_of_date or ""),
                event.event,
                event.customer_id,
                event.related_customer_id or "",
                str(event.record_count),
                event.reason or "",
            )
        console.print(events)


def _print_pair(console: Console, explained: PairExplanation) -> None:
    a, b = escape(explained.record_a), escape(explained.record_b)
    if explained.customer_a != explained.customer_b:
        console.print(
            f"{a} is {explained.customer_a}, {b} is {explained.customer_b}: two customers.",
            highlight=False,
        )
    elif a == b:
        console.print(f"{a} is {explained.customer_a}.", highlight=False)
    else:
        steps = "one link" if len(explained.path) == 1 else f"{len(explained.path)} links"
        console.print(
            f"{a} and {b} are [bold]{explained.customer_a}[/bold], by {steps}:", highlight=False
        )
        _print_links(console, explained.path)
        if explained.further:
            console.print("They also share:")
            _print_links(console, explained.further)
    _print_refusals(console, explained.refusals)


def _print_links(console: Console, links: tuple[Link, ...]) -> None:
    for link in links:
        shared = f" (value {link.value_hash[:8]}…)" if link.value_hash else ""
        seen = (
            f", seen {link.first_seen_at:%Y-%m-%d} to {link.last_seen_at:%Y-%m-%d}"
            if link.first_seen_at and link.last_seen_at
            else ""
        )
        console.print(
            f"  {escape(link.record_a)} — {escape(link.record_b)}: {link.rule}{shared}, "
            f"probability {link.probability:.4f}{seen}",
            highlight=False,
            soft_wrap=True,
        )
        if not link.evidence:
            continue
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(justify="right")
        table.add_column(justify="right")
        table.add_column(justify="right")
        total = 0.0
        for part in link.evidence:
            total += part.weight
            table.add_row(f"    {label_of(part)}", f"{part.weight:+.2f}", f"{total:+.2f}")
        table.add_row("    [bold]match weight[/bold]", "", f"[bold]{link.match_weight:+.2f}[/bold]")
        console.print(table, highlight=False)


def _print_refusals(console: Console, refusals: tuple[Refusal, ...]) -> None:
    if not refusals:
        return
    console.print("\n[bold]Evidence that was not used[/bold]")
    table = Table("record", "with", "kind", "shared by", "reason", box=None)
    for refusal in refusals:
        table.add_row(
            escape(refusal.record_a or ""),
            escape(refusal.record_b or ""),
            refusal.id_type or "",
            str(refusal.record_count or ""),
            refusal.reason,
        )
    console.print(table)


def _draw(settings: Settings, links: tuple[Link, ...], chart: Path | None) -> list[Path]:
    """One chart per link that a model drew; `chart` names the first, the others are numbered."""
    drawn = []
    for link in (each for each in links if each.evidence):
        if chart is None:
            name = re.sub(r"[^\w.-]+", "-", f"explain-{link.record_a}-{link.record_b}.svg")
            path = settings.exports_dir / name
        else:
            number = f"-{len(drawn) + 1}" if drawn else ""
            path = chart.with_name(f"{chart.stem}{number}{chart.suffix or '.svg'}")
        path.parent.mkdir(parents=True, exist_ok=True)
        title = f"{link.record_a} and {link.record_b}: probability {link.probability:.4f}"
        path.write_text(waterfall_svg(title, link.evidence, link.match_weight or 0.0))
        drawn.append(path)
    return drawn


def _print_values(
    settings: Settings, console: Console, records: list[str], customers: list[str]
) -> None:
    from orchestration.resources.warehouse import Warehouse

    with Warehouse.of(settings).connect_read_only() as build:
        in_clear = _record_keys_in_clear(build, settings, customers)
        keys = [in_clear.get(key, key) for key in records]
        stated = {
            row[0]: row[1:]
            for row in build.execute(
                "select record_key, columns(list_filter(*, name -> list_contains(?, name))) "
                "from intermediate.int_identity__records where list_contains(?, record_key)",
                [list(SHOWN_VALUES), keys],
            ).fetchall()
        }
        names = [
            name
            for (name,) in build.execute(
                "select column_name from (describe intermediate.int_identity__records) "
                "where list_contains(?, column_name)",
                [list(SHOWN_VALUES)],
            ).fetchall()
        ]
        shown = build.execute(
            "select record_key, id_type, string_agg(id_value, ', ' order by id_value) "
            "from intermediate.int_identity__identifiers where list_contains(?, record_key) "
            "group by 1, 2 order by 2, 1",
            [keys],
        ).fetchall()
    console.print("\n[bold]What the records say, in the clear[/bold]")
    table = Table("", *(escape(key) for key in records), box=None)
    for place, name in enumerate(names):
        # the build file may be a run ahead of what is published, or lost
        shown_here = (stated[key][place] if key in stated else None for key in keys)
        table.add_row(name, *(escape(str(value or "")) for value in shown_here))
    for id_type in dict.fromkeys(row[1] for row in shown):
        values = {key: text for key, kind, text in shown if kind == id_type}
        table.add_row(id_type, *(escape(values.get(key, "")) for key in keys))
    console.print(table)


def _record_keys_in_clear(
    build: duckdb.DuckDBPyConnection, settings: Settings, customers: list[str]
) -> dict[str, str]:
    """Records of these customers as readers see them when their number is a private one, with what
    they are called in the build file."""
    keys = build.execute(
        "select record_key from intermediate.int_records__resolved "
        "where list_contains(?, customer_id)",
        [customers],
    ).fetchall()
    hash_key = settings.known_hash_key
    if hash_key is None:
        return {}
    in_clear = {}
    for (key,) in keys:
        source, _, number = key.partition(":")
        in_clear[f"{source}:{pseudonym(number, hash_key)}"] = key
    return in_clear
