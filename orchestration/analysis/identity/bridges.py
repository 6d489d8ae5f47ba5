"""Links on which a whole customer hangs.

Belongs here: bridges of a graph, and what each of them holds together.
Does not belong here: which bridges are too weak (components.py).
"""

from __future__ import annotations

import numpy as np


def bridges(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Links without which their component would fall apart, and the records on the smaller side.

    Two links between the same records are no bridge: either holds without the other.

    Args:
        a: Record numbers (n,).
        b: Record numbers (n,), each row one link.

    Returns:
        Positions of the bridges, ascending, and the number of records on their smaller side.

    Source: Tarjan (1974), A note on finding the bridges of a graph; without recursion, because
        components may be long chains.
    """
    records, ends = np.unique(np.r_[a, b], return_inverse=True)
    left, right = ends[: len(a)].tolist(), ends[len(a) :].tolist()
    links: list[list[tuple[int, int]]] = [[] for _ in range(len(records))]
    for link, (x, y) in enumerate(zip(left, right, strict=True)):
        links[x].append((y, link))
        links[y].append((x, link))

    unseen = -1
    order = [unseen] * len(records)
    lowest = [0] * len(records)
    below = [1] * len(records)  # records in the subtree of each record
    found: list[tuple[int, int]] = []  # link, record below it
    root_of: list[int] = [0] * len(records)
    count = 0
    for root in range(len(records)):
        if order[root] != unseen:
            continue
        order[root] = lowest[root] = count
        count += 1
        root_of[root] = root
        stack = [(root, unseen, iter(links[root]))]
        while stack:
            record, entered_by, rest = stack[-1]
            for neighbour, link in rest:
                if link == entered_by:
                    continue
                if order[neighbour] == unseen:
                    order[neighbour] = lowest[neighbour] = count
                    count += 1
                    root_of[neighbour] = root
                    stack.append((neighbour, link, iter(links[neighbour])))
                    break
                lowest[record] = min(lowest[record], order[neighbour])
            else:
                stack.pop()
                if stack:
                    parent = stack[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[record])
                    below[parent] += below[record]
                    if lowest[record] > order[parent]:
                        found.append((entered_by, record))
    found.sort()
    positions = np.array([link for link, _ in found], dtype=np.int64)
    smaller = np.array(
        [min(below[record], below[root_of[record]] - below[record]) for _, record in found],
        dtype=np.int64,
    )
    return positions, smaller
