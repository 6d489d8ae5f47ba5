"""Spelling of names and constants inside statements.

Belongs here: quoting, and the one expression that several readers share.
Does not belong here: statements.
"""

from __future__ import annotations


def quote(identifier: str) -> str:
    """An SQL identifier in quotes; the only way names enter a statement."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string constant, for the few places where DuckDB takes no bound parameter."""
    return "'" + text.replace("'", "''") + "'"


def extra_object(pairs: list[tuple[str, str]]) -> tuple[str, list]:
    """SQL for unknown columns that hold something as a JSON object, and its parameters."""
    if not pairs:
        return "cast(null as varchar)", []
    members = ", ".join(f"cast(? as varchar), {expression}" for _, expression in pairs)
    return (
        f"nullif(cast(json_merge_patch('{{}}', json_object({members})) as varchar), '{{}}')",
        [name for name, _ in pairs],
    )
