"""Tables that remember what no landing file can tell again.

Who was written to and who entered an audience when are facts of this warehouse: a rebuild from the
landing files cannot know them. Such a model says `meta.kept: true`; when the build file was lost,
its rows come back from the file that readers have, before dbt adds to them.

Belongs here: putting those rows back. Does not belong here: what is remembered (the models).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.publishing.reader import published_table
from orchestration.resources.warehouse import table_exists
from orchestration.sql import qualified, quote

if TYPE_CHECKING:
    import duckdb


def restore_kept_tables(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], published_file: Path
) -> dict[str, int]:
    """Put back what the build file lacks and the published file has.

    Args:
        connection: The build file.
        manifest: dbt's manifest, whose models say which of them are kept.
        published_file: The file that readers have.

    Returns:
        Rows put back, by `schema.table`; empty where nothing was lost.
    """
    restored = {}
    for name in _kept_models(manifest):
        if table_exists(connection, name):
            continue
        schema, table = name.split(".", 1)
        rows = published_table(published_file, table)
        if rows is None:
            continue
        connection.execute(f"create schema if not exists {quote(schema)}")
        connection.register("kept_rows", rows)
        connection.execute(f"create table {qualified(name)} as from kept_rows")
        connection.unregister("kept_rows")
        restored[name] = rows.num_rows
    return restored


def _kept_models(manifest: Mapping[str, Any]) -> list[str]:
    return sorted(
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["meta"].get("kept")
    )
