"""Whose a trouble is that several on a machine tell: its, a neighbour's, or one's own."""

from __future__ import annotations

import pytest

from reconciler.values.certainty import Certainty
from reconciler.values.readings import Outcome, Role
from tests.support.planned import Planned
from tests.unit.reconciler.causes.test_cause_or_victim import role


def shelf() -> Planned:
    """Return mysql and two neighbours on machine 1, with their like on 2 and 3: all well."""
    plan = Planned()
    for name in ('mysql', 'web', 'cron'):
        plan.app(name, '1', '2', '3')
    return plan


def fail_all(plan: Planned, message: str, check: str = 'failed-units') -> None:
    for unit in ('mysql/0', 'web/0', 'cron/0'):
        plan.ail(unit, message, check)


def test_a_failed_service_of_the_host_is_that_of_whom_it_is_called_after() -> None:
    plan = shelf()
    fail_all(plan, 'failed: mysql.service')
    blames, causes = plan.explained()
    assert list(causes) == ['mysql']
    assert role(blames['mysql']) == ('cause', ())
    for name in ('web', 'cron'):
        blame = blames[name]
        assert role(blame) == ('victim', ('mysql',))
        assert blame is not None
        assert blame.reason == 'it is beside mysql, whose service its check failed-units names'
        assert blame.certainty is Certainty.CERTAIN


@pytest.mark.parametrize(
    ('service', 'charm'),
    [
        ('mysql@3306.service', 'mysql-innodb-cluster'),
        ('snap.mysql.mysqld.service', 'mysql'),
        ('postgresql@16-main.service', 'postgresql'),
        ('nova-compute.service', 'nova-compute-kvm'),
        ('ceph-osd@12.service', 'ceph-osd'),
    ],
)
def test_services_are_called_after_charms_in_many_ways(service: str, charm: str) -> None:
    plan = Planned()
    plan.app('store', '1', charm=charm)
    plan.app('web', '1')
    for unit in ('store/0', 'web/0'):
        plan.ail(unit, f'failed: {service}', 'failed-units')
    assert list(plan.explained()[1]) == ['store']


@pytest.mark.parametrize(
    'message',
    ['failed: cron-daily.timer', 'failed: snapd.service', 'failed: mysql.service, web.service'],
)
def test_what_is_nobodys_or_several_ones_is_the_machines(message: str) -> None:
    plan = shelf()
    fail_all(plan, message)
    assert list(plan.explained()[1]) == ['machine 1']


def test_one_that_does_not_say_so_itself_is_not_blamed_for_what_is_called_after_it() -> None:
    plan = shelf()
    plan.ail('web/0', 'failed: mysql.service', 'failed-units')
    plan.ail('cron/0', 'failed: mysql.service', 'failed-units')
    assert list(plan.explained()[1]) == ['machine 1']


def test_who_fails_vaguely_on_a_machine_with_a_full_disk_is_its_victim() -> None:
    plan = shelf()
    plan.beside('telegraf', 'web')
    plan.ail('telegraf/0', '/ at 100 %', 'disk')
    plan.ail('web/0', '500 Internal Server Error')
    blames, causes = plan.explained()
    assert list(causes) == ['machine 1']
    assert causes['machine 1'].message == 'disk: / at 100 % (so says telegraf/0)'
    assert role(blames['web']) == ('victim', ('machine 1',))
    blame = blames['web']
    assert blame is not None
    assert blame.certainty is Certainty.LIKELY
    plan.ail('web/0', 'write failed: no space left on device')
    assert role(plan.explained()[0]['web']) == ('victim', ('machine 1',))


def test_our_own_charm_tells_of_the_machine_too() -> None:
    plan = shelf()
    plan.beside('juju-health', 'web')
    plan.ail('juju-health/0', '/ at 100 %', 'disk')
    assert plan.explained()[1] == {}
    plan.ail('web/0', '500 Internal Server Error')
    blames, causes = plan.explained()
    assert list(causes) == ['machine 1']
    assert role(blames['web']) == ('victim', ('machine 1',))


@pytest.mark.parametrize(
    ('disk', 'trouble'),
    [
        ('/srv/telegraf at 100 %', '500 Internal Server Error'),
        ('/ at 100 %', 'page 7 is corrupt'),
    ],
)
def test_a_disk_of_its_own_or_an_ill_of_its_own_stays_one(disk: str, trouble: str) -> None:
    plan = shelf()
    plan.beside('telegraf', 'web')
    plan.ail('telegraf/0', disk, 'disk')
    plan.ail('web/0', trouble)
    assert set(plan.explained()[1]) == {'telegraf', 'web'}


def test_who_fails_elsewhere_too_is_no_victim_of_one_machine() -> None:
    plan = shelf()
    plan.beside('telegraf', 'web')
    plan.ail('telegraf/0', '/ at 100 %', 'disk')
    plan.ail_all('web', '500 Internal Server Error')
    assert role(plan.explained()[0]['web']) == ('cause', ())


def test_a_known_provider_that_fails_comes_before_the_machine() -> None:
    plan = shelf()
    plan.beside('telegraf', 'web')
    plan.app('db', '9', charm='postgresql')
    plan.relate('web', 'db', 'db', 'db', 'pgsql')
    plan.ail('telegraf/0', '/ at 100 %', 'disk')
    plan.ail('web/0', '500 Internal Server Error')
    plan.ail('db/0', 'page 7 is corrupt')
    assert role(plan.explained()[0]['web']) == ('victim', ('db',))
    plan.ail('web/0', 'no answer from db')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert (blame.certainty, 'also' in blame.reason) == (Certainty.CERTAIN, False)


@pytest.mark.parametrize('message', ['cannot connect to mysql/0', 'dial tcp 10.0.0.7: refused'])
def test_all_that_ails_on_a_machine_is_not_its_fault_if_one_names_the_other(message: str) -> None:
    plan = Planned()
    plan.app('mysql', '1', '2')
    plan.app('web', '1', '2')
    plan.relate('web', 'store', 'mysql', 'api', 'rest')
    plan.ail('mysql/0', 'exit status 1')
    plan.ail('web/0', 'exit status 1')
    assert list(plan.explained()[1]) == ['machine 1']
    plan.ail('web/0', message)
    assert 'machine 1' not in plan.explained()[1]
    plan.ail('web/0', 'exit status 1')
    plan.ail('mysql/0', 'page 7 is corrupt')
    assert 'machine 1' not in plan.explained()[1]


def test_units_of_a_subordinate_stand_each_for_itself() -> None:
    plan = Planned()
    plan.app('db', '1')
    plan.app('web', '2')
    plan.beside('telegraf', 'db', 'web')
    plan.ail('db/0', '/srv at 100 %', 'disk')
    plan.ail('telegraf/0', '/srv at 100 %', 'disk')
    assert list(plan.explained()[1]) == ['db']
    plan.ail('telegraf/1', 'worker exited with status 1', 'service')
    blames, causes = plan.explained()
    assert set(causes) == {'db', 'telegraf'}
    assert causes['telegraf'].message == 'service: worker exited with status 1'
    blame = blames['telegraf']
    assert blame is not None
    assert (blame.role, blame.certainty) == (Role.CAUSE, Certainty.CERTAIN)
    assert blame.reason == 'service: worker exited with status 1'


def test_what_juju_knows_to_be_down_is_not_held_against_this_side() -> None:
    plan = Planned()
    for number in range(2):
        plan.app(f'app-{number}', f'{number}')
        plan.lose(f'{number}')
    assert list(plan.explained()[1]) == ['collector']
    plan.machine('0', agent='down')
    blames, causes = plan.explained()
    assert set(causes) == {'machine 0', 'machine 1'}
    assert role(blames['app-0']) == ('victim', ('machine 0',))
    plan.app('app-2', '2')
    plan.lose('2')
    blames, causes = plan.explained()
    assert set(causes) == {'collector', 'machine 0'}
    assert causes['collector'].victims == ('app-1', 'app-2')


def test_a_lost_machine_is_a_cause_whatever_else_explains_what_is_on_it() -> None:
    plan = Planned()
    plan.app('db', '1')
    plan.app('web', '2', '3')
    plan.beside('telegraf', 'db', 'web')
    plan.lose('3')
    plan.ail('telegraf/0', 'worker exited with status 1', 'service')
    plan.ail('web/0', 'page 7 is corrupt')
    assert set(plan.explained()[1]) == {'machine 3', 'telegraf', 'web'}


def test_who_misses_what_is_well_is_no_certain_cause() -> None:
    plan = Planned()
    plan.app('redis', '1', '2')
    plan.app('web', '3')
    plan.relate('web', 'cache', 'redis', 'redis', 'redis')
    plan.ail('web/0', 'cannot connect to redis/1')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert (blame.role, blame.certainty) == (Role.CAUSE, Certainty.LIKELY)


def test_a_machine_nobody_could_look_at_stays_a_doubt() -> None:
    plan = shelf()
    plan.ail('web/0', '500 Internal Server Error')
    plan.silence('mysql/0', Outcome.TIMEOUT)
    assert 'machine 1' not in plan.explained()[1]


def test_who_only_tells_of_a_neighbour_is_not_what_ails_it() -> None:
    plan = Planned()
    plan.app('redis', '1')
    plan.beside('mysql-router', 'redis')
    plan.relate('redis', 'shared-db', 'mysql-router', 'shared-db', 'mysql-shared')
    for unit in ('redis/0', 'mysql-router/0'):
        plan.ail(unit, 'failed: redis.service', 'failed-units')
    blames, causes = plan.explained()
    assert list(causes) == ['redis']
    assert role(blames['mysql-router']) == ('victim', ('redis',))


def test_what_neighbours_tell_of_one_that_nobody_looked_at_makes_it_a_cause() -> None:
    plan = shelf()
    plan.app('shop', '9')
    plan.relate('shop', 'db', 'mysql', 'database', 'mysql_client')
    for unit in ('mysql/0', 'mysql/1', 'mysql/2'):
        plan.silence(unit, Outcome.NOT_SHIPPED)
    plan.ail('web/0', 'failed: mysql.service', 'failed-units')
    plan.ail('shop/0', 'no answer from mysql')
    blames, causes = plan.explained()
    assert list(causes) == ['mysql']
    assert causes['mysql'].message == 'web/0 says failed-units: failed: mysql.service'
    assert causes['mysql'].certainty is not Certainty.CERTAIN
    assert role(blames['shop']) == role(blames['web']) == ('victim', ('mysql',))


def test_an_address_means_the_principal_and_not_what_is_beside_it() -> None:
    plan = Planned()
    plan.app('store', '1')
    plan.app('web', '2')
    plan.relate('web', 'backend', 'store', 'api', 'rest')
    for name in ('telegraf', 'juju-health'):
        plan.beside(name, 'store', 'web')
        plan.relate('web', 'juju-info', name, 'juju-info', 'juju-info')
    plan.ail('store/0', 'exit status 1')
    address = plan.unit('store/0').address
    plan.ail('web/0', f'dial tcp {address}:8080: connection refused')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert (role(blame), blame.certainty) == (('victim', ('store',)), Certainty.CERTAIN)


def test_who_tells_of_its_users_does_not_need_them() -> None:
    plan = Planned()
    plan.app('broker', '1')
    plan.app('billing', '2')
    plan.relate('billing', 'queue', 'broker', 'clients', 'acme_queue')
    plan.ail('broker/0', 'dispatcher died; consumers gone: billing/0')
    plan.ail('billing/0', 'no answer from broker')
    blames, causes = plan.explained()
    assert list(causes) == ['broker']
    assert role(blames['billing']) == ('victim', ('broker',))


@pytest.mark.parametrize('outcome', [Outcome.NOT_SHIPPED, Outcome.UNREACHABLE])
def test_what_a_client_may_repeat_of_one_that_nobody_knows_of_is_no_certain_ill(
    outcome: Outcome,
) -> None:
    plan = Planned()
    plan.app('keystone', '1')
    plan.app('glance', '2')
    plan.relate('glance', 'identity', 'keystone', 'identity', 'keystone')
    plan.ail('glance/0', 'certificate has expired')
    assert found(plan) == {'glance': Certainty.CERTAIN}
    plan.silence('keystone/0', outcome)
    assert found(plan).get('glance') is not Certainty.CERTAIN


def found(plan: Planned) -> dict[str, Certainty | None]:
    """Return the causes, each with its certainty."""
    return {name: cause.certainty for name, cause in plan.explained()[1].items()}
