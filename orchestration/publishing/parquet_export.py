"""The published tables as Parquet files, for tools that do not read DuckDB.

Belongs here: a folder per build, its manifest, and which builds are kept. Does not belong here:
files that name people to a channel (exports), what is published (catalogue).

A folder under its own name is complete: it is written under another name, forced to the disk and
renamed, and only then `latest`, a symbolic link, is led to it by an atomic rename. Who follows
`latest` once reads one build, whatever is exported meanwhile.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.publishing.export_files import MANIFEST, checksum
from orchestration.publishing.publish import fsync
from orchestration.publishing.reader import open_published
from orchestration.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

KIND = "published tables"
#: Folder of the exports that these go to unless told otherwise.
FOLDER = "parquet"
LATEST = "latest"
PARTIAL = ".partial"
#: The newest, and the one before it for whoever is still reading that.
KEPT_BUILDS = 2


class UnknownTableError(ValueError):
    """The published file has no table of that name."""


class ExportFolderError(RuntimeError):
    """The folder cannot be written to as an export."""


def export_parquet(
    published: Path, target: Path, tables: Sequence[str] = ()
) -> tuple[Path, dict[str, Any]]:
    """Write tables of the published file as Parquet into a new folder of `target`.

    A build that is there already, with the same tables and every file as its manifest says, is left
    as it is.

    Args:
        published: The published file.
        target: Holds a folder per build, and `latest`, which leads to the newest.
        tables: Names of published tables; none for all.

    Returns:
        The build's folder and its manifest.

    Raises:
        NothingPublishedError: No run has published yet.
        UnknownTableError: A table is not published.
        ExportFolderError: `target` is no folder, or another export is writing to it.
    """
    with _locked(target):
        for leftover in target.glob(f".*{PARTIAL}"):
            _remove(leftover)
        partial = target / f".build{PARTIAL}"
        partial.mkdir(mode=0o750)
        try:
            with open_published(published, writes_to=partial) as connection:
                chosen = _chosen(connection, tables)
                stamp = _stamp(connection)
                folder = _folder(target, stamp, chosen)
                if not folder.exists():
                    _write(connection, partial, stamp, chosen)
                    partial.replace(folder)
                    fsync(target)
        finally:
            _remove(partial)
        _lead_to(target / LATEST, folder)
        _prune(target, folder)
    return folder, json.loads((folder / MANIFEST).read_text())


def is_whole(folder: Path) -> bool:
    """Whether a folder is an export and every file is what its manifest says."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        return manifest.get("export") == KIND and all(
            checksum(folder / file["name"]) == file["sha256"] for file in manifest["files"]
        )
    except (OSError, ValueError):
        return False


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o750)
    except (FileExistsError, NotADirectoryError) as error:
        raise ExportFolderError(f"{target} is a file: name a folder to export into") from error
    handle = os.open(target, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ExportFolderError(
            f"another export is writing to {target}: wait for it to end, or name another folder"
        ) from error
    finally:
        os.close(handle)


def _chosen(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, str]:
    """Tables to write and what they are about."""
    there = dict(
        connection.execute(
            "select table_name, comment from duckdb_tables() where schema_name = 'main' order by 1"
        ).fetchall()
    )
    for name in names:
        if name not in there:
            alike = get_close_matches(name, there, n=3, cutoff=0.5)
            meant = f"; is it {' or '.join(alike)}?" if alike else "."
            raise UnknownTableError(
                f"no table {name!r} is published{meant} "
                'Those that are, `strata query "show tables"` lists.'
            )
    return {name: there[name] for name in sorted(set(names) or there)}


def _stamp(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    run_id, published_at = connection.execute(
        "select distinct run_id, published_at from publish_info"
    ).fetchone()
    as_of_date = connection.execute("select max(as_of_date) from customer_360").fetchone()[0]
    return {
        "export": KIND,
        "run_id": run_id,
        "as_of_date": as_of_date.isoformat(),
        "published_at": f"{published_at.isoformat()}Z",
    }


def _folder(target: Path, stamp: dict[str, Any], chosen: dict[str, str]) -> Path:
    """Where the build goes: a folder that is free, or holds just that."""
    name = f"{stamp['as_of_date']}_{stamp['run_id'][:8]}"
    number = 1
    while True:
        folder = target / (name if number == 1 else f"{name}_{number}")
        if not folder.exists():
            return folder
        if is_whole(folder):
            manifest = json.loads((folder / MANIFEST).read_text())
            if [file["table"] for file in manifest["files"]] == list(chosen):
                return folder
        number += 1


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    stamp: dict[str, Any],
    chosen: dict[str, str],
) -> None:
    files = []
    for table, description in chosen.items():
        path = folder / f"{table}.parquet"
        # a file that was taken out of its folder still says what it is and of which build
        about = ", ".join(
            f"{quote(key)}: {literal(value)}" for key, value in {**stamp, "table": table}.items()
        )
        rows = connection.execute(
            f"copy (from main.{quote(table)}) to {literal(path)} "
            f"(format parquet, compression zstd, kv_metadata {{{about}}})"
        ).fetchone()[0]
        path.chmod(0o640)
        fsync(path)
        files.append(
            {
                "name": path.name,
                "table": table,
                "description": description,
                "rows": rows,
                "bytes": path.stat().st_size,
                "sha256": checksum(path),
                "columns": _columns(connection, table),
            }
        )
    path = folder / MANIFEST
    path.write_text(json.dumps({**stamp, "files": files}, ensure_ascii=False, indent=2) + "\n")
    path.chmod(0o640)
    fsync(path)
    fsync(folder)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, str]]:
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'main' and table_name = ? order by column_index",
        [table],
    ).fetchall()
    return [dict(zip(("name", "type", "description"), row, strict=True)) for row in rows]


def _lead_to(link: Path, folder: Path) -> None:
    partial = link.with_name(f".{link.name}{PARTIAL}")
    partial.symlink_to(folder.name)
    partial.replace(link)
    fsync(link.parent)


def _prune(target: Path, newest: Path) -> None:
    """Remove older builds, and nothing that is not an export of this kind."""
    older = [
        manifest.parent
        for manifest in target.glob(f"[0-9]*/{MANIFEST}")
        if manifest.parent != newest and json.loads(manifest.read_text()).get("export") == KIND
    ]
    older.sort(key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    for folder in older[KEPT_BUILDS - 1 :]:
        # under another name first: half a folder must not look complete
        aside = folder.with_name(f".{folder.name}{PARTIAL}")
        folder.replace(aside)
        _remove(aside)


def _remove(leftover: Path) -> None:
    if leftover.is_symlink():
        leftover.unlink()
    else:
        shutil.rmtree(leftover, ignore_errors=True)
