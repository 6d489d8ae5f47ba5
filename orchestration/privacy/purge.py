"""One person out of DuckDB files: published ones, those of roles, and the build file.

Belongs here: leaving rows out; each step can be repeated without harm.
Does not belong here: whose (person.py), in which order (erase.py), other files (purge_files.py).

Deleted text stays in a DuckDB file until the file is written anew (DELETE and VACUUM only forget
where it is), so every one of them is copied without the person and swapped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import PUBLISH_INFO, tables_of
from orchestration.publishing.publish import fsync, publish
from orchestration.sql import literal, qualified, quote
from orchestration.transaction import transaction

#: Schemas of the build file that cannot be computed from the landed rows; the others are dropped.
KEPT_SCHEMAS = ("raw", "ops", "identity", "reference")
#: Tables that say of an id only that it existed, so that it is never given to somebody else.
ID_TABLES = ("id_history", "customer_redirect")
_REASON = "erased"


@dataclass(frozen=True)
class Traces:
    """By what a person is found outside the landed rows.

    Attributes:
        customer_ids: Their ids.
        tokens: Whole values that mean them: ids, record keys, keyed hashes of identifiers.
    """

    customer_ids: frozenset[str]
    tokens: frozenset[str]


def purge_published(path: Path, traces: Traces) -> int:
    """A published file, or a role's, without the person; returns the rows that are gone.

    Readers see the old file or the new one.
    """
    with duckdb.connect() as connection:
        put_tokens(connection, traces.tokens)
        connection.execute(f"attach {literal(path)} as published (read_only)")
        connection.execute("use published")
        texts = _text_columns(connection, "published")
        gone = 0
        kept = []
        for name, table in tables_of(connection, "published").items():
            columns = texts.get(("main", name), [])
            if name in ID_TABLES or not columns:
                expressions = {}
                if "current_customer_id" in table.columns:
                    ids = ", ".join(literal(one) for one in sorted(traces.customer_ids))
                    expressions["current_customer_id"] = (
                        f"case when current_customer_id in ({ids}) then null "
                        "else current_customer_id end"
                    )
                kept.append(replace(table, expressions=expressions))
                continue
            found = _is_theirs(columns)
            (rows,) = connection.execute(
                f"select count(*) from main.{quote(name)} where {found}"  # noqa: S608
            ).fetchone()
            gone += rows
            kept.append(replace(table, rows=f"not ({found})"))
        run_id, published_at = connection.execute(
            f"select any_value(run_id), max(published_at) from {PUBLISH_INFO}"  # noqa: S608
        ).fetchone()
        publish(connection, kept, path, run_id=run_id, published_at=published_at)
    return gone


def purge_build(
    path: Path,
    traces: Traces,
    delete_landed: Callable[[duckdb.DuckDBPyConnection], Counter[str]],
    run_id: str,
) -> Counter[str]:
    """The build file without the person and without what the next run computes again.

    Args:
        path: The build file.
        traces: The person.
        delete_landed: Takes rows out of the raw schema; must do nothing the second time.
        run_id: Of the erasure, for the history of ids.

    Returns:
        Rows that are gone, by table.
    """
    gone: Counter[str] = Counter()
    with duckdb.connect(str(path)) as build:
        build.execute("set TimeZone = 'UTC'")
        put_tokens(build, traces.tokens)
        database = build.execute("select current_database()").fetchone()[0]
        with transaction(build):
            gone.update(delete_landed(build))
            for (schema, name), columns in _text_columns(build, database).items():
                if schema == "identity" and name not in ID_TABLES:
                    gone[f"{schema}.{name}"] += build.execute(
                        f"delete from {qualified(f'{schema}.{name}')} where {_is_theirs(columns)}"  # noqa: S608
                    ).fetchone()[0]
            if traces.customer_ids:
                _retire(build, traces.customer_ids, run_id)
            for (name,) in build.execute(
                "select table_name from duckdb_tables() where schema_name = 'ops' "
                "and (table_name like 'complete_%' or table_name = 'rebuilt_model')"
            ).fetchall():
                build.execute(f"delete from ops.{quote(name)}")  # noqa: S608
            for (schema,) in build.execute(
                "select distinct schema_name from duckdb_tables() where database_name = ? "
                "and schema_name <> 'main' and not temporary "
                "union select distinct schema_name from duckdb_views() where database_name = ? "
                "and not internal",
                [database, database],
            ).fetchall():
                if schema not in KEPT_SCHEMAS and schema not in ("main", "information_schema"):
                    build.execute(f"drop schema {quote(schema)} cascade")
    _write_anew(path)
    return Counter({name: count for name, count in gone.items() if count})


def put_tokens(connection: duckdb.DuckDBPyConnection, tokens: Iterable[str]) -> None:
    connection.execute("create or replace temp table erased_token (token varchar)")
    rows = [[token] for token in sorted(tokens)]
    if rows:
        connection.executemany("insert into erased_token values (?)", rows)


def _text_columns(
    connection: duckdb.DuckDBPyConnection, database: str
) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = ? and data_type = 'VARCHAR' and not internal "
        "and table_name in (select table_name from duckdb_tables() where not temporary) "
        "order by all",
        [database],
    ).fetchall():
        found.setdefault((schema, table), []).append(column)
    return found


def _is_theirs(columns: Iterable[str]) -> str:
    return " or ".join(
        f"coalesce({quote(column)} in (select token from temp.erased_token), false)"  # noqa: S608
        for column in columns
    )


def _retire(build: duckdb.DuckDBPyConnection, customer_ids: Iterable[str], run_id: str) -> None:
    """Say in the history that the ids are gone, once, so that they are never given away again."""
    listed = ", ".join(literal(one) for one in sorted(customer_ids))
    build.execute(
        "update identity.customer_redirect set current_customer_id = null "  # noqa: S608
        f"where current_customer_id in ({listed})"
    )
    build.execute(
        f"""
        insert into identity.id_history by name
        select
            (select coalesce(max(event_id), 0) from identity.id_history)
                + row_number() over (order by customer_id) as event_id,
            ? as run_id,
            'retired' as event,
            customer_id,
            0 as record_count,
            '{_REASON}' as reason
        from (select unnest([{listed}]) as customer_id) as ids
        where customer_id not in (
            select customer_id from identity.id_history where reason = '{_REASON}'
        )
        """,  # noqa: S608
        [run_id],
    )


def _write_anew(path: Path) -> None:
    """Copy a DuckDB file into a new one and put that in its place."""
    partial = path.with_name(path.name + ".partial")
    for leftover in (partial, partial.with_name(partial.name + ".wal")):
        leftover.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(path)} as old (read_only)")
        connection.execute(f"attach {literal(partial)} as new")
        connection.execute("copy from database old to new")
    fsync(partial)
    partial.chmod(path.stat().st_mode)
    partial.replace(path)
    fsync(path.parent)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
