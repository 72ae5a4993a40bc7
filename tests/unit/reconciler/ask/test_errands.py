"""Who is asked what, where: one errand a machine, and the right one to answer for each unit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.ask.errands import BY_HOOK, hook_path, plan_errands
from reconciler.ask.frames import Request
from reconciler.ask.modes import AUTO, MODES, PUSH, AskMode
from reconciler.ask.probe import ProbeOptions
from reconciler.values.model import Application, Model, Unit
from tests.support.asked import model

CHARMS = '/var/lib/juju/agents'


def with_health(inventory: Model, principal: str) -> Model:
    """Return the model with a health subordinate, under another name, beside one unit."""
    machine = next(unit.machine for unit in inventory.units() if unit.name == principal)
    units = (Unit('watch/7', 'watch', machine, principal=principal),)
    watch = Application('watch', charm='juju-health', units=units)
    return replace(inventory, applications={**inventory.applications, 'watch': watch})


def requests(inventory: Model, mode: AskMode = BY_HOOK) -> dict[str, Request]:
    errands = plan_errands(inventory, inventory.units(), 25.0, mode=mode)
    return {asked.unit.name: asked.request for errand in errands for asked in errand.asked}


def test_there_is_one_errand_for_each_machine() -> None:
    inventory = model(['web/0', 'db/0'], ['web/1'])
    errands = plan_errands(inventory, inventory.units(), 25.0)
    asked = {errand.place: [one.unit.name for one in errand.asked] for errand in errands}
    assert asked == {'0': ['web/0', 'db/0'], '1': ['web/1']}
    assert [errand.target for errand in errands] == ['web/0', 'web/1']


def test_the_health_charm_beside_a_unit_answers_for_it_else_its_own_hook() -> None:
    found = requests(with_health(model(['web/0'], ['web/1']), 'web/0'))
    assert found['web/0'].path == f'{CHARMS}/unit-watch-7/charm/hooks/health'
    assert found['web/0'].arguments == ('--unit', 'web/0', '--deadline', '25')
    assert found['web/1'].path == f'{CHARMS}/unit-web-1/charm/hooks/health'
    assert found['web/1'].arguments == ()


def test_the_agent_is_asked_for_the_unit_as_root() -> None:
    found = requests(with_health(model(['web/0']), 'web/0'), AskMode('agent'))['web/0']
    assert found.path == f'{CHARMS}/unit-watch-7/charm/hooks/health-agent'
    assert found.arguments == ('report', '--unit', 'web/0', '--envelope')
    assert (found.as_root, found.first) == (True, None)


@pytest.mark.parametrize('mode', ['agent', 'log'])
def test_a_health_charms_own_unit_need_not_have_an_agent_that_reports_for_it(mode: str) -> None:
    inventory = with_health(model(['web/0']), 'web/0')
    found = requests(inventory, AskMode(mode))
    assert found['web/0'].first is None
    assert found['watch/7'] == requests(inventory, AskMode(AUTO))['watch/7']
    assert found['watch/7'].first is not None


def test_where_only_pushes_count_there_is_no_errand_but_for_single_checks() -> None:
    inventory = model(['web/0'])
    assert plan_errands(inventory, inventory.units(), 25.0, mode=AskMode(PUSH)) == ()
    found = requests(inventory, AskMode(PUSH, checks=('disk',)))['web/0']
    assert found.arguments == ('--check', 'disk')


@pytest.mark.parametrize('mode', list(MODES))
def test_no_mode_to_a_pod_or_a_unit_without_a_machine_is_another(mode: str) -> None:
    inventory = model(['web/0'])
    homeless = replace(inventory.applications['web'].units[0], machine='')
    web = replace(inventory.applications['web'], units=(homeless,))
    without = replace(inventory, applications={'web': web})
    assert requests(without, AskMode(mode)) == {}
    pods = plan_errands(replace(without, type='caas'), [homeless], 25.0, mode=AskMode(mode))
    assert [(one.place, one.target) for one in pods] == [('web/0', 'web/0')]


def looked(inventory: Model, mode: AskMode) -> dict[str, tuple[str, ...]]:
    """Return the hooks for want of which each place is looked at; those that are not have none."""
    errands = plan_errands(inventory, inventory.units(), 25.0, mode=mode)
    return {one.place: one.probe.unless for one in errands if one.probe}


LOOKING = ProbeOptions()


@pytest.mark.parametrize('mode', ['hook', 'auto', 'agent', 'log'])
def test_a_machine_is_looked_at_for_those_that_may_have_no_hook(mode: str) -> None:
    inventory = model(['web/0', 'db/0'])
    hooks = (hook_path('web/0'), hook_path('db/0'))
    assert looked(inventory, AskMode(mode, probe=LOOKING)) == {'0': hooks}
    assert looked(inventory, AskMode(mode)) == {}
    assert looked(inventory, AskMode(mode, checks=('disk',), probe=LOOKING)) == {}


def test_none_is_for_those_with_a_health_charm_or_that_nobody_wants_looked_at() -> None:
    beside = with_health(model(['web/0', 'db/0']), 'web/0')
    assert looked(beside, AskMode(probe=LOOKING)) == {'0': (hook_path('db/0'),)}
    spared = ProbeOptions(spared=frozenset({'db'}))
    assert looked(beside, AskMode(probe=spared)) == {}
    assert looked(model(['web/0', 'db/0']), AskMode(probe=spared)) == {'0': (hook_path('web/0'),)}
