"""Folders of export files: written whole or not at all, with a manifest that proves it.

Belongs here: files, checksums, what makes a cell safe in a spreadsheet. Does not belong here: who
is in an export.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestration.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

Format = Literal["csv", "parquet"]
MANIFEST = "manifest.json"
#: What a manifest says of identifiers that are not hashed.
IN_THE_CLEAR = "in the clear"
#: A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection); some trim blanks, and
#: in Chinese and Japanese some take the signs of full width for the others.
FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"


def write_export(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: Mapping[str, str],
    manifest: Mapping[str, Any],
    form: Format,
) -> dict[str, Any]:
    """Write tables as files of a new folder, in place of one of the same name.

    Args:
        connection: Has the tables.
        folder: What is written; readable by its owner only.
        tables: Name of each file and the table that it holds.
        manifest: What else the manifest says.
        form: csv, with cells that are safe in a spreadsheet, or parquet, with values as they are.

    Returns:
        The manifest as written: also name, rows, bytes and SHA-256 of every file.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    files = []
    for name, table in tables.items():
        path = partial / f"{name}.{form}"
        rows = copy_table(connection, table, path, form)
        path.chmod(0o600)
        files.append(
            {
                "name": path.name,
                "rows": rows,
                "bytes": path.stat().st_size,
                "sha256": checksum(path),
            }
        )
    written = {**manifest, "files": files}
    path = partial / MANIFEST
    path.write_text(json.dumps(written, ensure_ascii=False, indent=2, default=str) + "\n")
    path.chmod(0o600)
    _put_in_place(partial, folder)
    return written


def copy_table(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format) -> int:
    """Write a table or view as one file, in the order of its columns; returns the rows.

    Args:
        connection: Has the table.
        table: Its name.
        path: What is written.
        form: csv, with cells that are safe in a spreadsheet, or parquet, with values as they are.
    """
    columns = [
        (name, str(data_type))
        for name, data_type, *_ in connection.execute(f"describe {table}").fetchall()
    ]
    listed = ", ".join(
        _safe_cell(name) if form == "csv" and data_type == "VARCHAR" else quote(name)
        for name, data_type in columns
    )
    options = "format csv, header" if form == "csv" else "format parquet"
    ordered = ", ".join(quote(name) for name, _ in columns)
    return connection.execute(
        f"copy (select {listed} from {table} order by {ordered}) "  # noqa: S608
        f"to {literal(path)} ({options})"
    ).fetchone()[0]


def _safe_cell(name: str) -> str:
    column = quote(name)
    return (
        f"case when regexp_matches({column}, {literal(FORMULA)}) then '''' || {column} "
        f"else {column} end as {column}"
    )


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_in_place(partial: Path, folder: Path) -> None:
    """A folder cannot be replaced by a rename, so the older one steps aside first."""
    aside = folder.with_name(f".{folder.name}.replaced")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.replace(aside)
    partial.replace(folder)
    shutil.rmtree(aside, ignore_errors=True)
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
