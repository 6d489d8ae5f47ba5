"""Who was erased, as keyed hashes: rows that would bring them back are dropped on arrival.

Belongs here: the list, what a row is compared by, and the SQL of the comparison. Does not belong
here: erasing (erase.py), writing rows (ingestion/).

An entry is HMAC-SHA256, with the company's key, of one of three things: the number by which a
source knows the person, the number of one of their orders, or an identifier (phone, e-mail, openid,
…, and the SHA-256 and MD5 that data vendors match by). A name alone never drops a row. The list is
a CSV file of hashes in STRATA_HOME/privacy, so that it survives the loss of the build file.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

    from orchestration.ingestion.contracts import FeedContract

RECORD, ORDER, IDENTIFIER = "record", "order", "identifier"
_SEPARATOR = "\x1f"
_TABLE = "strata_erased"
_FILE = "erased.csv"
_COLUMNS = ("keyed_hash", "erased_on", "request_id")
_CHINA = re.compile(r"^(?:00)?86(?=1[0-9]{10}$)")
_FULL_WIDTH = "０１２３４５６７８９＋"
_HALF_WIDTH = "0123456789+"
# a cell that is longer is a text in which identifiers are looked for, not one number with dashes
_LONGEST_NUMBER = 24


@dataclass(frozen=True)
class ErasedList:
    """The hashes of everybody erased, and the key they were made with.

    Attributes:
        hashes: Grows while feeds are loaded, by the orders of people that are met.
    """

    hashes: set[str]
    key: bytes
    path: Path

    def contains(self, kind: str, scope: str, value: str) -> bool:
        """Whether an entry stands for this."""
        return entry(kind, scope, value, self.key) in self.hashes


def erased_file(home: Path) -> Path:
    """Where a company's list is."""
    return home / "privacy" / _FILE


def read_erased(home: Path, key: bytes) -> ErasedList | None:
    """The list; None when nobody was ever erased."""
    path = erased_file(home)
    if not path.exists():
        return None
    with path.open(newline="", encoding="ascii") as file:
        hashes = {row["keyed_hash"] for row in csv.DictReader(file)}
    return ErasedList(hashes, key, path)


def add_entries(path: Path, hashes: Iterable[str], erased_on: str, request_id: str) -> int:
    """Add hashes that are not in the list yet; the file is replaced whole, or not at all.

    Returns:
        How many were new.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    rows: list[list[str]] = []
    if path.exists():
        with path.open(newline="", encoding="ascii") as file:
            rows = [[row[name] for name in _COLUMNS] for row in csv.DictReader(file)]
    known = {row[0] for row in rows}
    new = sorted(set(hashes) - known)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([list(_COLUMNS), *rows, *([one, erased_on, request_id] for one in new)])
    write_private(path, text.getvalue())
    return len(new)


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, in one step that survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + ".partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def entry(kind: str, scope: str, value: str, key: bytes) -> str:
    """The hash that stands for a value.

    Args:
        kind: RECORD, ORDER or IDENTIFIER.
        scope: Source of a record or order; empty for an identifier.
        value: As `plain` or `identifier_tokens` spell it.
        key: Secret of the keyed hashes.
    """
    text = _SEPARATOR.join((kind, scope, value))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def plain(value: str) -> str:
    """A number of a source as it is compared: without Excel's ="…", blanks and case."""
    return re.sub(r'^="(.*)"$', r"\1", value.strip()).strip().lower()


def number_parts(number: str) -> set[str]:
    """A source's number, and its last part where staging put a scope before it (appid:openid)."""
    whole = plain(number)
    return {whole, whole.rsplit(":", 1)[-1]}


def identifier_tokens(value: str) -> set[str]:
    """What an identifier may look like in a cell: itself, and hashed as vendors hash it."""
    text = plain(value)
    spellings = {text}
    digits = re.sub(r"[^0-9]", "", text)
    if re.fullmatch(r"\+?[0-9]{7,15}", text):
        national = _CHINA.sub("", digits)
        spellings |= {digits, national, "+" + digits}
        tokens = {national}
    else:
        spellings |= {text.upper(), value.strip()}
        tokens = {text}
    for spelling in spellings:
        data = spelling.encode()
        tokens |= {
            hashlib.sha256(data).hexdigest(),
            hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }
    return tokens


class ErasedRule:
    """The list in a connection, and the condition by which a feed's rows are dropped."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, contract: FeedContract, hashes: Iterable[str]
    ) -> None:
        """Put the hashes into a temporary table.

        Args:
            con: Has the macro of `install_hmac`.
            contract: The feed.
            hashes: From an ErasedList.
        """
        import pyarrow as pa

        self._con = con
        self._contract = contract
        table = pa.table({"hash": pa.array(sorted(hashes), pa.string())})
        con.register("strata_erased_rows", table)
        con.execute(f"create or replace temp table {_TABLE} as from strata_erased_rows")
        con.unregister("strata_erased_rows")

    @property
    def condition(self) -> str | None:
        """SQL over the feed's raw columns: true for a row of somebody erased; None for none."""
        contract = self._contract
        hashes = [
            *(_number_hash(RECORD, contract.source, name) for name in contract.subject_columns),
            *(_number_hash(ORDER, contract.source, name) for name in contract.order_columns),
        ]
        parts = [f"{hashed} in (from temp.{_TABLE})" for hashed in hashes]
        identified = [
            _any_listed(_tokens(quote(column.name)))
            for column in contract.columns
            if column.privacy == "identifier"
        ]
        if contract.order_columns:
            # whoever sends a parcel to somebody erased keeps the order
            anonymous = " and ".join(
                f"coalesce(trim({quote(name)}), '') = ''" for name in contract.subject_columns
            )
            identified = [f"({anonymous or 'true'}) and {part}" for part in identified]
        parts += identified
        return " or ".join(f"coalesce({part}, false)" for part in parts) or None

    def order_hashes(self, relation: str, parameters: list) -> list[str]:
        """Hashes of the orders that these rows name, so that their lines are dropped too."""
        hashes = [
            _number_hash(ORDER, self._contract.source, name)
            for name in self._contract.order_columns
        ]
        if not hashes:
            return []
        listed = ", ".join(hashes)
        return [
            value
            for (value,) in self._con.execute(
                f"select distinct hash from (select unnest([{listed}]) as hash "  # noqa: S608
                f"from ({relation})) where hash is not null",
                parameters,
            ).fetchall()
        ]

    def add(self, hashes: Iterable[str]) -> None:
        """Drop rows of these from now on."""
        rows = [[one] for one in hashes]
        if rows:
            self._con.executemany(f"insert into temp.{_TABLE} values (?)", rows)  # noqa: S608

    def rejected_condition(self) -> str:
        """SQL over `raw_text`: true where a broken line holds an identifier of somebody erased."""
        words = r"regexp_extract_all(lower(raw_text), '[0-9a-z][0-9a-z_.@+-]{5,}')"
        tokens = f"list_concat({words}, {_phones('raw_text')})"
        return f"coalesce({_any_listed(tokens)}, false)"


def _hash(kind: str, scope: str, sql: str) -> str:
    return f"keyed_hash({literal(_SEPARATOR.join((kind, scope, '')))} || {sql})"


def _any_listed(tokens: str) -> str:
    hashes = f"list_transform({tokens}, lambda token: {_hash(IDENTIFIER, '', 'token')})"
    listed = f"(select list(hash) from temp.{_TABLE})"  # noqa: S608
    return f"len(list_intersect({hashes}, {listed})) > 0"


def _number_hash(kind: str, scope: str, name: str) -> str:
    value = rf"""regexp_replace(trim({quote(name)}), '^="(.*)"$', '\1')"""
    return _hash(kind, scope, f"lower(trim({value}))")


def _phones(value: str) -> str:
    return (
        f"list_transform(regexp_extract_all(translate({value}, {literal(_FULL_WIDTH)}, "
        f"{literal(_HALF_WIDTH)}), '[0-9]{{7,}}'), "
        r"lambda number: regexp_replace(number, '^(00)?86(1[0-9]{10})$', '\2'))"
    )


def _tokens(value: str) -> str:
    """SQL of the tokens of a cell: the whole, phones and e-mails in it, one number with dashes."""
    whole = f"lower(trim({value}))"
    emails = f"regexp_extract_all(lower({value}), '[0-9a-z][0-9a-z._%+-]*@[0-9a-z.-]+[a-z]')"
    digits = (
        f"case when length({value}) <= {_LONGEST_NUMBER} then regexp_replace(regexp_replace("
        f"{value}, '[^0-9]', '', 'g'), '^(00)?86(1[0-9]{{10}})$', '\\2') else '' end"
    )
    return f"list_concat([{whole}, {digits}], {emails}, {_phones(value)})"
