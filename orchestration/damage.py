"""Telling a damaged DuckDB file from other errors, and what to do about it.

Belongs here: DuckDB's words for damage, and the remedies. Does not belong here: opening a file.
"""

from __future__ import annotations

from pathlib import Path

# DuckDB has no error of its own for it: a lock, a full disk and damage are all IO errors.
_SIGNS = (
    "Corrupt database file",
    "Corrupt WAL file",
    "Failure while replaying WAL file",
    "not a valid DuckDB database file",
    "Could not read enough bytes from file",
)


def is_damage(error: BaseException | str) -> bool:
    """Whether DuckDB complains of what is in a file, not of a lock or of the disk."""
    text = str(error)
    return any(sign in text for sign in _SIGNS)


def damaged_build_file(path: Path | str) -> str:
    """What to tell of a build file that cannot be read."""
    return (
        f"{path} is damaged. Delete it, and {path}.wal if it is there, and run again: the landing "
        "files make it anew, customer ids and history come from the published file"
    )


def damaged_published_file(path: Path | str) -> str:
    """What to tell of a published file that cannot be read."""
    return (
        f"{path} is damaged; `strata run` publishes it again from the build file. If that is gone "
        "too, put back a copy of the published file first: customer ids would begin anew without it"
    )
