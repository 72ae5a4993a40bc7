"""When a machine is what ails those that stand on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from charm.kernel.report import Health, State, StateName
from reconciler.values.certainty import Certainty
from reconciler.values.readings import Outcome
from tests.support.planned import Planned
from tests.support.snapshots import NOW
from tests.unit.reconciler.causes.test_cause_or_victim import role
from tests.unit.reconciler.causes.test_whose_trouble import found, shelf


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


def test_a_machine_nobody_could_look_at_stays_a_doubt() -> None:
    plan = shelf()
    plan.ail('web/0', '500 Internal Server Error')
    plan.silence('mysql/0', Outcome.TIMEOUT)
    assert 'machine 1' not in plan.explained()[1]


@pytest.mark.parametrize(
    ('check', 'message', 'is_machine'),
    [
        ('disk', '/ is 100 % full, 0 B free, /srv is 92 % full, 20 GiB free', True),
        ('disk', '/srv is 99 % full, 1 GiB free, / is 90 % full, 2 GiB free', False),
        ('memory', '0.4 % of 8 GiB available', True),
        ('load', '4.10 per CPU (16.4 on 4 CPUs)', False),
        ('clock', 'nothing synchronises the clock', False),
        ('reboot-required', 'wanted by linux-image', False),
    ],
)
def test_only_what_all_on_a_machine_need_ails_others_there(
    check: str, message: str, is_machine: bool
) -> None:
    plan = Planned()
    plan.app('mysql', '1')
    plan.app('cron', '1')
    plan.ail('cron/0', message, check)
    plan.ail('mysql/0', 'mysql.service has failed: exit-code, exit status 1', 'service')
    assert set(found(plan)) == ({'machine 1'} if is_machine else {'cron', 'mysql'})


def test_the_file_system_that_is_worst_off_is_the_one_that_is_shared() -> None:
    plan = Planned()
    plan.app('mysql', '1')
    plan.app('web', '1')
    plan.ail('mysql/0', '/ is 100 % full, 0 B free, /srv is 92 % full, 20 GiB free', 'disk')
    plan.ail('web/0', '/ is 100 % full, 0 B free', 'disk')
    assert set(found(plan)) == {'machine 1'}
    plan.ail('web/0', '/data is 99 % full, 0 B free, /srv is 92 % full, 20 GiB free', 'disk')
    assert set(found(plan)) == {'mysql', 'web'}


def test_a_machine_that_went_down_after_its_victim_is_a_doubt() -> None:
    plan = Planned()
    plan.app('mysql', '1')
    plan.app('keystone', '2')
    plan.relate('keystone', 'shared-db', 'mysql', 'shared-db', 'mysql-shared')
    plan.machine('1', agent='down')
    plan.lose('1')
    blocked = State(StateName.BLOCKED, 7200.0, NOW - timedelta(hours=2), '', ('shared-db',))
    plan.silence('keystone/0', Outcome.NOT_SHIPPED, state=blocked)
    before = plan.explained()[0]['keystone']
    down = replace(plan.machines['1'].agent, since=NOW - timedelta(hours=1))
    plan.machines['1'] = replace(plan.machines['1'], agent=down)
    after = plan.explained()[0]['keystone']
    assert before is not None
    assert after is not None
    assert before.certainty is not None
    assert after.certainty is not None
    assert after.certainty.rank > before.certainty.rank


def test_a_machine_that_says_that_it_can_run_nothing_is_certainly_the_cause() -> None:
    plan = Planned()
    plan.app('web', '0', '1')
    plan.app('cron', '0')
    said = 'cannot run anything there: it says bash: fork: Cannot allocate memory'
    plan.silence('cron/0', Outcome.ILL, said)
    plan.silence('web/0', Outcome.ILL, said)
    cause = plan.explained()[1]['machine 0']
    assert (cause.health, cause.message, cause.certainty) == (
        Health.FAIL,
        said,
        Certainty.CERTAIN,
    )
    assert cause.victims == ('cron', 'web')
