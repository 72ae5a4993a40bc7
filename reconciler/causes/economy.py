"""The fewest causes: what the direction of a relation leaves open, the others' troubles may tell.

Two services are related and both fail, and nothing says which of them needs the other. Where one
of them has a cause already, one cause for both is likelier than two; and who takes down several is
likelier the cause than who takes down fewer.
"""

from __future__ import annotations

from collections import Counter

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
    """Return what nothing explains, with what it is related to that fails as well."""
    nodes = [node for node in sorted(found) if node.service and not found[node]]
    beside = {node: suspects.undirected(node.name, hint) for node in nodes}
    return {node: others for node, others in beside.items() if others}


def _explain_by_the_explained(suspects: Suspects, found: Explained) -> None:
    left = _open(suspects, found, _EXPLAINED)
    known = True
    while known:
        known = False
        for node, others in [*left.items()]:
            followers = _followers(found, node)
            for suspect in others:
                own = suspects.own_troubles(suspect.node.name)
                if own or (found.get(suspect.node) and suspect.node not in followers):
                    found[node] = (suspect,)
                    del left[node]
                    known = True
                    break


def _explain_by_the_greater(suspects: Suspects, found: Explained) -> None:
    left = _open(suspects, found, _GREATER)
    weight = Counter(suspect.node for explaining in found.values() for suspect in explaining)
    weight.update({node: len(others) for node, others in left.items()})
    for node, others in left.items():
        greater = [s for s in others if s.node in left and weight[s.node] > weight[node]]
        if greater:
            found[node] = (max(greater, key=lambda s: weight[s.node]),)


def _followers(found: Explained, node: Node) -> set[Node]:
    """Return what leads to a node."""
    users: dict[Node, list[Node]] = {}
    for user, suspects in found.items():
        for suspect in suspects:
            users.setdefault(suspect.node, []).append(user)
    seen, work = {node}, [node]
    while work:
        following = set(users.get(work.pop(), ())) - seen
        seen |= following
        work += following
    return seen
