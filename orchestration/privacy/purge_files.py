"""One person out of files that are no warehouse: exports, uploaded lists, models, logs.

Belongs here: leaving rows out of tables, removing files; each step can be repeated without harm.
Does not belong here: DuckDB files (purge.py), landing files (rewrite.py).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import duckdb

from orchestration.privacy.needles import Needles
from orchestration.privacy.purge import Traces, put_tokens
from orchestration.privacy.scan import places, texts_of
from orchestration.publishing.export_files import MANIFEST
from orchestration.publishing.parquet_export import FOLDER as PARQUET_EXPORTS
from orchestration.settings import Settings
from orchestration.sql import literal, quote

#: Folder of the exports that holds what was written about single people.
PERSONS = "persons"
TABLE_SUFFIXES = (".csv", ".parquet")


def purge_exports(settings: Settings, traces: Traces, hashes: frozenset[str]) -> Counter[str]:
    """Rows of exports that are theirs, by kind of export; manifests say what is left.

    Args:
        settings: Whose company.
        traces: The person.
        hashes: Also by these values: plain SHA-256 and clear values of their identifiers.
    """
    values = traces.tokens | hashes
    gone: Counter[str] = Counter()
    for customer_id in traces.customer_ids:
        # what was written for an access request
        folder = settings.exports_dir / PERSONS / customer_id
        if folder.exists():
            gone[PERSONS] += 1
            shutil.rmtree(folder)
    whole = settings.exports_dir / PARQUET_EXPORTS
    if whole.exists():
        # copies of the published file as it was; the next export writes one as it is
        gone["parquet exports"] += sum(1 for path in whole.iterdir() if not path.is_symlink())
        shutil.rmtree(whole)
    folders = set()
    for path in sorted(settings.exports_dir.rglob("*")):
        if path.suffix not in TABLE_SUFFIXES or not path.is_file():
            continue
        rows = _purge_table_file(path, values)
        if rows:
            gone[path.relative_to(settings.exports_dir).parts[0]] += rows
            folders.add(path.parent)
    for folder in folders:
        _rewrite_manifest(folder)
    return gone


def purge_lists(settings: Settings, values: frozenset[str]) -> int:
    """Rows of uploaded lists that name them."""
    folder = settings.home / "lists"
    return sum(_purge_table_file(path, values) for path in sorted(folder.glob("*.csv")))


def purge_logs_and_models(settings: Settings, needles: Needles) -> Counter[str]:
    """Models, logs, charts and Dagster's files that name them: events are deleted, files removed.

    A model that held somebody's row is learnt again by the next run.
    """
    gone: Counter[str] = Counter()
    skipped = (settings.published_file.parent, settings.privacy_dir)
    for path in places(settings)[1]:
        # tables of exports lose rows only
        is_table = path.suffix in TABLE_SUFFIXES or path.name == MANIFEST
        if any(folder in path.parents for folder in skipped) or (
            is_table and settings.exports_dir in path.parents
        ):
            continue
        if not any(needles.found_in(text) for _, text in texts_of(path)):
            continue
        where = path.relative_to(settings.home).parts[0]
        if path.suffix == ".db":
            gone["dagster events"] += _purge_events(path, needles)
        elif path == settings.run_output_file:
            path.write_text("")
            gone[where] += 1
        else:
            path.unlink()
            gone[where] += 1
    return gone


def _purge_table_file(path: Path, values: frozenset[str]) -> int:
    """A CSV or Parquet file of ours without the rows in which a value stands; returns how many."""
    with duckdb.connect() as connection:
        put_tokens(connection, values)
        is_csv = path.suffix == ".csv"
        # quoted exactly as written, so that a file without the person keeps its bytes
        relation = (
            f"read_csv({literal(path)}, all_varchar = true, header = true, delim = ',', "
            "quote = '\"', escape = '\"')"
            if is_csv
            else f"read_parquet({literal(path)})"
        )
        columns = [name for name, *_ in connection.execute(f"describe from {relation}").fetchall()]
        theirs = " or ".join(
            f"coalesce(ltrim(cast({quote(column)} as varchar), '''') in "  # noqa: S608
            "(select token from erased_token), false)"
            for column in columns
        )
        (rows,) = connection.execute(
            f"select count(*) from {relation} where {theirs}"  # noqa: S608
        ).fetchone()
        if rows:
            partial = path.with_name(f".{path.name}.partial")
            options = "format csv, header" if is_csv else "format parquet"
            connection.execute(
                f"copy (select * from {relation} where not ({theirs})) "  # noqa: S608
                f"to {literal(partial)} ({options})"
            )
            partial.chmod(path.stat().st_mode)
            partial.replace(path)
    return rows


def _rewrite_manifest(folder: Path) -> None:
    path = folder / MANIFEST
    if not path.exists():
        return
    said = json.loads(path.read_text())
    for file in said.get("files", []):
        written = folder / file["name"]
        data = written.read_bytes()
        with duckdb.connect() as connection:
            reader = "read_csv" if written.suffix == ".csv" else "read_parquet"
            (file["rows"],) = connection.execute(
                f"select count(*) from {reader}({literal(written)})"  # noqa: S608
            ).fetchone()
        file["bytes"], file["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n")


def _purge_events(path: Path, needles: Needles) -> int:
    """Rows of Dagster's SQLite files in which a word of theirs stands; the file is written anew."""
    gone = 0
    connection = sqlite3.connect(path)
    try:
        tables = [
            name
            for (name,) in connection.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            ).fetchall()
        ]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"pragma table_info({quote(table)})")]
            listed = ", ".join(quote(column) for column in columns)
            doomed = [
                row[0]
                for row in connection.execute(f"select rowid, {listed} from {quote(table)}")  # noqa: S608
                if any(needles.found_in(value) for value in row[1:] if isinstance(value, str))
            ]
            connection.executemany(
                f"delete from {quote(table)} where rowid = ?",  # noqa: S608
                [(row,) for row in doomed],
            )
            gone += len(doomed)
        connection.commit()
        connection.execute("vacuum")
    finally:
        connection.close()
    return gone
