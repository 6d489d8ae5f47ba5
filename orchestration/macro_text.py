"""Macros that the project writes for dbt: Jinja literals, and files that change only if they must.

Belongs here: how a value reads in Jinja, and putting a generated file in place.
Does not belong here: what a macro says (resources/registry.py, tags/render.py).
"""

from __future__ import annotations

import json
from pathlib import Path


def jinja_literal(value: object) -> str:
    """A Jinja literal: JSON with single quotes and Jinja's constants."""
    if isinstance(value, dict):
        pairs = (f"{jinja_literal(k)}: {jinja_literal(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(jinja_literal(entry) for entry in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value)


def write_macro(path: Path, text: str) -> None:
    """Put a generated macro in place, whole; dbt parses anew what has another date."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".partial")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
