"""What gets published: the tables, their columns and comments, read from the dbt manifest.

Belongs here: the list and its privacy rule. Does not belong here: copying data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FORBIDDEN_CLASS = "identifier"
# such columns say which landed row a fact came from; they stay in the build file
TECHNICAL_PREFIX = "_"


class UnsafeColumnError(RuntimeError):
    """A published table declares a column that identifies people in the clear."""


class NothingToPublishError(RuntimeError):
    """No model is marked as published."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of the published file; `source` is its name in the build file."""

    name: str
    source: str
    description: str
    columns: dict[str, str]


def published_tables(manifest_path: Path) -> list[PublishedTable]:
    """Every model whose meta says `published: true`, by name.

    Raises:
        NothingToPublishError: No model says so.
        UnsafeColumnError: A published column is classed as an identifier.
    """
    nodes = json.loads(manifest_path.read_text())["nodes"].values()
    tables = []
    for node in nodes:
        if node["resource_type"] != "model" or not node["config"]["meta"].get("published"):
            continue
        for column in node["columns"].values():
            if column["name"].startswith(TECHNICAL_PREFIX):
                continue
            privacy = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
            if privacy.get("privacy") == FORBIDDEN_CLASS:
                raise UnsafeColumnError(
                    f"{node['original_file_path']}: {node['name']}.{column['name']} is classed "
                    f"'{FORBIDDEN_CLASS}' and the model is published; mask or hash the column and "
                    "class what is left, or set meta.published to false"
                )
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
            )
        )
    if not tables:
        raise NothingToPublishError(
            f"{manifest_path}: no model has meta.published true, so there is nothing to publish"
        )
    return sorted(tables, key=lambda table: table.name)
