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


def found(plan: Planned) -> dict[str, Certainty | None]:
    """Return the causes, each with its certainty."""
    return {name: cause.certainty for name, cause in plan.explained()[1].items()}


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
    [
        'restarted over and over: mysql.service (restarted 4 times, up for 2.0 s)',
        'starting for ever: mysql.service (start-pre for 12 min)',
        'failed, and left over: mysql.service; `systemctl reset-failed mysql.service` forgets it',
    ],
)
def test_whatever_is_wrong_with_a_service_it_is_that_of_whom_it_is_called_after(
    message: str,
) -> None:
    plan = shelf()
    fail_all(plan, message)
    assert list(plan.explained()[1]) == ['mysql']


@pytest.mark.parametrize(
    'message',
    ['failed: cron-daily.timer', 'failed: snapd.service', 'failed: a.service, b.service'],
)
def test_what_is_nobodys_is_the_machines(message: str) -> None:
    plan = shelf()
    fail_all(plan, message)
    assert list(plan.explained()[1]) == ['machine 1']


def test_one_that_does_not_say_so_itself_is_not_blamed_for_what_is_called_after_it() -> None:
    plan = shelf()
    plan.ail('web/0', 'failed: mysql.service', 'failed-units')
    plan.ail('cron/0', 'failed: mysql.service', 'failed-units')
    assert list(plan.explained()[1]) == ['machine 1']


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


def test_a_neighbours_trouble_is_not_passed_on_to_clients() -> None:
    plan = Planned()
    plan.app('mysql', '1')
    plan.beside('telegraf', 'mysql')
    plan.app('web', '3')
    plan.relate('web', 'db', 'mysql', 'database', 'mysql_client')
    for unit in ('mysql/0', 'telegraf/0'):
        plan.ail(unit, 'failed: telegraf.service', 'failed-units')
    plan.ail('web/0', '500 Internal Server Error')
    assert found(plan) == {'telegraf': Certainty.CERTAIN, 'web': Certainty.CERTAIN}
    plan.ail('web/0', 'no answer from mysql/0')
    assert found(plan) == {'telegraf': Certainty.CERTAIN, 'web': Certainty.LIKELY}


def test_whose_service_failed_is_ill_whatever_it_tells_of_itself() -> None:
    plan = Planned()
    plan.app('mysql', '1')
    plan.beside('nrpe', 'mysql')
    plan.ail('nrpe/0', 'failed: mysql.service', 'failed-units')
    # Its own checks pass: what failed is nobody's that is known.
    assert found(plan) == {'nrpe': Certainty.LIKELY}
    plan.ail('mysql/0', 'cannot connect to 127.0.0.1:3306: refused', 'tcp')
    assert found(plan) == {'mysql': Certainty.CERTAIN}


@pytest.mark.parametrize(
    ('more', 'certainty'),
    [('', Certainty.CERTAIN), (', apt-daily.service', Certainty.LIKELY)],
)
def test_several_failed_services_are_each_their_owners(more: str, certainty: Certainty) -> None:
    plan = Planned()
    for name in ('mysql', 'rabbitmq-server', 'nova'):
        plan.app(name, '1')
        plan.ail(
            f'{name}/0', f'failed: mysql.service, rabbitmq-server.service{more}', 'failed-units'
        )
    assert found(plan) == dict.fromkeys(('mysql', 'rabbitmq-server'), Certainty.CERTAIN)
    blame = plan.explained()[0]['nova']
    assert blame is not None
    assert blame.certainty is certainty


@pytest.mark.parametrize(
    ('service', 'app'),
    [('prometheus-node-exporter.service', 'prometheus'), ('mysql-backup.service', 'mysql')],
)
def test_what_is_called_after_an_application_in_part_is_not_surely_its(
    service: str, app: str
) -> None:
    plan = Planned()
    for name in (app, 'web'):
        plan.app(name, '1')
        plan.ail(f'{name}/0', f'failed: {service}', 'failed-units')
    assert found(plan) == {app: Certainty.LIKELY}
    plan.app('ubuntu', '2')
    plan.app('cron', '2')
    for name in ('ubuntu', 'cron'):
        plan.ail(f'{name}/0', 'failed: ubuntu-advantage.service', 'failed-units')
    assert set(found(plan)) == {app, 'machine 2'}


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
