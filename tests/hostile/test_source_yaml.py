"""The YAML of a source: whatever stands in it, it is a contract or refused with file and place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.contracts import ContractError, load_contracts
from orchestration.yaml_text import parse_yaml
from tests.ingestion.ingestion_company import SOURCES, write_contracts

#: What replaces a piece of a sound file: (the piece, what stands there instead).
HOSTILE = {
    "an object of Python": ("schema: raw", "schema: !!python/object/apply:os.system ['true']"),
    "a name of SQL": ("name: till", "name: 'till; drop table raw.x; --'"),
    "a name of Jinja": ("name: till", "name: '{{ env_var(1) }}'"),
    "a name that leads out": ("name: till", "name: ../../etc"),
    "a table that leads out": ("identifier: till__lines", "identifier: ../passwd"),
    "a quote in a column": ("{name: note,", "{name: 'no\"te',"),
    "a column of SQL": ("{name: note,", "{name: 'note) from x; --',"),
    "a column in capitals": ("{name: note,", "{name: Note,"),
    "a column twice": ("{name: note,", "{name: buyer,"),
    "a title twice": ('header: "备注"', 'header: "顾\u200b客"'),
    "a number for a name": ("{name: note,", "{name: 7,"),
    "a list for a name": ("{name: note,", "{name: [note],"),
    "an unknown class": ("privacy: identifier", "privacy: public"),
    "an unknown format": ("format: csv,", "format: exe,"),
    "a key that is no column": ("keys: [ticket]", "keys: ['1 or 1=1']"),
    "a watermark of SQL": ("watermark: []", "watermark: [now()]"),
    "another schema": ("schema: raw", "schema: marts"),
    "a list at the top": ("version: 2", "- a\n- b\nversion: 2"),
    "a byte that is no text": ("version: 2", "version: \x00"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_source_is_refused_with_its_file(tmp_path: Path, name: str) -> None:
    piece, instead = HOSTILE[name]
    assert piece in SOURCES
    staging = write_contracts(tmp_path, SOURCES.replace(piece, instead))
    with pytest.raises(ContractError) as caught:
        load_contracts(staging)
    assert "_till__sources.yml" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_references_that_multiply_end_at_once(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "\n".join(levels) + "\nversion: 2\nsources: *a11\n"
    started = time.perf_counter()
    with pytest.raises(ContractError) as caught:
        load_contracts(write_contracts(tmp_path, bomb))
    assert time.perf_counter() - started < 5
    assert len(str(caught.value)) < 1000


def test_a_thousand_levels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        load_contracts(write_contracts(tmp_path, "sources: " + "[" * 5000 + "]" * 5000))


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats()
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["sources", "tables", "columns", "name", "config", "meta", "landing", "keys", "format",
             "schema", "identifier", "watermark", "header", "privacy", "required", "aliases"]
        )
        | st.text(max_size=4),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=DOCUMENTS, place=st.sampled_from(["top", "source", "table", "landing", "column"]))
def test_any_document_is_a_contract_or_refused_in_words(
    tmp_path: Path, document: object, place: str
) -> None:
    whole = parse_yaml(SOURCES)
    source = whole["sources"][0]
    table = source["tables"][0]
    if place == "top":
        whole = document
    elif place == "source":
        whole["sources"] = [document]
    elif place == "table":
        source["tables"] = [document]
    elif place == "landing":
        table["config"]["meta"]["landing"] = document
    else:
        table["columns"].append(document)
    staging = write_contracts(tmp_path, yaml.safe_dump(whole, allow_unicode=True))
    try:
        contracts = load_contracts(staging)
    except ContractError as error:
        assert "_till__sources.yml" in str(error)
    else:
        assert all(contract.keys and contract.columns for contract in contracts)
