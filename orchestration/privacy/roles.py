"""Files for roles: what analysts and marketers need of the published file, and no more.

Belongs here: reading dbt_project/roles.yml and writing a role's file beside the published one.
Does not belong here: the copy and the swap (publishing/publish.py), the classes (the models' YAML).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingestion.contracts import PRIVACY_CLASSES
from orchestration.publishing.catalogue import (
    PUBLISH_INFO,
    TECHNICAL_PREFIX,
    PublishedTable,
    tables_of,
)
from orchestration.publishing.pseudonyms import IDENTIFIER_CLASS
from orchestration.publishing.publish import Publication, publish
from orchestration.publishing.reader import NothingPublishedError
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.sql import literal
from orchestration.yaml_text import parse_yaml

ROLES_FILE = DBT_PROJECT_DIR / "roles.yml"
#: Stated once: the class of a published column whose YAML says nothing.
DEFAULT_CLASS = "plain"
_KEYS = {"description_en", "description_zh", "classes", "without", "only", "rows"}


class RoleError(ValueError):
    """A role is unknown, or roles.yml cannot be used; says what to write."""


@dataclass(frozen=True)
class Role:
    """What one role sees; the fields are the keys of roles.yml."""

    name: str
    description_en: str
    description_zh: str
    classes: tuple[str, ...]
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    rows: dict[str, str] = field(default_factory=dict)


def read_roles(path: Path = ROLES_FILE) -> dict[str, Role]:
    """The roles by name.

    Raises:
        RoleError: The file says something that cannot be meant.
    """
    roles = {}
    for name, said in (parse_yaml(path.read_text(encoding="utf-8")).get("roles") or {}).items():
        unknown = sorted(set(said) - _KEYS)
        if unknown:
            raise RoleError(f"{path}: {name} has {unknown}; known are {sorted(_KEYS)}")
        known = [one for one in PRIVACY_CLASSES if one != IDENTIFIER_CLASS]
        wrong = sorted(set(said.get("classes") or [""]) - set(known))
        if wrong:
            raise RoleError(f"{path}: {name}.classes has {wrong}; write some of {known}")
        roles[name] = Role(
            name,
            said["description_en"],
            said["description_zh"],
            tuple(said["classes"]),
            tuple(said.get("without") or ()),
            tuple(said.get("only") or ()),
            dict(said.get("rows") or {}),
        )
    return roles


def column_classes(manifest: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Privacy class of every column of every published table, by table and column."""
    return {
        node["name"]: {
            column["name"]: column.get("config", {}).get("meta", {}).get("privacy", DEFAULT_CLASS)
            for column in node["columns"].values()
            if not column["name"].startswith(TECHNICAL_PREFIX)
        }
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["meta"].get("published")
    }


def role_file(settings: Settings, name: str) -> Path:
    """Where a role's file is."""
    published = settings.published_file
    return published.with_name(f"{published.stem}_{name}{published.suffix}")


def publish_role(settings: Settings, role: Role, classes: dict[str, dict[str, str]]) -> Publication:
    """Write a role's file out of the published one; readers see the old file or the new one.

    Args:
        settings: Whose company.
        role: What to leave in.
        classes: From `column_classes`. A table that it does not know is left out.

    Raises:
        NothingPublishedError: There is no published file.
        RoleError: The role names a table that is not published.
        PublishVerificationError: The copy differs from what was to be copied.
    """
    source = settings.published_file
    if not source.exists():
        raise NothingPublishedError(f"{source} does not exist; `strata run` makes it")
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(source)} as published (read_only)")
        connection.execute("use published")
        _name_telling_audiences(connection, role, classes)
        tables = _tables(connection, role, classes)
        run_id, published_at = connection.execute(
            f"select any_value(run_id), max(published_at) from {PUBLISH_INFO}"  # noqa: S608
        ).fetchone()
        return publish(
            connection,
            tables,
            role_file(settings, role.name),
            run_id=run_id,
            published_at=published_at,
        )


def publish_roles(settings: Settings, names: tuple[str, ...], manifest: Path) -> list[str]:
    """Write the files of several roles; returns their names.

    Raises:
        RoleError: A role is unknown.
    """
    if not names:
        return []
    roles = read_roles()
    unknown = sorted(set(names) - set(roles))
    if unknown:
        raise RoleError(f"STRATA_PUBLISH_ROLES names {unknown}; {ROLES_FILE} has {sorted(roles)}")
    classes = column_classes(json.loads(manifest.read_text()))
    return [publish_role(settings, roles[name], classes) and name for name in names]


def _name_telling_audiences(
    connection: duckdb.DuckDBPyConnection, role: Role, classes: dict[str, dict[str, str]]
) -> None:
    """Fill `telling_audience`, which the conditions of a role may name.

    Membership is a plain column, and says of a customer what the audience's rule asks: a column
    that the role does not see, a demographic tag, or another audience that does so.
    """
    profile = "customer_360"
    hidden = [name for name in classes[profile] if not _sees(role, classes, profile, name)]
    connection.execute("create temp table telling_audience (audience_code varchar)")
    connection.execute(
        """
        insert into telling_audience
        with recursive words as (
            select unnest($hidden) as word
            union
            select tag_code from tag_definition where category = 'demographic'
            union
            select audience_code
            from audience_definition
            inner join words on regexp_matches(rule, '\\b' || regexp_escape(word) || '\\b')
        )
        select word from words where word in (select audience_code from audience_definition)
        """,
        {"hidden": hidden},
    )


def _sees(role: Role, classes: dict[str, dict[str, str]], table: str, column: str) -> bool:
    is_of_class = classes[table].get(column, IDENTIFIER_CLASS) in role.classes
    return is_of_class and f"{table}.{column}" not in role.without


def _tables(
    connection: duckdb.DuckDBPyConnection, role: Role, classes: dict[str, dict[str, str]]
) -> list[PublishedTable]:
    found = {
        name: table for name, table in tables_of(connection, "published").items() if name in classes
    }
    named = {entry.split(".")[0] for entry in role.without} | set(role.only) | set(role.rows)
    unknown = sorted(named - set(found))
    if unknown:
        raise RoleError(f"{ROLES_FILE}: {role.name} names {unknown}, which are not published")
    kept = []
    for name, table in found.items():
        if name in role.without or (role.only and name not in role.only):
            continue
        columns = {
            column: comment
            for column, comment in table.columns.items()
            if _sees(role, classes, name, column)
        }
        if columns:
            kept.append(replace(table, columns=columns, rows=role.rows.get(name)))
    return kept
