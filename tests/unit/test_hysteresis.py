"""One bad answer among good ones changes nothing; a check that cannot decide flaps."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm import wire
from charm.checks.options import OptionError
from charm.hysteresis import Course, Rule, advance, change_percent, settle, settled_by
from charm.merge import make_report
from charm.report import CheckResult, Health, worst
from charm.settling import Settler

ROOT = Path(__file__).resolve().parents[2]
LETTERS = {'p': Health.PASSED, 'w': Health.WARN, 'u': Health.UNKNOWN, 'f': Health.FAIL}
# Flapping needs 30 percent; these are for the counts alone.
NO_FLAPS = {'flap_low': 100, 'flap_high': 100}
START = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
RULES = st.builds(
    Rule, fail_after=st.integers(1, 5), pass_after=st.integers(1, 5), flap_high=st.just(100)
)
ANSWERS = st.lists(st.sampled_from(list(Health)), min_size=1, max_size=40)


def healths(letters: str) -> tuple[Health, ...]:
    return tuple(LETTERS[letter] for letter in letters)


def run(answers: tuple[Health, ...] | list[Health], rule: Rule) -> list[Course]:
    courses: list[Course] = []
    for answer in answers:
        courses.append(advance(courses[-1] if courses else None, answer, rule))
    return courses


def settled(letters: str, **options: Any) -> str:
    words = {health: letter for letter, health in LETTERS.items()}
    return ''.join(words[c.settled] for c in run(healths(letters), Rule(**options)))


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
    courses = run(answers, Rule(**NO_FLAPS))
    steady = itertools.takewhile(lambda pair: not pair[0].flapping, zip(courses, answers))
    assert all(course.settled is answer for course, answer in steady)


@given(ANSWERS, RULES)
def test_the_settled_health_was_once_an_answer_save_when_flapping(
    answers: list[Health], rule: Rule
) -> None:
    for index, course in enumerate(run(answers, rule)):
        assert course.flapping or course.settled in answers[: index + 1]


@given(ANSWERS, RULES, st.sampled_from(list(Health)))
def test_whatever_was_before_a_steady_answer_settles(
    answers: list[Health], rule: Rule, steady: Health
) -> None:
    last = run([*answers, *[steady] * 30], rule)[-1]
    assert (last.settled, last.flapping, last.held_runs) == (steady, False, 0)


@given(ANSWERS, RULES)
def test_a_change_of_the_settled_health_has_its_answers_behind_it(
    answers: list[Health], rule: Rule
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
    courses = run(healths('p' * 21 + 'pfpfpfpf' + 'p' * 21), Rule())
    flapping = [course.flapping for course in courses]
    begun, ended = flapping.index(True), len(flapping) - flapping[::-1].index(True)
    assert courses[begun - 1].change_percent < 30 <= courses[begun].change_percent
    assert courses[ended - 1].change_percent > 20 >= courses[ended].change_percent
    assert flapping == [begun <= index < ended for index in range(len(flapping))]


def test_a_flapping_check_gets_no_better_until_it_is_calm() -> None:
    courses = run(healths('p' * 10 + 'pfpfpfpf' + 'p' * 21), Rule())
    held = {course.settled for course in courses if course.flapping}
    assert held == {Health.FAIL}
    assert courses[-1].settled is Health.PASSED


def test_a_check_that_flaps_within_its_counts_is_a_warning() -> None:
    courses = run(healths('pf' * 10), Rule(fail_after=3))
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
        Rule.from_options(options)
    assert said in str(caught.value)


def test_a_decorated_callback_carries_its_name_and_rule() -> None:
    @settle('db-cxn', fail_after=3)
    def check(service_name: str) -> str:
        return service_name

    assert settled_by(check).name == 'db-cxn'
    assert settled_by(check).rule == Rule(fail_after=3)
    assert settled_by(len).rule is None


def result(health: Health, minute: int, name: str = 'db') -> CheckResult:
    return CheckResult(name, health, message='said', at=START + timedelta(minutes=minute))


@pytest.fixture
def settler(tmp_path: Path) -> Settler:
    return Settler(tmp_path / 'states' / 'web-0.settling.json', {'db': Rule(fail_after=3)})


def test_the_report_has_both_healths(settler: Settler) -> None:
    settler.settle([result(Health.PASSED, 0)])
    (one,) = settler.settle([result(Health.FAIL, 1)])
    assert one.health is Health.PASSED
    assert one.message == 'fail once, still passed: said'
    assert one.data['settling'] == {
        'raw': 'fail',
        'flapping': False,
        'change_percent': 6.25,
        'held_runs': 1,
    }
    document = json.loads(wire.encode(make_report('web', 'web/0', [one])))
    schema = json.loads((ROOT / 'charm' / 'report.schema.json').read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document['health'] == 'passed'


def test_what_has_no_rule_is_left_as_it_is_and_nothing_is_written(settler: Settler) -> None:
    given_results = (result(Health.FAIL, 0, 'other'),)
    assert settler.settle(given_results) == given_results
    assert not settler.path.parent.exists()


def test_counts_go_on_in_the_next_process(settler: Settler) -> None:
    settled_healths = []
    for minute, health in enumerate(healths('pfff')):
        again = Settler(settler.path, settler.rules)
        settled_healths += [one.health for one in again.settle([result(health, minute)])]
    assert settled_healths == list(healths('pppf'))


def test_an_answer_that_is_reported_twice_counts_once(settler: Settler) -> None:
    settler.settle([result(Health.PASSED, 0)])
    for _ in range(5):
        (one,) = settler.settle([result(Health.FAIL, 1)])
    assert one.health is Health.PASSED


def test_checks_that_are_not_run_this_time_keep_their_course(tmp_path: Path) -> None:
    rules = {name: Rule(fail_after=2) for name in ('db', 'cache')}
    settler = Settler(tmp_path / 'courses.json', rules)
    settler.settle([result(Health.PASSED, 0), result(Health.PASSED, 0, 'cache')])
    settler.settle([result(Health.FAIL, 1)])
    settler.settle([result(Health.FAIL, 1, 'cache')])
    (one,) = settler.settle([result(Health.FAIL, 2)])
    assert one.health is Health.FAIL


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'{', 'not JSON'),
        (b'{"schema":1,"checks":{"db":{"history":["grean"]}}}', "'grean' is not a valid Health"),
        (b'{"schema":1,"checks":{"db":{"history":[]}}}', 'checks.db.history: it is empty'),
        (b'{"schema":9}', 'schema: 9 where 1 belongs'),
    ],
)
def test_a_corrupt_file_is_set_aside_and_said(
    settler: Settler, content: bytes, reason: str
) -> None:
    settler.path.parent.mkdir()
    settler.path.write_bytes(content)
    (one,) = settler.settle([result(Health.FAIL, 0)])
    assert one.health is Health.FAIL
    assert reason in one.data['settling']['not_kept']
    (aside,) = settler.path.parent.glob('*.corrupt-*')
    assert aside.read_bytes() == content
    (one,) = settler.settle([result(Health.FAIL, 1)])
    assert 'not_kept' not in one.data['settling']


def test_where_nothing_can_be_written_the_report_is_made_all_the_same(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    settler = Settler(tmp_path / 'file' / 'courses.json', {'db': Rule(fail_after=3)})
    (one,) = settler.settle([result(Health.FAIL, 0)])
    assert one.health is Health.FAIL
    assert 'cannot lock' in one.data['settling']['not_kept']


def test_a_callback_settles_from_hook_to_hook(tmp_path: Path) -> None:
    plug_ins = tmp_path / 'callbacks.d'
    plug_ins.mkdir()
    (plug_ins / 'db.py').write_text(
        'from charm.hysteresis import settle\n'
        f'ANSWER = open({str(tmp_path / "answer")!r})\n'
        '@settle(fail_after=2)\n'
        'def check_db(service_name):\n'
        '    return {"name": "db-cxn", "health": ANSWER.read()}\n'
        'CALLBACKS = [check_db]\n'
    )
    found = []
    for answer in ('passed', 'fail', 'fail'):
        (tmp_path / 'answer').write_text(answer)
        done = subprocess.run(
            [
                *(sys.executable, '-I', str(ROOT / 'hooks' / 'health')),
                *('--callbacks', str(plug_ins), '--check', 'check_db'),
            ],
            env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(tmp_path / 'states')},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == ''
        (check,) = json.loads(done.stdout)['checks']
        found.append((check['name'], check['health'], check['data']['settling']['raw']))
    assert found == [
        ('db-cxn', 'passed', 'passed'),
        ('db-cxn', 'passed', 'fail'),
        ('db-cxn', 'fail', 'fail'),
    ]
