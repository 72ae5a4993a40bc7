"""Units that Juju removes while we look cost their neighbours nothing, and are told as gone."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import Collection, CollectPlan, collect
from reconciler.collect.fanout import FanoutLimits
from reconciler.collect.interpret import IS_GONE, silent_reading
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju.life import is_leaving
from reconciler.reach.base import ReachError
from reconciler.values.model import Model
from reconciler.values.readings import Outcome
from tests.support.asked import NOW, Behaviour, FakeReach, Ran, answers, model
from tests.support.patience import PATIENCE

UNITS = ('aaa/3', 'web/0', 'web/1')


def gone(_ran: Ran) -> bytes:
    error = ReachError(Outcome.JUJU_FAILED, 'cannot use juju ssh: unit not found')
    error.gone = True
    raise error


def collected(there: Model, behaviours: dict[str, list[Behaviour]]) -> Collection:
    limits = FanoutLimits()
    way = CollectPlan(ScriptAsker(FakeReach(behaviours), limits.time), limits)
    return collect(way, there, list(there.units()), Deadline.after(PATIENCE))


@pytest.mark.parametrize(
    'removed',
    [names for count in range(3) for names in itertools.combinations(UNITS, count)],
    ids=lambda names: '+'.join(names) or 'none',
)
def test_only_what_is_gone_is_told_as_gone(removed: tuple[str, ...]) -> None:
    there = model(UNITS)
    targets = {name: [gone] if name in removed else [answers] for name in UNITS[:2]}
    found = collected(there, {**targets, '0': [answers]}).readings
    # Who is not named first is not looked for: its hook, which is gone as well, tells of it.
    asked_for = list(itertools.takewhile(lambda name: name in removed, UNITS[:2]))
    for name, reading in found.items():
        assert reading.outcome is (Outcome.LEAVING if name in asked_for else Outcome.REPORTED)
        assert (reading.message == IS_GONE) is (name in asked_for)


def test_a_pod_that_is_gone_is_told_as_gone() -> None:
    there = replace(model(['web/0'], ['web/1']), type='caas')
    found = collected(there, {'web/0': [gone], 'web/1': [answers]}).readings
    assert found['web/0'].outcome is Outcome.LEAVING
    assert found['web/1'].outcome is Outcome.REPORTED


def test_a_unit_that_goes_has_no_say_while_others_stay() -> None:
    there = model(UNITS)
    found = collected(there, {'aaa/3': [gone], 'web/0': [gone], '0': [answers]}).readings
    snapshot = conclude(Evidence(there, found, NOW, 1.0))
    services = {one.name: one for one in snapshot.services}
    assert (services['web'].health, services['web'].message) == (Health.PASSED, '1 check passed')
    assert services['web'].coverage.missing == 1
    assert 'aaa' not in services, 'all of it goes'
    assert snapshot.notes == ('leaving, as juju removes it: aaa',)


@pytest.mark.parametrize('outcome', [Outcome.NOT_SHIPPED, Outcome.UNREACHABLE, Outcome.NO_AGENT])
def test_who_is_being_removed_says_so_and_calls_for_no_charm(outcome: Outcome) -> None:
    there = model(['web/0'])
    (unit,) = there.units()
    stays = silent_reading(there, unit, outcome, '', NOW)
    assert (stays.outcome, bool(stays.advice)) == (outcome, True)
    goes = silent_reading(there, replace(unit, leaving=True), outcome, 'why', NOW)
    assert (goes.outcome, goes.advice.argv[:2]) == (Outcome.LEAVING, ('juju', 'status'))
    assert goes.message == 'juju is removing it'


@pytest.mark.parametrize(
    ('unit', 'leaving'),
    [
        ({'juju-status': {'current': 'executing', 'life': 'dying'}}, True),
        ({'juju-status': {'current': 'idle', 'life': 'dead'}}, True),
        ({'life': 'dying'}, True),
        ({'workload-status': {'current': 'terminated'}}, True),
        ({'juju-status': {'current': 'idle', 'life': 'alive'}}, False),
        ({'juju-status': {'current': 'idle'}, 'workload-status': {'current': 'active'}}, False),
        ({'juju-status': None, 'workload-status': []}, False),
        ({'juju-status': {'life': 7}}, False),
    ],
)
def test_a_units_life_is_read(unit: dict[str, object], leaving: bool) -> None:
    assert is_leaving(unit) is leaving
