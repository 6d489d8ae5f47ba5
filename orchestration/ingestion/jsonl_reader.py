"""JSON Lines: physical lines on their way into DuckDB.

Belongs here: cutting a file into lines, and keeping numbers as they were spelt.
Does not belong here: parsing the objects, which DuckDB does (bulk_jsonl.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.limits import RAW_TEXT_CHARACTERS, Limits
from orchestration.ingestion.text import TextFile

BLOCK_BYTES = 8 * 2**20
BLANKS = " \t\r\n"

LINE_SCHEMA = pa.schema(
    [
        ("_file_id", pa.int32()),
        ("_line_number", pa.int64()),
        ("_row_number", pa.int64()),
        ("line", pa.string()),
        ("parsed_as", pa.string()),
        ("rule", pa.string()),
    ]
)

# Numbers that DuckDB would spell differently: 1.50, 1e3, 0.00001, more digits than a double has.
# A key's quote comes before it, or every tenth time of day would look like one. The pattern may
# still hit the inside of a string; that costs time, not correctness.
_FRAGILE_NUMBER = (
    r"\"\s*:\s*-?([0-9]+(\.[0-9]+)?[eE]|[0-9]+\.[0-9]*0([^0-9]|$)|[0-9][0-9.]{15,}|0\.0000)"
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]')


def keep_number_text(line: str) -> str:
    """The line with the numbers of its outermost object turned into strings, as spelt.

    Args:
        line: One JSON object.
    """
    depth = 0

    def spell(match: re.Match) -> str:
        nonlocal depth
        token = match[0]
        if token in "{[":
            depth += 1
        elif token in "]}":
            depth -= 1
        elif depth == 1 and token[0] != '"':
            return f'"{token}"'
        return token

    return _TOKEN.sub(spell, line)


def depth_of(line: str) -> int:
    """How many brackets of a line are open at once, at most; those in strings do not count."""
    depth = deepest = 0
    for match in _BRACKET.finditer(line):
        if match[0] in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def read_lines(files: list[tuple[int, TextFile]], limits: Limits) -> Iterator[pa.RecordBatch]:
    """Cut files into lines; blank lines are passed over.

    Args:
        files: File id and file.
        limits: Longest line; a longer one arrives cut short, with its rule.

    Yields:
        Batches of LINE_SCHEMA. `parsed_as` is the text to parse where it differs from the line.

    Raises:
        pa.ArrowInvalid: A file is no longer the valid UTF-8 that it was.
    """
    for file_id, text_file in files:
        line_number = row_number = 0
        line_end = text_file.line_end.encode()
        with text_file.path.open("rb") as file:
            for block, is_overlong in _whole_lines(file, line_end, limits.max_line_bytes):
                lines = _cut(block, line_end)
                count = len(lines)
                lines = pc.ascii_trim(lines, characters=BLANKS)
                used = np.flatnonzero(pc.binary_length(lines).to_numpy())
                if len(used) < count:
                    lines = lines.take(pa.array(used))
                if is_overlong:
                    rules = ["line_too_long"] * len(lines)
                else:
                    rules = _broken_rules(lines, block, line_end, limits, has_nul=text_file.has_nul)
                yield _batch(
                    file_id,
                    lines,
                    rules,
                    line_numbers=used + line_number + 1,
                    first_row=row_number + 1,
                )
                line_number += count
                row_number += len(used)


def _batch(
    file_id: int,
    lines: pa.Array,
    rules: list[str | None] | None,
    *,
    line_numbers: np.ndarray,
    first_row: int,
) -> pa.RecordBatch:
    count = len(lines)
    parsed_as = pa.nulls(count, pa.string())
    fragile = pc.match_substring_regex(lines, _FRAGILE_NUMBER)
    if pc.any(fragile).as_py():
        parsed_as = pa.array(
            [
                keep_number_text(line) if line is not None else None
                for line in pc.if_else(fragile, lines, None).to_pylist()
            ],
            pa.string(),
        )
    return pa.record_batch(
        [
            pa.array(np.full(count, file_id, dtype=np.int32)),
            pa.array(line_numbers.astype(np.int64)),
            pa.array(np.arange(first_row, first_row + count, dtype=np.int64)),
            lines,
            parsed_as,
            pa.nulls(count, pa.string()) if rules is None else pa.array(rules, pa.string()),
        ],
        schema=LINE_SCHEMA,
    )


def _broken_rules(
    lines: pa.Array, block: bytes, line_end: bytes, limits: Limits, *, has_nul: bool
) -> list[str | None] | None:
    """Rule per line, where a line is not to be parsed at all; None when all may be.

    Args:
        lines: The lines of a block, trimmed.
        block: The block, of which one look often tells that no line of it is broken.
        line_end: What ends a line of it.
        limits: Longest line and deepest nesting.
        has_nul: Whether the file has a NUL byte anywhere.
    """
    count = len(lines)
    rules: list[str | None] = [None] * count
    lengths = pc.binary_length(lines)
    if count and pc.max(lengths).as_py() > limits.max_line_bytes:
        for position in np.flatnonzero(lengths.to_numpy() > limits.max_line_bytes):
            rules[position] = "line_too_long"
    if has_nul:
        for position, line in enumerate(lines.to_pylist()):
            if "\0" in line:
                rules[position] = rules[position] or "nul_byte"
    if b"\\u0000" in block:
        # an escaped backslash before it makes it six characters of text
        for position in np.flatnonzero(pc.match_substring(lines, "\\u0000").to_numpy(False)):
            if _NUL_ESCAPE.search(lines[position].as_py()):
                rules[position] = rules[position] or "nul_byte"
    if _opens_many(block, line_end, limits.max_json_depth):
        # few lines open so many brackets, and only of those the depth is counted
        opened = pc.add(pc.count_substring(lines, "{"), pc.count_substring(lines, "["))
        for position in np.flatnonzero(opened.to_numpy() > limits.max_json_depth):
            if depth_of(lines[position].as_py()) > limits.max_json_depth:
                rules[position] = rules[position] or "too_deep"
    return rules if any(rules) else None


def _opens_many(block: bytes, line_end: bytes, most: int) -> bool:
    """Whether any line of a block has more opening brackets, in strings or not, than `most`."""
    codes = np.frombuffer(block, dtype=np.uint8)
    opened = np.flatnonzero((codes == ord("{")) | (codes == ord("[")))
    line = np.searchsorted(np.flatnonzero(codes == line_end[0]), opened)
    return bool(np.any(line[most:] == line[:-most]))


def _whole_lines(file: BinaryIO, line_end: bytes, max_line: int) -> Iterator[tuple[bytes, bool]]:
    """Blocks that end where a line ends; a line longer than max_line comes alone, cut short."""
    rest = b""
    is_first = True
    while block := file.read(BLOCK_BYTES):
        if is_first:
            block = block.removeprefix(codecs.BOM_UTF8)
            is_first = False
        block = rest + block
        end = block.rfind(line_end)
        if end >= 0:
            yield block[: end + 1], False
            rest = block[end + 1 :]
        else:
            rest = block
        if len(rest) > max_line:
            start = rest[: RAW_TEXT_CHARACTERS * 4].decode("utf-8", "ignore").encode()
            yield start, True
            rest = b""
            while block := file.read(BLOCK_BYTES):
                end = block.find(line_end)
                if end >= 0:
                    rest = block[end + 1 :]
                    break
    if rest:
        yield rest, False


def _cut(block: bytes, line_end: bytes) -> pa.Array:
    """The lines of a block, without copying it."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == line_end[0]) + 1
    if not len(ends) or ends[-1] != len(block):
        ends = np.append(ends, len(block))
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(block))
    lines.validate(full=True)
    return lines
