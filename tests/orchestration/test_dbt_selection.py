"""A dbt that chooses once chooses what dbt chooses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from dagster_dbt.utils import select_unique_ids
from dbt.graph import Graph, NodeSelector

from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.dbt_selection import choose_once
from orchestration.settings import Settings

MARTS = ("customer_360", "customer_features", "segment_history", "events", "orders", "id_map")


@pytest.fixture
def chosen_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[list]:
    """dbt as it is, undone afterwards; holds who chose."""
    calls = []
    choose = NodeSelector.select_nodes

    def counted(selector, spec, warn_on_no_nodes=True):
        calls.append((spec, warn_on_no_nodes))
        return choose(selector, spec, warn_on_no_nodes)

    monkeypatch.setattr(NodeSelector, "select_nodes", counted)
    monkeypatch.setattr(Graph, "subgraph", Graph.subgraph)
    yield calls


def test_the_same_nodes_are_selected(tmp_path: Path, chosen_by: list) -> None:
    manifest = json.loads(ensure_manifest(Settings(home=tmp_path)).read_text())
    questions = [
        # a table and a test that compares it with another one may stand in different steps
        (" ".join(MARTS), ""),
        ("+segment_history strata360.marts.activation.*", "strata360.staging.*"),
        ("@trigger_event", "resource_type:test"),
    ]

    def answers() -> list[set[str]]:
        return [select_unique_ids(*question, "", None, manifest) for question in questions]

    before = answers()
    choose_once()
    assert answers() == before
    assert all(before)


@pytest.mark.parametrize(("found", "times"), [({"model.one"}, 1), (set(), 3)])
def test_a_question_is_answered_once_and_a_warning_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, chosen_by: list, found: set[str], times: int
) -> None:
    asked = []

    def choose(_selector, spec, warn_on_no_nodes=True):
        asked.append(warn_on_no_nodes)
        return set(found), set()

    monkeypatch.setattr(NodeSelector, "select_nodes", choose)
    choose_once()
    selector, spec = SimpleNamespace(full_graph=object(), manifest=object()), object()
    for warns in (False, False, True):
        direct, _ = NodeSelector.select_nodes(selector, spec, warns)
        assert direct == found
        # dbt may do with its answer what it likes
        direct.clear()
    assert len(asked) == times
    NodeSelector.select_nodes(selector, object(), False)
    assert len(asked) == times + 1, "another question got the answer to this one"
