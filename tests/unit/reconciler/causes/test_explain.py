"""Why a service or a unit is as it is, as values and as text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.report import CheckResult, Health, State, StateName
from reconciler.causes.explain import explain
from reconciler.causes.explanation import Explanation
from reconciler.causes.graph import DeclaredDependencies
from reconciler.render.options import RenderOptions
from reconciler.render.people.explain import render
from reconciler.render.programs.document import render_json
from reconciler.saved.sweep_document import decode
from reconciler.values.advice import Advice
from reconciler.values.errors import UsageError
from reconciler.values.readings import Outcome
from tests.support.advising import assert_names
from tests.support.big_models import DECLARED, big
from tests.support.golden import check_golden
from tests.support.planned import Planned, plans, waiting
from tests.support.snapshots import NOW


def about(plan: Planned, name: str, declared: DeclaredDependencies | None = None) -> Explanation:
    return explain(plan.snapshot(declared), name, declared)


def commands(found: Explanation) -> list[str]:
    return [advice.command for advice in found.advice]


@pytest.mark.parametrize('width', [80, 100])
@pytest.mark.parametrize(
    'name', ['notify', 'mysql', 'chat', 'gossip-a', 'search', 'cart', 'backup', 'page-3/1', 'logs']
)
def test_explanations_are_as_they_were(name: str, width: int) -> None:
    found = about(big(), name, DECLARED)
    text = render(found, RenderOptions(NOW, width=width))
    check_golden(f'explain-{name.replace("/", "-")}-{width}.txt', text)


def test_a_victim_is_told_the_way_to_its_cause() -> None:
    found = about(big(), 'notify', DECLARED)
    assert [str(step.node) for step in found.chain] == ['notify', 'queue', 'machine 9']
    assert [step.health for step in found.chain] == [Health.FAIL, Health.UNKNOWN, Health.UNKNOWN]
    assert found.advice[0] == Advice(
        'begin with machine 9, which likely explains 4 services',
        ('juju', 'show-machine', '-m', 'lab:prod', '9'),
    )


def test_a_cause_is_told_whom_it_explains_and_who_needs_it() -> None:
    found = about(big(), 'mysql', DECLARED)
    assert found.chain == ()
    assert found.cause is not None
    assert len(found.cause.victims) == 16
    assert 'api-9' in found.needed_by
    assert 'api-9' not in found.cause.victims


def test_a_member_of_a_circle_is_told_of_its_circle() -> None:
    found = about(big(), 'gossip-b', DECLARED)
    assert found.cause is not None
    assert found.cause.node.services == ('gossip-a', 'gossip-b', 'gossip-c')


def test_what_is_well_needs_nothing_done() -> None:
    found = about(big(), 'logs', DECLARED)
    assert (found.health, found.advice) == (Health.PASSED, ())


def test_a_unit_may_be_well_where_its_service_is_not() -> None:
    plan = big()
    assert about(plan, 'search/0').health is Health.PASSED
    assert about(plan, 'search/2').health is Health.UNKNOWN
    assert about(plan, 'search').health is Health.UNKNOWN


def test_a_redundant_provider_is_told_with_those_that_could_stand_in_for_it() -> None:
    needs = about(big(), 'cart', DECLARED).needs
    assert [(str(need.node), need.health) for need in needs] == [
        ('cache-1', Health.FAIL),
        ('cache-2', Health.PASSED),
    ]
    assert needs[0].why == 'the configuration says so; one of cache-1, cache-2 is enough'


@pytest.mark.parametrize(
    ('check', 'look'),
    [('disk', 'df -h'), ('memory', 'free -m'), ('clock', 'timedatectl')],
)
def test_a_built_in_check_says_what_to_look_at(check: str, look: str) -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.ail('web/0', 'bad', check)
    assert commands(about(plan, 'web')) == [f'juju ssh -m lab:prod web/0 sudo {look}']


def test_who_waits_for_nothing_that_is_there_is_told_how_to_relate_and_to_configure() -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.silence('web/0', Outcome.NOT_SHIPPED, state=waiting('cache', 'config:key'))
    found = about(plan, 'web')
    assert found.unmet == ('cache', 'config:key')
    assert commands(found)[:2] == [
        'juju integrate -m lab:prod web:cache PROVIDER',
        'juju config -m lab:prod web key=VALUE',
    ]


def test_an_option_that_juju_would_take_for_its_own_is_in_no_command() -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.silence('web/0', Outcome.NOT_SHIPPED, state=waiting('config:--file'))
    assert not [line for line in commands(about(plan, 'web')) if 'juju config' in line]


@pytest.mark.parametrize('owner', ['', 'ann'])
def test_what_is_to_be_done_after_a_saved_sweep_is_of_its_model(owner: str) -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.ail('web/0', blockers=('cache', 'config:key'))
    live = plan.snapshot()
    live = replace(live, model=replace(live.model, owner=owner))
    saved = decode(render_json(live, RenderOptions(NOW)).encode())
    for advice in explain(saved, 'web').advice:
        assert_names(advice, live.model.full_name)
    assert explain(saved, 'web').advice == explain(live, 'web').advice


@pytest.mark.parametrize('state', [State(StateName.ERROR), State(StateName.BLOCKED)])
def test_what_only_juju_tells_of_is_looked_up_in_its_history(state: State) -> None:
    plan = Planned()
    plan.app('web', '0', '1')
    for unit in ('web/0', 'web/1'):
        plan.silence(unit, Outcome.NOT_SHIPPED, state=state)
    assert commands(about(plan, 'web')) == [
        'juju show-status-log -m lab:prod web/0',
        'juju integrate -m lab:prod juju-health web',
    ]


def test_units_that_ail_alike_are_told_of_once() -> None:
    plan = Planned()
    plan.app('web', *map(str, range(20)))
    plan.ail_all('web', 'slow')
    text = render(about(plan, 'web'), RenderOptions(NOW))
    assert text.count('slow') == 2  # Once as the reason, once as the evidence.
    assert 'web/0-19' in text


def test_a_pod_is_looked_at_without_sudo() -> None:
    plan = Planned(type='caas')
    plan.app('web', '0')
    plan.ail('web/0', 'bad', 'disk')
    assert commands(about(plan, 'web')) == ['juju ssh -m lab:prod web/0 df -h']


def test_the_hook_of_a_charms_own_is_run_without_options() -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.ail('web/0')
    hook = '/var/lib/juju/agents/unit-web-0/charm/hooks/health'
    plan.readings['web/0'] = replace(plan.readings['web/0'], hook=hook)
    assert commands(about(plan, 'web')) == [f'juju ssh -m lab:prod web/0 sudo {hook}']


def test_when_nothing_can_be_asked_the_service_is_not_where_to_begin() -> None:
    plan = big()
    for unit in list(plan.readings):
        plan.silence(unit, Outcome.REFUSED_KEY)
    first = about(plan, 'mysql').advice[0]
    assert first == Advice(
        'it is not the service but the way to it: begin there, for 40 services',
        ('reconcile-health', 'doctor', '-m', 'lab:prod'),
    )


def test_what_a_check_measured_is_shown() -> None:
    plan = Planned()
    plan.app('web', '0')
    measured = {'used_percent': 99, 'path': '/srv'}
    plan.report(
        plan.unit('web/0'), CheckResult('disk', Health.FAIL, message='full', data=measured)
    )
    assert 'used_percent 99, path /srv' in render(about(plan, 'web'), RenderOptions(NOW))


@pytest.mark.parametrize(
    ('name', 'hint'),
    [('mysq', 'did you mean mysql?'), ('page-3/7', 'did you mean page-3/'), ('zzz', 'it knows ')],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match='the sweep has no such service or unit') as caught:
        about(big(), name)
    assert hint in str(caught.value)


@pytest.mark.parametrize('name', ['machine 9', '9'])
def test_a_cause_that_is_no_service_is_told_for_what_it_is(name: str) -> None:
    with pytest.raises(UsageError, match=r'machine 9.*it explains mail, notify, queue, search'):
        about(big(), name, DECLARED)


def test_commands_are_not_folded_and_hostile_text_does_nothing() -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.ail('web/0', 'no\x1b[31m [bold]route[/bold]\u202e\nnext line')
    text = render(about(plan, 'web'), RenderOptions(NOW, width=40))
    assert '\x1b' not in text
    assert '\u202e' not in text
    assert '[bold]route[/bold]' in text.replace('\n', '')
    assert any(line.endswith('--unit web/0 --pretty') for line in text.splitlines())


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(plans(), st.sampled_from([40, 80]))
def test_everything_can_be_explained_live_and_from_a_saved_sweep(
    drawn: tuple[Planned, DeclaredDependencies], width: int
) -> None:
    plan, declared = drawn
    live = plan.snapshot(declared)
    saved = decode(render_json(live, RenderOptions(NOW)).encode())
    for service in live.services:
        for name in (service.name, *(reading.unit.name for reading in service.readings)):
            for snapshot in (live, saved):
                found = explain(snapshot, name, declared)
                assert found.service.blame == service.blame
                assert render(found, RenderOptions(NOW, width=width)).startswith(('lab:', 'lab'))
                if found.health is not Health.PASSED and service.blame and service.blame.path:
                    assert found.advice[0].what.startswith(
                        ('begin with ', 'it is not the service')
                    )
