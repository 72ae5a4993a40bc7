"""What people read: a first line that says it all, and nothing that a unit could forge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from charm.kernel.safe_text import clean
from reconciler.notify import words
from reconciler.notify.notice import Notice
from tests.support.golden import check_golden
from tests.support.notices import EVERY, FIRING, MACHINE, NOTICES, RECOVERED


@pytest.mark.parametrize('notice', EVERY, ids=lambda n: f'{n.kind.value}-{n.cause.kind.value}')
def test_each_message_reads_as_it_did(notice: Notice) -> None:
    name = f'message-{notice.kind.value}-{notice.cause.kind.value}.txt'
    check_golden(name, f'{words.subject(notice)}\n\n{words.text(notice)}')


def test_the_first_line_says_what_where_and_since_when() -> None:
    said = words.subject(FIRING)
    for told in ('fail', 'mysql', 'lab:prod', '2026-11-23 08:01 UTC', '2 services', 'InnoDB'):
        assert told in said
    assert '5h58m' in words.subject(RECOVERED)
    assert words.subject(MACHINE).startswith('unknown: machine 3 in lab:prod since ')


def test_forty_victims_are_one_message_and_hundreds_are_counted() -> None:
    victims = tuple(replace(FIRING.victims[0], service=f's{number}') for number in range(40))
    said = words.text(replace(FIRING, victims=victims))
    assert all(f'  s{number}: fail' in said for number in range(40))
    many = words.text(replace(FIRING, victims=victims * 10))
    assert '  and 350 more\n' in many


@given(NOTICES)
def test_nothing_that_units_say_adds_a_line_or_moves_a_cursor(notice: Notice) -> None:
    assert words.subject(notice) == clean(words.subject(notice))
    for line in words.text(notice).split('\n'):
        assert clean(line) == ' '.join(line.split())
    plain = replace(
        notice,
        evidence='x' if clean(notice.evidence) else notice.evidence,
        changes=('x',) * len(notice.changes),
        victims=tuple(replace(victim, service='x') for victim in notice.victims),
    )
    assert words.text(notice).count('\n') == words.text(plain).count('\n')
