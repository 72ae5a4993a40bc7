"""Nobody is told of what is planned, known or expected to pass; of what stays, in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from charm.kernel.report import CheckResult, Health, State, StateName
from reconciler.config.alerts import AlertsConfig, Quiet
from reconciler.config.settings import Config
from reconciler.config.suppressions import SuppressionEntry
from reconciler.history.database import Database
from reconciler.values.model import StatusInfo
from reconciler.values.outcomes import Outcome
from tests.support.outages import BEGIN, OPS, Outages, alerts, fall, rise, shop
from tests.support.snapshots import NOW


@pytest.fixture
def world(tmp_path: Path) -> Outages:
    world = Outages(Database(f'sqlite:///{tmp_path}/history.db'), shop(3))
    world.sweeps(2)
    return world


def entry(kind: str, target: str, minutes: float) -> SuppressionEntry:
    until = BEGIN + timedelta(minutes=minutes)
    return SuppressionEntry(kind, target, until, 'new disks', by='ann')


def boot(world: Outages, unit: str, boot_id: str) -> None:
    reading = world.plan.readings[unit]
    assert reading.report is not None
    report = replace(reading.report, boot_id=boot_id)
    world.plan.readings[unit] = replace(reading, report=report)


def refresh(world: Outages, name: str, revision: int) -> None:
    known = world.plan.applications[name]
    world.plan.applications[name] = replace(known, revision=revision)


def test_maintenance_of_the_cause_covers_all_that_it_strikes_until_it_ends(
    world: Outages,
) -> None:
    world.said.append(entry('maintenance', 'mysql', 10))
    fall(world.plan)
    world.sweeps(8)
    assert world.told() == []
    hold = 'not alerting: maintenance by ann (new disks) until 09:10 UTC'
    assert world.lines['mysql'] == hold
    assert world.lines['web00'] == f'under cause mysql, {hold}'
    world.sweeps(2)
    assert world.told() == [(10, 'firing', 'mysql')]


def test_what_is_well_again_before_maintenance_ends_is_never_told(world: Outages) -> None:
    world.said.append(entry('maintenance', 'mysql', 60))
    fall(world.plan)
    world.sweeps(8)
    rise(world.plan)
    world.sweeps(70)
    assert world.told() == []


def test_another_failure_during_maintenance_is_told(world: Outages) -> None:
    world.said.append(entry('maintenance', 'mysql', 60))
    fall(world.plan, 'web00')
    world.plan.app('ceph', '77')
    world.config = Config(
        alerts=AlertsConfig(alerts().channels, alerts().routes, Quiet(deploy=0.0))
    )
    world.sweep()
    world.plan.ail_all('ceph', 'no quorum')
    world.sweeps(2)
    assert world.told() == [(4, 'firing', 'ceph')]


def test_an_acknowledgement_ends_reminders_but_not_the_recovery(world: Outages) -> None:
    (route,) = alerts().routes
    world.config = Config(alerts=alerts(replace(route, reminder_seconds=300.0), ops=OPS))
    fall(world.plan)
    world.sweeps(8)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'reminder']
    world.said.append(entry('acknowledged', 'mysql:mysqld', 600))
    world.sweeps(20)
    assert 'told ops; acknowledged by ann (new disks) until' in world.lines['mysql']
    assert len(world.told()) == 2
    rise(world.plan)
    world.sweeps(2)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'reminder', 'recovered']


def test_a_fresh_deploy_is_quiet_and_what_fails_in_it_is_told_in_half_an_hour(
    world: Outages,
) -> None:
    world.plan.app('ceph', '77')
    for unit in world.plan.applications['ceph'].units:
        state = State(StateName.INSTALLING, 30.0, NOW, 'running install hook')
        world.plan.silence(unit.name, Outcome.HOOK_MISSING, state=state)
    world.sweeps(20)
    assert world.told() == []
    assert 'it is installing until 09:32 UTC' in world.lines['ceph']
    world.plan.ail_all('ceph', 'no quorum')
    world.sweeps(11)
    assert world.told() == [(32, 'firing', 'ceph')]


def test_a_deploy_that_comes_up_is_no_word_to_anybody(world: Outages) -> None:
    world.plan.app('ceph', '77')
    world.plan.silence('ceph/0', Outcome.UNASSIGNED, state=State(StateName.BUILDING))
    world.sweeps(25)
    rise(world.plan)
    world.sweeps(60)
    assert world.told() == []


def test_an_upgrade_is_quiet_for_a_quarter_of_an_hour(world: Outages) -> None:
    refresh(world, 'mysql', 218)
    world.sweeps(40)
    refresh(world, 'mysql', 219)
    fall(world.plan)
    world.sweeps(3)
    assert world.lines['mysql'] == (
        'not alerting: refreshed from revision 218 to 219 until 09:57 UTC'
    )
    world.sweeps(13)
    assert world.told() == [(57, 'firing', 'mysql')]
    (notice,) = world.notices()
    assert notice.changes == ('mysql: refreshed from revision 218 to 219, 0s before',)


def test_a_charm_at_work_is_quiet(world: Outages) -> None:
    state = State(StateName.CHURNING, 30.0, NOW)
    for unit in world.plan.applications['mysql'].units:
        failing = CheckResult('mysqld', Health.FAIL, message='stopped', at=NOW)
        world.plan.report(unit, failing, state=state)
    world.sweeps(3)
    assert world.lines['mysql'] == 'not alerting: its charm is at work until 09:17 UTC'


def test_a_machine_that_boots_is_quiet_while_it_is_away_and_after_it_is_back(
    world: Outages,
) -> None:
    boot(world, 'mysql/0', 'one')
    world.sweep()
    world.plan.lose('0')
    world.sweeps(3)
    assert world.told() == []
    fall(world.plan)
    boot(world, 'mysql/0', 'two')
    world.sweeps(3)
    assert 'booted until' in world.lines['mysql']
    rise(world.plan)
    boot(world, 'mysql/0', 'two')
    world.sweeps(30)
    assert world.told() == []


def test_what_fails_elsewhere_for_a_machine_that_boots_is_quiet_with_it(world: Outages) -> None:
    world.plan.lose('0')
    for name in ('web00', 'web01', 'web02'):
        world.plan.ail_all(name, 'cannot connect to mysql')
    known = world.plan.applications['web00']
    status = StatusInfo('blocked', 'no database')
    world.plan.applications['web00'] = replace(known, status=status)
    world.sweeps(4)
    assert world.lines['web00'] == (
        'under cause machine 0, not alerting: it may be booting until 09:07 UTC'
    )
    world.sweeps(2)
    assert world.told() == [(7, 'firing', 'machine 0')]


def test_maintenance_of_a_machine_covers_what_needs_it_elsewhere(world: Outages) -> None:
    world.said.append(entry('maintenance', '0', 60))
    world.plan.lose('0')
    for name in ('web00', 'web01', 'web02'):
        world.plan.ail_all(name, 'cannot connect to mysql')
    world.sweeps(20)
    assert world.told() == []
    assert 'maintenance by ann (new disks) until' in world.lines['web00']


def test_a_machine_that_boots_over_and_over_is_told_in_the_end(world: Outages) -> None:
    fall(world.plan)
    for minute in range(14):
        boot(world, 'mysql/0', f'boot {minute}')
        world.sweep()
    assert world.told() == [(12, 'firing', 'mysql')]


def test_a_service_that_starts_is_quiet_for_five_minutes(world: Outages) -> None:
    starting = CheckResult(
        'mysqld',
        Health.WARN,
        message='mysql.service is activating (start)',
        data={'units': {'mysql.service': {'active': 'activating', 'sub': 'start'}}},
        at=NOW,
    )
    world.plan.report(world.plan.unit('mysql/0'), starting)
    world.sweeps(4)
    assert world.lines['mysql'] == 'not alerting: it is starting until 09:07 UTC'
    world.sweeps(3)
    assert [kind for _, kind, _ in world.told()] == ['firing']


def test_what_needs_a_while_after_a_cause_that_passed_untold_is_quiet(world: Outages) -> None:
    world.plan.lose('0')
    for name in ('web00', 'web01'):
        world.plan.ail_all(name, 'cannot connect to mysql')
    world.sweeps(3)
    rise(world.plan, 'mysql', 'web01')
    world.sweeps(4)
    hold = 'not alerting: machine 0 has just recovered until 09:10 UTC'
    assert world.lines == {'web00': hold}
    world.sweeps(2)
    assert world.told() == [(10, 'firing', 'web00')]
    assert world.count() == 1


def test_a_cause_that_comes_and_goes_untold_keeps_what_it_struck_quiet_twice_at_most(
    world: Outages,
) -> None:
    world.plan.ail_all('web00', 'cannot connect to mysql')
    for minute in range(14):
        rise(world.plan, 'mysql')
        if minute % 3 == 0:
            fall(world.plan, 'web00')
        world.sweep()
    assert [(kind, cause) for _, kind, cause in world.told()] == [('firing', 'web00')]
    (told,) = world.notices()
    assert told.at <= world.now.replace(minute=13)


def test_a_cause_that_comes_back_while_it_is_remembered_begins_anew(world: Outages) -> None:
    fall(world.plan)
    world.sweep()
    rise(world.plan, 'mysql')
    world.sweeps(2)
    fall(world.plan)
    world.sweeps(2)
    assert world.told() == [(6, 'firing', 'mysql')]
    assert world.notices()[0].since == world.now.replace(minute=5)


def test_what_comes_back_often_is_over_once_it_stays_well(world: Outages) -> None:
    for _ in range(5):
        fall(world.plan)
        world.sweeps(3)
        rise(world.plan)
        world.sweeps(3)
    kinds = [kind for _, kind, _ in world.told()]
    assert kinds == ['firing', 'recovered', 'firing', 'recovered', 'firing']
    assert 'flapping: it has recovered if it stays well until' in world.lines.get(
        'mysql', str(world.kept)
    )
    world.sweeps(12)
    assert [kind for _, kind, _ in world.told()] == [*kinds, 'recovered']


def test_quiet_is_as_long_as_the_operator_says(world: Outages) -> None:
    known = alerts()
    world.config = Config(alerts=AlertsConfig(known.channels, known.routes, Quiet(upgrade=0.0)))
    refresh(world, 'mysql', 218)
    world.sweep()
    refresh(world, 'mysql', 219)
    fall(world.plan)
    world.sweeps(2)
    assert [kind for _, kind, _ in world.told()] == ['firing']


def test_what_juju_says_of_a_whole_application_is_not_held_for_its_units(world: Outages) -> None:
    known = world.plan.applications['web00']
    world.plan.applications['web00'] = replace(known, status=StatusInfo('blocked', 'no licence'))
    world.plan.ail_all('web00', 'no licence')
    world.sweeps(2)
    assert [cause for _, _, cause in world.told()] == ['web00']
