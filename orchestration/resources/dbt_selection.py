"""dbt's choice of nodes, made once and on a plain graph, and without losing a test.

Belongs here: what makes dbt's selection slow or leaves something out, changed in the process that
runs dbt. Does not belong here: naming the nodes; starting that process (dbt_server.py).

Dagster names each node of a step, 350 in a run, and for each name dbt walks the graph. It does so
through a view that asks a filter about every node and edge, and `dbt build` chooses three times: to
know the unit tests, to know the other nodes, and to line them up. That is 8.5 of the 154 processor
seconds of a small company's run, all of them before the first node of a step, when nothing else
goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbt.graph import Graph, NodeSelector, SelectionSpec

Chosen = tuple[set[str], set[str]]


def choose_once() -> None:
    """Change dbt in this process; what it selects stays what it was."""
    from dbt.graph import Graph, NodeSelector

    choose = NodeSelector.select_nodes
    # the last question, held here so that nothing else gets its identity, and the answer
    asked: tuple[object, ...] = ()
    answer: Chosen = (set(), set())

    def select_nodes(
        selector: NodeSelector, spec: SelectionSpec, warn_on_no_nodes: bool = True
    ) -> Chosen:
        nonlocal asked, answer
        question = (spec, selector.full_graph, selector.manifest)
        is_new = len(asked) != len(question) or any(
            one is not other for one, other in zip(asked, question, strict=True)
        )
        # nothing found is asked for again, because dbt warns of it at one of the three times only
        if is_new or not answer[0]:
            asked, answer = question, choose(selector, spec, warn_on_no_nodes)
        direct, indirect_only = answer
        return set(direct), set(indirect_only)

    NodeSelector.select_nodes = select_nodes
    Graph.subgraph = _subgraph


def keep_tests_of_several_tables() -> None:
    """Change dbt in this process: --indirect-selection holds for what a file selects, too.

    Dagster writes the names of a step's nodes into a selector file. There dbt asks for each name
    alone which tests can run, and forgets to ask again for all of them together: a test that
    compares two tables of which neither is made of the other was never run.
    """
    from dbt.flags import get_flags
    from dbt.graph import NodeSelector
    from dbt.graph.selector_spec import IndirectSelection

    incorporate = NodeSelector.incorporate_indirect_nodes

    def incorporate_indirect_nodes(
        selector: NodeSelector,
        direct_nodes: set[str],
        indirect_nodes: Iterable[str] = (),
        _: IndirectSelection = IndirectSelection.Eager,
    ) -> set[str]:
        wanted = IndirectSelection(get_flags().INDIRECT_SELECTION)
        return incorporate(selector, direct_nodes, set(indirect_nodes), wanted)

    NodeSelector.incorporate_indirect_nodes = incorporate_indirect_nodes


def _subgraph(graph: Graph, nodes: Iterable[str]) -> Graph:
    return type(graph)(graph.graph.subgraph(nodes).copy())
