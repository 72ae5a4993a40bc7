"""What was seen is never new again, however many boots there were since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report_json import decode, encode
from reconciler.inbox.keep import Ack
from reconciler.inbox.store import Inbox
from tests.support.asked import report

Sent = tuple[str, int]
UNITS = count()


def push(inbox: Inbox, sent: Iterable[Sent], unit: str = 'web/0') -> Ack:
    reports = [replace(report(unit), boot_id=boot, sequence=number) for boot, number in sent]
    return inbox.accept(unit, '', None, [encode(one).encode() for one in reports])


@pytest.fixture(scope='module')
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    return Inbox(tmp_path_factory.mktemp('inbox'))


def new_of(sent: Iterable[Sent]) -> list[Sent]:
    """Return what is new: of a boot not seen before, or later in the last one."""
    found: list[Sent] = []
    for boot, sequence in sent:
        last = found[-1] if found else ('', -1)
        if sequence > last[1] if boot == last[0] else all(boot != seen for seen, _ in found):
            found.append((boot, sequence))
    return found


@given(st.lists(st.lists(st.tuples(st.sampled_from('abcdef'), st.integers(0, 3)), max_size=9)))
def test_nothing_is_new_twice(inbox: Inbox, pushes: list[list[Sent]]) -> None:
    unit = f'web/{next(UNITS)}'
    acks = [push(inbox, one, unit) for one in pushes]
    sent = [one for some in pushes for one in some]
    expected = new_of(sent)
    # Each line is a report as it was sent, behind when that was.
    kept = [decode(line.partition(b'"report": ')[2][:-1]) for line in inbox.since(unit).lines]
    assert [(one.boot_id, one.sequence) for one in kept] == expected
    assert sum(ack.accepted for ack in acks) == len(expected)
    assert sum(ack.duplicate for ack in acks) == len(sent) - len(expected)
    latest = inbox.latest(unit)
    assert (latest and latest.report) == (kept[-1] if kept else None)
    assert (('', unit) in inbox.units()) is bool(kept)


def test_the_first_boot_is_not_accepted_again_after_very_many(tmp_path: Path) -> None:
    many = [(f'boot-{number}', 1) for number in range(1000)]
    assert push(Inbox(tmp_path), many).accepted == len(many)
    inbox = Inbox(tmp_path)
    again = push(inbox, [(boot, 9) for boot, _ in many[:-1]])
    assert (again.accepted, again.duplicate) == (0, len(many) - 1)
    assert push(inbox, [many[-1], (many[-1][0], 2), ('boot-new', 1)]).accepted == 2


def test_a_unit_of_too_many_boots_is_refused_new_ones_and_keeps_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('reconciler.inbox.keep.MOST_BOOTS', 3)
    inbox = Inbox(tmp_path)
    push(inbox, [(f'boot-{number}', 1) for number in range(3)])
    ack = push(inbox, [('boot-new', 1), ('boot-2', 2), ('boot-0', 7)])
    assert (ack.accepted, ack.duplicate) == (1, 1)
    assert [number for number, reason in ack.refused if 'one boot too many' in reason] == [1]
