"""What was seen is never new again, however many boots there were since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report_json import encode
from reconciler.inbox.boots import MOST_EARLIER, MOST_RECENT, Boots, read_earlier
from reconciler.inbox.store import Ack, Inbox
from tests.support.asked import report

Sent = tuple[str, int]


def push(inbox: Inbox, sent: Iterable[Sent]) -> Ack:
    reports = [replace(report('web/0'), boot_id=boot, sequence=number) for boot, number in sent]
    return inbox.accept('web/0', '', None, [encode(one).encode() for one in reports])


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=60))
def test_nothing_is_new_twice(sent: list[tuple[int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('reconciler.inbox.boots.MOST_RECENT', 3)
        boots, taken = Boots(), list[Sent]()
        for number, sequence in sent:
            boot = f'boot-{number}'
            if boots.is_new(boot, sequence):
                boots = boots.add(boot, sequence)
                taken.append((boot, sequence))
            assert not any(boots.is_new(*one) for one in taken)
            assert len(boots.recent) <= 3
        assert len(set(taken)) == len(taken)


def test_the_first_boot_is_not_accepted_again_after_very_many(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    many = [(f'boot-{number}', 1) for number in range(3 * MOST_RECENT)]
    assert push(inbox, many).accepted == len(many)
    again = push(Inbox(tmp_path), [(boot, 9) for boot, _ in many[:-1]])
    assert (again.accepted, again.duplicate) == (0, len(many) - 1)
    assert push(inbox, [many[-1], (many[-1][0], 2), ('boot-new', 1)]).accepted == 2
    assert len(read_earlier(tmp_path / '_/web-0/boots')) == 2 * MOST_RECENT + 1


def test_earlier_boots_are_remembered_though_the_state_is_lost(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, [(f'boot-{number}', 1) for number in range(MOST_RECENT + 5)])
    (tmp_path / '_/web-0/state.json').write_bytes(b'{')
    assert push(inbox, [(f'boot-{number}', 1) for number in range(5)]).duplicate == 5


def test_a_unit_of_too_many_boots_is_refused_new_ones_and_keeps_its_last(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, [(f'boot-{number}', 1) for number in range(MOST_RECENT)])
    digests = [number.to_bytes(8, 'big') for number in range(MOST_EARLIER)]
    (tmp_path / '_/web-0/boots').write_bytes(b''.join(digests))
    last = f'boot-{MOST_RECENT - 1}'
    ack = push(inbox, [('boot-new', 1), (last, 2)])
    assert (ack.accepted, ack.duplicate) == (1, 0)
    assert [number for number, reason in ack.refused if 'one boot too many' in reason] == [1]
