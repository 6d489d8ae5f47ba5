"""Columns that a file has and its contract lacks: kept as one JSON object per row.

Belongs here: the expression that several readers share. Does not belong here: reading files.
"""

from __future__ import annotations


def extra_object(pairs: list[tuple[str, str]]) -> tuple[str, list]:
    """SQL for unknown columns that hold something as a JSON object, and its parameters."""
    if not pairs:
        return "cast(null as varchar)", []
    members = ", ".join(f"cast(? as varchar), {expression}" for _, expression in pairs)
    return (
        f"nullif(cast(json_merge_patch('{{}}', json_object({members})) as varchar), '{{}}')",
        [name for name, _ in pairs],
    )
