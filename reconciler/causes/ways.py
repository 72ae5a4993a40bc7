"""The ways from what is unwell to its causes, on the strongest grounds."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from ..values.node import Node
from ..values.words import natural_order

# A step to what may explain a node, with its weight: the lower, the stronger its ground.
Step = tuple[int, Node]


def steps_to_ends(steps: Mapping[Node, Iterable[Step]]) -> dict[Node, Node]:
    """Return by node the next one on its way to an end; of an end, nothing.

    An end is what no step leads away from. Of the ways from a node it is the one whose steps weigh
    least, and of equals that to the first end. They are found from the ends, for all at once.
    """
    users: dict[Node, list[Step]] = {}
    for user, targets in steps.items():
        for weight, target in targets:
            users.setdefault(target, []).append((weight, user))
    ends = sorted(
        (node for node in {*users, *steps} if not steps.get(node)),
        key=lambda node: natural_order(str(node)),
    )
    following: dict[Node, Node] = {}
    done: set[Node] = set()
    frontier = [(0, number, end, end) for number, end in enumerate(ends)]
    while frontier:
        cost, number, node, towards = heapq.heappop(frontier)
        if node in done:
            continue
        done.add(node)
        if towards != node:
            following[node] = towards
        for weight, user in users.get(node, ()):
            heapq.heappush(frontier, (cost + weight, number, user, node))
    return following
