"""What files take on disk.

Belongs here: one number for a file or a folder. Does not belong here: which ones matter.
"""

from __future__ import annotations

from pathlib import Path


def megabytes(path: Path) -> float:
    """What a file, or all files below a folder, take."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 2**20
