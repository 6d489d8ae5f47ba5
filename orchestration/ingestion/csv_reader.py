"""CSV: the header, and a careful reader for files that have a fault in them.

Belongs here: telling records apart when quotes or line ends are broken.
Does not belong here: the fast path for sound files, which is DuckDB's (load.py).

DuckDB's own reject store was tried and set aside: an unterminated quote swallows every line up to
the end of the file into one reject, its line number counts records and not lines, and files that
mix line ends stop it. Sound files never come here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from orchestration.ingestion.columns import ColumnMap, count_matches
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.limits import RAW_TEXT_CHARACTERS, Limits, UnreadableFileError

DELIMITERS = (",", ";", "\t", "|")
HEADER_RECORD_LINES = 50


@dataclass(frozen=True)
class CsvHeader:
    """What the first record of a CSV says.

    Attributes:
        names: Column names as written.
        delimiter: One of DELIMITERS.
        first_line: Line on which the header starts, from 1.
        lines: Number of physical lines down to the header's end.
    """

    names: tuple[str, ...]
    delimiter: str
    first_line: int
    lines: int


@dataclass(frozen=True)
class Reject:
    """A line that does not fit its file.

    Attributes:
        line_number: Physical line, from 1.
        rule: Short name of what is wrong.
        detail: The rule in numbers, without any value.
        raw_text: The line's beginning; stays in the build file.
    """

    line_number: int
    rule: str
    detail: str
    raw_text: str


@dataclass(frozen=True)
class Record:
    """One data row.

    Attributes:
        line_number: Physical line on which it starts, from 1.
        row_number: Number among the file's data rows, rejected ones counted, from 1.
        values: As many as the header has names.
        lines: Physical lines that it takes.
    """

    line_number: int
    row_number: int
    values: list[str]
    lines: int = 1


class _OpenQuote(Exception):
    """A quoted value does not end within the text."""


class _TextAfterQuote(Exception):
    """Something other than a delimiter follows a closing quote."""


def read_header(
    path: Path, contract: FeedContract, limits: Limits, line_end: str
) -> CsvHeader | None:
    """Read the first record and find the delimiter that makes it fit the contract best.

    Returns:
        None when the file has nothing but blank lines.

    Raises:
        UnreadableFileError: The record never ends, or is longer than any header.
    """
    with _open(path, line_end) as file:
        lines = _Lines(file, line_end, limits.max_line_bytes)
        first = lines.next()
        while first is not None and not first.strip("\ufeff \r\n"):
            first = lines.next()
        if first is None:
            return None
        first_line = lines.number
        if len(first) > limits.max_header_characters:
            raise UnreadableFileError(
                f"has a first line of over {limits.max_header_characters:,} characters, which is "
                "no header; check its line ends and export it again"
            )
        best: CsvHeader | None = None
        best_score = (-1, -1)
        for delimiter in DELIMITERS:
            text, number = first, first_line
            following = deque(lines.peek(HEADER_RECORD_LINES)) if '"' in first else deque()
            while True:
                try:
                    names = tuple(split_record(_chomp(text), delimiter))
                    break
                except (_OpenQuote, _TextAfterQuote):
                    if not following:
                        names = ()
                        break
                    text += following.popleft()
                    number += 1
            score = (count_matches(contract, names), len(names))
            if names and score > best_score:
                best, best_score = CsvHeader(names, delimiter, first_line, number), score
    if best is None:
        raise UnreadableFileError("has a broken quote in its header; correct the first line")
    return best


def read_records(
    path: Path, header: CsvHeader, columns: ColumnMap, limits: Limits, line_end: str
) -> Iterator[Record | Reject]:
    """Read the data rows one by one, leaving out only the lines that are themselves broken.

    A quote that is never closed costs its own line: reading starts again on the next one.

    Args:
        path: The file, in UTF-8.
        header: Its header.
        columns: Its columns.
        limits: Longest line and record.
        line_end: "\\n", or "\\r" for a file that has no line feed at all.
    """
    row_number = 0
    shortest = columns.width - columns.trailing_unnamed
    with _open(path, line_end) as file:
        lines = _Lines(file, line_end, limits.max_line_bytes)
        while lines.number < header.lines:
            lines.next()
        while (line := lines.next()) is not None:
            number = lines.number
            if not line.strip("\r\n"):
                continue
            row_number += 1
            if len(line) > limits.max_line_bytes:
                rule, detail = "line_too_long", f"over {limits.max_line_bytes:,} characters"
            elif "\0" in line:
                rule, detail = "nul_byte", "the line holds NUL bytes"
            else:
                values, rule, used = _record_at(line, lines, header.delimiter, limits)
                if not rule:
                    if len(values) == columns.width + 1 and values[-1] == "":
                        values.pop()
                    if shortest <= len(values) <= columns.width:
                        values.extend([""] * (columns.width - len(values)))
                        lines.skip(used)
                        yield Record(number, row_number, values, used + 1)
                        continue
                    few = len(values) < columns.width
                    rule = "too_few_columns" if few else "too_many_columns"
                    detail = f"{len(values)} values under {columns.width} headers"
                else:
                    detail = "quotes do not pair up"
            yield Reject(number, rule, detail, line[:RAW_TEXT_CHARACTERS].rstrip("\r\n"))


def split_record(text: str, delimiter: str) -> list[str]:
    """Split one record into values, as DuckDB's strict reader does.

    Quotes count only at the start of a value, spaces around a quoted value are dropped, spaces in
    an unquoted one are kept.

    Raises:
        _OpenQuote: A quoted value does not end.
        _TextAfterQuote: Text follows a closing quote.
    """
    if '"' not in text:
        return text.split(delimiter)
    quoted, plain = _patterns(delimiter)
    values = []
    position = 0
    while True:
        match = quoted.match(text, position)
        if match:
            if match["close"] is None:
                raise _OpenQuote
            values.append(match["value"].replace('""', '"'))
            position = match.end()
            if position < len(text) and text[position] != delimiter:
                raise _TextAfterQuote
        else:
            match = plain.match(text, position)
            values.append(match[0])
            position = match.end()
        if position >= len(text):
            return values
        position += 1


@lru_cache
def _patterns(delimiter: str) -> tuple[re.Pattern, re.Pattern]:
    quoted = re.compile(r' *"(?P<value>[^"]*+(?:""[^"]*+)*+)(?P<close>" *)?+')
    return quoted, re.compile(f"[^{re.escape(delimiter)}]*")


def _record_at(
    line: str, lines: _Lines, delimiter: str, limits: Limits
) -> tuple[list[str], str, int]:
    """Values of the record starting with `line`, or the rule it breaks, and the lines it takes."""
    text, used, length = line, 0, len(line)
    following: Iterator[str] | None = None
    while True:
        try:
            return split_record(_chomp(text), delimiter), "", used
        except _TextAfterQuote:
            return [], "text_after_quote", 0
        except _OpenQuote:
            if following is None:
                following = lines.ahead(limits.max_record_lines)
            parts = [text]
            for part in following:
                parts.append(part)
                used += 1
                length += len(part)
                if '"' in part or length > limits.max_line_bytes:
                    break
            else:
                return [], "unterminated_quote", 0
            text = "".join(parts)
            if length > limits.max_line_bytes or "\0" in text:
                return [], "unterminated_quote", 0


class _Lines:
    """Physical lines with a look ahead, none of them longer than memory allows."""

    def __init__(self, file: TextIO, line_end: str, max_line: int) -> None:
        self._file = file
        self._line_end = line_end
        self._max_line = max_line
        self._waiting: deque[str] = deque()
        self.number = 0

    def next(self) -> str | None:
        line = self._waiting.popleft() if self._waiting else self._read()
        if line is not None:
            self.number += 1
        return line

    def ahead(self, count: int) -> Iterator[str]:
        """The lines to come, without moving on."""
        for position in range(count):
            if position == len(self._waiting):
                line = self._read()
                if line is None:
                    return
                self._waiting.append(line)
            yield self._waiting[position]

    def peek(self, count: int) -> list[str]:
        return list(self.ahead(count))

    def skip(self, count: int) -> None:
        for _ in range(count):
            self.next()

    def _read(self) -> str | None:
        line = self._file.readline(self._max_line + 1)
        if not line:
            return None
        if len(line) > self._max_line and not line.endswith(self._line_end):
            # the rest of the line is passed over, its beginning is enough to find it again
            while (rest := self._file.readline(self._max_line)) and not rest.endswith(
                self._line_end
            ):
                pass
        return line


def _open(path: Path, line_end: str) -> TextIO:
    return path.open(encoding="utf-8-sig", newline=line_end)


def _chomp(text: str) -> str:
    if text.endswith("\r\n"):
        return text[:-2]
    return text[:-1] if text.endswith(("\n", "\r")) else text
