"""JSON Lines in bulk: every line judged and taken apart by DuckDB.

Belongs here: the SQL. Does not belong here: cutting files into lines (jsonl_reader.py).
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import duckdb
import pyarrow as pa

from orchestration.ingestion.columns import MAX_REPORTED_EXTRA_COLUMNS, require_columns
from orchestration.ingestion.contracts import FeedContract, normalise_text
from orchestration.ingestion.jsonl_reader import LINE_SCHEMA, read_lines
from orchestration.ingestion.limits import (
    RAW_TEXT_CHARACTERS,
    UnreadableFileError,
    drive_fault,
    is_machine_fault,
)
from orchestration.ingestion.outcomes import Counts, Prepared
from orchestration.ingestion.writer import STAGE, FeedWriter
from orchestration.sql import literal, quote

# More different keys than this are not columns but data, such as one key per customer.
MAX_KEYS = 10_000
_KEY_LISTS = "strata_key_lists"

_DETAIL = {
    "not_json": "the line is no valid JSON",
    "not_an_object": "the line is JSON but no object",
    "nul_byte": "the line holds NUL bytes or a NUL escape",
    "line_too_long": "the line is longer than allowed",
    "repeated_key": "a key occurs twice, or two keys of one column occur",
    "too_deep": "the line nests deeper than allowed",
}
_STAGED = """
    _file_id,
    _line_number,
    _row_number,
    line,
    parsed_as,
    case
        when rule is not null then rule
        else case coalesce(try(json_type(line)), 'not_json')
            when 'OBJECT' then null
            when 'not_json' then 'not_json'
            else 'not_an_object'
        end
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
            fault = drive_fault(str(error))
            problem = f"cannot be read {fault}" if fault else "changed while it was being read"
            writer.fail_prepared(files[0], problem)
        return
    keys = _keys(writer, files)
    counts = {prepared.file_id: Counts() for prepared in files}
    for file_id, read, rejected in writer.con.execute(
        f"select _file_id, count(*), count(rule) from temp.{STAGE} group by _file_id"  # noqa: S608
    ).fetchall():
        counts[file_id] = Counts(read, rejected)
    sound = []
    for prepared in files:
        checked = _check_jsonl(writer, prepared, counts[prepared.file_id], keys[prepared.file_id])
        if checked is not None:
            sound.append(checked)
    spellings = _spellings(writer.contract, {key for names in keys.values() for key in names})
    writer.commit(
        sound,
        partial(_jsonl_relation, writer, spellings),
        counts,
        _rejected_lines,
    )


def _keys(writer: FeedWriter, files: list[Prepared]) -> dict[int, list[str]]:
    """Keys per file id; lines that say one thing twice are rejected on the way.

    A batch has few different lists of keys, so they are looked at instead of the lines.
    """
    con = writer.con
    con.execute(
        f"create or replace temp table {_KEY_LISTS} as "  # noqa: S608
        f"select distinct _file_id, json_keys(line) as keys from temp.{STAGE} where rule is null"
    )
    try:
        _reject_repeated_keys(con, "list_unique(keys) < len(keys)", [])
        keys: dict[int, list[str]] = {prepared.file_id: [] for prepared in files}
        for file_id, key in con.execute(
            "select _file_id, key from ("  # noqa: S608
            f"select distinct _file_id, unnest(keys) as key from temp.{_KEY_LISTS}) "
            "qualify row_number() over (partition by _file_id order by key) <= ? order by all",
            [MAX_KEYS + 1],
        ).fetchall():
            keys[file_id].append(key)
        found = {key for names in keys.values() for key in names}
        for spelt in _spellings(writer.contract, found).values():
            if len(spelt) > 1:
                times = " + ".join("cast(list_contains(keys, ?) as integer)" for _ in spelt)
                _reject_repeated_keys(con, f"{times} > 1", spelt)
    finally:
        con.execute(f"drop table if exists temp.{_KEY_LISTS}")
    return keys


def _reject_repeated_keys(
    con: duckdb.DuckDBPyConnection, condition: str, parameters: list[str]
) -> None:
    chosen = f"select keys from temp.{_KEY_LISTS} where {condition}"  # noqa: S608
    if con.execute(f"{chosen} limit 1", parameters).fetchone():
        con.execute(
            f"update temp.{STAGE} set rule = 'repeated_key' "  # noqa: S608
            f"where rule is null and json_keys(line) in ({chosen})",
            parameters,
        )
        con.execute(f"delete from temp.{_KEY_LISTS} where {condition}", parameters)  # noqa: S608


def _spellings(contract: FeedContract, keys: set[str]) -> dict[int, list[str]]:
    """Contract position to the keys that mean it, the preferred title first."""
    spellings: dict[int, list[str]] = {}
    for key in sorted(keys):
        position = contract.position_of_header.get(normalise_text(key))
        if position is not None:
            spellings.setdefault(position, []).append(key)
    for position, spelt in spellings.items():
        titles = [normalise_text(title) for title in contract.columns[position].headers]
        spelt.sort(key=lambda key: (titles.index(normalise_text(key)), key))
    return spellings


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
    if len(keys) > MAX_KEYS:
        writer.fail_prepared(
            prepared,
            f"has more than {MAX_KEYS:,} different keys, so its keys are data; export that data as "
            "values",
        )
        return None
    spellings = _spellings(writer.contract, set(keys))
    if counts.loaded:
        try:
            require_columns(writer.contract, spellings, keys)
        except UnreadableFileError as error:
            writer.fail_prepared(prepared, str(error))
            return None
    known = {key for spelt in spellings.values() for key in spelt}
    unknown = [key for key in keys if key not in known]
    return replace(
        prepared,
        extra_columns=tuple(unknown[:MAX_REPORTED_EXTRA_COLUMNS]),
        column_names=tuple(keys),
    )


def _jsonl_relation(
    writer: FeedWriter, spellings: dict[int, list[str]], files: list[Prepared]
) -> tuple[str, list]:
    known = [key for spelt in spellings.values() for key in spelt]
    structure = _json_object({spelt[0]: "VARCHAR" for spelt in spellings.values()})
    values = []
    for position, column in enumerate(writer.contract.columns):
        value = "cast(null as varchar)"
        if position in spellings:
            first, *others = spellings[position]
            # no line has two of them; a struct cannot hold two that differ in case only
            found = [
                f"struct_extract(fields, {literal(first)})",
                *(f"json_extract_string(object, {literal(_pointer(key))})" for key in others),
            ]
            value = f"nullif(coalesce({', '.join(found)}), '')"
        values.append(f"{value} as {quote(column.name)}")
    fields = f"json_transform(object, {literal(structure)})" if known else "null"
    extra, parameters = "cast(null as varchar)", []
    if any(prepared.extra_columns for prepared in files):
        # a merge patch with null removes a key; patching {} with the rest removes its nulls
        extra = "nullif(cast(json_merge_patch('{}', json_merge_patch(object, ?)) as varchar), '{}')"
        parameters = [_json_object(dict.fromkeys(known))]
    return (
        f"select _file_id, _row_number, {', '.join(values)}, {extra} as _extra from ("  # noqa: S608
        f"select _file_id, _row_number, object, {fields} as fields from ("
        "select *, coalesce(parsed_as, line) as object "
        f"from temp.{STAGE} where rule is null and list_contains(?, _file_id)))",
        [*parameters, [prepared.file_id for prepared in files]],
    )


def _pointer(key: str) -> str:
    """JSON pointer to a key of the outermost object (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


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
