"""Machines, the controller and the collector as causes."""

from __future__ import annotations

import pytest

from charm.kernel.report import Health, State, StateName
from reconciler.values.certainty import Certainty
from reconciler.values.model import StatusInfo
from reconciler.values.node import Node, NodeKind
from reconciler.values.readings import Blame, Outcome, Role
from tests.support.planned import Planned, nodes
from tests.unit.reconciler.causes.test_cause_or_victim import role


def rack() -> Planned:
    """Return three services spread over machines 0 to 3, and db alone on 3: all well."""
    plan = Planned()
    plan.app('web', '0', '1', '2')
    plan.app('cron', '0', '1')
    plan.app('db', '3', charm='postgresql')
    plan.relate('web', 'db', 'db', 'db', 'pgsql')
    return plan


def test_a_machine_that_does_not_answer_is_the_cause_of_what_is_on_it() -> None:
    plan = rack()
    plan.lose('1')
    blames, causes = plan.explained()
    reason = 'web/1 is on it: cannot reach it: no route to host'
    likely = Certainty.LIKELY
    assert blames['web'] == Blame(Role.VICTIM, nodes('machine 1'), reason, likely)
    assert role(blames['cron']) == ('victim', ('machine 1',))
    (cause,) = causes.values()
    assert (cause.node, cause.health) == (Node(NodeKind.MACHINE, '1'), Health.UNKNOWN)
    assert cause.certainty is likely
    assert cause.victims == ('cron', 'web')


def test_of_several_lost_machines_the_first_is_told_and_the_others_are_named() -> None:
    plan = rack()
    plan.app('wide', '8', '9', '10', '11')
    for machine in ('10', '11', '9'):
        plan.lose(machine)
    blame = plan.explained()[0]['wide']
    assert blame is not None
    assert role(blame) == ('victim', ('machine 9',))
    assert blame.reason.endswith('; also: machine 10, machine 11')


def test_what_needs_a_service_on_a_lost_machine_is_its_victim_too() -> None:
    plan = rack()
    plan.lose('3')
    plan.ail_all('web', 'cannot connect to db')
    blames, causes = plan.explained()
    assert role(blames['web']) == ('victim', ('db', 'machine 3'))
    assert causes['machine 3'].victims == ('db', 'web')


def test_juju_says_that_a_machine_is_down() -> None:
    plan = rack()
    plan.machine('3', agent='down')
    plan.silence('db/0', Outcome.NOT_SHIPPED, state=State(StateName.UNKNOWN))
    cause = plan.explained()[1]['machine 3']
    assert (cause.health, cause.message) == (Health.FAIL, 'juju says down')
    assert cause.certainty is Certainty.CERTAIN


def test_a_machine_that_answers_is_not_lost_whatever_juju_says() -> None:
    plan = rack()
    plan.machine('3', agent='down')
    assert plan.explained() == ({'cron': None, 'db': None, 'web': None}, {})


def test_a_lost_unit_possibly_explains_why_the_others_of_its_service_fail() -> None:
    plan = rack()
    plan.app('etcd', '4', '5', '6')
    plan.lose('4')
    plan.ail('etcd/1', 'no quorum')
    blame = plan.explained()[0]['etcd']
    assert blame is not None
    assert role(blame) == ('victim', ('machine 4',))
    assert blame.reason.startswith('etcd/0 is on it: ')
    assert blame.certainty is Certainty.POSSIBLE


def test_a_failing_provider_is_held_against_more_than_a_lost_unit() -> None:
    plan = rack()
    plan.lose('1')
    plan.ail('web/0')
    plan.ail('db/0')
    blames, _ = plan.explained()
    assert role(blames['web']) == ('victim', ('db',))
    assert role(blames['cron']) == ('victim', ('machine 1',))


def test_containers_are_lost_with_their_machine() -> None:
    plan = rack()
    plan.app('a', '7/lxd/0')
    plan.app('b', '7/lxd/1')
    plan.lose('7/lxd/0')
    plan.lose('7/lxd/1')
    blames, causes = plan.explained()
    assert role(blames['a']) == ('victim', ('machine 7/lxd/0', 'machine 7'))
    assert causes['machine 7'].message == 'none of its 2 containers answered'
    assert causes['machine 7'].victims == ('a', 'b')


def test_one_lost_container_says_nothing_of_its_machine() -> None:
    plan = rack()
    plan.app('a', '7/lxd/0')
    plan.lose('7/lxd/0')
    assert role(plan.explained()[0]['a']) == ('victim', ('machine 7/lxd/0',))
    plan.machine('7', agent='down')
    assert role(plan.explained()[0]['a']) == ('victim', ('machine 7/lxd/0', 'machine 7'))


def test_the_same_trouble_of_the_machine_seen_by_several_services_is_the_machines() -> None:
    plan = rack()
    plan.ail('web/0', '/ at 99 %', 'disk')
    plan.ail('cron/0', '/ at 99 %', 'disk')
    blames, causes = plan.explained()
    assert role(blames['web']) == role(blames['cron']) == ('victim', ('machine 0',))
    assert causes['machine 0'].message == 'disk: / at 99 % (so say 2 of its units)'


def test_two_file_systems_of_a_machine_are_two_troubles() -> None:
    plan = rack()
    plan.ail('web/0', '/srv/web at 99 %', 'disk')
    plan.ail('cron/0', '/srv/cron at 99 %', 'disk')
    assert set(plan.explained()[1]) == {'web', 'cron'}


def test_two_subordinates_of_one_principal_that_say_the_same_tell_of_the_machine() -> None:
    plan = rack()
    plan.beside('ntp', 'web')
    plan.beside('telegraf', 'web')
    for unit in ('ntp/0', 'telegraf/0'):
        plan.ail(unit, '/ at 99 %', 'disk')
    assert plan.explained()[1]['machine 0'].victims == ('ntp', 'telegraf')


def test_a_failed_service_of_the_host_that_all_units_tell_is_one_trouble() -> None:
    plan = rack()
    for unit in ('web/0', 'cron/0'):
        plan.ail(unit, 'mysql.service failed', 'failed-units')
    (cause,) = plan.explained()[1].values()
    assert str(cause.node) == 'machine 0'
    assert cause.certainty is Certainty.LIKELY


@pytest.mark.parametrize('outcome', [Outcome.PROBED, Outcome.HOOK_BROKEN, Outcome.INVALID])
def test_a_machine_that_answers_is_not_down_whatever_juju_says(outcome: Outcome) -> None:
    plan = rack()
    plan.machine('0', agent='down')
    plan.silence('web/0', outcome)
    plan.silence('cron/0', Outcome.NOT_SHIPPED)
    assert 'machine 0' not in plan.explained()[1]


def test_what_ails_on_one_machine_and_is_well_on_the_others_is_the_machines() -> None:
    plan = rack()
    plan.ail('web/0', 'slow')
    plan.ail('cron/0', 'late')
    blames, causes = plan.explained()
    assert role(blames['web']) == role(blames['cron']) == ('victim', ('machine 0',))
    assert 'their like elsewhere are well' in causes['machine 0'].message


@pytest.mark.parametrize('other', ['web/1', 'cron/1'])
def test_what_ails_elsewhere_too_is_not_the_machines(other: str) -> None:
    plan = rack()
    for unit in ('web/0', 'cron/0', other):
        plan.ail(unit)
    assert {role(blame)[0] for blame in plan.explained()[0].values() if blame} == {'cause'}


def test_what_is_well_on_a_machine_clears_it() -> None:
    plan = rack()
    plan.app('fine', '0')
    plan.ail('web/0')
    plan.ail('cron/0')
    assert 'machine 0' not in plan.explained()[1]


@pytest.mark.parametrize(
    ('outcome', 'name', 'kind'),
    [
        (Outcome.UNREACHABLE, 'collector', 'collector'),
        (Outcome.REFUSED_KEY, 'collector', 'collector'),
        (Outcome.NO_PERMISSION, 'collector', 'collector'),
        (Outcome.NOT_LOGGED_IN, 'collector', 'collector'),
        (Outcome.JUJU_FAILED, 'controller lab', 'controller'),
    ],
)
def test_when_nothing_can_be_asked_there_is_one_cause(
    outcome: Outcome, name: str, kind: str
) -> None:
    plan = rack()
    for unit in list(plan.readings):
        plan.silence(unit, outcome)
    blames, causes = plan.explained()
    assert {role(blame) for blame in blames.values()} == {('victim', (name,))}
    (cause,) = causes.values()
    assert (cause.node.kind.value, cause.victims) == (kind, ('cron', 'db', 'web'))
    assert cause.message.startswith('4 machines could not be asked: ')


def test_what_all_say_alike_is_the_evidence_and_else_what_it_means() -> None:
    plan = rack()
    for unit in list(plan.readings):
        plan.silence(unit, Outcome.JUJU_FAILED, 'ERROR cannot log in')
    (cause,) = plan.explained()[1].values()
    assert cause.message == '4 machines could not be asked: ERROR cannot log in'
    plan.silence('db/0', Outcome.JUJU_FAILED, 'ERROR EOF')
    (cause,) = plan.explained()[1].values()
    assert cause.message.endswith(': juju ssh failed before it reached the machine')


def test_when_juju_too_has_lost_every_machine_it_is_not_the_collector() -> None:
    plan = rack()
    for identity in list(plan.machines):
        plan.machine(identity, agent='down')
        plan.lose(identity)
    assert list(plan.explained()[1]) == ['controller lab']


def test_a_login_that_ends_midway_is_the_collectors_and_no_machines() -> None:
    plan = rack()
    plan.silence('web/1', Outcome.NOT_LOGGED_IN)
    plan.silence('cron/1', Outcome.NOT_LOGGED_IN)
    assert list(plan.explained()[1]) == ['collector']


def test_several_machines_that_the_sweep_did_not_wait_for_are_the_collectors() -> None:
    plan = rack()
    plan.silence('web/1', Outcome.DEADLINE)
    plan.silence('web/2', Outcome.DEADLINE)
    assert list(plan.explained()[1]) == ['collector']


def test_a_pod_that_cannot_be_reached_is_no_machines_victim() -> None:
    plan = Planned(type='caas')
    plan.app('web', '0', '1')
    plan.silence('web/1', Outcome.UNREACHABLE)
    blames, causes = plan.explained()
    assert (role(blames['web']), causes) == (('unexplained', ()), {})


def test_a_unit_without_a_machine_is_not_a_lost_machines() -> None:
    plan = rack()
    plan.silence('db/0', Outcome.UNASSIGNED)
    assert role(plan.explained()[0]['db']) == ('unexplained', ())


def test_a_machine_that_was_never_made_is_the_cause() -> None:
    plan = rack()
    machine = plan.machines['3']
    plan.machines['3'] = type(machine)(
        '3', instance=StatusInfo('provisioning error', 'no quota'), addresses=machine.addresses
    )
    plan.silence('db/0', Outcome.UNREACHABLE)
    assert plan.explained()[1]['machine 3'].message == 'juju says provisioning error: no quota'


def test_a_subordinate_that_says_the_same_of_its_machine_is_no_second_cause() -> None:
    plan = rack()
    plan.beside('health', 'web', 'db', charm='juju-health')
    for unit in ('web/0', 'health/0'):
        plan.ail(unit, '/ at 99 %', 'disk')
    blames, causes = plan.explained()
    assert blames['health'] == Blame(
        Role.VICTIM,
        nodes('web'),
        'it is beside web, which says the same of its machine: disk',
        Certainty.CERTAIN,
    )
    assert role(blames['web']) == ('cause', ())
    assert [(str(one.node), one.victims) for one in causes.values()] == [('web', ('health',))]


def test_a_subordinate_with_trouble_of_its_own_is_a_cause() -> None:
    plan = rack()
    plan.beside('agent', 'web')
    plan.ail('web/0', '/ at 99 %', 'disk')
    plan.ail('agent/0', '/ at 99 %', 'disk')
    plan.ail('agent/1', '/ at 98 %', 'disk')
    assert role(plan.explained()[0]['agent']) == ('cause', ())


def test_two_principals_on_a_machine_that_say_the_same_are_the_machines_victims() -> None:
    plan = rack()
    plan.beside('health', 'web', 'cron', charm='juju-health')
    for unit in ('web/0', 'cron/0', 'health/0', 'health/3'):
        plan.ail(unit, '/ at 99 %', 'disk')
    blames, causes = plan.explained()
    assert {role(blame) for blame in blames.values() if blame} == {('victim', ('machine 0',))}
    assert causes['machine 0'].victims == ('cron', 'health', 'web')
