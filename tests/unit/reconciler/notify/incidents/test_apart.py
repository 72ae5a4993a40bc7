"""Incidents of one model say nothing of another's, and no odd text or route costs any of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.config.alerts import Escalation, Route
from reconciler.config.settings import Config
from reconciler.history.database import Database
from reconciler.history.looks import looks_of
from reconciler.history.record import record
from reconciler.notify.incidents.keep import SweepKept, keep
from reconciler.values.readings import Snapshot
from tests.support.outages import OPS, Outages, alerts, fall, rise, shop
from tests.support.patience import PATIENCE
from tests.support.planned import Planned


@dataclass
class Other(Outages):
    """Another model in the same database, swept by itself."""

    def once(self, plan: Planned, minute: float) -> dict[str, str]:
        self.minute = minute
        found = self.plan_of(plan)
        looks = looks_of(found, 'lab:test', 'uuid-2', whole=True)
        recorded = record(self.database, looks, Deadline.after(PATIENCE))
        swept = SweepKept(found, True, recorded.at, {'': recorded.model_id})
        kept = keep(self.database, swept, self.config, Deadline.after(PATIENCE))
        return dict(kept.lines)

    def plan_of(self, plan: Planned) -> Snapshot:
        own, self.plan = self.plan, plan
        found = self.snapshot()
        self.plan = own
        return replace(found, model=replace(found.model, name='test'))


@pytest.fixture
def world(tmp_path: Path) -> Other:
    return Other(Database(f'sqlite:///{tmp_path}/history.db'), shop(2))


def test_what_was_seen_in_another_model_is_no_look_at_this_one(world: Other) -> None:
    world.sweep()
    world.plan.ail_all('web00')
    world.sweep()
    other = shop(2)
    other.ail_all('web00')
    assert world.once(other, 1.5) == {'web00': 'not alerting: 1 of 2 looks'}


def test_an_outage_of_another_model_holds_nothing_and_lends_no_line(world: Other) -> None:
    world.sweep()
    fall(world.plan)
    world.sweeps(2)
    other = shop(2)
    other.ail_all('web00')
    world.once(other, 3)
    assert world.once(other, 4) == {'web00': 'told ops'}


def test_letters_that_escape_nul_cost_nothing(world: Other) -> None:
    evidence = r'bad: "a\u0000b" \\u0000' + ' and \0'
    world.plan.ail_all('mysql', evidence, check='mysqld')
    world.sweeps(4)
    (notice,) = world.notices()
    assert r'a\u0000b' in notice.evidence
    assert '\0' not in notice.evidence


def test_what_is_gone_with_all_of_its_model_is_over(world: Other) -> None:
    world.sweep()
    fall(world.plan)
    world.sweeps(2)
    world.plan.applications.clear()
    found = world.plan_of(shop(0))
    empty = replace(found, model=world.plan.model, services=(), causes=())
    for _ in range(2):
        world.minute += 1
        world.sweep(found=replace(empty, started_at=world.now), after=0)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'recovered']


def test_a_route_that_shares_a_channel_goes_on_with_what_another_said(world: Other) -> None:
    first = Route(name='a', channels=('ops',), continues=True)
    step = Escalation(after_seconds=300.0, channels=('boss',))
    second = Route(name='b', channels=('ops',), reminder_seconds=600.0, escalate=(step,))
    world.config = Config(alerts=alerts(first, second, ops=OPS, boss=OPS))
    world.sweep()
    fall(world.plan)
    world.sweeps(20)
    assert [(kind, channel) for kind, channel, _ in world.deliveries()] == [
        ('firing', 'ops'),
        ('escalation', 'boss'),
        ('reminder', 'ops'),
        ('reminder', 'boss'),
    ]


def test_a_route_with_another_name_goes_on_as_well(world: Other) -> None:
    route = Route(name='a', channels=('ops',), reminder_seconds=600.0)
    world.config = Config(alerts=alerts(route, ops=OPS))
    world.sweep()
    fall(world.plan)
    world.sweeps(3)
    world.config = Config(alerts=alerts(replace(route, name='b'), ops=OPS))
    world.sweeps(12)
    assert [kind for _, kind, _ in world.told()] == ['firing', 'reminder']


def test_who_was_told_of_a_warning_hears_that_it_fails_whichever_route_takes_that(
    world: Other,
) -> None:
    grave = Route(name='grave', channels=('boss',), health=Health.FAIL)
    rest = Route(name='rest', channels=('ops',))
    world.config = Config(alerts=alerts(grave, rest, ops=OPS, boss=OPS))
    world.sweep()
    world.plan.ail_all('mysql', 'slow', health=Health.WARN)
    world.sweeps(3)
    fall(world.plan)
    world.sweeps(3)
    rise(world.plan)
    world.sweeps(3)
    assert sorted((kind, channel) for kind, channel, _ in world.deliveries()) == [
        ('changed', 'ops'),
        ('firing', 'boss'),
        ('firing', 'ops'),
        ('recovered', 'boss'),
        ('recovered', 'ops'),
    ]
