"""What the `strata audience` commands print.

Belongs here: counting an audience in the published file, and what it has in common with others.
Does not belong here: finding members (members), files (publishing/exports).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.audiences.definition import CHANNELS, Audience
from orchestration.audiences.members import open_finder
from orchestration.audiences.plan import readable
from orchestration.conditions.problems import nearest
from orchestration.publishing.reader import has_table, open_published

if TYPE_CHECKING:
    import duckdb
    from rich.console import Console

    from orchestration.settings import Settings

EXAMPLES = 5
OVERLAPS = 6
REACH = {
    **{name: f"is_contactable_{name}" for name in ("sms", "email", "push", "ads")},
    "wechat": "has_wechat and followed_channels like '%wechat%'",
}


def reach_sql(people: str) -> str:
    """Query of how many may be written to, a column per channel in the order of CHANNELS.

    Args:
        people: A table, or a query in brackets, with a column customer_id.
    """
    listed = ", ".join(f"count(*) filter ({REACH[name]}) as {name}" for name in CHANNELS)
    # channels and conditions are those of this module
    return f"select {listed} from customer_360 semi join {people} as people using (customer_id)"  # noqa: S608


class UnknownAudienceError(ValueError):
    """No file has the audience."""


def find_audience(audiences: Mapping[str, Audience], code: str) -> Audience:
    """The audience of that code.

    Raises:
        UnknownAudienceError: There is none.
    """
    if code in audiences:
        return audiences[code]
    close = nearest(code, audiences)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(audiences)}"
    raise UnknownAudienceError(f"no audience has the code {code!r}; {hint}")


def print_preview(
    audiences: Mapping[str, Audience],
    audience: Audience,
    settings: Settings,
    console: Console,
    *,
    shows_sql: bool,
) -> None:
    """Size, reach, segments and overlaps of an audience in the published file, with examples.

    Raises:
        NothingPublishedError: No run has published yet.
        ListError: A list that it names cannot be read.
        TooLargeError: The rule has become too long.
    """

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    say(f"{audience.label_en} · {audience.label_zh} ({audience.owner})", style="bold")
    say(f"  {audience.written}")
    with open_published(settings.published_file) as connection:
        finder = open_finder(connection, audiences, settings, "main")
        if shows_sql:
            say(readable(finder.plan(audience)))
        count = finder.store(audience, "temp.preview")
        total = connection.execute("select count(*) from customer_360").fetchone()[0]
        say(
            f"{count:,} of {total:,} customers ({count / max(total, 1):.1%}) "
            f"on {finder.as_of_date}",
            style="bold",
        )
        for note in finder.notes:
            say(f"  {note}")
        if not count:
            return
        say(f"  may be written to: {_reach(connection)}")
        say(f"  by RFM group: {_segments(connection)}")
        overlaps = _overlaps(connection, audience.code)
        if overlaps:
            say("  also in:")
        for code, shared, share in overlaps:
            say(f"    {code:28} {shared:>9,}  {share:.0%}")
        say("  for example:")
        for customer_id, reason_en, reason_zh in connection.execute(
            "select * from temp.preview order by hash(customer_id), customer_id limit ?",
            [EXAMPLES],
        ).fetchall():
            say(f"    {customer_id}  {reason_en}" + _other(reason_en, reason_zh))


def print_list(audiences: Mapping[str, Audience], published: Path, console: Console) -> None:
    """All audiences, with their sizes in the published file where there is one."""
    from rich.table import Table

    sizes: dict[str, int] = {}
    if published.exists():
        with open_published(published) as connection:
            if has_table(connection, "audience_definition"):
                sizes = dict(
                    connection.execute(
                        "select audience_code, member_count from audience_definition"
                    ).fetchall()
                )
    table = Table("audience", "name", "名称", "members", "sent by", "holdout", box=None)
    # a code is there to be typed
    table.columns[0].no_wrap, table.columns[0].min_width = True, max(map(len, audiences), default=0)
    for code in sorted(audiences):
        audience = audiences[code]
        activation = audience.activation
        table.add_row(
            code,
            audience.label_en,
            audience.label_zh,
            f"{sizes[code]:,}" if code in sizes else "",
            activation.channel if activation else "",
            f"{activation.holdout:.0%}" if activation else "",
        )
    console.print(table)


def _reach(connection: duckdb.DuckDBPyConnection) -> str:
    counts = connection.execute(reach_sql("temp.preview")).fetchone()
    return " · ".join(f"{name} {found:,}" for name, found in zip(CHANNELS, counts, strict=True))


def _segments(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute(
        """
        select rfm_group, count(*) from customer_360 semi join temp.preview using (customer_id)
        group by rfm_group order by count(*) desc, rfm_group
        """
    ).fetchall()
    return " · ".join(f"{name} {found:,}" for name, found in rows)


def _overlaps(connection: duckdb.DuckDBPyConnection, code: str) -> list[tuple[str, int, float]]:
    """Audiences that most of these people are in, as the last run found them."""
    if not has_table(connection, "audience_membership"):
        return []
    return connection.execute(
        """
        select
            audience_code,
            count(*),
            count(*) / (select count(*) from temp.preview)
        from audience_membership semi join temp.preview using (customer_id)
        where audience_code <> ?
        group by audience_code
        order by count(*) desc, audience_code
        limit ?
        """,
        [code, OVERLAPS],
    ).fetchall()


def _other(reason_en: str, reason_zh: str) -> str:
    return f"  {reason_zh}" if reason_zh != reason_en else ""
