"""What is measured of a crosswalk, on crosswalks whose measures are plain to see.

Belongs here: values of the checks and what they are called good or bad.
Does not belong here: how records are linked.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date

from identity_tables import KEY, holds, identifiers_table, record, records_table

from orchestration.analysis.identity import IdentityConfig
from orchestration.analysis.identity.carry_over import take_in_previous
from orchestration.analysis.identity.quality import measure_quality
from orchestration.analysis.identity.resolve import resolve_workspace
from orchestration.analysis.identity.workspace import open_workspace
from orchestration.checks.identity import IDENTITY_CHECKS


def measured(records: list[dict], identifiers: list[dict]) -> dict[str, dict]:
    """Rows of id_quality by check."""
    config = IdentityConfig()
    workspace = open_workspace(records_table(records), identifiers_table(identifiers), config, KEY)
    with closing(workspace):
        take_in_previous(workspace)
        resolve_workspace(
            workspace, overrides=None, run_id="run", as_of_date=date(2025, 6, 30), config=config
        )
        table = measure_quality(workspace, IDENTITY_CHECKS, 0, "run")
    return {row["check_name"]: row for row in table.to_pylist()}


def people(count: int) -> list[dict]:
    return [record(f"s{number}:{number:03d}") for number in range(count)]


def test_a_chain_is_sparse_and_a_circle_of_friends_is_not():
    # seven records, each sharing a value with the next: 6 of 21 pairs
    chain = people(7)
    links = [
        holds(chain[number + step]["record_key"], "tmall_ouid", f"v{number}")
        for number in range(6)
        for step in (0, 1)
    ]
    assert measured(chain, links)["sparse_share"]["value"] == 1
    assert measured(chain, links)["sparse_share"]["outcome"] == "failed"
    shared = [holds(each["record_key"], "wechat_unionid", "one") for each in chain]
    assert measured(chain, shared)["sparse_share"]["value"] == 0
    # fewer than four records are no chain
    assert measured(chain[:3], links[:4])["sparse_share"]["value"] == 0


def test_sizes_names_and_single_records_are_counted():
    records = [
        record("crm:1", name="王芳", birth="1990-01-05", gender="female"),
        record("app:1", name="王芳", birth="1991-01-05", gender="male"),
        record("crm:2"),
    ]
    found = measured(records, [holds(key, "tmall_ouid", "x") for key in ("crm:1", "app:1")])
    assert found["largest_customer"]["value"] == 2
    assert found["single_record_share"]["value"] == 0.5
    assert found["two_birth_dates_share"]["value"] == 1
    assert found["two_birth_dates_share"]["outcome"] == "failed"
    assert found["two_sexes_share"]["value"] == 1
    assert found["every_record_has_one_customer"]["outcome"] == "passed"
    assert len(found) >= 10
