"""Exports: an audience for a channel, the day's messages, and the tables of reverse-ETL tools.

Belongs here: who is in an export and why somebody is not. Does not belong here: identifiers
(contacts), files (export_files), who is in an audience (audiences/).

Nobody is exported to a channel without consent to it, nor who is under age, suppressed, in a
control group or held out. What goes out is what was checked and published: exports read the build
file, and refuse it when it is not the one that was published.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.publishing.contacts import CONTACTS, contact_columns, contacts_sql
from orchestration.publishing.export_files import IN_THE_CLEAR, Format, write_export
from orchestration.publishing.reader import open_published
from orchestration.sql import literal

if TYPE_CHECKING:
    import duckdb

AUDIENCES, MESSAGES, REVERSE_ETL = "audiences", "messages", "reverse_etl"
#: What exports of an audience held, by day: the next day's is compared with it, so that a second
#: export of a day says the same as the first.
STATES = ".states"
KEPT_STATES = 30
#: Whether somebody is held out of a campaign, as activation_queue has it (macro hash_share).
IS_HELD_OUT = """
    ('0x' || substr(sha256('arm:' || $campaign || ':' || members.customer_id), 1, 8))::bigint
    / 4294967296.0 < $holdout_share
"""


class NotPublishedError(RuntimeError):
    """The build file holds something else than what was published."""


class UnknownAudienceError(ValueError):
    """The last run knew no such audience."""


def export_audience(
    build: duckdb.DuckDBPyConnection,
    published: Path,
    exports_dir: Path,
    code: str,
    channel: str,
    *,
    form: Format = "csv",
    is_clear: bool = False,
) -> tuple[Path, dict[str, Any]]:
    """Write the members of an audience who may be written to on a channel.

    Beside all of them stand those added and removed since the last export, for platforms that take
    differences.

    Args:
        build: The build file, open for reading.
        published: The published file.
        exports_dir: Where exports go.
        code: The audience.
        channel: One of CONTACTS.
        form: Kind of file.
        is_clear: Identifiers in the clear instead of their hashes.

    Returns:
        The folder and its manifest.

    Raises:
        NotPublishedError: A run failed or has not published yet.
        UnknownAudienceError: The last run knew no such audience.
    """
    stamp = _published_stamp(build, published)
    definition = build.execute(
        "select campaign_id, holdout_share from marts.audience_definition where audience_code = ?",
        [code],
    ).fetchone()
    if definition is None:
        raise UnknownAudienceError(
            f"the published file knows no audience {code!r}; `strata audience list` shows those it "
            "knows, and the next `strata run` builds new ones"
        )
    campaign, holdout_share = definition
    build.execute(
        f"""
        create or replace temporary table judged as
        select
            members.customer_id,
            case
                when reach.is_control then 'control_group'
                when reach.is_under_age then 'under_age'
                when reach.suppressed_by is not null then 'suppressed'
                when not reach.is_reachable then 'unreachable'
                when not reach.has_consent then 'no_consent'
                when {IS_HELD_OUT} then 'held_out'
            end as obstacle
        from marts.audience_membership as members
        join intermediate.int_activation_reach as reach
            on reach.customer_id = members.customer_id and reach.channel = $channel
        where members.audience_code = $code
        """,  # noqa: S608
        {
            "campaign": campaign,
            "holdout_share": holdout_share,
            "channel": channel,
            "code": code,
        },
    )
    columns = contact_columns(channel, is_clear=is_clear)
    build.execute(
        f"""
        create or replace temporary table members as
        select people.customer_id, {", ".join(columns)}
        from judged as people
        join ({contacts_sql(channel, "judged", is_clear=is_clear)}) as contacts
            on contacts.customer_id = people.customer_id
        where people.obstacle is null
        """  # noqa: S608
    )
    folder = exports_dir / AUDIENCES / code / channel
    _compare(build, folder / STATES, stamp["as_of_date"], columns)
    manifest = write_export(
        build,
        folder / str(stamp["as_of_date"]),
        {"members": "members", "added": "added", "removed": "removed"},
        {
            "audience": code,
            "channel": channel,
            "campaign_id": campaign,
            **stamp,
            "identifiers": IN_THE_CLEAR if is_clear else "sha256",
            "not_exported": _counts(build),
        },
        form,
    )
    _remember(build, folder / STATES, stamp["as_of_date"])
    return folder / str(stamp["as_of_date"]), manifest


def export_messages(
    build: duckdb.DuckDBPyConnection,
    published: Path,
    exports_dir: Path,
    *,
    form: Format = "csv",
    is_clear: bool = False,
) -> tuple[Path, dict[str, Any]]:
    """Write the messages that the last run queued, a file per channel.

    Args:
        build: The build file, open for reading.
        published: The published file.
        exports_dir: Where exports go.
        form: Kind of file.
        is_clear: Identifiers in the clear instead of their hashes.

    Returns:
        The folder and its manifest.

    Raises:
        NotPublishedError: A run failed or has not published yet.
    """
    stamp = _published_stamp(build, published)
    tables = {}
    for channel in CONTACTS:
        columns = ", ".join(contact_columns(channel, is_clear=is_clear))
        build.execute(
            """
            create or replace temporary table queued as
            select queue.*
            from marts.activation_queue as queue
            join intermediate.int_activation_reach as reach
                on reach.customer_id = queue.customer_id and reach.channel = queue.channel
            where queue.as_of_date = $as_of_date and queue.status = 'queued'
                and queue.channel = $channel and reach.has_consent
            """,
            {"as_of_date": stamp["as_of_date"], "channel": channel},
        )
        build.execute(
            f"""
            create or replace temporary table messages_{channel} as
            select
                queued.customer_id, {columns}, queued.campaign_id, queued.offer_code,
                queued.offer_zh, queued.offer_en, queued.send_on, queued.send_hour
            from queued
            join ({contacts_sql(channel, "queued", is_clear=is_clear)}) as contacts
                on contacts.customer_id = queued.customer_id
            """  # noqa: S608
        )
        tables[channel] = f"messages_{channel}"
    folder = exports_dir / MESSAGES / str(stamp["as_of_date"])
    identifiers = IN_THE_CLEAR if is_clear else "sha256"
    return folder, write_export(build, folder, tables, {**stamp, "identifiers": identifiers}, form)


def export_reverse_etl(
    build: duckdb.DuckDBPyConnection,
    published: Path,
    exports_dir: Path,
    *,
    form: Format = "parquet",
) -> tuple[Path, dict[str, Any]]:
    """Write audiences, people and audience_memberships, as reverse-ETL tools read them.

    Only people who consented to a channel are among them, each with the hashes of those
    identifiers that they may be written to by.

    Args:
        build: The build file, open for reading.
        published: The published file.
        exports_dir: Where exports go.
        form: Kind of file.

    Returns:
        The folder and its manifest.

    Raises:
        NotPublishedError: A run failed or has not published yet.
    """
    stamp = _published_stamp(build, published)
    build.execute(
        """
        create or replace temporary table audiences as
        select
            audience_code as audience_id, label_en as name, label_zh as name_zh,
            description_en as description, member_count, as_of_date
        from marts.audience_definition
        """
    )
    build.execute(
        """
        create or replace temporary table allowed as
        select customer_id, channel
        from intermediate.int_activation_reach
        where has_consent and is_reachable and suppressed_by is null
            and not is_control and not is_under_age
        """
    )
    parts = {"sms": ("phone_sha256",), "email": ("email_sha256",), "push": ("device_sha256",)}
    parts["ads"] = ("phone_sha256", "email_sha256", "device_sha256")
    for channel in parts:
        build.execute(
            f"create or replace temporary table of_{channel} as "  # noqa: S608
            f"select customer_id from allowed where channel = '{channel}'"
        )
    joins = "\n".join(
        f"left join ({contacts_sql(channel, f'of_{channel}', is_clear=False)}) as by_{channel} "
        f"on by_{channel}.customer_id = people.customer_id"
        for channel in parts
    )
    hashes = ", ".join(
        f"coalesce({', '.join(f'by_{c}.{name}' for c, names in parts.items() if name in names)}) "
        f"as {name}"
        for name in parts["ads"]
    )
    build.execute(
        f"""
        create or replace temporary table people as
        select people.customer_id as person_id, people.channels, {hashes}
        from (
            select customer_id, string_agg(channel, ',' order by channel) as channels
            from allowed
            group by customer_id
        ) as people
        {joins}
        """  # noqa: S608
    )
    build.execute(
        """
        create or replace temporary table audience_memberships as
        select members.audience_code as audience_id, members.customer_id as person_id,
            members.entered_on
        from marts.audience_membership as members
        join people on people.person_id = members.customer_id
        """
    )
    folder = exports_dir / REVERSE_ETL
    names = ("audiences", "people", "audience_memberships")
    return folder, write_export(build, folder, {name: name for name in names}, stamp, form)


def _published_stamp(build: duckdb.DuckDBPyConnection, published: Path) -> dict[str, Any]:
    """Run and day of what was published, which the build file has to be of."""
    with open_published(published) as connection:
        published_run = connection.execute("select max(run_id) from publish_info").fetchone()[0]
    complete = build.execute("select run_id, as_of_date from ops.complete_run").fetchone()
    latest = build.execute("select run_id from ops.run_context").fetchone()
    if complete is None or complete[0] != published_run or latest[0] != published_run:
        raise NotPublishedError(
            "the build file is not what was published: a run failed or is not finished; "
            "`strata run`, then export again"
        )
    return {"run_id": complete[0], "as_of_date": complete[1]}


def _compare(
    build: duckdb.DuckDBPyConnection, states: Path, as_of_date: date, columns: list[str]
) -> None:
    """Tables added and removed; an export of other columns than the last one begins anew."""
    earlier = [path for path in _states(states) if path.stem < str(as_of_date)]
    before = f"read_parquet({literal(earlier[-1])})" if earlier else "members"
    known = build.execute(f"describe select * from {before}").fetchall()  # noqa: S608
    if not earlier or [name for name, *_ in known] != ["customer_id", *columns]:
        before = "members limit 0"
    build.execute(f"create or replace temporary table before as from {before}")
    build.execute(
        "create or replace temporary table added as (from members except from before);"
        "create or replace temporary table removed as (from before except from members)"
    )


def _remember(build: duckdb.DuckDBPyConnection, states: Path, as_of_date: date) -> None:
    states.mkdir(mode=0o700, exist_ok=True)
    path = states / f"{as_of_date}.parquet"
    partial = path.with_suffix(".partial")
    build.execute(f"copy members to {literal(partial)} (format parquet)")
    partial.chmod(0o600)
    partial.replace(path)
    for old in _states(states)[:-KEPT_STATES]:
        old.unlink()


def _states(states: Path) -> list[Path]:
    return sorted(states.glob("????-??-??.parquet"))


def _counts(build: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        build.execute(
            "select obstacle, count(*) from judged where obstacle is not null group by 1 order by 1"
        ).fetchall()
    )
