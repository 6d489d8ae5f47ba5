"""What gets published: the tables, their columns and comments, read from the dbt manifest.

Belongs here: the list and its privacy rule. Does not belong here: copying data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.publishing.pseudonyms import (
    IDENTIFIER_CLASS,
    private_sources,
    published_expression,
)

if TYPE_CHECKING:
    import duckdb

# such columns say which landed row a fact came from; they stay in the build file
TECHNICAL_PREFIX = "_"
# written by the copy itself
PUBLISH_INFO = "publish_info"


class UnsafeColumnError(RuntimeError):
    """A published table declares a column that identifies people in the clear."""


class NothingToPublishError(RuntimeError):
    """No model is marked as published."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of the published file.

    Attributes:
        name: Its name there.
        source: Its name in the build file.
        description: Its comment.
        columns: Column names and their comments.
        expressions: SQL for the columns that readers see otherwise than the build file holds them.
        rows: SQL condition on the rows that are copied; None copies all.
    """

    name: str
    source: str
    description: str
    columns: dict[str, str]
    expressions: dict[str, str] = field(default_factory=dict)
    rows: str | None = None


def published_tables(manifest_path: Path) -> list[PublishedTable]:
    """Every model whose meta says `published: true`, by name.

    Raises:
        NothingToPublishError: No model says so.
        UnsafeColumnError: A published column is classed as an identifier.
    """
    manifest = json.loads(manifest_path.read_text())
    private = private_sources(manifest)
    tables = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or not node["config"]["meta"].get("published"):
            continue
        expressions = {}
        for column in node["columns"].values():
            if column["name"].startswith(TECHNICAL_PREFIX):
                continue
            meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
            if meta.get("privacy") == IDENTIFIER_CLASS:
                raise UnsafeColumnError(
                    f"{node['original_file_path']}: {node['name']}.{column['name']} is classed "
                    f"'{IDENTIFIER_CLASS}' and the model is published; mask or hash the column and "
                    "class what is left, or set meta.published to false"
                )
            expression = published_expression(column["name"], meta.get("record_id"), private)
            if expression is not None:
                expressions[column["name"]] = expression
        tables.append(
            PublishedTable(
                name=node["name"],
                source=f"{node['schema']}.{node['alias']}",
                description=" ".join(node["description"].split()),
                columns={
                    name: " ".join(column["description"].split())
                    for name, column in node["columns"].items()
                    if not name.startswith(TECHNICAL_PREFIX)
                },
                expressions=expressions,
            )
        )
    if not tables:
        raise NothingToPublishError(
            f"{manifest_path}: no model has meta.published true, so there is nothing to publish"
        )
    return sorted(tables, key=lambda table: table.name)


def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, PublishedTable]:
    """The tables of an attached published file with their comments, but for publish_info.

    Args:
        connection: Has the file attached and in use, so that `main` is its schema.
        database: The name under which it is attached.
    """
    found: dict[str, PublishedTable] = {}
    for table, description, column, comment in connection.execute(
        """
        select tables.table_name, tables.comment, columns.column_name, columns.comment
        from duckdb_tables() as tables
        inner join duckdb_columns() as columns
            using (database_name, schema_name, table_name)
        where database_name = ? and table_name <> ?
        order by tables.table_name, columns.column_index
        """,
        [database, PUBLISH_INFO],
    ).fetchall():
        known = found.setdefault(
            table, PublishedTable(table, f"main.{table}", description or "", {})
        )
        known.columns[column] = comment or ""
    return found
