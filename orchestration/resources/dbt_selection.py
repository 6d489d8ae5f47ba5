"""dbt's choice of nodes, made once and on a plain graph: the same nodes, in less time.

Belongs here: what makes dbt's selection slow, changed in the process that runs dbt. Does not belong
here: which nodes are selected; starting that process (dbt_server.py).

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


def _subgraph(graph: Graph, nodes: Iterable[str]) -> Graph:
    return type(graph)(graph.graph.subgraph(nodes).copy())
