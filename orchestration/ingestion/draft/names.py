"""Names for columns and feeds, out of titles in Chinese or English.

Belongs here: taking titles apart. Does not belong here: the words (vocabulary.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import duckdb

from orchestration.ingestion.contracts import normalise_text
from orchestration.ingestion.draft.kinds import Kind
from orchestration.ingestion.draft.vocabulary import ENGLISH, TITLES, WORDS

MAX_NAME = 40
WHETHER = "是否"
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_PARENTHESES = re.compile(r"[(\[【].*?[)\]】]")
_BETWEEN_WORDS = re.compile(r"[^a-z0-9\u3400-\u9fff]+")
_LONGEST_WORD = max(map(len, {**TITLES, **WORDS}))


def propose_names(titles: Sequence[str]) -> list[tuple[str, Kind | None]]:
    """A column name for each title, none of them twice, and the kind that the title tells.

    Args:
        titles: As the file spells them.
    """
    proposed: list[tuple[str, Kind | None]] = []
    taken: set[str] = set()
    for position, title in enumerate(titles, start=1):
        name, kind = name_of(title)
        if not name:
            name = f"column_{position}"
        if name in _reserved():
            name = f"{name}_value"
        unique, copy = name, 2
        while unique in taken:
            unique, copy = f"{name}_{copy}", copy + 1
        taken.add(unique)
        proposed.append((unique, kind))
    return proposed


def name_of(title: str) -> tuple[str, Kind | None]:
    """Name and kind of one title; the name is empty when nothing can be made of it."""
    normalised = normalise_text(title)
    whole = _PARENTHESES.sub("", normalised).replace(" ", "")
    if whole in TITLES:
        return TITLES[whole].name, TITLES[whole].kind
    if len(whole) > 2 and whole.startswith(WHETHER):
        rest, _ = name_of(whole.removeprefix(WHETHER))
        return (f"is_{rest}" if rest else ""), WORDS[WHETHER].kind
    if _CHINESE.search(whole):
        return _chinese_name(whole)
    name = _snake(title)
    parts = name.split("_")
    if name in ENGLISH:
        return name, ENGLISH[name]
    word = WORDS.get(parts[0]) if parts[0] in ("is", "has", "consent") else WORDS.get(parts[-1])
    return name, word.kind if word else None


def feed_name(stem: str) -> str:
    """A feed's name out of a file's: what is left without dates and numbers.

    Args:
        stem: The file's name without its suffixes.
    """
    bare = re.sub(r"[\d年月日]+", " ", stem)
    name, _ = name_of(bare)
    if not name:
        return "records"
    # feeds are named in the plural, which Chinese titles do not have
    return f"{name}s" if _CHINESE.search(bare) and not name.endswith("s") else name


def _chinese_name(whole: str) -> tuple[str, Kind | None]:
    names: list[str] = []
    kind: Kind | None = None
    rest = whole
    while rest:
        between = _BETWEEN_WORDS.match(rest)
        if between:
            rest = rest[between.end() :]
            continue
        latin = re.match(r"[a-z0-9]+", rest)
        length = next(
            (n for n in range(_LONGEST_WORD, 0, -1) if rest[:n] in WORDS or rest[:n] in TITLES), 0
        )
        if latin and latin.end() > length:
            names.append(latin[0])
            kind, length = None, latin.end()
        elif length:
            word = WORDS.get(rest[:length]) or TITLES[rest[:length]]
            names.append(word.name)
            kind = word.kind
        else:
            return _pinyin(whole), None
        rest = rest[length:]
    name = _snake("_".join(part for part in names if part))
    return name, kind


def _pinyin(whole: str) -> str:
    from pypinyin import lazy_pinyin

    return _snake("_".join(lazy_pinyin(whole)))


@lru_cache
def _reserved() -> frozenset[str]:
    """What SQL would read as something else than a name; dbt's engines agree on most of it."""
    rows = duckdb.execute(
        "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    ).fetchall()
    return frozenset(name for (name,) in rows) | {
        "exists",
        "full",
        "inner",
        "left",
        "right",
        "cross",
    }


def _snake(text: str) -> str:
    """Lower-case letters, digits and underscores, beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain)
    plain = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    name = plain if not plain or plain[0].isalpha() else f"column_{plain}"
    return name[:MAX_NAME].rstrip("_")
