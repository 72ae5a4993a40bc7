"""An operator's pattern is looked for in a process of its own, which ends in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from charm.checks import patterns
from charm.checks.options import OptionError
from charm.checks.patterns import check_pattern, search
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

# Each looks for ever, in what a page or a command line may well hold.
HOSTILE = [
    ('(a+)+b', 'a' * 64),
    ('a.*ok', 'a' * 1_000_000),
    (r'(\w+\s?)*!', 'word ' * 40 + '?'),
    (r'^(.*,){20}x', '1,' * 200),
]


def soon() -> Deadline:
    return Deadline.after(PATIENCE)


def test_each_text_is_answered_for_in_order() -> None:
    assert search('b+$', ['abb', 'ba', '', 'b'], soon()) == [True, False, False, True]


@pytest.mark.parametrize('text', ['', 'grün\n\u2028', '\x00"\\', '𝒳', '�'])
def test_a_text_arrives_as_it_is(text: str) -> None:
    assert search(f'(?s)^.{{{len(text)}}}$', [text], soon()) == [True]


def test_no_pattern_is_found_everywhere_and_nothing_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('charm.checks.patterns.run', None)
    assert search('', ['a', 'b'], soon()) == [True, True]
    assert search('a', [], soon()) == []


@pytest.mark.parametrize(('pattern', 'text'), HOSTILE)
def test_one_that_looks_for_ever_is_ended_and_named(pattern: str, text: str) -> None:
    with pytest.raises(CheckError) as caught:
        search(pattern, [text], Deadline.after(1))
    assert str(caught.value) == (
        f'cannot tell: to look for {pattern!r} took too long and was ended'
    )


def test_one_that_nobody_is_left_to_end_ends_by_itself() -> None:
    given = json.dumps(['(a+)+b', ['a' * 64], 1])
    argv = [sys.executable, '-I', '-S', '-c', patterns._PROGRAM]
    done = subprocess.run(
        argv, input=given, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_while_it_looks_other_threads_go_on() -> None:
    began, ended = threading.Event(), threading.Event()

    def look() -> None:
        began.set()
        with pytest.raises(CheckError):
            search('(a+)+b', ['a' * 64], Deadline.after(2))
        ended.set()

    thread = threading.Thread(target=look)
    thread.start()
    assert began.wait(PATIENCE)
    turns = 0
    # Each turn gives the interpreter's lock away and has to get it back.
    while not ended.wait(0.01):
        turns += 1
    thread.join(PATIENCE)
    assert turns >= 10


def test_what_cannot_be_looked_for_says_why() -> None:
    with pytest.raises(CheckError, match='cannot look for'):
        search('(', ['a'], soon())


@pytest.mark.parametrize(
    'pattern',
    ['(', 'a{99999999999999999999}', '(' * 10_000 + ')' * 10_000, '[z-a]', '\\', '(?a)(?u)x'],
)
def test_what_is_no_pattern_is_refused_when_it_is_read(pattern: str) -> None:
    with pytest.raises(OptionError, match='cannot use the option matches: not a regular'):
        check_pattern('matches', pattern)


_UNDER_A_LIMIT = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from charm.checks.patterns import search
from charm.kernel.deadline import Deadline
resource.setrlimit(resource.RLIMIT_CPU, (6, 6))
print(search('a+', ['caat', 'x'], Deadline.after(60)))
"""


def test_a_limit_that_we_may_not_raise_is_left() -> None:
    argv = [sys.executable, '-I', '-c', _UNDER_A_LIMIT, str(ROOT)]
    if os.geteuid() == 0:
        argv = ['setpriv', '--bounding-set=-sys_resource', *argv]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == '[True, False]\n', done.stderr
