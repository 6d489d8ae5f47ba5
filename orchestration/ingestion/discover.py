"""Which files lie in the landing folder, and which of them belong to a feed.

Belongs here: walking folders, names, ages, symbolic links. Does not belong here: opening a file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.limits import words

FORMAT_OF_SUFFIX = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
}
IGNORED_PREFIXES = (".", "~$")
IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".filepart", "~")


@dataclass(frozen=True)
class LandingFile:
    """A file of a known feed.

    Attributes:
        path: Where it lies.
        file_name: The path below the landing folder, with forward slashes.
        format: One of contracts.FORMATS.
        is_gzip: Whether it is compressed.
    """

    path: Path
    file_name: str
    format: str
    is_gzip: bool


@dataclass(frozen=True)
class StrayFile:
    """Something in the landing folder that no feed will load, and why."""

    file_name: str
    reason: str


@dataclass(frozen=True)
class Discovery:
    """What lies in the landing folder.

    Attributes:
        files: (source, feed) to its files, ordered by name; every feed has an entry.
        strays: What nobody will load.
    """

    files: dict[tuple[str, str], list[LandingFile]]
    strays: list[StrayFile]


def discover(landing_root: Path, contracts: Sequence[FeedContract]) -> Discovery:
    """Sort the landing folder into feeds and strays.

    Hidden files, partial downloads and editors' leftovers are passed over in silence.

    Args:
        landing_root: The landing folder; need not exist.
        contracts: The feeds to look for.
    """
    root = landing_root.resolve()
    feeds = {(contract.source, contract.feed): contract for contract in contracts}
    discovery = Discovery({key: [] for key in feeds}, [])
    for path in _walk(root, root, discovery.strays):
        _sort_in(path, root, feeds, discovery)
    for files in discovery.files.values():
        files.sort(key=lambda file: file.file_name)
    discovery.strays.sort(key=lambda stray: stray.file_name)
    return discovery


def listing_fingerprint(discovery: Discovery) -> str:
    """A hash of names, sizes and times of all files; another one when any came, went or changed."""
    listing = sorted(
        (file.file_name, stat.st_size, stat.st_mtime_ns)
        for files in discovery.files.values()
        for file in files
        if (stat := _stat(file.path)) is not None
    )
    return hashlib.sha256(repr(listing).encode()).hexdigest()


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def is_stable(path: Path, age_seconds: float, *, now: float | None = None) -> bool:
    """Whether nobody has written to a file for a while.

    Args:
        path: The file.
        age_seconds: How long it must have been left alone.
        now: Seconds since the epoch; default: the clock. A modification time ahead of it, from a
            machine whose clock runs fast, counts by its distance.

    Returns:
        False when the file is gone.
    """
    stat = _stat(path)
    if stat is None:
        return False
    return abs((time.time() if now is None else now) - stat.st_mtime) >= age_seconds


def format_of(file_name: str) -> tuple[str, bool] | None:
    """(format, is_gzip) by the name's suffix, or None."""
    lowered = file_name.lower()
    for suffix, file_format in FORMAT_OF_SUFFIX.items():
        if lowered.endswith(suffix):
            return file_format, suffix.endswith(".gz")
    return None


def is_ordered_format(file_name: str) -> bool:
    """Whether the columns of such a file have an order, which the keys of objects have not."""
    return (format_of(file_name) or ("",))[0] != "jsonl"


def _walk(folder: Path, root: Path, strays: list[StrayFile]) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        strays.append(StrayFile(_name(folder, root), f"cannot be listed {words(error)}"))
        return
    for entry in entries:
        path = Path(entry.path)
        if _is_ignored(entry.name):
            continue
        if entry.is_symlink():
            problem = _link_problem(path, root)
            if problem:
                strays.append(StrayFile(_name(path, root), problem))
                continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root, strays)
        elif entry.is_file():
            yield path
        else:
            strays.append(StrayFile(_name(path, root), "is neither a file nor a folder; remove it"))


def _link_problem(link: Path, root: Path) -> str | None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "is a symbolic link to nothing; remove it"
    if not target.is_relative_to(root):
        return "is a symbolic link out of the landing folder, so it is refused; copy the file here"
    if target.is_dir():
        return "is a symbolic link to a folder; its files are read where they lie"
    return None


def _sort_in(
    path: Path,
    root: Path,
    feeds: dict[tuple[str, str], FeedContract],
    discovery: Discovery,
) -> None:
    parts = path.relative_to(root).parts
    name = _name(path, root)

    def stray(reason: str) -> None:
        discovery.strays.append(StrayFile(name, reason))

    if len(parts) < 3:
        stray("lies outside a feed; move it to landing/<source>/<feed>/")
        return
    contract = feeds.get((parts[0], parts[1]))
    if contract is None:
        known = sorted({source for source, _ in feeds})
        if parts[0] in known:
            known_feeds = sorted(feed for source, feed in feeds if source == parts[0])
            stray(f"source {parts[0]} has no feed {parts[1]!r}; it has {known_feeds}")
        else:
            stray(f"there is no source {parts[0]!r}; there are {known}")
        return
    kind = format_of(path.name)
    if kind is None:
        stray(f"has an unknown suffix; {contract.label} takes {list(contract.formats)}")
    elif kind[0] not in contract.formats:
        stray(f"is {kind[0]}, but {contract.label} takes {list(contract.formats)}")
    else:
        discovery.files[(contract.source, contract.feed)].append(LandingFile(path, name, *kind))


def _is_ignored(name: str) -> bool:
    return name.startswith(IGNORED_PREFIXES) or name.lower().endswith(IGNORED_SUFFIXES)


def _name(path: Path, root: Path) -> str:
    # a name in another encoding (unzipped on Windows) keeps its bytes readable and distinct
    return path.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
