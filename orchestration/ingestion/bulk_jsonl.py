"""JSON Lines in bulk: every line judged and taken apart by DuckDB.

Belongs here: the SQL. Does not belong here: cutting files into lines (jsonl_reader.py).
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pyarrow as pa

from orchestration.ingestion.columns import MAX_REPORTED_EXTRA_COLUMNS, require_columns
from orchestration.ingestion.jsonl_reader import LINE_SCHEMA, read_lines
from orchestration.ingestion.limits import (
    RAW_TEXT_CHARACTERS,
    UnreadableFileError,
    is_machine_fault,
)
from orchestration.ingestion.outcomes import Counts, Prepared
from orchestration.ingestion.writer import STAGE, FeedWriter
from orchestration.sql import literal, quote

_DETAIL = {
    "not_json": "the line is no valid JSON",
    "not_an_object": "the line is JSON but no object",
    "nul_byte": "the line holds NUL bytes",
    "line_too_long": "the line is longer than allowed",
    "too_deep": "the line nests deeper than allowed",
}
_STAGED = """
    _file_id,
    _line_number,
    _row_number,
    line,
    coalesce(parsed_as, line) as object,
    case
        when rule is not null then rule
        when not json_valid(line) then 'not_json'
        when json_type(line) <> 'OBJECT' then 'not_an_object'
    end as rule
"""


def load_jsonl(writer: FeedWriter, files: list[Prepared]) -> None:
    """Load files that are all JSON Lines."""
    try:
        writer.stage_arrow(
            LINE_SCHEMA,
            read_lines([(prepared.file_id, prepared.text) for prepared in files], writer.limits),
            select=_STAGED,
        )
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and is_machine_fault(error):
            raise
        if len(files) > 1:
            for prepared in files:
                load_jsonl(writer, [prepared])
        else:
            writer.fail_prepared(files[0], "changed while it was being read")
        return
    counts = {prepared.file_id: Counts() for prepared in files}
    for file_id, read, rejected in writer.con.execute(
        f"select _file_id, count(*), count(rule) from temp.{STAGE} group by _file_id"  # noqa: S608
    ).fetchall():
        counts[file_id] = Counts(read, rejected)
    keys: dict[int, list[str]] = {}
    for file_id, key in writer.con.execute(
        "select distinct _file_id, unnest(json_keys(line)) as key "  # noqa: S608
        f"from temp.{STAGE} where rule is null order by all"
    ).fetchall():
        keys.setdefault(file_id, []).append(key)

    sound = []
    for prepared in files:
        checked = _check_jsonl(
            writer, prepared, counts[prepared.file_id], keys.get(prepared.file_id, [])
        )
        if checked is not None:
            sound.append(checked)
    writer.commit(
        sound,
        partial(_jsonl_relation, writer),
        counts,
        _rejected_lines,
    )


def _check_jsonl(
    writer: FeedWriter, prepared: Prepared, counts: Counts, keys: list[str]
) -> Prepared | None:
    """The file with its unknown keys, or None once it has failed."""
    if writer.limits.too_many_rejects(counts.rejected, counts.read):
        rules = writer.con.execute(
            "select string_agg(rule || ' ' || lines, ', ' order by lines desc, rule), "  # noqa: S608
            "min(first_line) from (select rule, count(*) as lines, "
            f"min(_line_number) as first_line from temp.{STAGE} "
            "where _file_id = ? and rule is not null group by rule)",
            [prepared.file_id],
        ).fetchone()
        writer.fail_for_rejects(
            prepared,
            counts.rejected,
            counts.read,
            f"{rules[0]}; the first on line {rules[1]:,}",
        )
        return None
    position_of = {
        column.header: position for position, column in enumerate(writer.contract.columns)
    }
    if counts.loaded:
        found = [position_of[key] for key in keys if key in position_of]
        try:
            require_columns(writer.contract, found, keys)
        except UnreadableFileError as error:
            writer.fail_prepared(prepared, str(error))
            return None
    unknown = tuple(key for key in keys if key not in position_of)
    return _with_extra(prepared, unknown)


def _jsonl_relation(writer: FeedWriter, files: list[Prepared]) -> tuple[str, list]:
    columns = writer.contract.columns
    structure = _json_object({column.header: "VARCHAR" for column in columns})
    select = ", ".join(
        f"nullif(struct_extract(fields, {literal(column.header)}), '') as {quote(column.name)}"
        for column in columns
    )
    extra, parameters = "cast(null as varchar)", []
    if any(prepared.extra_columns for prepared in files):
        # a merge patch with null removes a key; patching {} with the rest removes its nulls
        extra = "nullif(cast(json_merge_patch('{}', json_merge_patch(object, ?)) as varchar), '{}')"
        parameters = [_json_object({column.header: None for column in columns})]
    return (
        f"select _file_id, _row_number, {select}, {extra} as _extra from ("  # noqa: S608
        "select _file_id, _row_number, object, "
        f"json_transform(object, {literal(structure)}) as fields from temp.{STAGE} "
        "where rule is null and list_contains(?, _file_id))",
        [*parameters, [prepared.file_id for prepared in files]],
    )


def _rejected_lines(files: list[Prepared]) -> tuple[str, list]:
    details = " ".join(
        f"when {literal(rule)} then {literal(detail)}" for rule, detail in _DETAIL.items()
    )
    return (
        f"select _file_id, _line_number as line_number, rule, case rule {details} end as detail, "  # noqa: S608
        f"left(line, {RAW_TEXT_CHARACTERS}) as raw_text from temp.{STAGE} "
        "where rule is not null and list_contains(?, _file_id)",
        [[prepared.file_id for prepared in files]],
    )


def _json_object(members: dict[str, str | None]) -> str:
    return json.dumps(members, ensure_ascii=False)


def _with_extra(prepared: Prepared, extra_columns: tuple[str, ...]) -> Prepared:
    return replace(prepared, extra_columns=extra_columns[:MAX_REPORTED_EXTRA_COLUMNS])
