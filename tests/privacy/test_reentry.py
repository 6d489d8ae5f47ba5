"""Rows of somebody who was erased are dropped on arrival, counted, and nobody else's are.

Belongs here: the list of hashes and the comparison. Does not belong here: erasing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from orchestration.ingestion import load_contracts, load_landing
from orchestration.privacy.erased import (
    IDENTIFIER,
    ORDER,
    RECORD,
    add_entries,
    entry,
    erased_file,
    identifier_tokens,
    number_parts,
    plain,
    read_erased,
)
from tests.ingestion.ingestion_company import Company, write_contracts

KEY = b"secret"
SOURCES = """
version: 2
sources:
  - name: till
    schema: raw
    tables:
      - name: lines
        identifier: till__lines
        config:
          meta:
            landing: {format: [csv, jsonl], keys: [ticket], watermark: [], subject: member, order: ticket}
        columns:
          - {name: ticket, config: {meta: {required: true, privacy: plain}}}
          - {name: amount, config: {meta: {privacy: plain}}}
          - {name: member, config: {meta: {privacy: plain}}}
          - {name: buyer, config: {meta: {privacy: identifier}}}
          - {name: note, config: {meta: {privacy: plain}}}
      - name: profiles
        identifier: till__profiles
        config: {meta: {landing: {format: [csv, jsonl], keys: [member], watermark: [], customer: member}}}
        columns:
          - {name: member, config: {meta: {required: true, privacy: plain}}}
          - {name: contact, config: {meta: {privacy: identifier}}}
      - name: refunds
        identifier: till__refunds
        config: {meta: {landing: {format: csv, keys: [ticket], watermark: [], order: ticket}}}
        columns:
          - {name: ticket, config: {meta: {required: true, privacy: plain}}}
"""  # noqa: E501


@pytest.fixture
def company(tmp_path: Path):
    made = Company(tmp_path)
    made.contracts = load_contracts(write_contracts(tmp_path / "staging", SOURCES))
    hashes = {entry(RECORD, "till", part, KEY) for part in number_parts("M:V1")}
    hashes.add(entry(ORDER, "till", plain("T7"), KEY))
    for value in ("+8613812345678", "li@example.com", "o-8000eb6c"):
        hashes |= {entry(IDENTIFIER, "", token, KEY) for token in identifier_tokens(value)}
    add_entries(erased_file(tmp_path), hashes, "2025-01-01", "r1")
    yield made
    made.con.close()


def arrived(company: Company, feed: str, column: str) -> list[str]:
    load_landing(
        company.con,
        company.contracts,
        company.landing,
        run_id="run",
        temp_dir=company.home,
        erased=read_erased(company.home, KEY),
    )
    rows = company.query(f"select {column} from raw.till__{feed} order by all")  # noqa: S608
    return [value for (value,) in rows]


def test_profiles_are_known_by_number_and_by_identifier(company: Company) -> None:
    sha256 = hashlib.sha256(b"+8613812345678").hexdigest()
    rows = {
        "v1": "",
        '="V1"': "",
        "A1": "138-1234-5678",
        "A2": "0086 13812345678",
        "A3": "Tel: 13812345678 (evenings)",
        "A4": '{"email":"LI@example.com"}',
        "A5": sha256,
        "A6": hashlib.md5(b"13812345678", usedforsecurity=False).hexdigest().upper(),
        "A7": "o-8000EB6C",
        # nobody's: another number, a longer one, a longer address, a name
        "B1": "13812345679",
        "B2": "138123456781",
        "B3": "xli@example.com",
        "B4": "李四",
        "B5": None,
    }
    company.drop(
        "p.jsonl",
        "".join(
            json.dumps({"member": key, "contact": value}) + "\n" for key, value in rows.items()
        ),
        feed="till/profiles",
    )
    assert arrived(company, "profiles", "member") == ["B1", "B2", "B3", "B4", "B5"]
    assert company.query("select rows_read, rows_loaded, rows_erased from raw.landing_file") == [
        (5, 5, 9)
    ]


def test_an_order_goes_with_its_buyer_and_its_lines_with_the_order(company: Company) -> None:
    company.drop(
        "o.csv",
        "ticket,amount,member,buyer,note\n"
        "T1,1,V1,,\n"
        "T2,1,V2,,\n"
        "T7,1,,,\n"
        # a guest known by phone; a parcel that somebody else sends to the person
        "T3,1,,13812345678,\n"
        "T4,1,V2,13812345678,\n",
    )
    company.drop("r.csv", "ticket\nT1\nT2\nT3\nT7\n", feed="till/refunds")
    assert arrived(company, "lines", "ticket") == ["T2", "T4"]
    assert [ticket for (ticket,) in company.query("select ticket from raw.till__refunds")] == ["T2"]
    # the orders that were met are remembered for lines that come later
    erased = read_erased(company.home, KEY)
    assert erased.contains(ORDER, "till", "t1")
    assert not erased.contains(ORDER, "till", "t2")


def test_a_broken_line_that_names_them_is_not_kept(company: Company) -> None:
    lines = [f"T{n},1,V2,,\n" for n in range(100, 130)]
    company.drop(
        "o.csv",
        "ticket,amount,member,buyer,note\n" + "".join(lines) + "T8,li@example.com\nT9,other\n",
    )
    assert len(arrived(company, "lines", "ticket")) == 30
    assert [text for _, _, text in company.rejected()] == ["T9,other"]


def test_the_list_holds_hashes_only_and_can_be_read_by_its_owner_only(company: Company) -> None:
    path = erased_file(company.home)
    text = path.read_text()
    assert all(len(line.split(",")[0]) == 64 for line in text.splitlines()[1:])
    assert path.stat().st_mode & 0o077 == 0
    # with another key it means nobody
    assert not read_erased(company.home, b"other").contains(ORDER, "till", "t7")


def test_nobody_erased_costs_nothing(tmp_path: Path) -> None:
    assert read_erased(tmp_path, KEY) is None
