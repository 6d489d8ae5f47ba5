"""What a feed's contract and staging model should say, judged by a sample.

Belongs here: kinds, keys, watermark, privacy, each with its reason. Does not belong here: text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from orchestration.ingestion.draft import kinds
from orchestration.ingestion.draft.kinds import Kind
from orchestration.ingestion.draft.names import propose_names
from orchestration.ingestion.draft.sample import Sample
from orchestration.ingestion.draft.vocabulary import SURNAMES, WATERMARKS

MAX_KEY_COLUMNS = 3
# Combinations are tried among this many columns, the likeliest first: at most 175 questions.
KEY_CANDIDATES = 10
# A text in which so many values hold a phone or an e-mail is as private as they are.
SHARE_OF_HIDDEN_IDENTIFIERS = 0.01
SHARE_OF_NAMES = 0.9
ROWS_THAT_PROVE_A_KEY = 100
# How unlikely a column is as a part of the key: codes of other things than the row come late.
REFERENCE, NEVER = 1, 9
REFERENCES = (
    "product_id",
    "store_id",
    "shop_id",
    "member_no",
    "customer_no",
    "customer_id",
    "user_id",
    "device_id",
    "session_id",
    "coupon_id",
    "campaign_id",
    "barcode",
    "register_no",
    "cashier",
    "staff_no",
)

_HIDDEN = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_CODE = re.compile(r"[A-Za-z]{0,6}[-_]?\d[A-Za-z0-9_-]*")
_CHINESE_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")


@dataclass(frozen=True)
class ColumnProposal:
    """One column.

    Attributes:
        name: Column of the raw table and of the staging model.
        title: What the file calls it.
        kind: What it holds.
        is_key: Whether it is part of the key, and so required.
        filled_share: Share of the sample's rows in which it is not empty; None without rows.
    """

    name: str
    title: str
    kind: Kind
    is_key: bool
    filled_share: float | None


@dataclass(frozen=True)
class Proposal:
    """One feed.

    Attributes:
        source: The system.
        feed: The feed.
        file_format: One of contracts.FORMATS.
        encoding: Encoding of the sample, where its format has one.
        columns: In the file's order.
        keys: Names of the columns that identify a row.
        watermark: Names of the columns that say which copy of a row is the newest.
        time: Name of the column that tells when a row happened; None where no column does.
        doubts: What a person should look at, in sentences.
    """

    source: str
    feed: str
    file_format: str
    encoding: str | None
    columns: tuple[ColumnProposal, ...]
    keys: tuple[str, ...]
    watermark: tuple[str, ...]
    time: str | None
    doubts: tuple[str, ...]


def propose(sample: Sample, source: str, feed: str) -> Proposal:
    """Judge a sample.

    Args:
        sample: The sample.
        source: Name of the system.
        feed: Name of the feed.
    """
    named = [
        # customer_id is the resolved person; what a channel calls them bears the channel's name
        (f"{source}_customer_id" if name == "customer_id" else name, kind)
        for name, kind in propose_names(sample.titles)
    ]
    values = [_cleaned(sample.values(position)) for position in range(len(named))]
    judged = [judge(kind, column) for (_, kind), column in zip(named, values, strict=True)]
    key_positions, doubts = _keys(sample, [name for name, _ in named], judged)
    columns = tuple(
        ColumnProposal(
            name=name,
            title=title,
            kind=kind,
            is_key=position in key_positions,
            filled_share=sample.filled(position) / sample.rows if sample.rows else None,
        )
        for position, ((name, _), title, kind) in enumerate(
            zip(named, sample.titles, judged, strict=True)
        )
    )
    for column, kind, found in zip(columns, judged, values, strict=True):
        unreadable = sum(not kind.looks_so(value) for value in found) if kind.macro else 0
        if unreadable:
            doubts.append(
                f"{unreadable:,} of {len(found):,} values of {column.name} are no {kind.name}; "
                "staging will reject their rows."
            )
    doubts += [
        f"{column.name} holds objects, and so perhaps a person's name: take the fields that are "
        f"wanted out of it, as in json_field('source.{column.name}', 'name')."
        for column in columns
        if column.kind is kinds.NESTED
    ]
    if sample.rejected:
        doubts.append(f"{sample.rejected:,} lines of the sample could not be read.")
    watermark = _watermark(columns)
    moments = [column.name for column in columns if column.kind.group == "timestamps"]
    return Proposal(
        source=source,
        feed=feed,
        file_format=sample.file_format,
        encoding=sample.encoding if sample.file_format == "csv" else None,
        columns=columns,
        keys=tuple(columns[position].name for position in key_positions),
        watermark=watermark,
        time=next(iter((*watermark, *moments)), None),
        doubts=tuple(doubts),
    )


def judge(told: Kind | None, values: Sequence[str]) -> Kind:
    """Kind of a column.

    Args:
        told: What its title tells, if anything.
        values: Its cleaned values, none of them empty.
    """
    if values and kinds.NESTED.fits(values):
        return kinds.NESTED
    if told in (kinds.CODE, kinds.TEXT) and values:
        return _kept_private(told, values)
    if told is not None and told.fits(values):
        return told
    if not values:
        return kinds.TEXT
    for kind in kinds.BY_VALUES:
        if kind is kinds.WHOLE_NUMBER and _is_running_number(values):
            return kinds.CODE
        if kind.fits(values):
            return kind
    if sum(bool(_CODE.fullmatch(value)) for value in values) >= kinds.STRICT_SHARE * len(values):
        return kinds.CODE
    if _are_names(values):
        return kinds.PERSON_NAME
    return _kept_private(kinds.TEXT, values)


def _cleaned(values: Sequence[str]) -> list[str]:
    """Values as the cleaning macros see them: half width, unwrapped, without blanks around."""
    cleaned = (unicodedata.normalize("NFKC", value).strip() for value in values)
    unwrapped = (
        value[2:-1] if value.startswith('="') and value.endswith('"') else value
        for value in cleaned
    )
    return [value for value in unwrapped if value]


def _kept_private(kind: Kind, values: Sequence[str]) -> Kind:
    """The same kind, as private as the identifiers that its values are or hold."""
    if kind is kinds.TEXT:
        for telling in (kinds.NATIONAL_ID, kinds.EMAIL, kinds.PHONE):
            if telling.fits(values):
                return telling
    holding = sum(bool(_HIDDEN.search(value)) for value in values)
    holding += sum(bool(kinds.NATIONAL_ID.looks_so(value)) for value in values)
    if holding > SHARE_OF_HIDDEN_IDENTIFIERS * len(values):
        return kinds.PRIVATE_CODE if kind is kinds.CODE else kinds.PRIVATE_TEXT
    return kind


def _is_running_number(values: Sequence[str]) -> bool:
    """Whole numbers that all differ, or are too long to count anything, are codes."""
    if not all(value.isdigit() for value in values):
        return False
    is_long = any(len(value) > 9 or (value.startswith("0") and value != "0") for value in values)
    return is_long or (len(values) > 20 and len(set(values)) == len(values))


def _are_names(values: Sequence[str]) -> bool:
    names = sum(value[0] in SURNAMES and bool(_CHINESE_NAME.fullmatch(value)) for value in values)
    return names >= SHARE_OF_NAMES * len(values)


def _watermark(columns: Sequence[ColumnProposal]) -> tuple[str, ...]:
    """The column that tells when a row last changed, if there is one."""
    moments = [column.name for column in columns if column.kind.group == "timestamps"]
    return next(((name,) for end in WATERMARKS for name in moments if name.endswith(end)), ())


def _keys(
    sample: Sample, names: Sequence[str], judged: Sequence[Kind]
) -> tuple[tuple[int, ...], list[str]]:
    """The fewest of the likeliest columns that tell every row from the others.

    Rows that are the same from end to end are copies and need not be told apart.
    """
    rank = [_unlikely_key(name, kind) for name, kind in zip(names, judged, strict=True)]
    if rank[0] == REFERENCE:
        # a reference that opens the row is what the row is about
        rank[0] = 0
    ranked = sorted(range(len(rank)), key=lambda position: (rank[position], position))
    candidates = [position for position in ranked if rank[position] < NEVER][:KEY_CANDIDATES]
    candidates = candidates or ranked[:1]
    if not sample.rows:
        return (candidates[0],), [
            "The sample has no rows: kinds and keys are guessed by their titles."
        ]
    complete = [position for position in candidates if sample.filled(position) == sample.rows]
    different = sample.different_rows()
    numbered = _line_key(names, complete, rank)
    if numbered and sample.different(numbered) == different:
        return numbered, _by_chance(sample)
    for worst in sorted({rank[position] for position in complete}):
        likely = [position for position in complete if rank[position] <= worst]
        for size in range(1, MAX_KEY_COLUMNS + 1):
            for positions in combinations(likely, size):
                if sample.different(positions) == different:
                    return tuple(sorted(positions)), _by_chance(sample)
    best = tuple(complete[:MAX_KEY_COLUMNS] or candidates[:1])
    return tuple(sorted(best)), [
        f"No {MAX_KEY_COLUMNS} columns tell every row from the others; with the proposed key "
        f"{different - sample.different(best):,} of {different:,} different rows count as older "
        "copies of others. Name the key."
    ]


def _line_key(
    names: Sequence[str], complete: Sequence[int], rank: Sequence[int]
) -> tuple[int, ...]:
    """A line's number and the codes in front of it: few rows may be told apart by less."""
    for position in sorted(complete):
        if names[position].endswith(("line_no", "line_id")):
            return tuple(code for code in sorted(complete) if code <= position and not rank[code])
    return ()


def _by_chance(sample: Sample) -> list[str]:
    if sample.rows >= ROWS_THAT_PROVE_A_KEY:
        return []
    return [f"The key tells {sample.rows:,} rows apart, so few that it may be by chance."]


def _unlikely_key(name: str, kind: Kind) -> int:
    """0 for what is made to identify a row, NEVER for what must not."""
    if kind is kinds.CODE:
        return REFERENCE if name.endswith(REFERENCES) else 0
    if kind in (kinds.PRIVATE_CODE, kinds.NATIONAL_ID):
        return REFERENCE
    if kind.group in ("dates", "timestamps") and kind is not kinds.BIRTH_DATE:
        return 2
    if kind in (kinds.TEXT, kinds.WHOLE_NUMBER):
        return 3
    return NEVER
