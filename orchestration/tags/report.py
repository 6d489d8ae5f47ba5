"""What the `strata tags` commands print.

Belongs here: counting a catalogue, listing columns, and looking a tag up in the published file.
Does not belong here: checking the catalogue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.conditions.columns import Column
from orchestration.conditions.problems import nearest
from orchestration.tags.catalogue import CATEGORIES, KINDS, Catalogue

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLES = 5


class UnknownTagError(ValueError):
    """No tag has the code."""


def print_counts(catalogue: Catalogue, console: Console) -> None:
    """How many tags of each category and kind the catalogue holds."""
    from rich.table import Table

    counts = Counter((tag.category, tag.kind) for tag in catalogue.tags)
    table = Table("category", *KINDS, "all", box=None)
    for category in CATEGORIES:
        of_kinds = [counts[category, kind] for kind in KINDS]
        table.add_row(category, *(str(count or "") for count in of_kinds), str(sum(of_kinds)))
    of_kinds = [sum(counts[category, kind] for category in CATEGORIES) for kind in KINDS]
    table.add_row("all", *map(str, of_kinds), str(len(catalogue.tags)), style="bold")
    console.print(table)
    console.print("The catalogue is right; the next `strata run` builds it.", highlight=False)


def print_columns(columns: Mapping[str, Column], console: Console, word: str = "") -> None:
    """What conditions may look at, those only whose name holds `word`."""
    found = [column for column in columns.values() if word.lower() in column.name]
    if not found:
        console.print(f"no column's name holds {word!r}", highlight=False, markup=False)
    for column in found:
        values = f"  one of {', '.join(column.values)}" if column.values else ""
        console.print(
            f"{column.name:36} {column.kind:8} {column.origin:9}{values}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def print_preview(catalogue: Catalogue, code: str, published: Path, console: Console) -> None:
    """How many customers carry a tag in the published file, and why some of them do.

    Raises:
        NothingPublishedError: No run has published yet.
        UnknownTagError: The catalogue has no such tag.
    """
    from orchestration.publishing.reader import has_table, open_published

    tag = next((tag for tag in catalogue.tags if tag.code == code), None)
    if tag is None:
        close = nearest(code, [tag.code for tag in catalogue.tags])
        listed = "seeds/tag_catalogue.csv lists them"
        hint = f"did you mean {' or '.join(close)}?" if close else listed
        raise UnknownTagError(f"no tag has the code {code!r}; {hint}")

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    say(f"{tag.name_zh} · {tag.name_en} ({tag.kind}, {tag.category})", style="bold")
    say(f"  {tag.condition.sql}")
    with open_published(published) as connection:
        held = (
            has_table(connection, "tag_definition")
            and connection.execute(
                "select holder_count, holder_share, as_of_date, logic from tag_definition "
                "where tag_code = ?",
                [code],
            ).fetchone()
        )
        examples = (
            held
            and connection.execute(
                "select customer_id, valid_from, evidence from customer_tag "
                "where tag_code = ? and valid_to is null order by hash(customer_id) limit ?",
                [code, EXAMPLES],
            ).fetchall()
        )
    if not held:
        say("The published file does not know the tag yet; the next `strata run` builds it.")
        return
    count, share, as_of_date, logic = held
    say(f"{count:,} customers carried it on {as_of_date} ({share or 0:.1%} of all)")
    if logic != tag.expression:
        say("Its condition was edited since: these figures are of the one before.")
    for customer_id, valid_from, evidence in examples:
        say(f"  {customer_id}  since {valid_from}  {evidence}")
