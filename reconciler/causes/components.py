"""Circles in a directed graph: its strongly connected components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def components(graph: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return the strongly connected components, each sorted, those that others lead to first.

    It is Tarjan's algorithm, without recursion, as chains may be long. The order is the same for
    the same graph, however it is held.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: dict[str, None] = {}
    found: list[tuple[str, ...]] = []
    for root in sorted(graph):
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = []
        _enter(root, graph, index, low, open_nodes, work)
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
                _enter(following, graph, index, low, open_nodes, work)
            elif following in open_nodes:
                low[node] = min(low[node], index[following])
    return found


def _enter(
    node: str,
    graph: Mapping[str, Iterable[str]],
    index: dict[str, int],
    low: dict[str, int],
    open_nodes: dict[str, None],
    work: list[tuple[str, Iterator[str]]],
) -> None:
    index[node] = low[node] = len(index)
    open_nodes[node] = None
    work.append((node, iter(sorted(graph.get(node, ())))))


def _close(node: str, open_nodes: dict[str, None]) -> tuple[str, ...]:
    members = []
    while True:
        last, _ = open_nodes.popitem()
        members.append(last)
        if last == node:
            return tuple(sorted(members))
