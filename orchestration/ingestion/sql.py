"""Spelling of names and constants inside statements.

Belongs here: quoting. Does not belong here: statements.
"""

from __future__ import annotations


def quote(identifier: str) -> str:
    """An SQL identifier in quotes; the only way names enter a statement."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string constant, for the few places where DuckDB takes no bound parameter."""
    return "'" + text.replace("'", "''") + "'"
