"""Spelling of names and constants inside statements.

Belongs here: quoting, wherever a name or constant cannot be a bound parameter.
Does not belong here: statements.
"""

from __future__ import annotations


def quote(identifier: str) -> str:
    """An SQL identifier in quotes; the only way names enter a statement."""
    return '"' + identifier.replace('"', '""') + '"'


def qualified(name: str) -> str:
    """`schema.table` with both parts quoted."""
    return ".".join(quote(part) for part in name.split("."))


def literal(text: object) -> str:
    """An SQL string constant, for the few places where DuckDB takes no bound parameter."""
    return "'" + str(text).replace("'", "''") + "'"
