"""Circles in a directed graph: its strongly connected components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from ..values.node import Node

_order = attrgetter('order')


def components(graph: Mapping[Node, Iterable[Node]]) -> list[tuple[Node, ...]]:
    """Return the strongly connected components, each sorted, those that others lead to first.

    It is Tarjan's algorithm, without recursion, as chains may be long. The order is the same for
    the same graph, however it is held.
    """
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    open_nodes: dict[Node, None] = {}
    found: list[tuple[Node, ...]] = []
    work: list[tuple[Node, Iterator[Node]]] = []

    def enter(node: Node) -> None:
        index[node] = low[node] = len(index)
        open_nodes[node] = None
        work.append((node, iter(sorted(graph.get(node, ()), key=_order))))

    for root in sorted(graph, key=_order):
        if root not in index:
            enter(root)
        while work:
            node, others = work[-1]
            following = next(others, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_close(node, open_nodes))
            elif following not in index:
                enter(following)
            elif following in open_nodes:
                low[node] = min(low[node], index[following])
    return found


def _close(node: Node, open_nodes: dict[Node, None]) -> tuple[Node, ...]:
    members = [open_nodes.popitem()[0]]
    while members[-1] != node:
        members.append(open_nodes.popitem()[0])
    return tuple(sorted(members, key=_order))
