"""How the table and the tree show causes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from charm.kernel.report import Health
from reconciler.causes.graph import DeclaredDependencies
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render import RENDERERS, RenderOptions
from reconciler.render.blame import because_of, causes_first, explained_text, explains_text
from reconciler.values.certainty import Certainty
from reconciler.values.node import Node, NodeKind
from reconciler.values.readings import Blame, Cause, Outcome, Role
from tests.support.big_models import DECLARED, big
from tests.support.golden import check_golden
from tests.support.planned import Planned, nodes, plans
from tests.support.snapshots import NOW, well


@pytest.mark.parametrize('blame', [False, True], ids=['by-health', 'by-cause'])
@pytest.mark.parametrize('width', [80, 100])
@pytest.mark.parametrize('form', ['table', 'tree'])
def test_forty_services_are_shown_as_they_were(form: str, width: int, blame: bool) -> None:
    snapshot = big().snapshot(DECLARED)
    text = RENDERERS[form](snapshot, RenderOptions(NOW, width=width, blame=blame))
    order = 'by-cause' if blame else 'by-health'
    check_golden(f'forty-{order}-{width}.{exit_code(snapshot)}.{form}', text)


@pytest.mark.parametrize('form', ['table', 'tree'])
def test_where_all_is_well_blame_changes_nothing(form: str) -> None:
    told, plain = (
        RENDERERS[form](well(), RenderOptions(NOW, blame=blame)) for blame in (True, False)
    )
    assert told == plain


@settings(max_examples=30, deadline=None)
@given(plans())
def test_causes_come_first_and_nothing_else_changes(
    drawn: tuple[Planned, DeclaredDependencies],
) -> None:
    plan, declared = drawn
    snapshot = plan.snapshot(declared)
    ordered = causes_first(snapshot)
    assert replace(ordered, services=snapshot.services) == snapshot
    assert {one.name: one for one in ordered.services} == {
        one.name: one for one in snapshot.services
    }
    place = {one.name: number for number, one in enumerate(ordered.services)}
    seen: set[str] = set()
    for cause in snapshot.causes:
        for victim in cause.victims:
            if cause.node.name in place and victim not in seen:
                assert place[cause.node.name] < place[victim]
            seen.add(victim)
    well_ones = [one.health is Health.PASSED for one in ordered.services]
    assert well_ones == sorted(well_ones)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(plans())
def test_a_tree_by_cause_shows_every_service_and_unit_once(
    drawn: tuple[Planned, DeclaredDependencies],
) -> None:
    plan, declared = drawn
    snapshot = plan.snapshot(declared)
    text = RENDERERS['tree'](snapshot, RenderOptions(NOW, width=300, blame=True, everything=True))
    for service in snapshot.services:
        expected = service.coverage.expected
        line = f'{service.name}  {service.coverage.reported} of {expected} reported'
        assert text.count(f'{service.health.value}  {line}') == 1
        for reading in service.readings:
            assert text.count(f'  {reading.unit.name}') == 1


@pytest.mark.parametrize(
    ('blame', 'text'),
    [
        (None, ''),
        (Blame(Role.CAUSE, reason='x'), ''),
        (Blame(Role.VICTIM, nodes('db'), 'x', Certainty.CERTAIN), 'because of db'),
        (
            Blame(Role.VICTIM, nodes('a', 'b', 'db'), 'x', Certainty.LIKELY),
            'likely because of db, through a, b',
        ),
        (Blame(Role.VICTIM, nodes('db'), 'x', Certainty.POSSIBLE), 'possibly because of db'),
        (Blame(Role.VICTIM, nodes('db'), 'of an older sweep'), 'possibly because of db'),
    ],
)
def test_a_victim_is_told_by_its_cause(blame: Blame | None, text: str) -> None:
    assert because_of(replace(well().services[0], blame=blame)) == text


def test_many_victims_are_counted_and_some_are_named() -> None:
    victims = tuple(f's{n:02}' for n in range(20))
    cause = Cause(Node(NodeKind.SERVICE, 'db'), Health.FAIL, '', victims, Certainty.CERTAIN)
    text = explains_text(well(), cause)
    assert text.startswith('explains 20 services: s00, s01')
    assert text.endswith('s11 and 8 more')
    assert explains_text(well(), replace(cause, victims=('a',))) == 'explains 1 service: a'


def test_a_certain_cause_explains_its_doubtful_victims_no_more_than_likely() -> None:
    plan = Planned()
    for name in ('db', 'api', 'web'):
        plan.app(name, '0', charm={'db': 'postgresql'}.get(name, name))
    plan.relate('api', 'db', 'db', 'clients', 'pgsql')
    plan.relate('web', 'db', 'db', 'clients', 'pgsql')
    plan.ail('db/0', 'a page is corrupt')
    plan.ail('api/0', 'no answer from db')
    plan.ail('web/0', '500')
    snapshot = plan.snapshot()
    (cause,) = snapshot.causes
    assert cause.certainty is Certainty.CERTAIN
    told = 'explains 1 service: api; likely explains 1 service: web'
    assert explains_text(snapshot, cause) == told


def test_the_tally_of_causes_counts_a_victim_of_two_once() -> None:
    assert explained_text(big().snapshot(DECLARED)) == (
        '5 causes explain 22 of the 33 services that are not well: 22 likely'
    )
    assert explained_text(well()) == ''


def test_the_same_advice_for_all_is_given_once() -> None:
    plan = big()
    for unit in list(plan.readings):
        plan.silence(unit, Outcome.NOT_LOGGED_IN)
    text = RENDERERS['table'](plan.snapshot(), RenderOptions(NOW, width=2000))
    (line,) = (one for one in text.splitlines() if one.endswith('log in: juju login -c lab'))
    assert line.startswith('54 units of 40 services: not-logged-in: ')


def test_advice_about_a_machine_is_given_once_and_about_many_is_cut() -> None:
    plan = big()
    plan.lose('13')
    text = RENDERERS['table'](plan.snapshot(), RenderOptions(NOW, width=2000))
    assert sum('juju show-machine' in line for line in text.splitlines()) == 2
    for machine in plan.machines:
        if machine != '0':
            plan.lose(machine)
    text = RENDERERS['table'](plan.snapshot(), RenderOptions(NOW, width=2000))
    assert sum('juju show-machine' in line for line in text.splitlines()) == 12
    assert text.splitlines()[-1] == 'and 2 more: reconcile-health explain -m lab:prod SERVICE'
