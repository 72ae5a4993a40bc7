"""The ways to causes: the lightest, for every node at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.causes.ways import Step, steps_to_ends
from reconciler.values.node import Node, NodeKind

_NODES = [Node(NodeKind.SERVICE, f'app-{number}') for number in range(7)]
_STEPS = st.dictionaries(
    st.sampled_from(_NODES),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(_NODES)), max_size=4),
)


def _costs(steps: dict[Node, list[Step]]) -> dict[Node, int]:
    """Return the least cost from each node to an end, found by trying again and again."""
    costs = {node: 0 for node in _NODES if not steps.get(node)}
    for _ in _NODES:
        for node, targets in steps.items():
            ways = [costs[target] + weight for weight, target in targets if target in costs]
            if ways:
                costs[node] = min([*ways, costs.get(node, min(ways))])
    return costs


@given(_STEPS)
def test_a_way_ends_and_no_other_is_lighter(steps: dict[Node, list[Step]]) -> None:
    found, costs = steps_to_ends(steps), _costs(steps)
    assert found.keys() == {node for node in costs if steps.get(node)}
    for start in found:
        cost, here, seen = 0, start, set()
        while here in found:
            assert here not in seen
            seen.add(here)
            following = found[here]
            cost += min(weight for weight, target in steps[here] if target == following)
            here = following
        assert cost == costs[start]


def test_of_equals_the_first_end_is_taken() -> None:
    node, second, tenth = (Node(NodeKind.SERVICE, name) for name in ('web', 'db-2', 'db-10'))
    assert steps_to_ends({node: [(1, tenth), (1, second)]}) == {node: second}
