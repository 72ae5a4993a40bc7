"""A whole model gone wrong, explained; and the laws that hold for any model."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.components import components
from reconciler.causes.graph import DeclaredDependencies
from reconciler.values.model import Model
from reconciler.values.node import Node, NodeKind
from reconciler.values.readings import Cause, Role, ServiceHealth
from tests.support.big_models import DECLARED, EXPECTED, big
from tests.support.planned import Planned, nodes, plans


def test_forty_services_are_explained_rightly() -> None:
    plan = big()
    assert len(plan.applications) == 40
    blames, _ = plan.explained(DECLARED)
    found = {
        name: (blame.role.value, tuple(map(str, blame.path)))
        for name, blame in blames.items()
        if blame is not None
    }
    assert found == EXPECTED


def test_the_planted_causes_come_first() -> None:
    _, causes = big().explained(DECLARED)
    leading = list(causes.values())[:5]
    assert [(str(cause.node), len(cause.victims)) for cause in leading] == [
        ('mysql', 16),
        ('machine 9', 4),
        ('circle gossip-a+gossip-b+gossip-c', 1),
        ('store-1', 1),
        ('store-2', 1),
    ]
    assert causes['machine 9'].victims == ('mail', 'notify', 'queue', 'search')
    assert all(cause.victims == () for cause in list(causes.values())[5:])


def shuffled(plan: Planned, seed: int) -> tuple[Model, list[ServiceHealth]]:
    """Return the same model and services with everything in another order."""
    order = random.Random(seed)  # noqa: S311

    def mix(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(order.sample(values, len(values)))

    model = plan.model
    applications = {
        name: replace(one, relations=mix(one.relations), units=mix(one.units))  # type: ignore[arg-type]
        for name, one in order.sample(list(model.applications.items()), len(model.applications))
    }
    machines = dict(order.sample(list(model.machines.items()), len(model.machines)))
    services = [replace(one, readings=mix(one.readings)) for one in plan.services()]  # type: ignore[arg-type]
    order.shuffle(services)
    return replace(model, applications=applications, machines=machines), services


def answer(
    model: Model, services: list[ServiceHealth], declared: DeclaredDependencies
) -> tuple[dict[str, object], tuple[Cause, ...]]:
    explained, causes = explain_causes(model, services, declared)
    return {one.name: one.blame for one in explained}, causes


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_the_answer_does_not_depend_on_any_order(seed: int) -> None:
    plan = big()
    blames, causes = answer(*shuffled(plan, seed), DECLARED)
    assert blames == plan.explained(DECLARED)[0]
    assert causes == tuple(plan.explained(DECLARED)[1].values())


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(plans(), st.integers(0, 2**32))
def test_causes_annotate_and_change_nothing_in_whatever_order(
    drawn: tuple[Planned, DeclaredDependencies], seed: int
) -> None:
    plan, declared = drawn
    before = plan.services()
    after, causes = explain_causes(plan.model, before, declared)
    assert tuple(replace(one, blame=None) for one in after) == before
    blames = {one.name: one.blame for one in after}
    assert answer(*shuffled(plan, seed), declared) == (blames, causes)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(plans())
def test_every_trouble_has_a_role_and_every_path_leads_to_a_cause(
    drawn: tuple[Planned, DeclaredDependencies],
) -> None:
    plan, declared = drawn
    services, causes = explain_causes(plan.model, plan.services(), declared)
    named = {cause.node: cause for cause in causes}
    assert len(named) == len(causes)
    blamed = {one.name: one.blame for one in services if one.blame is not None}
    assert set(blamed) == {one.name for one in services if one.health is not Health.PASSED}
    for name, blame in blamed.items():
        assert blame.reason
        assert bool(blame.path) == (blame.role is Role.VICTIM)
        assert len(set(blame.path)) == len(blame.path)
        assert Node(NodeKind.SERVICE, name) not in blame.path
        if blame.path:
            assert name in named[blame.path[-1]].victims
            assert all(s.name in blamed or s in named or not s.service for s in blame.path)
    for cause in causes:
        assert all(blamed[victim].role is Role.VICTIM for victim in cause.victims)
        assert not cause.node.service or blamed[cause.node.name].role is Role.CAUSE


@pytest.mark.slow
def test_a_long_chain_is_followed_to_its_end() -> None:
    plan, length = Planned(), 1200
    for n in range(length):
        plan.app(f's-{n}', str(n))
        plan.ail(f's-{n}/0')
    requires = {f's-{n}': (f's-{n + 1}',) for n in range(length - 1)}
    blames, causes = plan.explained(DeclaredDependencies(requires=requires))
    last = f's-{length - 1}'
    assert [(str(one.node), len(one.victims)) for one in causes.values()] == [(last, length - 1)]
    first = blames['s-0']
    assert first is not None
    assert first.path == nodes(*(f's-{n}' for n in range(1, length)))


LETTERS = st.sampled_from(nodes(*'abcdef'))
GRAPHS = st.dictionaries(LETTERS, st.sets(LETTERS))


def reach(graph: dict[Node, set[Node]], start: Node) -> set[Node]:
    """Return all that can be reached from a node, and itself."""
    found, work = {start}, [start]
    while work:
        for following in graph.get(work.pop(), set()) - found:
            found.add(following)
            work.append(following)
    return found


@given(GRAPHS)
def test_a_circle_is_what_reaches_itself_and_what_it_leads_to_comes_first(
    graph: dict[Node, set[Node]],
) -> None:
    found = components(graph)
    place = {node: number for number, members in enumerate(found) for node in members}
    assert sorted(place) == sorted({*graph, *(x for others in graph.values() for x in others)})
    for one in place:
        for other in place:
            mutual = other in reach(graph, one) and one in reach(graph, other)
            assert (place[one] == place[other]) == mutual
            if other in reach(graph, one):
                assert place[other] <= place[one]
