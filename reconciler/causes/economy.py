"""The fewest causes: what the direction of a relation leaves open, the others' troubles may tell.

Two services are related and both fail, and nothing says which of them needs the other. Where one
of them has a cause already, one cause for both is likelier than two; and who takes down several is
likelier the cause than who takes down fewer.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from ..values.node import Node
from .graph import Ground
from .suspects import Suspects
from .weigh import Suspect

Explained = dict[Node, tuple[Suspect, ...]]
_EXPLAINED = 'why that one fails is known, and may be why both do'
_GREATER = 'more fails around that one'


def with_fewest_causes(suspects: Suspects, known: Explained) -> Explained:
    """Return the suspects of each node, with those that economy adds to what had none."""
    # A mere hint counts only where economy tells nothing.
    hinted = {node: found for node, found in known.items() if found and all(map(_is_hint, found))}
    found = {**known, **dict.fromkeys(hinted, ())}
    _explain_by_the_explained(suspects, found)
    found.update({node: others for node, others in hinted.items() if not found[node]})
    _explain_by_the_explained(suspects, found)
    _explain_by_the_greater(suspects, found)
    _explain_by_the_explained(suspects, found)
    return found


def ties(suspects: Suspects, found: Explained) -> dict[str, tuple[str, ...]]:
    """Return what economy leaves open: services that nothing explains and that explain nothing.

    Each with those of its kind that it is related to, of which one may need the other.
    """
    users = {suspect.node for explaining in found.values() for suspect in explaining}
    left = _open(suspects, found, _EXPLAINED)
    return {
        node.name: tuple(s.node.name for s in others if s.node in left)
        for node, others in left.items()
        if node not in users and any(s.node in left for s in others)
    }


def _is_hint(suspect: Suspect) -> bool:
    return suspect.weight == Ground.RELATED


def _open(suspects: Suspects, found: Explained, hint: str) -> dict[Node, tuple[Suspect, ...]]:
    """Return what nothing explains, sorted, with what it is related to that fails as well."""
    nodes = [node for node in found if node.service and not found[node]]
    beside = {
        node: suspects.undirected(node.name, hint)
        for node in sorted(nodes, key=lambda node: node.order)
    }
    return {node: others for node, others in beside.items() if others}


def _explain_by_the_explained(suspects: Suspects, found: Explained) -> None:
    """Explain what is left by what is explained, in rounds until nothing follows from it.

    A round goes through the left in their order; who comes later in it sees what came before.
    Only whom something new may explain is looked at again.
    """
    left = _open(suspects, found, _EXPLAINED)
    nodes = [*left]
    places = {node: place for place, node in enumerate(nodes)}
    users = _users(found)
    beside = _users(left)
    due = [(0, place) for place in range(len(nodes))]
    planned = {*due}
    while due:
        number, place = heapq.heappop(due)
        node = nodes[place]
        suspect = None if found[node] else _first_explained(suspects, found, users, node, left)
        if suspect is None:
            continue
        found[node] = (suspect,)
        users.setdefault(suspect.node, []).append(node)
        for other in beside.get(node, ()):
            again = (number + (places[other] < place), places[other])
            if again not in planned:
                planned.add(again)
                heapq.heappush(due, again)


def _first_explained(
    suspects: Suspects,
    found: Explained,
    users: Mapping[Node, Sequence[Node]],
    node: Node,
    left: Explained,
) -> Suspect | None:
    """Return the first suspect whose trouble is its own, or is explained without the node."""
    followers: Set[Node] = frozenset()
    for suspect in left[node]:
        if suspects.own_troubles(suspect.node.name):
            return suspect
        if found.get(suspect.node):
            followers = followers or _followers(users, node)
            if suspect.node not in followers:
                return suspect
    return None


def _explain_by_the_greater(suspects: Suspects, found: Explained) -> None:
    left = _open(suspects, found, _GREATER)
    weight = Counter(suspect.node for explaining in found.values() for suspect in explaining)
    weight.update({node: len(others) for node, others in left.items()})
    for node, others in left.items():
        greater = [s for s in others if s.node in left and weight[s.node] > weight[node]]
        if greater:
            found[node] = (max(greater, key=lambda s: weight[s.node]),)


def _users(found: Explained) -> dict[Node, list[Node]]:
    """Return by node those that it may explain."""
    users: dict[Node, list[Node]] = {}
    for user, suspects in found.items():
        for suspect in suspects:
            users.setdefault(suspect.node, []).append(user)
    return users


def _followers(users: Mapping[Node, Sequence[Node]], node: Node) -> set[Node]:
    """Return what leads to a node, and the node."""
    seen, work = {node}, [node]
    while work:
        following = {*users.get(work.pop(), ())} - seen
        seen |= following
        work += following
    return seen
