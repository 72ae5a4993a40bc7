"""From a service's readings to its health: whose rule it is, and what is missing counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health, State, StateName
from reconciler.config.settings import Config, ServiceConfig
from reconciler.judge.collate import DEFAULT, RollupChoice, choose, collate, furthest_state
from reconciler.judge.conclude import Evidence, conclude
from reconciler.rollups import RollupRule, Vote, read_rule
from reconciler.values.model import Application, Machine, Model, Unit
from reconciler.values.readings import Outcome, Reading
from tests.support.snapshots import NOW, check, reported, silent
from tests.support.strategies import HEALTHS, STATES

P, W, U, F = Health.PASSED, Health.WARN, Health.UNKNOWN, Health.FAIL
AT_LEAST_2 = {'rule': 'at-least', 'count': 2}


def reading(number: int, health: Health = P, rollup: Any = None, **unit: Any) -> Reading:
    made = reported(Unit(f'db/{number}', 'db', str(number), **unit), check('x', health, 'it is'))
    assert made.report is not None
    return replace(made, report=replace(made.report, rollup=rollup or {}))


def chosen(*readings: Reading, own: RollupRule | None = None, whole: bool = True) -> RollupChoice:
    return choose('db', readings, own, whole)


def test_without_a_word_it_is_the_worst() -> None:
    assert chosen(reading(0), reading(1)) == DEFAULT
    assert chosen() == DEFAULT


def test_the_charm_may_ask_for_a_rule_and_the_operator_wins() -> None:
    asked = [reading(0, rollup=AT_LEAST_2), reading(1, rollup=AT_LEAST_2)]
    assert chosen(*asked).words == 'at-least 2 (by the charm)'
    own = chosen(*asked, own=read_rule('best'))
    assert (own.words, own.fault) == ('best (configured)', '')


def test_a_silent_unit_asks_for_nothing() -> None:
    gone = silent(Unit('db/1', 'db', '1'), Outcome.UNREACHABLE, 'no route')
    assert chosen(reading(0, rollup=AT_LEAST_2), gone).words == 'at-least 2 (by the charm)'


@pytest.mark.parametrize('other', [{'rule': 'best'}, {}])
def test_units_that_differ_get_the_worst_and_a_named_fault(other: Any) -> None:
    found = chosen(reading(0, rollup={'rule': 'best'}), reading(1, rollup=AT_LEAST_2))
    assert found.rule == DEFAULT.rule
    assert found.fault == (
        'db: its units ask for different rollups: at-least 2 by db/1; best by db/0; worst was used'
    )
    assert chosen(reading(0, rollup=AT_LEAST_2), reading(1, rollup=other)).fault


def test_one_unit_cannot_talk_away_the_trouble_of_another() -> None:
    service = collate(
        Application('db'),
        [reading(0, rollup={'rule': 'best'}), reading(1, F)],
        chosen(reading(0, rollup={'rule': 'best'}), reading(1, F)),
    )
    assert service.health is F
    assert 'different rollups' in service.because


@pytest.mark.parametrize(
    'rollup',
    [
        {'rule': 'bset'},
        {'rule': 3},
        {'count': 2},
        {'rule': 'at-least', 'count': 'x\x1b'},
        {'rule': 'weighted', 'weights': dict.fromkeys(map(str, range(101)), 1)},
        {'rule': 'weighted', 'weights': {'x' * 201: 1}},
    ],
)
def test_what_is_no_rule_gets_the_worst_and_a_named_fault(rollup: Any) -> None:
    found = chosen(reading(0, rollup=rollup))
    assert found.rule == DEFAULT.rule
    assert found.fault.startswith('db: db/0 asks for a rollup that is none: ')
    assert '\x1b' not in found.fault


def test_of_a_part_the_rule_for_the_whole_says_nothing() -> None:
    found = chosen(reading(0), own=read_rule('at-least 2'), whole=False)
    assert found.rule == DEFAULT.rule
    assert 'only part of the service was asked' in found.note
    assert found.fault == ''


def test_units_that_do_not_exist_count_by_the_rule() -> None:
    k8s = Application('db', scale=3)
    service = collate(k8s, [reading(0), reading(1)])
    assert (service.health, service.coverage.missing) == (U, 1)
    assert service.message == '1 of 3 wanted units do not exist'
    choice = RollupChoice(read_rule({'rule': 'worst', 'missing': 'fail'}))
    assert collate(k8s, [reading(0), reading(1)], choice).health is F


def test_a_unit_that_was_not_asked_is_missed() -> None:
    units = (Unit('db/0', 'db'), Unit('db/1', 'db'))
    service = collate(Application('db', units=units), [reading(0)])
    assert (service.health, service.coverage.expected) == (U, 2)


def test_a_container_is_in_the_zone_of_its_machine() -> None:
    machines = {
        '0': Machine('0', zone='a'),
        '0/lxd/1': Machine('0/lxd/1', parent='0'),
        '1': Machine('1', zone='b'),
    }
    readings = [reading(0), reading(1, F)]
    inside = replace(readings[0], unit=replace(readings[0].unit, machine='0/lxd/1'))
    service = collate(
        Application('db'), [inside, readings[1]], RollupChoice(read_rule('zone')), machines
    )
    assert service.health is W
    assert service.because == '1 fail (zone b), 1 passed of 2 zones; 1 may be lost'


def test_where_the_rule_finds_worse_than_any_unit_it_says_why() -> None:
    service = collate(Application('db'), [reading(0)], RollupChoice(read_rule('leader')))
    assert service.health is U
    assert service.message == 'no unit is known to be the leader; others: 1 passed'


@given(st.lists(st.none() | STATES, max_size=5), st.randoms(use_true_random=False))
def test_the_furthest_state_does_not_depend_on_order(
    states: list[State | None], random: Any
) -> None:
    found = furthest_state(states)
    again = furthest_state(random.sample(states, len(states)))
    assert (found and (found.name, found.blockers)) == (again and (again.name, again.blockers))
    if any(state and state.name is StateName.ERROR for state in states):
        assert found is not None
        assert found.name is StateName.ERROR


@given(st.lists(HEALTHS, min_size=1, max_size=5), st.sampled_from(['worst', 'majority', 'best']))
def test_a_snapshot_is_judged_by_the_configuration(healths: list[Health], rule: str) -> None:
    readings = [reading(number, health) for number, health in enumerate(healths)]
    application = Application('db', units=tuple(one.unit for one in readings))
    evidence = Evidence(
        Model('m', applications={'db': application}), {r.unit.name: r for r in readings}, NOW, 1.0
    )
    config = Config(services=(ServiceConfig('d*', read_rule(rule)),))
    (service,) = conclude(evidence, config=config).services
    votes = [Vote(one.unit.name, one.health) for one in readings]
    assert service.health is read_rule(rule).judge(votes).health
    part = conclude(evidence, ['db/0'], config).services[0]
    assert part.rule.split()[0] == 'worst'
