"""JSON Lines: physical lines on their way into DuckDB.

Belongs here: cutting a file into lines, and keeping numbers as they were spelt.
Does not belong here: parsing the objects, which DuckDB does (load.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from orchestration.ingestion.limits import RAW_TEXT_CHARACTERS, Limits
from orchestration.ingestion.text import TextFile

BATCH_LINES = 20_000
BATCH_CHARACTERS = 32 * 2**20

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

# Numbers that DuckDB would spell differently: 1.50, 1e3, 0.00001, and more digits than a double has.
# The pattern may hit inside a string; that costs time, not correctness.
_FRAGILE_NUMBER = re.compile(
    r":\s*-?(?:\d+(?:\.\d+)?[eE]|\d+\.\d*0(?!\d)|(?=\d*\.)[\d.]{17,}|0\.0000)"
)
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+"|[{}\[\]]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?',
)


def keep_number_text(line: str) -> str | None:
    """The line with the numbers of its outermost object turned into strings, as spelt.

    Args:
        line: One JSON object; anything else comes back changed in no meaningful way.

    Returns:
        None when no number needs it.
    """
    if not _FRAGILE_NUMBER.search(line):
        return None
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


def read_lines(
    files: list[tuple[int, TextFile]], limits: Limits
) -> Iterator[pa.RecordBatch]:
    """Cut files into lines; blank lines are passed over.

    Args:
        files: File id and file.
        limits: Longest line; a longer one arrives cut short, with its rule.

    Yields:
        Batches of LINE_SCHEMA. `parsed_as` is the text to parse where it differs from the line.
    """
    rows: list[tuple] = []
    characters = 0
    for file_id, text_file in files:
        line_number = row_number = 0
        with text_file.path.open(encoding="utf-8-sig", newline=text_file.line_end) as file:
            while line := file.readline(limits.max_line_bytes + 1):
                line_number += 1
                rule = None
                if len(line) > limits.max_line_bytes:
                    rule = "line_too_long"
                    end = line
                    while end and not end.endswith(text_file.line_end):
                        end = file.readline(limits.max_line_bytes)
                    line = line[:RAW_TEXT_CHARACTERS]
                line = line.strip(" \t\r\n")
                if not line:
                    continue
                if "\0" in line:
                    rule = "nul_byte"
                row_number += 1
                rows.append(
                    (
                        file_id,
                        line_number,
                        row_number,
                        line,
                        None if rule else keep_number_text(line),
                        rule,
                    )
                )
                characters += len(line)
                if len(rows) >= BATCH_LINES or characters >= BATCH_CHARACTERS:
                    yield _batch(rows)
                    rows, characters = [], 0
    if rows:
        yield _batch(rows)


def _batch(rows: list[tuple]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [
            pa.array(column, type=field.type)
            for column, field in zip(columns, LINE_SCHEMA, strict=True)
        ],
        schema=LINE_SCHEMA,
    )
