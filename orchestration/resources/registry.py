"""What the source YAML files declare, written out as the dbt macro that models loop over.

Belongs here: reading the declarations and keeping `macros/registry/feeds.sql` true.
Does not belong here: landing contracts as ingestion needs them (ingestion/contracts.py), SQL.

dbt finds the references of a model while it parses, when it knows no other model yet. The list of
feeds and of the models that provide an entity therefore has to be text in a macro; it is generated,
so that a new source is one YAML file and its staging models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from orchestration.macro_text import jinja_literal, write_macro
from orchestration.yaml_text import parse_yaml

REGISTRY_FILE = Path("macros") / "registry" / "feeds.sql"
ENTITIES = (
    "customers",
    "identifiers",
    "orders",
    "order_statements",
    "order_items",
    "refunds",
    "products",
    "events",
    "contents",
    "reviews",
    "points",
    "campaigns",
    "campaign_touches",
    "coupons",
    "coupon_redemptions",
    "enrichment",
    "stores",
    "stock",
    "referrals",
)
HEADER = """\
{#
    Written by orchestration/resources/registry.py from the YAML files; edit those.
    feeds: what each landing contract says that SQL needs to know. providers: the models that carry
    `meta.provides`, with the columns they document.
#}
"""
_SOURCE_OF_MODEL = re.compile(r"(?:stg|int)_([a-z0-9]+(?:_[a-z0-9]+)*?)__")


class RegistryError(ValueError):
    """A YAML file declares something that no model can be built from; names file and key."""


def ensure_registry(project_dir: Path) -> Path:
    """Write the registry macro if the YAML files say something else than it does.

    Args:
        project_dir: The dbt project.

    Raises:
        RegistryError: A declaration is wrong.
    """
    path = project_dir / REGISTRY_FILE
    write_macro(path, render_registry(project_dir))
    return path


def render_registry(project_dir: Path) -> str:
    """The macro's text, the same for the same YAML files."""
    documents = list(_documents(project_dir / "models"))
    staged = _staged_columns(documents)
    feeds = sorted(_feeds(documents, staged), key=lambda feed: (feed["source"], feed["feed"]))
    sources = {feed["source"] for feed in feeds}
    providers: dict[str, list[dict]] = {entity: [] for entity in ENTITIES}
    for path, document in documents:
        for model in document.get("models") or []:
            for entity, expressions in _provided(path, model):
                providers[entity].append(_provider(path, model, expressions, sources))
    for entries in providers.values():
        entries.sort(key=lambda provider: (provider["source"], provider["model"]))
    return "".join(
        [
            HEADER,
            "{% macro feed_registry() -%}\n    {{ return({\n        'feeds': [\n",
            *(f"            {jinja_literal(feed)},\n" for feed in feeds),
            "        ],\n        'providers': {\n",
            *_provider_lines(providers),
            "        },\n    }) }}\n{%- endmacro %}\n",
        ]
    )


def _provider_lines(providers: dict[str, list[dict]]) -> Iterator[str]:
    for entity, entries in providers.items():
        yield f"            {jinja_literal(entity)}: [\n"
        for entry in entries:
            columns = jinja_literal(entry["columns"])
            head = jinja_literal({key: entry[key] for key in ("model", "source", "as", "rows")})
            yield f"                {head[:-1]},\n                    'columns': {columns}}},\n"
        yield "            ],\n"


def _documents(models_dir: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(models_dir.rglob("*.yml")):
        document = parse_yaml(path.read_text(encoding="utf-8"))
        if isinstance(document, dict):
            yield path, document


def _staged_columns(documents: Iterable[tuple[Path, dict[str, Any]]]) -> dict[str, list[str]]:
    """Documented columns of each staging model, those about the landing left out."""
    return {
        model["name"]: [
            column["name"]
            for column in model.get("columns") or []
            if not column["name"].startswith("_")
        ]
        for _, document in documents
        for model in document.get("models") or []
        if model["name"].startswith("stg_")
    }


def _feeds(
    documents: Iterable[tuple[Path, dict[str, Any]]], staged: dict[str, list[str]]
) -> Iterator[dict]:
    for path, document in documents:
        for source in document.get("sources") or []:
            for table in source.get("tables") or []:
                landing = _meta(table).get("landing")
                if landing is None:
                    continue
                where = f"{path}: {source['name']}.{table['name']}"
                yield {
                    "source": source["name"],
                    "feed": table["name"],
                    "keys": _names(where, landing, "keys"),
                    "watermark": _names(where, landing, "watermark"),
                    # staging columns that name whose a row is, its order and its device
                    "customer": _names(where, landing, "customer"),
                    "order": _names(where, landing, "order"),
                    "device": _names(where, landing, "device"),
                    "money": [_money(where, entry) for entry in landing.get("money") or []],
                    "deleted": landing.get("deleted"),
                    # when a row happened, and how many days its feed may lag behind the others
                    "time": landing.get("time"),
                    "fresh_within_days": landing.get("fresh_within_days"),
                    "columns": [column["name"] for column in table.get("columns") or []],
                    "required": [
                        column["name"]
                        for column in table.get("columns") or []
                        if _meta(column).get("required")
                    ],
                    "staged": staged.get(f"stg_{source['name']}__{table['name']}", []),
                }


def _money(where: str, entry: dict[str, Any]) -> dict:
    """A landed column that holds money: taken in (sign 1) or given back (sign -1)."""
    if not isinstance(entry, dict) or entry.get("sign", 1) not in (1, -1) or "column" not in entry:
        raise RegistryError(
            f"{where}.money has {entry!r}; write {{column: NAME, sign: 1 or -1, rows: CONDITION}}"
        )
    return {"column": entry["column"], "sign": entry.get("sign", 1), "rows": entry.get("rows")}


def _provided(path: Path, model: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """What a model provides: entity and the expressions of columns that it names differently."""
    declared = _meta(model).get("provides") or {}
    if isinstance(declared, str):
        declared = [declared]
    if isinstance(declared, list):
        declared = dict.fromkeys(declared)
    unknown = [entity for entity in declared if entity not in ENTITIES]
    if unknown:
        raise RegistryError(
            f"{path}: {model['name']}.config.meta.provides names {unknown}; known are "
            f"{list(ENTITIES)}"
        )
    for entity, expressions in declared.items():
        yield entity, expressions or {}


def _provider(
    path: Path, model: dict[str, Any], expressions: dict[str, str], sources: set[str]
) -> dict:
    match = _SOURCE_OF_MODEL.match(model["name"])
    if not match or match[1] not in sources:
        raise RegistryError(
            f"{path}: {model['name']} provides an entity, so its name must begin with "
            f"stg_<source>__ or int_<source>__; known sources are {sorted(sources)}"
        )
    columns = [column["name"] for column in model.get("columns") or []]
    if not columns:
        raise RegistryError(
            f"{path}: {model['name']} provides an entity but documents no column; list them"
        )
    renamed = {name: str(text) for name, text in expressions.items() if name != "rows"}
    return {
        "model": model["name"],
        "source": match[1],
        "as": renamed,
        "rows": expressions.get("rows"),
        "columns": [name for name in columns if not name.startswith("_")],
    }


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return (node.get("config") or {}).get("meta") or {}


def _names(where: str, node: dict[str, Any], key: str) -> list[str]:
    value = node.get(key) or []
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RegistryError(f"{where}.{key} is {value!r}; write a name or a list of names")
    return names
