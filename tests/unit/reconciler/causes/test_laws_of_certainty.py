"""Laws of causes that hold for any model."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health, State, StateName
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.graph import DeclaredDependencies
from reconciler.causes.onset import TOLERANCE
from reconciler.values.certainty import Certainty
from reconciler.values.node import NodeKind
from reconciler.values.outcomes import HEARD
from reconciler.values.readings import Outcome, Reading, Role
from tests.support.planned import Planned, nodes, plans
from tests.support.snapshots import NOW

Drawn = tuple[Planned, DeclaredDependencies]
_ALIVE = (StateName.UP, StateName.UNKNOWN)


def shows_trouble(reading: Reading) -> bool:
    """Return whether somebody looked at the unit, or said of it, that it is not well."""
    told = reading.state is not None and reading.state.name not in _ALIVE
    return reading.health is not Health.PASSED and (reading.outcome in HEARD or told)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(plans())
def test_no_cause_is_made_of_units_that_are_well_or_that_nobody_looked_at(drawn: Drawn) -> None:
    plan, declared = drawn
    services, causes = explain_causes(plan.model, plan.services(), declared)
    by_name = {service.name: service for service in services}
    for cause in causes:
        for name in cause.node.services:
            if by_name[name].coverage.missing == 0:
                assert any(map(shows_trouble, by_name[name].readings)), name


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(plans())
def test_no_explanation_is_surer_than_any_step_of_it(drawn: Drawn) -> None:
    plan, declared = drawn
    services, causes = explain_causes(plan.model, plan.services(), declared)
    sure = {cause.node: cause.certainty for cause in causes}
    blames = {service.name: service.blame for service in services if service.blame}
    for blame in blames.values():
        assert (blame.certainty is None) == (blame.role is Role.UNEXPLAINED)
        if blame.role is Role.VICTIM:
            assert blame.certainty is not None
            end = sure[blame.path[-1]] or Certainty.POSSIBLE
            assert blame.certainty.rank >= end.rank
            for step in blame.path[:-1]:
                between = blames[step.name].certainty if step.service in blames else None
                if between and blames[step.name].path == blame.path[blame.path.index(step) + 1 :]:
                    assert blame.certainty.rank >= between.rank


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**5), st.integers(0, 10**5), st.sampled_from(['pgsql', 'odd']))
def test_no_cause_that_comes_after_its_effect_is_likely(web: int, db: int, interface: str) -> None:
    plan = Planned()
    for number, (name, seconds) in enumerate({'web': web, 'db': db}.items()):
        plan.app(name, str(number), charm='postgresql' if name == 'db' else name)
        since = NOW - timedelta(seconds=seconds)
        state = State(StateName.BLOCKED, float(seconds), since, '', ('nothing',))
        plan.silence(f'{name}/0', Outcome.NOT_SHIPPED, state=state)
    plan.relate('web', 'link', 'db', 'link', interface)
    blame = plan.explained()[0]['web']
    assert blame is not None
    if timedelta(seconds=web - db) > TOLERANCE:
        assert blame.path == () or blame.certainty is Certainty.POSSIBLE
    elif interface == 'pgsql':
        assert blame.path == nodes('db')


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(plans())
def test_our_own_charm_is_the_cause_of_nobody(drawn: Drawn) -> None:
    plan, declared = drawn
    plan.beside('health', *(f's{n}' for n in range(7)), charm='juju-health')
    for unit in plan.applications['health'].units:
        plan.ail(unit.name, 'fail: s0')
    _, causes = explain_causes(plan.model, plan.services(), declared)
    assert not any('health' in cause.node.services for cause in causes)
    assert not any(
        victim == 'health' and cause.node.kind is NodeKind.SERVICE
        for cause in causes
        for victim in cause.victims
    )
