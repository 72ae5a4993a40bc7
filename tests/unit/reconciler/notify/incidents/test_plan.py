"""Who is told of what, and when: by routes, in hours, again, and further up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from zoneinfo import ZoneInfo

from charm.kernel.report import Health
from reconciler.config.alerts import Escalation, Route
from reconciler.config.settings import Config, ServiceConfig
from reconciler.config.working_hours import WorkingHours
from reconciler.history.database import Database
from reconciler.values.certainty import Certainty
from tests.support.outages import OPS, Outages, alerts, fall, rise, shop


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f'sqlite:///{tmp_path}/history.db')


def world(database: Database, *routes: Route, **config: object) -> Outages:
    """Return a shop that is well, with channels of these names."""
    told = alerts(*routes, ops=OPS, boss=OPS, night=OPS)
    made = Outages(database, shop(3), Config(alerts=told, **config))  # type: ignore[arg-type]
    made.sweep()
    return made


def by_channel(made: Outages) -> list[tuple[str, str]]:
    return [(kind, channel) for kind, channel, _ in made.deliveries()]


def test_a_route_may_wait_and_says_so(database: Database) -> None:
    made = world(database, Route(name='slow', channels=('ops',), after_seconds=600.0))
    fall(made.plan)
    made.sweeps(10)
    assert made.told() == []
    assert made.lines['mysql'] == 'not alerting: slow waits until 09:11 UTC'
    made.sweep()
    assert made.told() == [(11, 'firing', 'mysql')]


def test_what_is_over_before_a_route_tells_is_told_to_nobody(database: Database) -> None:
    made = world(database, Route(name='slow', channels=('ops',), after_seconds=600.0))
    fall(made.plan)
    made.sweeps(5)
    rise(made.plan)
    made.sweeps(20)
    assert made.told() == []


def test_reminders_come_in_their_time_and_end_with_it(database: Database) -> None:
    made = world(database, Route(name='r', channels=('ops',), reminder_seconds=600.0))
    fall(made.plan)
    made.sweeps(25)
    assert made.told() == [
        (2, 'firing', 'mysql'),
        (12, 'reminder', 'mysql'),
        (22, 'reminder', 'mysql'),
    ]
    rise(made.plan)
    made.sweeps(30)
    assert [kind for _, kind, _ in made.told()][3:] == ['recovered']


def test_who_is_told_further_up_hears_of_the_end(database: Database) -> None:
    step = Escalation(after_seconds=600.0, channels=('boss',))
    made = world(database, Route(name='r', channels=('ops',), escalate=(step,)))
    fall(made.plan)
    made.sweeps(30)
    rise(made.plan)
    made.sweeps(2)
    assert by_channel(made) == [
        ('firing', 'ops'),
        ('escalation', 'boss'),
        ('recovered', 'ops'),
        ('recovered', 'boss'),
    ]
    assert made.told()[1] == (12, 'escalation', 'mysql')


def test_what_gets_worse_is_told_once_it_was_seen_often_enough(database: Database) -> None:
    made = world(database, Route(name='r', channels=('ops',)))
    made.plan.ail_all('mysql', 'slow', health=Health.WARN)
    made.sweeps(3)
    fall(made.plan)
    made.sweep()
    assert [kind for _, kind, _ in made.told()] == ['firing']
    made.sweeps(5)
    assert made.told()[1:] == [(5, 'changed', 'mysql')]
    made.plan.ail_all('mysql', 'slow', health=Health.WARN)
    made.sweeps(5)
    rise(made.plan)
    made.sweeps(2)
    assert [kind for _, kind, _ in made.told()][2:] == ['recovered']
    assert made.notices()[-1].health is Health.FAIL


def test_a_route_of_failures_takes_what_was_a_warning_when_it_fails(database: Database) -> None:
    grave = Route(name='grave', channels=('boss',), health=Health.FAIL)
    rest = Route(name='rest', channels=('ops',))
    made = world(database, grave, rest)
    made.plan.ail_all('mysql', 'slow', health=Health.WARN)
    made.sweeps(3)
    fall(made.plan)
    made.sweeps(3)
    rise(made.plan)
    made.sweeps(3)
    assert by_channel(made) == [
        ('firing', 'ops'),
        ('changed', 'ops'),
        ('firing', 'boss'),
        ('recovered', 'ops'),
        ('recovered', 'boss'),
    ]


def test_a_channel_of_two_routes_is_told_once(database: Database) -> None:
    first = Route(name='one', channels=('ops', 'boss'), continues=True)
    made = world(database, first, Route(name='two', channels=('ops', 'night')))
    fall(made.plan)
    made.sweeps(3)
    assert sorted(by_channel(made)) == [
        ('firing', 'boss'),
        ('firing', 'night'),
        ('firing', 'ops'),
    ]
    assert {notice.number for notice in made.notices()} == {1}


def test_outside_hours_a_message_waits_and_so_does_the_end(database: Database) -> None:
    # It is a Monday, 09:00.
    hours = WorkingHours(begins=8 * 60, ends=9 * 60 + 10, zone=ZoneInfo('UTC'))
    made = world(database, Route(name='day', channels=('ops',), hours=hours))
    fall(made.plan)
    made.sweeps(3)
    made.sweep(after=30)
    rise(made.plan)
    made.sweeps(2)
    assert [kind for _, kind, _ in made.told()] == ['firing', 'recovered']
    fall(made.plan)
    made.sweeps(3)
    assert made.lines['mysql'] == (
        'not alerting: outside the hours of day until 2026-11-24 08:00 UTC'
    )
    made.sweep(after=23 * 60)
    assert [kind for _, kind, _ in made.told()][2:] == ['firing']


def test_what_no_route_takes_says_so(database: Database) -> None:
    made = world(database, Route(name='pg', channels=('ops',), applications=('pg*',)))
    fall(made.plan)
    made.sweeps(3)
    assert made.lines['mysql'] == 'not alerting: no route takes it to a channel'


def test_routes_choose_by_application_label_and_certainty(database: Database) -> None:
    of_team = Route(name='team', channels=('night',), labels={'team': 'd*'})
    sure = Route(name='sure', channels=('boss',), certainty=Certainty.CERTAIN)
    made = world(
        database,
        of_team,
        sure,
        services=(ServiceConfig('mysql', labels=(('team', 'db'),)),),
    )
    fall(made.plan)
    made.sweeps(3)
    assert by_channel(made) == [('firing', 'night')]
    (notice,) = made.notices()
    assert dict(notice.own_labels) == {'team': 'db'}
    assert notice.labels['juju_application'] == 'mysql'
    assert notice.labels['juju_model_uuid'] == 'uuid-1'
    assert notice.labels['juju_unit'] == 'mysql/0'


def test_labels_stay_as_they_were_first_told(database: Database) -> None:
    made = world(database, Route(name='r', channels=('ops',), reminder_seconds=600.0))
    made.plan.app('ha', '70', '71')
    made.sweep()
    made.sweep(after=120)
    made.plan.ail('ha/0', 'out of memory')
    made.sweeps(3)
    made.plan.ail('ha/1', 'out of memory')
    made.config = replace(made.config, services=(ServiceConfig('ha', labels=(('team', 'new'),)),))
    made.sweeps(12)
    first, second = made.notices()
    assert (first.labels, second.kind.value) == (second.labels, 'reminder')
    assert first.labels['juju_unit'] == 'ha/0'


def test_without_channels_incidents_are_kept_and_nothing_is_said(database: Database) -> None:
    made = Outages(database, shop(3), Config())
    made.sweep()
    fall(made.plan)
    made.sweeps(3)
    assert made.kept is not None
    assert (len(made.kept.incidents), made.lines, made.told()) == (1, {}, [])
