"""Every rule keeps the laws, says why, and is read with a reason for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.rollups import (
    ROLLUPS,
    RollupError,
    RollupResult,
    RollupRule,
    Vote,
    read_rule,
)
from tests.support.strategies import HEALTHS, RATIOS
from tests.support.tree import DOCS

P, W, U, F = Health.PASSED, Health.WARN, Health.UNKNOWN, Health.FAIL

VOTES = st.lists(
    st.builds(
        Vote,
        name=st.integers(0, 20).map('db/{}'.format),
        health=HEALTHS,
        qos=RATIOS,
        leader=st.booleans(),
        machine=st.sampled_from(['', '0', '1', '2']),
        zone=st.sampled_from(['', 'a', 'b', 'c']),
        missing=st.booleans(),
    ),
    max_size=7,
)
AMOUNTS = st.integers(1, 8) | st.integers(1, 100).map('{}%'.format)
OPTIONS: Mapping[str, st.SearchStrategy[Any]] = {
    'count': AMOUNTS,
    'too-many': AMOUNTS,
    'others': st.sampled_from(['warn', 'ignore']),
    'survive': st.integers(1, 4),
    'by': st.sampled_from(['zone', 'machine']),
    'within': st.sampled_from(['worst', 'best']),
    'warn-below': st.floats(0, 1),
    'fail-below': st.floats(0, 1),
    'weights': st.dictionaries(st.sampled_from(['db/1', 'db/2', 'db/1*']), st.floats(0, 9)),
    'missing': st.sampled_from(['unknown', 'fail']),
}


def ranks(healths: Sequence[Health]) -> list[int]:
    return [health.rank for health in healths]


@st.composite
def rules(draw: st.DrawFn) -> RollupRule:
    """Draw any rule with any of its options."""
    kind = draw(st.sampled_from(list(ROLLUPS.values())))
    wanted = {
        name: OPTIONS[name]
        for name in (*kind.READERS, 'missing')
        if name in kind.NEEDED or draw(st.booleans())
    }
    return read_rule({'rule': kind.NAME, **draw(st.fixed_dictionaries(wanted))})


def judged(rule: str | Mapping[str, Any], *healths: Health, **more: Any) -> RollupResult:
    votes = [Vote(f'db/{number}', health, **more) for number, health in enumerate(healths)]
    return read_rule(rule).judge(votes)


@given(rules(), VOTES, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_never_matters(
    rule: RollupRule, votes: list[Vote], random: Any
) -> None:
    shuffled = random.sample(votes, len(votes))
    assert rule.judge(shuffled) == rule.judge(votes)


@settings(max_examples=100)
@given(rules(), VOTES.filter(bool), st.data())
def test_a_member_that_gets_worse_never_makes_it_better(
    rule: RollupRule, votes: list[Vote], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(votes) - 1))
    worse = data.draw(HEALTHS.filter(lambda h: h.rank >= votes[index].health.rank))
    after = [*votes[:index], replace(votes[index], health=worse), *votes[index + 1 :]]
    assert rule.judge(after).health.rank >= rule.judge(votes).health.rank


@settings(max_examples=100)
@given(rules(), VOTES, st.sampled_from(['', 'a', 'z']), st.booleans())
def test_one_more_that_passed_never_makes_it_worse(
    rule: RollupRule, votes: list[Vote], zone: str, leads: bool
) -> None:
    # With a qos below the mean it may, by the rule `weighted` alone; see its own test.
    passed = Vote('db/99', P, None, leader=leads, machine=zone, zone=zone)
    assert rule.judge([*votes, passed]).health.rank <= rule.judge(votes).health.rank


@given(rules())
def test_nobody_is_no_good_news(rule: RollupRule) -> None:
    verdict = rule.judge([])
    assert (verdict.health, verdict.qos) == (rule.missing, None)
    assert verdict.health in (U, F)
    assert verdict.because


@given(rules(), VOTES.filter(bool))
def test_without_one_that_passed_no_rule_passes(rule: RollupRule, votes: list[Vote]) -> None:
    unwell = [replace(v, health=W if v.health is P else v.health) for v in votes]
    assert rule.judge(unwell).health is not P


@given(rules(), VOTES.filter(bool))
def test_where_nothing_is_known_no_rule_knows(rule: RollupRule, votes: list[Vote]) -> None:
    silent = [replace(vote, health=U) for vote in votes]
    assert rule.judge(silent).health in (U, F)


@given(st.sampled_from(['worst', 'best', 'majority', 'at-least 1', 'degraded']), VOTES)
def test_rolling_up_what_was_rolled_up_changes_nothing(name: str, votes: list[Vote]) -> None:
    rule = read_rule(name)
    once = rule.judge(votes).health
    assert rule.judge([Vote('all', once)]).health is once


@given(rules(), VOTES)
def test_a_qos_stays_between_0_and_1_and_none_is_made_up(
    rule: RollupRule, votes: list[Vote]
) -> None:
    qos = rule.judge(votes).qos
    assert qos is None or 0.0 <= qos <= 1.0
    if rule.NAME != 'weighted' and all(vote.qos is None for vote in votes):
        assert qos is None


@given(rules())
def test_a_rule_is_read_again_from_what_it_says_of_itself(rule: RollupRule) -> None:
    assert read_rule(rule.document) == rule


@pytest.mark.parametrize(
    ('rule', 'healths', 'expected'),
    [
        ('worst', [P, W, U], U),
        ('best', [F, U, W], W),
        ('majority', [P, P, F], P),
        ('majority', [P, F], F),
        ('at-least 2', [P, P, F, F], P),
        ('at-least 2', [P, W, F], W),
        ('at-least 2', [P], U),
        ({'rule': 'at-least', 'count': 2, 'missing': 'fail'}, [P], F),
        ('at-least 50%', [P, F, F], F),
        ('at-least 67%', [P, P, P, F], P),
        ('degraded', [P, P, P, F], W),
        ('degraded', [P, P, F, F], F),
        ('degraded', [P, P, U, F], U),
        ('degraded 1', [P, P, P, F], F),
        ('degraded 9', [F, F], F),
        ('degraded', [P, W], W),
        ('leader', [P, P], U),
        ('weighted', [P] * 9 + [F], P),
        ('weighted', [P] * 8 + [F] * 2, W),
        ('weighted', [P] * 4 + [F] * 6, F),
        ('weighted', [P] * 4 + [U] * 6, U),
        ('weighted', [W, W], W),
        ({'rule': 'weighted', 'weights': {'db/0': 8}}, [P, F], W),
        ({'rule': 'weighted', 'weights': {'*': 0}}, [P], U),
    ],
)
def test_what_each_rule_makes_of_units(
    rule: str | Mapping[str, Any], healths: list[Health], expected: Health
) -> None:
    verdict = judged(rule, *healths)
    assert verdict.health is expected, verdict.because


def test_the_leader_decides_and_the_others_warn() -> None:
    votes = [Vote('db/0', P, 0.8, leader=True), Vote('db/1', F, 0.1)]
    verdict = read_rule('leader').judge(votes)
    assert (verdict.health, verdict.qos) == (W, 0.8)
    assert verdict.because == 'leader db/0 passed; others: 1 fail (db/1)'
    assert read_rule({'rule': 'leader', 'others': 'ignore'}).judge(votes).health is P


def test_a_lost_zone_warns_and_a_second_one_fails() -> None:
    def votes(*healths: Health) -> list[Vote]:
        return [Vote(f'db/{n}', h, zone='abc'[n // 2]) for n, h in enumerate(healths)]

    one_lost = read_rule('zone').judge(votes(F, P, P, P, P, P))
    assert one_lost.health is W
    assert one_lost.because == '1 fail (zone a), 2 passed of 3 zones; 1 may be lost'
    assert read_rule('zone').judge(votes(F, P, F, P, P, P)).health is F
    assert read_rule('zone 2').judge(votes(F, P, F, P, P, P)).health is W
    assert read_rule('zone 3').judge(votes(F, F, F, F, F, F)).health is F
    best = read_rule({'rule': 'zone', 'within': 'best'})
    assert best.judge(votes(F, P, F, P, P, P)).health is P
    assert read_rule('zone').judge([Vote('a/0', F), Vote('a/1', P)]).health is F, 'no zones known'


def test_qos_is_what_the_rule_is_about() -> None:
    votes = [Vote('a/0', P, 0.9), Vote('a/1', P, 0.5), Vote('a/2', F, 0.1)]
    found = {name: read_rule(name).judge(votes).qos for name in ('worst', 'best', 'at-least 2')}
    assert found == {'worst': 0.1, 'best': 0.9, 'at-least 2': 0.5}
    assert read_rule('weighted').judge(votes).qos == pytest.approx(1.4 / 3)
    assert read_rule('at-least 4').judge(votes).qos is None


def test_by_weight_a_unit_that_passed_with_a_low_qos_can_lower_the_rest() -> None:
    fine = [Vote('a/0', P, 0.95)]
    assert read_rule('weighted').judge(fine).health is P
    assert read_rule('weighted').judge([*fine, Vote('a/1', P, 0.2)]).health is W


def test_ten_sorts_after_two_and_long_lists_are_cut() -> None:
    assert judged('worst', *[F] * 3).because == '3 fail (db/0-2)'
    assert judged('worst', *[F] * 30).because.endswith(' and 20 more)')


@pytest.mark.parametrize(
    ('written', 'key', 'reason'),
    [
        ('majorty', 'rule', "'majorty' is not a rule; did you mean 'majority'?"),
        ({'count': 2}, 'rule', 'missing'),
        (None, 'rule', 'None is not a rule'),
        ('worst 3', 'rule', 'worst takes nothing after its name'),
        ('at-least', 'rule', 'at-least wants count, such as at-least 2'),
        ('at-least 0', 'rule', 'not a number from 1 on'),
        ('at-least 101%', 'rule', 'more than all'),
        ({'rule': 'at-least', 'count': True}, 'count', 'True is not a number'),
        ({'rule': 'at-least', 'cuont': 2}, 'cuont', "did you mean 'count'?"),
        ({'rule': 'zone', 'survive': '50%'}, 'survive', 'a share where a number belongs'),
        ({'rule': 'zone', 'by': 'rack'}, 'by', 'none of zone, machine'),
        ({'rule': 'weighted', 'fail-below': 2}, 'fail-below', 'from 0.0 to 1.0'),
        ({'rule': 'weighted', 'fail-below': 'nan'}, 'fail-below', 'from 0.0 to 1.0'),
        ({'rule': 'weighted', 'weights': {'a/0': -1}}, 'weights', 'a/0: -1 is no weight'),
        ({'rule': 'worst', 'missing': 'passed'}, 'missing', 'none of unknown, fail'),
    ],
)
def test_what_is_no_rule_is_refused_with_its_key(written: Any, key: str, reason: str) -> None:
    with pytest.raises(RollupError) as caught:
        read_rule(written)
    assert caught.value.key == key
    assert reason in caught.value.reason


@pytest.mark.parametrize('name', ROLLUPS)
def test_every_rule_and_option_is_documented(name: str) -> None:
    text = (DOCS / 'rollups.md').read_text()
    assert f'`{name}' in text
    assert all(f'`{option}' in text for option in ROLLUPS[name].READERS)
