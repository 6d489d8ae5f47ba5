"""How a file's columns differ from what was agreed and from the feed's previous file.

Belongs here: comparing headers. Does not belong here: reading them, or judging what follows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.ingestion.columns import MAX_REPORTED_EXTRA_COLUMNS, likely_renamings
from orchestration.ingestion.contracts import FeedContract, normalise_text


@dataclass(frozen=True)
class FileColumns:
    """The columns of one file.

    Attributes:
        file_name: Path below the landing folder.
        names: As the file spells them, in its order.
        is_ordered: Whether that order means something, and whether a missing column is more than
            one that no row fills; neither holds for the keys of JSON objects.
    """

    file_name: str
    names: tuple[str, ...]
    is_ordered: bool


@dataclass(frozen=True)
class Drift:
    """One difference.

    Attributes:
        file_name: The file that differs.
        against: `contract`, or the name of the feed's previous file.
        finding: What differs, in a word or two.
        columns: The columns it is about, as the file spells them or, where it lacks them, as the
            other side does.
        counts: Whether it is a departure; what a contract calls optional may be missing.
    """

    file_name: str
    against: str
    finding: str
    columns: tuple[str, ...]
    counts: bool

    def __str__(self) -> str:
        return f"{self.file_name}: {self.finding} ({self.against}): {', '.join(self.columns)}"


def compare(contract: FeedContract, file: FileColumns, previous: FileColumns | None) -> list[Drift]:
    """Differences of one file, those with the contract first.

    Args:
        contract: The feed.
        file: The file.
        previous: The file that was loaded before it, if there was one.
    """
    drifts = _against_contract(contract, file)
    if previous is not None:
        drifts += _against_previous(contract, file, previous)
    return drifts


def _against_contract(contract: FeedContract, file: FileColumns) -> list[Drift]:
    columns = _identities(contract, file.names)
    known = [identity for identity in columns if isinstance(identity, int)]
    unknown = [title for identity, title in columns.items() if isinstance(identity, str)]
    missing = [
        column.header for position, column in enumerate(contract.columns) if position not in known
    ]
    renamed = likely_renamings(contract, known, file.names)
    moved = [columns[position] for position in _moved(sorted(known), known)]

    def drift(finding: str, names: Sequence[str], *, counts: bool) -> list[Drift]:
        return _drift(file, "contract", finding, names, counts=counts)

    return [
        *drift("unknown", unknown, counts=True),
        *drift(
            "perhaps renamed",
            [f"{contract.columns[at].header} → {new}" for at, new in renamed.items()],
            counts=False,
        ),
        *drift("optional and missing", missing, counts=False),
        *(drift("in another order", moved, counts=False) if file.is_ordered else []),
    ]


def _against_previous(
    contract: FeedContract, file: FileColumns, previous: FileColumns
) -> list[Drift]:
    now = _identities(contract, file.names)
    before = _identities(contract, previous.names)
    both = [name for name in before if name in now]
    retitled = [
        f"{before[name]} → {now[name]}"
        for name in both
        if normalise_text(before[name]) != normalise_text(now[name])
    ]
    moved = _moved(both, [name for name in now if name in before])
    # an object leaves out the keys it has no value for, and its keys have no order
    comparable = file.is_ordered and previous.is_ordered

    def drift(finding: str, names: Sequence[str], *, counts: bool = comparable) -> list[Drift]:
        return _drift(file, previous.file_name, finding, names, counts=counts)

    return [
        *drift("new", [title for name, title in now.items() if name not in before]),
        *drift("gone", [title for name, title in before.items() if name not in now]),
        *drift("under another title", retitled, counts=True),
        *(drift("in another order", [now[name] for name in moved]) if comparable else []),
    ]


def _drift(
    file: FileColumns, against: str, finding: str, names: Sequence[str], *, counts: bool
) -> list[Drift]:
    if not names:
        return []
    shown = tuple(name.strip()[:60] for name in names[:MAX_REPORTED_EXTRA_COLUMNS])
    return [Drift(file.file_name, against, finding, shown, counts)]


def _identities(contract: FeedContract, names: Sequence[str]) -> dict[int | str, str]:
    """What makes a column the same in two files, to its title in this one, in the file's order.

    That is its position in the contract, whatever its title, or else the title.
    """
    identities: dict[int | str, str] = {}
    for title in names:
        normalised = normalise_text(title)
        if normalised:
            identities.setdefault(contract.position_of_header.get(normalised, normalised), title)
    return identities


def _moved(before: Sequence[int | str], now: Sequence[int | str]) -> list[int | str]:
    """The fewest entries that must be moved to make one order of the other.

    The others are the longest run that is in order already (patience sorting).
    """
    place = {identity: position for position, identity in enumerate(before)}
    ends: list[int] = []
    end_at: list[int] = []
    came_from: list[int | None] = []
    for index, identity in enumerate(now):
        length = bisect_left(ends, place[identity])
        came_from.append(end_at[length - 1] if length else None)
        ends[length : length + 1] = [place[identity]]
        end_at[length : length + 1] = [index]
    kept = set()
    index = end_at[-1] if end_at else None
    while index is not None:
        kept.add(index)
        index = came_from[index]
    return [identity for index, identity in enumerate(now) if index not in kept]
