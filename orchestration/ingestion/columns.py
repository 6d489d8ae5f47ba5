"""Matching a file's columns with its feed's contract; the same rules for every format.

Belongs here: which column is which, what is missing, doubled or new.
Does not belong here: reading a header out of a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from orchestration.ingestion.contracts import ColumnContract, FeedContract, normalise_text
from orchestration.ingestion.limits import UnreadableFileError

MAX_NAMES_IN_MESSAGE = 30
MAX_REPORTED_EXTRA_COLUMNS = 100
MAX_NAMES_COMPARED = 200
# Half of the letters in common: 金额 and 总金额 have 0.8, 手机号码 and 手机 0.67, 金额, 总额 0.5.
LIKENESS_OF_A_RENAMING = 0.5
# pandas writes its row numbers into Parquet under this name; nobody means them
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class ColumnMap:
    """Where each contract column lies in a file, and what else the file has.

    Attributes:
        width: Number of columns of the file.
        positions: Per contract column its position in the file, or None.
        extras: Name and position of each column the contract does not know.
        trailing_unnamed: How many columns at the end have no name; rows may leave them out.
    """

    width: int
    positions: tuple[int | None, ...]
    extras: tuple[tuple[str, int], ...]
    trailing_unnamed: int

    @property
    def extra_columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.extras)[:MAX_REPORTED_EXTRA_COLUMNS]

    def pick(self, values: Sequence[str | None]) -> list[str | None]:
        """A file's row as contract columns followed by the extras as JSON (or None)."""
        row = [None if at is None else values[at] or None for at in self.positions]
        row.append(extras_as_json((name, values[at]) for name, at in self.extras))
        return row


def extras_as_json(pairs: Iterable[tuple[str, str | None]]) -> str | None:
    """Unknown columns that hold something, as a JSON object; None when none does."""
    extras = {name: value for name, value in pairs if value}
    if not extras:
        return None
    return json.dumps(extras, ensure_ascii=False, separators=(",", ":"))


def count_matches(contract: FeedContract, header: Iterable[str]) -> int:
    """How many names of a header the contract knows."""
    return sum(normalise_text(name) in contract.position_of_header for name in header)


def map_columns(contract: FeedContract, header: Sequence[str]) -> ColumnMap:
    """Match a header with the contract.

    Args:
        contract: The feed.
        header: The file's column names, in its order; an unnamed column is an empty string.

    Raises:
        UnreadableFileError: A name occurs twice, or a required column is missing.
    """
    normalised = [normalise_text(name) for name in header]
    if not count_matches(contract, header):
        require_columns(contract, (), header)
    repeated = sorted({name for name in normalised if name and normalised.count(name) > 1})
    if repeated:
        raise UnreadableFileError(
            f"has columns {_listed(repeated)} more than once; remove or rename the copies"
        )
    found: dict[int, int] = {}
    for column, contracted in enumerate(contract.columns):
        for title in map(normalise_text, contracted.headers):
            # of two titles of one column the preferred one counts, the other is an extra
            if title in normalised:
                found[column] = normalised.index(title)
                break
    taken = set(found.values())
    extras = [
        (header[position].strip() or f"unnamed_{position + 1}", position)
        for position, name in enumerate(normalised)
        if position not in taken and not _PANDAS_INDEX.fullmatch(name)
    ]
    require_columns(contract, found, header)
    trailing = 0
    while trailing < len(normalised) and not normalised[-1 - trailing]:
        trailing += 1
    return ColumnMap(
        width=len(header),
        positions=tuple(found.get(column) for column in range(len(contract.columns))),
        extras=tuple(extras),
        trailing_unnamed=trailing,
    )


def require_columns(contract: FeedContract, found: Iterable[int], header: Sequence[str]) -> None:
    """Refuse a file that lacks a required column.

    Args:
        contract: The feed.
        found: Positions of the contract columns that the file has.
        header: The file's own names, for the message.

    Raises:
        UnreadableFileError: One is missing, or the file has nothing of the contract at all.
    """
    present = set(found)
    if not present:
        # what looks like names may be data, so it must not end up in a message
        raise UnreadableFileError(
            f"has none of {contract.label}'s columns among its {len(header)}; the header is "
            "missing, or this is another feed's file"
        )
    missing = [
        column.header
        for position, column in enumerate(contract.columns)
        if column.required and position not in present
    ]
    if missing:
        renamed = likely_renamings(contract, present, header)
        hint = "".join(
            f"; {new!r} may be its new name for {contract.columns[position].header!r}: if so, "
            "list it there under aliases"
            for position, new in renamed.items()
            if contract.columns[position].required
        )
        raise UnreadableFileError(
            f"lacks {_listed(missing)}; has {_listed([name for name in header if name])}; "
            f"export these columns too, or correct the headers in {contract.yaml_file.name}{hint}"
        )


def likely_renamings(
    contract: FeedContract, found: Iterable[int], header: Sequence[str]
) -> dict[int, str]:
    """Which unknown names of a file probably are the new names of columns that it lacks.

    Args:
        contract: The feed.
        found: Positions of the contract columns that the file has.
        header: The file's own names.

    Returns:
        Contract position to the file's name; the most alike pair first, no name twice.
    """
    present = set(found)
    unknown = [
        name for name in header if name and normalise_text(name) not in contract.position_of_header
    ]
    pairs = sorted(
        (-_likeness(column, name), position, name)
        for position, column in enumerate(contract.columns)
        if position not in present
        for name in unknown[:MAX_NAMES_COMPARED]
    )
    renamed: dict[int, str] = {}
    for likeness, position, name in pairs:
        if -likeness < LIKENESS_OF_A_RENAMING:
            break
        if position not in renamed and name not in renamed.values():
            renamed[position] = name.strip()[:60]
    return renamed


def _likeness(column: ColumnContract, name: str) -> float:
    """0 to 1; the column may have been renamed from any of its titles, or to its name here."""
    normalised = normalise_text(name)
    return max(
        SequenceMatcher(None, normalise_text(title), normalised).ratio()
        for title in (*column.headers, column.name)
    )


def _listed(names: Sequence[str]) -> str:
    shown = [name.strip()[:60] for name in names[:MAX_NAMES_IN_MESSAGE]]
    more = len(names) - len(shown)
    return f"{shown}" + (f" and {more} more" if more else "")
