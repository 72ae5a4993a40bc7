"""One outage is one message, and one when it is over, whatever is held to be its cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.values.outcomes import Outcome
from tests.support.outages import Outages, fall, rise, shop


@pytest.fixture
def world(tmp_path: Path) -> Outages:
    return Outages(Database(f'sqlite:///{tmp_path}/history.db'), shop())


def test_a_cause_with_forty_victims_is_one_message_and_one_recovery(world: Outages) -> None:
    world.sweeps(3)
    fall(world.plan)
    world.sweeps(2)
    assert world.told() == [(4, 'firing', 'mysql')]
    (notice,) = world.notices()
    assert [victim.service for victim in notice.victims] == [f'web{n:02}' for n in range(40)]
    assert notice.since == world.now.replace(minute=3)
    world.sweeps(30)
    rise(world.plan)
    world.sweeps(2)
    world.sweeps(10)
    assert world.told() == [(4, 'firing', 'mysql'), (36, 'recovered', 'mysql')]
    ended = world.notices()[-1]
    assert (ended.health, ended.until) == (Health.FAIL, world.now.replace(minute=35))


def test_each_line_says_who_was_told_or_why_nobody_is(world: Outages) -> None:
    world.sweep()
    fall(world.plan, 'web00')
    world.sweep()
    assert world.lines == {
        'mysql': 'not alerting: 1 of 2 looks',
        'web00': 'under cause mysql, not alerting: 1 of 2 looks',
    }
    world.sweep()
    assert world.lines == {'mysql': 'told ops', 'web00': 'under cause mysql, told ops'}
    rise(world.plan)
    world.sweep()
    assert world.lines['mysql'] == 'told ops; well for 1 of 2 looks'
    world.sweep()
    assert world.lines == {}


def test_what_one_look_saw_is_no_incident(world: Outages) -> None:
    world.sweep()
    for _ in range(5):
        fall(world.plan)
        world.sweep()
        rise(world.plan)
        world.sweep()
    assert world.told() == []
    assert world.count() == 0


def test_victims_that_need_a_while_after_their_cause_are_no_outages_of_their_own(
    world: Outages,
) -> None:
    world.sweep()
    fall(world.plan)
    world.sweeps(2)
    rise(world.plan, 'mysql')
    world.sweeps(4)
    assert 'mysql has just recovered until' in world.lines['web07']
    rise(world.plan)
    world.sweeps(4)
    assert world.told() == [(2, 'firing', 'mysql'), (4, 'recovered', 'mysql')]


def test_a_victim_that_stays_ill_after_its_cause_is_told_of_in_time(world: Outages) -> None:
    world.sweep()
    fall(world.plan)
    world.sweeps(2)
    rise(world.plan)
    world.plan.ail_all('web03', 'out of memory')
    world.sweeps(12)
    # Five minutes after the first look at which mysql was well.
    assert world.told()[2:] == [(8, 'firing', 'web03')]


def test_what_is_seen_before_its_cause_is_told_of_once_with_it(world: Outages) -> None:
    world.sweep()
    world.plan.ail_all('web00', 'cannot connect to mysql')
    world.sweep()
    assert world.lines == {'web00': 'not alerting: 1 of 2 looks'}
    fall(world.plan, 'web00')
    world.sweep()
    assert world.told() == [(2, 'firing', 'mysql')]
    assert world.notices()[0].since == world.now.replace(minute=1)
    world.sweeps(5)
    rise(world.plan)
    world.sweeps(5)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'recovered']


def test_a_deeper_cause_that_is_found_later_silences_what_was_told(world: Outages) -> None:
    world.sweep()
    world.plan.ail_all('web00', 'cannot connect to mysql')
    world.sweeps(2)
    fall(world.plan, 'web00')
    world.sweeps(5)
    assert world.told() == [(2, 'firing', 'web00'), (4, 'firing', 'mysql')]
    assert world.lines['web00'] == 'told ops; under cause mysql'
    rise(world.plan)
    world.sweeps(2)
    assert sorted(world.told()[2:]) == [(9, 'recovered', 'mysql'), (9, 'recovered', 'web00')]


def test_two_causes_are_two_messages(world: Outages) -> None:
    world.plan.app('ceph', '90')
    world.sweep()
    fall(world.plan, 'web00', 'web01')
    world.plan.ail_all('ceph', 'no quorum')
    world.sweeps(3)
    rise(world.plan)
    world.sweeps(3)
    assert sorted((kind, cause) for _, kind, cause in world.told()) == [
        ('firing', 'ceph'),
        ('firing', 'mysql'),
        ('recovered', 'ceph'),
        ('recovered', 'mysql'),
    ]


def test_a_machine_that_is_lost_with_all_on_it_is_one_message(world: Outages) -> None:
    for number in range(6):
        world.plan.app(f'on{number}', '99')
    world.sweep()
    world.plan.lose('99')
    world.sweeps(5)
    assert world.told() == []
    assert 'it may be booting until 09:06 UTC' in world.lines['on3']
    world.sweeps(4)
    assert world.told() == [(6, 'firing', 'machine 99')]
    rise(world.plan)
    world.sweeps(5)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'recovered']


def test_a_network_that_is_lost_is_one_message(world: Outages) -> None:
    world.sweep()
    for unit in list(world.plan.readings):
        world.plan.silence(unit, Outcome.UNREACHABLE, 'no route to host')
    world.sweeps(9)
    assert [(kind, cause) for _, kind, cause in world.told()] == [('firing', 'collector')]
    rise(world.plan)
    world.sweeps(3)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'recovered']


def test_an_application_that_is_removed_is_over(world: Outages) -> None:
    world.sweep()
    world.plan.ail_all('web00', 'out of memory')
    world.sweeps(2)
    del world.plan.applications['web00']
    world.sweeps(2)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'recovered']


def test_what_was_not_looked_at_is_neither_well_nor_ill(world: Outages) -> None:
    world.sweep()
    fall(world.plan)
    world.sweeps(2)
    rise(world.plan)
    part = world.snapshot()
    alone = tuple(service for service in part.services if service.name == 'web00')

    world.sweep(whole=False, found=replace(part, services=alone, causes=()))
    assert world.kept is not None
    assert len(world.kept.incidents) == 1
