"""One bad answer among good ones changes nothing; a check that cannot decide flaps."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.options import OptionError
from charm.checks.settling_rule import (
    CheckHistory,
    SettlingRule,
    advance,
    change_percent,
    settle,
    settled_by,
)
from charm.kernel.report import Health, worst
from tests.support.checking import LETTERS, healths

# Flapping needs 30 percent; these are for the counts alone.
NO_FLAPS = {'flap_low': 100, 'flap_high': 100}
RULES = st.builds(
    SettlingRule,
    fail_after=st.integers(1, 5),
    pass_after=st.integers(1, 5),
    flap_high=st.just(100),
)
ANSWERS = st.lists(st.sampled_from(list(Health)), min_size=1, max_size=40)


def run(answers: tuple[Health, ...] | list[Health], rule: SettlingRule) -> list[CheckHistory]:
    courses: list[CheckHistory] = []
    for answer in answers:
        courses.append(advance(courses[-1] if courses else None, answer, rule))
    return courses


def settled(letters: str, **options: Any) -> str:
    words = {health: letter for letter, health in LETTERS.items()}
    return ''.join(words[c.settled] for c in run(healths(letters), SettlingRule(**options)))


@pytest.mark.parametrize(
    ('answers', 'expected'),
    [
        ('pfp', 'ppp'),
        ('pffp', 'pppp'),
        ('pfffp', 'pppfp'),
        ('pwwfff', 'pppwwf'),
        ('pfwf', 'pppw'),
        ('fp', 'fp'),
        ('uuup', 'uuup'),
    ],
)
def test_a_check_gets_worse_once_it_was_worse_three_times_in_a_row(
    answers: str, expected: str
) -> None:
    assert settled(answers, fail_after=3, **NO_FLAPS) == expected


@pytest.mark.parametrize(
    ('answers', 'expected'),
    [('fpf', 'fff'), ('fpp', 'ffp'), ('fwp', 'ffw'), ('fpw', 'ffw'), ('fwpp', 'ffwp')],
)
def test_a_check_gets_better_once_it_was_better_twice_in_a_row(
    answers: str, expected: str
) -> None:
    assert settled(answers, pass_after=2, **NO_FLAPS) == expected


@given(ANSWERS)
def test_without_counts_the_settled_health_is_the_answer(answers: list[Health]) -> None:
    courses = run(answers, SettlingRule(**NO_FLAPS))
    steady = itertools.takewhile(lambda pair: not pair[0].flapping, zip(courses, answers))
    assert all(course.settled is answer for course, answer in steady)


@given(ANSWERS, RULES)
def test_the_settled_health_was_once_an_answer_save_when_flapping(
    answers: list[Health], rule: SettlingRule
) -> None:
    for index, course in enumerate(run(answers, rule)):
        assert course.flapping or course.settled in answers[: index + 1]


@given(ANSWERS, RULES, st.sampled_from(list(Health)))
def test_whatever_was_before_a_steady_answer_settles(
    answers: list[Health], rule: SettlingRule, steady: Health
) -> None:
    last = run([*answers, *[steady] * 30], rule)[-1]
    assert (last.settled, last.flapping, last.held_runs) == (steady, False, 0)


@given(ANSWERS, RULES)
def test_a_change_of_the_settled_health_has_its_answers_behind_it(
    answers: list[Health], rule: SettlingRule
) -> None:
    courses = run(answers, rule)
    for index, (before, after) in enumerate(zip(courses, courses[1:]), 2):
        if after.flapping or before.flapping:
            continue
        if after.settled.rank > before.settled.rank:
            recent = answers[index - rule.fail_after : index]
            assert min(health.rank for health in recent) == after.settled.rank
        if after.settled.rank < before.settled.rank:
            recent = answers[index - rule.pass_after : index]
            assert worst(recent) is after.settled


def test_the_percent_of_change_is_that_of_nagios() -> None:
    assert change_percent(healths('p' * 21)) == 0.0
    assert change_percent(healths('pf' * 10 + 'p')) == 100.0
    # One change: 0.75 of 20 if it is the oldest, 1.25 of 20 if it is the newest.
    assert change_percent(healths('p' + 'f' * 20)) == 3.75
    assert change_percent(healths('p' * 20 + 'f')) == 6.25


@given(ANSWERS)
def test_the_percent_of_change_is_one(answers: list[Health]) -> None:
    assert 0.0 <= change_percent(answers) <= 100.0


def test_flapping_starts_above_the_high_threshold_and_ends_at_the_low_one() -> None:
    courses = run(healths('p' * 21 + 'pfpfpfpf' + 'p' * 21), SettlingRule())
    flapping = [course.flapping for course in courses]
    begun, ended = flapping.index(True), len(flapping) - flapping[::-1].index(True)
    assert courses[begun - 1].change_percent < 30 <= courses[begun].change_percent
    assert courses[ended - 1].change_percent > 20 >= courses[ended].change_percent
    assert flapping == [begun <= index < ended for index in range(len(flapping))]


def test_a_flapping_check_gets_no_better_until_it_is_calm() -> None:
    courses = run(healths('p' * 10 + 'pfpfpfpf' + 'p' * 21), SettlingRule())
    held = {course.settled for course in courses if course.flapping}
    assert held == {Health.FAIL}
    assert courses[-1].settled is Health.PASSED


def test_a_check_that_flaps_within_its_counts_is_a_warning() -> None:
    courses = run(healths('pf' * 10), SettlingRule(fail_after=3))
    assert courses[-1].flapping
    assert courses[-1].settled is Health.WARN


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({'fail_after': 0}, 'fail_after: 0 is not between 1 and 100'),
        ({'pass_after': True}, 'pass_after: True is not a whole number'),
        ({'fail_after': 1.5}, 'fail_after: 1.5 is not a whole number'),
        ({'flap_high': 101}, 'flap_high: 101 is not above 0'),
        ({'flap_low': '5'}, "flap_low: '5' is not a number of percent"),
        ({'flap_low': 40}, 'flap_low: 40 is above flap_high'),
        ({'fail_afer': 2}, "fail_afer: no such option; did you mean 'fail_after'?"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        SettlingRule.from_options(options)
    assert said in str(caught.value)


def test_a_decorated_callback_carries_its_name_and_rule() -> None:
    @settle('db-cxn', fail_after=3)
    def check(service_name: str) -> str:
        return service_name

    assert settled_by(check).name == 'db-cxn'
    assert settled_by(check).rule == SettlingRule(fail_after=3)
    assert settled_by(len).rule is None
