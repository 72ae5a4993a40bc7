"""The graph is that which a plain search finds, and twice the relations cost twice the steps."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import weave
from charm.kernel.report import Health
from reconciler.causes.build_graph import build
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.graph import DeclaredDependencies
from reconciler.causes.mentions import Mentions
from reconciler.causes.relations import Relations
from reconciler.juju import status
from reconciler.values.node import Node
from tests.support.planned import Planned
from tests.support.steps import steps

from .plain_graph import PlainGraph

_NAMES = [f's{n}' for n in range(4)]
_BESIDE = 'beside'
_CONSUMED = ('saas', 's0')
_CHARMS = ('postgresql', 'mysql', 'kafka', 'juju-health', 'ledger', '')
_ENDS = ('any', 'Website', 'kafka', 's1', 'shared-db')
_INTERFACES = ('', 'odd', 'pgsql', 'kafka_client', 'juju-info')
_WORDS = (*_NAMES, *_ENDS, *_INTERFACES[1:], 'database', 'config:key', _BESIDE)
_MESSAGES = (
    'no answer from {}',
    'no answer from {} at {}',
    '{} ok but stuck',
    'cannot connect to {}',
    'page of {} is odd',
)


def some(texts: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    if not texts:
        return st.just(())
    return st.lists(st.sampled_from(texts), max_size=most, unique=True).map(tuple)


@st.composite
def woven(draw: st.DrawFn) -> tuple[Planned, DeclaredDependencies]:
    """Draw any model of a few services with many relations, and what is said of them."""
    plan = Planned()
    for name in _NAMES:
        machines = draw(some(('0', '1', '2')))
        claims = [draw(some(_WORDS)) for _ in range(2)]
        plan.app(
            name,
            *machines,
            charm=draw(st.sampled_from(_CHARMS)),
            requires=claims[0],
            provides=claims[1],
        )
    plan.beside(_BESIDE, *draw(some(tuple(_NAMES))), charm=draw(st.sampled_from(_CHARMS)))
    names = st.sampled_from([*_NAMES, _BESIDE])
    ends, over = st.sampled_from(_ENDS), st.sampled_from(_INTERFACES)
    for one, other in draw(st.lists(st.tuples(names, names), max_size=20)):
        plan.relate(one, draw(ends), other, draw(ends), draw(over))
    for name in draw(some(_CONSUMED)):
        role = draw(st.sampled_from(['provider', 'requirer', '']))
        plan.consume(name, role, draw(names), draw(ends), 'active')
    known = plan.applications['s1']
    # What one side lists, and the other does not.
    plan.applications['s1'] = replace(known, relations=known.relations[draw(st.integers(0, 2)) :])
    addresses = tuple(unit.address for one in plan.applications.values() for unit in one.units)
    for unit in draw(some(tuple(plan.readings), 6)):
        named = st.sampled_from((*_NAMES, *_CONSUMED, *plan.readings, *addresses))
        message = draw(st.sampled_from(_MESSAGES)).format(draw(named), draw(named))
        health = draw(st.sampled_from([Health.WARN, Health.FAIL]))
        plan.ail(unit, message, health=health, blockers=draw(some(_WORDS)))
    about = [draw(st.dictionaries(names, some(_WORDS), max_size=2)) for _ in range(3)]
    groups = {name: (members,) for name, members in about[1].items()}
    return plan, DeclaredDependencies(about[0], groups, about[2])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(woven())
def test_the_graph_is_that_which_a_plain_search_finds(
    drawn: tuple[Planned, DeclaredDependencies],
) -> None:
    plan, declared = drawn
    model, services = plan.model, plan.services()
    mentions = Mentions(model, services)
    graph = build(Relations(model), mentions, services, declared)
    assert graph == PlainGraph(model, services, declared).graph()


@given(woven())
def test_the_units_that_a_check_names_are_those_that_have_a_word_of_it(
    drawn: tuple[Planned, DeclaredDependencies],
) -> None:
    plan, _ = drawn
    mentions = Mentions(plan.model, plan.services())
    for name in plan.applications:
        said = {word for naming in mentions.namings[name] for word in naming.words}
        for other, application in plan.applications.items():
            words = {unit.name: mentions.unit_words[unit.name] for unit in application.units}
            named = {unit for unit, own in words.items() if own & said}
            assert mentions.units(name, other) == named
            assert mentions.names(name, Node.read(other)) == bool(named or other in said)


# Shapes in which one is related to all, or all to all, at a size and at twice that.
_SHAPES = {
    'mesh': lambda n: weave.mesh(Random(1), 24, 12 * n),  # noqa: S311
    'hub': lambda n: weave.hub(Random(1), n),  # noqa: S311
    'unknown hub': lambda n: weave.hub(Random(1), n, 'acme-mq'),  # noqa: S311
    'beside': lambda n: weave.beside(Random(1), n),  # noqa: S311
    'across': lambda n: weave.across(Random(1), n),  # noqa: S311
}


@pytest.mark.parametrize('failing', ['none', 'a fifth', 'all'])
@pytest.mark.parametrize('shape', _SHAPES)
def test_twice_the_relations_cost_twice_the_steps(shape: str, failing: str) -> None:
    taken = []
    for size in (40, 80):
        model = status.decode(_SHAPES[shape](size).text())
        every = {'none': 0, 'a fifth': 5, 'all': 1}[failing]
        ill = {*sorted(model.applications)[::every]} if every else set[str]()
        services = weave.services_of(model, ill, Random(1))  # noqa: S311
        explain_causes(model, services)  # What is remembered of words is so both times.
        taken.append(steps(lambda m=model, s=services: explain_causes(m, s)))  # type: ignore[misc]
    assert taken[1] <= 2.3 * taken[0]
