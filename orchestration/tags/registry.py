"""Keeps macros/registry/tags.sql true to the catalogue.

Belongs here: when the catalogue is read again, and where the result goes. Does not belong here:
what is right or wrong about it (catalogue), or how it looks as a macro (render).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from orchestration import conditions
from orchestration.macro_text import write_macro
from orchestration.tags.catalogue import (
    BRANDS,
    CATALOGUE,
    SEGMENTS,
    TAXONOMY,
    TOPICS,
    Catalogue,
    read_catalogue,
)
from orchestration.tags.render import render_tags

TAGS_FILE = Path("macros") / "registry" / "tags.sql"
# what the file was last written from; reading the catalogue anew takes most of a second
_WRITTEN_FROM = Path("target") / "tags.sha256"
_READ_YAML = (
    Path("models") / "marts" / "features" / "_features__models.yml",
    Path("models") / "marts" / "segments" / "_segments__models.yml",
)


def ensure_tags(project_dir: Path, seeds_dir: Path) -> Path:
    """Write the macros if the catalogue, or anything it is read with, is not what they say.

    Args:
        project_dir: The dbt project.
        seeds_dir: Where the catalogue is.

    Raises:
        VocabularyError: The catalogue is wrong; lists every problem.
    """
    path = project_dir / TAGS_FILE
    mark = project_dir / _WRITTEN_FROM
    if path.exists() and mark.exists() and mark.read_text() == _digest(project_dir, seeds_dir):
        return path
    write_macro(path, render_tags(checked_tags(project_dir, seeds_dir)))
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(_digest(project_dir, seeds_dir))
    return path


def checked_tags(project_dir: Path, seeds_dir: Path) -> Catalogue:
    """The catalogue, every row of it checked.

    Raises:
        VocabularyError: It is wrong; lists every problem.
    """
    return read_catalogue(seeds_dir, project_dir / "models")


def _digest(project_dir: Path, seeds_dir: Path) -> str:
    """A hash of all that decides what the macros say: vocabularies, column lists, this code."""
    files = [
        *(seeds_dir / name for name in (CATALOGUE, TOPICS, BRANDS, TAXONOMY, SEGMENTS)),
        *(project_dir / path for path in (*_READ_YAML, TAGS_FILE)),
        *sorted(Path(__file__).parent.glob("*.py")),
        *sorted(Path(conditions.__file__).parent.glob("*.py")),
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes() if path.exists() else b"\x00")
        digest.update(b"\x1f")
    return digest.hexdigest()


__all__ = ["TAGS_FILE", "checked_tags", "ensure_tags"]
