"""How much room on the disk the next run needs, and how much there is.

Belongs here: the estimate. Does not belong here: who complains (checks/published, doctor).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import Settings

LEAST_BYTES = 2 * 2**30
# The new published file beside the old one and a spare; a build file that is written anew where its
# tables are, and as much again for what DuckDB spills.
PUBLISHED_COPIES = 3
BUILD_COPIES = 2


@dataclass(frozen=True)
class Room:
    """Bytes that are free where the company lives, and bytes that a run may need."""

    free: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether a run has room."""
        return self.free >= self.needed


def room(settings: Settings) -> Room:
    """The room for the next run of a company, whose folder need not exist yet."""
    published, build = (
        path.stat().st_size if path.exists() else 0
        for path in (settings.published_file, settings.build_file)
    )
    needed = max(LEAST_BYTES, PUBLISHED_COPIES * published + BUILD_COPIES * build)
    return Room(shutil.disk_usage(existing_folder(settings.home)).free, needed)


def existing_folder(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder
