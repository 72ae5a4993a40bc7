"""Options are converted from what a definition holds, or refused with their key."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Mapping, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.conversion import Command, build, option_names, rebuild
from charm.checks.kinds import CHECKS
from charm.checks.options import OUTSIDE, OptionError
from charm.checks.thresholds import Range, judge
from charm.kernel.facts import dataclass, field
from charm.kernel.report import Health


@dataclass(frozen=True)
class Sample:
    text: str
    yes: bool = False
    whole: int = 1
    number: Optional[float] = None
    path: Path = Path('/')
    span: Optional[Range] = None
    words: Tuple[str, ...] = ()
    command: Command = field(default=Command(('true',)))
    pairs: Mapping[str, str] = field(default_factory=dict)
    door: Path = field(default=Path('/proc'), metadata=OUTSIDE)


@pytest.mark.parametrize(
    ('key', 'value', 'expected'),
    [
        ('yes', True, True),
        ('whole', 7, 7),
        ('number', 7, 7.0),
        ('number', None, None),
        ('path', '/srv', Path('/srv')),
        ('span', '5:10', Range(5, 10)),
        ('span', 10, Range(0, 10)),
        ('words', 'ssh', ('ssh',)),
        ('words', ['a', 8], ('a', '8')),
        ('command', "sh -c 'a b'", ('sh', '-c', 'a b')),
        ('command', ['sh', '-c', 'a b'], ('sh', '-c', 'a b')),
        ('pairs', {'A': 'b', 'C': 4}, {'A': 'b', 'C': '4'}),
    ],
)
def test_a_value_becomes_what_its_field_is(key: str, value: Any, expected: Any) -> None:
    assert getattr(build(Sample, {'text': 'x', key: value}), key) == expected


@pytest.mark.parametrize(
    ('key', 'value', 'said'),
    [
        ('text', 7, '7 where text belongs; quote it'),
        ('text', 'a\0b', 'NUL'),
        ('yes', 'yes', "'yes' where true or false belongs"),
        ('whole', 1.5, '1.5 where a whole number belongs'),
        ('whole', True, 'True where a whole number belongs'),
        ('number', 'x', "'x' where a number belongs"),
        ('number', math.nan, 'where a number belongs'),
        ('path', 'srv', "'srv' is not an absolute path"),
        ('span', '10:5', 'starts above its end'),
        ('span', {}, 'a mapping where a number belongs'),
        ('words', [None], 'nothing where text belongs'),
        ('command', [], 'the command is empty'),
        ('command', "sh 'x", 'No closing quotation'),
        ('pairs', ['a'], 'a list where a mapping belongs'),
        ('txet', 'x', "no such option; did you mean 'text'?"),
        ('door', '/x', 'no such option'),
    ],
)
def test_another_value_is_refused_with_its_key(key: str, value: Any, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        build(Sample, {'text': 'x', key: value})
    assert caught.value.key == key
    assert said in caught.value.reason


def test_what_has_no_default_has_to_be_given() -> None:
    with pytest.raises(OptionError, match='text: missing'):
        build(Sample, {})


def test_a_check_is_rebuilt_with_the_rest_as_it_was() -> None:
    made = build(Sample, {'text': 'x', 'whole': 5})
    again = rebuild(made, {'number': 2})
    assert (again.text, again.whole, again.number) == ('x', 5, 2.0)
    with pytest.raises(OptionError, match='no such option'):
        rebuild(made, {'numbre': 2})


@pytest.mark.parametrize('kind', CHECKS)
def test_no_door_to_the_outside_world_is_an_option(kind: str) -> None:
    assert not {'now', 'proc', 'source', 'booted', 'systemctl'} & set(option_names(CHECKS[kind]))


RANGES = st.builds(
    lambda ends, inverted: Range(min(ends), max(ends), inverted),
    st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)),
    st.booleans(),
) | st.builds(Range.at_least, st.floats(-1e9, 1e9))


@given(RANGES)
def test_a_range_is_read_as_it_is_written(one: Range) -> None:
    assert Range.parse(str(one)) == one


@given(RANGES, st.floats(-1e9, 1e9))
def test_a_value_is_inside_a_range_or_inside_its_opposite(one: Range, value: float) -> None:
    other = Range(one.start, one.end, not one.inverted)
    assert one.accepts(value) is not other.accepts(value)
    assert not one.accepts(math.nan)


@pytest.mark.parametrize('text', ['', ':', '10:5', 'x', '1..2', '@', '~', '5:~', '1:2:3', '5 :6'])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match='range'):
        Range.parse(text)


def test_outside_fail_is_worse_than_outside_warn() -> None:
    warn, fail = Range.at_most(5), Range.at_most(10)
    assert [judge(value, warn, fail) for value in (5, 6, 11)] == [
        Health.PASSED,
        Health.WARN,
        Health.FAIL,
    ]
    assert judge(1e9, None, None) is Health.PASSED
