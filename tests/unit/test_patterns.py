"""No regular expression of ours takes more than linear time, whatever it is given to read.

Units say what they like, and so do files; a pattern that goes back and forth in them would hang
the hook, the agent or the sweep.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.ambiguity import attacks
from tests.support.hostile_texts import Job, first_to_hang, jobs
from tests.support.patterns import SIDES, Found, Source, Unknown
from tests.support.tree import ROOT

# What stands in a call whose pattern is made when it runs, and why that is no danger.
GIVEN = {
    'compile(pattern)': 'an operator writes it, and a process of its own looks for it',
    'compile(*self._given)': 'what `pattern` was called with, and it is looked at there',
    '{short}': 'these are plain texts of three letters at most: nothing repeats',
}
PLANTED = [
    (r'(a+)+b', 'match'),
    (r'(?:\w+[-_.])*x', 'match'),
    (r'(a|a)*b', 'match'),
    (r'(?:a*)*b', 'fullmatch'),
    (r'\s+$', 'search'),
    (r'.*a.*b.*c', 'search'),
    (r'[a-z][a-z0-9+.-]*://', 'finditer'),
    (r'[0-9]+\.?[0-9]*', 'fullmatch'),
    (r'c(?:.*b)?', 'sub'),
    (rb'BEGIN(.+?)END', 'findall'),
    (r'(?=.*x)y', 'search'),
]
HARMLESS = [
    (r'\s+$', 'match'),
    (r'^\s+,', 'search'),
    (r'[^a-z]+', 'sub'),
    (r'[0-9]+(?:\.[0-9]*)?', 'fullmatch'),
    (r'(?:[^"\\]|\\.)*"', 'match'),
    (r'c(?:.*b)?', 'search'),
    (r'(?:a|b){2,}c', 'fullmatch'),
]


@cache
def everything() -> list[Found | Unknown]:
    return list(Source(ROOT).found())


def ours() -> list[Found]:
    return [item for item in everything() if isinstance(item, Found)]


def test_every_pattern_is_known_or_made_of_what_is_no_danger() -> None:
    unknown = [item for item in everything() if isinstance(item, Unknown)]
    strange = [item for item in unknown if not any(given in item.call for given in GIVEN)]
    assert strange == [], 'put the pattern into a global of its module'
    assert {given for given in GIVEN for item in unknown if given in item.call} == {*GIVEN}
    assert len(ours()) > 100


def test_no_pattern_of_ours_is_ambiguous() -> None:
    bad = [
        f'{item.where}: {item.pattern.pattern!r} used by {", ".join(sorted(item.used))}: {attack}'
        for item in ours()
        for attack in [next(attacks(item.pattern, item.used), None)]
        if attack
    ]
    assert bad == []


@pytest.mark.slow
@pytest.mark.parametrize('side', SIDES)
def test_hostile_text_holds_no_pattern_of_ours_up(side: str) -> None:
    mine = [item for item in ours() if item.where.startswith(side)]
    assert first_to_hang([job for item in mine for job in jobs(item.pattern, item.used)]) is None


@pytest.mark.parametrize(('pattern', 'method'), PLANTED)
def test_an_ambiguous_pattern_is_caught(pattern: str | bytes, method: str) -> None:
    assert list(attacks(_compiled(pattern), [method]))


@pytest.mark.parametrize(('pattern', 'method'), HARMLESS)
def test_a_harmless_pattern_is_left_alone(pattern: str | bytes, method: str) -> None:
    assert list(attacks(_compiled(pattern), [method])) == []


@pytest.mark.slow
@pytest.mark.parametrize(('pattern', 'method'), PLANTED)
def test_the_text_against_an_ambiguous_pattern_holds_it_up(
    pattern: str | bytes, method: str
) -> None:
    compiled = _compiled(pattern)
    attack = next(attacks(compiled, [method]))
    tried = [Job(compiled, method, attack.prefix, attack.pump, '\0')]
    tried += jobs(compiled, [method])
    assert first_to_hang(tried, limit_seconds=2)


def _compiled(pattern: str | bytes) -> re.Pattern[str] | re.Pattern[bytes]:
    either: Any = pattern
    return re.compile(either)


def test_a_pattern_that_is_made_within_a_function_does_not_escape(tmp_path: Path) -> None:
    for place in ('charm', 'reconciler', 'hooks', 'actions'):
        (tmp_path / place).mkdir()
    (tmp_path / 'hooks/health').write_text(
        '#!/usr/bin/env python3\nimport re\nMADE = re.compile("a")\n'
        'def f(x):\n    re.sub(x, "", "")\n    re.search("(a+)+b", "", flags=re.I)\n'
    )
    kinds = [(type(item), item.where) for item in Source(tmp_path).found()]
    assert kinds == [
        (Unknown, 'hooks/health:3'),
        (Unknown, 'hooks/health:5'),
        (Found, 'hooks/health:6'),
    ]


def test_patterns_are_made_by_the_standard_module_under_its_own_name() -> None:
    strangers = re.compile(r'^ *(from re import|import re as|import regex)', re.MULTILINE)
    for side in SIDES:
        for path in sorted((ROOT / side).rglob('*.py')):
            assert not strangers.search(path.read_text()), path
