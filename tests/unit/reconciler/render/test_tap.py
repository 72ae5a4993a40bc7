"""The TAP document: lines that no message can forge."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import given, settings

from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render.programs import tap
from reconciler.values.readings import Snapshot
from tests.support.render_cases import CASES, OPTIONS, assert_golden, snapshots, tolerant

_LINE = re.compile(r'(?P<not>not )?ok (?P<number>\d+) - (?P<text>.*)')
_DIRECTIVE = re.compile(r'(?<!\\)(?:\\\\)*#\s*(TODO|SKIP)', re.IGNORECASE)


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'tap', tap.render(CASES[case](), OPTIONS))


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_the_numbers_run_from_1_to_the_plan(snapshot: Snapshot) -> None:
    version, plan, *rest = tap.render(snapshot, OPTIONS).rstrip('\n').split('\n')
    numbers = [int(found['number']) for found in map(_LINE.fullmatch, rest) if found]

    assert version == 'TAP version 13'
    assert plan == f'1..{len(numbers)}'
    assert numbers == list(range(1, len(numbers) + 1))
    # No service of these is tolerant, so whatever looks like a directive was forged.
    assert not [line for line in rest if line[0] in 'on' and _DIRECTIVE.search(line)]
    assert all(line.startswith(('ok ', 'not ok ', '  ', '# ')) for line in rest)


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_it_fails_exactly_where_the_exit_code_is_not_0(snapshot: Snapshot) -> None:
    found = [_LINE.fullmatch(line) for line in tap.render(snapshot, OPTIONS).split('\n')]
    failed = [one for one in found if one and one['not'] and not _DIRECTIVE.search(one['text'])]

    assert bool(failed) == (exit_code(snapshot) != 0)


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_what_is_below_a_line_is_yaml(snapshot: Snapshot) -> None:
    text = tap.render(snapshot, OPTIONS)
    for block in re.findall(r'^  ---\n(.*?)^  \.\.\.$', text, re.MULTILINE | re.DOTALL):
        told = yaml.safe_load(block)
        assert told['health'] in ('warn', 'unknown', 'fail')
        assert isinstance(told['message'], str)


def test_what_the_rule_tolerates_is_a_todo() -> None:
    text = tap.render(tolerant(), OPTIONS)

    assert 'not ok 2 - web web/0 http # TODO the rule of the service tolerates it' in text
    assert json.dumps('503') in text
