"""An inbox of a version before the database is read where it is, and what was seen stays seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from charm.kernel.log_files import LogWriter
from charm.kernel.report import Report
from charm.kernel.report_json import encode, to_json
from reconciler.inbox.boots import MOST_BOOTS, digest_of
from reconciler.inbox.keep import Ack
from reconciler.inbox.store import Inbox, PushedReports
from tests.support.asked import report

AT = '2026-11-23T08:00:00Z'
PLACE = '_/web-0'


def of(boot: str, sequence: int) -> Report:
    return replace(report('web/0'), boot_id=boot, sequence=sequence)


def former(root: Path, reports: Sequence[Report], earlier: Sequence[bytes] = ()) -> Inbox:
    """Write what the former version had after these reports, the last of each boot."""
    place = root / PLACE
    place.mkdir(parents=True)
    times = {'received_at': AT, 'sent_at': AT}
    with closing(LogWriter(place / 'log', 10**6, 4)) as writer:
        for one in reports:
            assert writer.write({**times, 'report': to_json(one)})
    boots = [[one.boot_id, one.sequence] for one in reports]
    state = {'unit': 'web/0', 'boots': boots, 'received_at': AT, 'skew_seconds': 0.25}
    (place / 'state.json').write_text(json.dumps({**state, 'latest': to_json(reports[-1])}))
    (place / 'state.json.lock').touch()
    (place / 'boots').write_bytes(b''.join(earlier))
    return Inbox(root)


def push(inbox: Inbox, *reports: Report) -> Ack:
    return inbox.accept('web/0', '', None, [encode(one).encode() for one in reports])


def sequences(lines: Sequence[bytes]) -> list[int]:
    return [json.loads(line)['report']['sequence'] for line in lines]


def test_it_is_read_without_being_changed(tmp_path: Path) -> None:
    inbox = former(tmp_path, [of('a', 1), of('b', 2)])
    before = sorted(tmp_path.rglob('*'))
    latest = inbox.latest('web/0')
    assert latest is not None
    assert (latest.report, latest.skew_seconds) == (of('b', 2), 0.25)
    assert latest.received_at == datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
    assert inbox.units() == inbox.units('') == (('', 'web/0'),)
    assert inbox.units('m1') == ()
    assert PushedReports(inbox).units() == ('web/0',)
    tail = inbox.since('web/0')
    assert sequences(tail.lines) == [1, 2]
    assert inbox.since('web/0', cursor=tail.cursor).lines == ()
    assert sorted(tmp_path.rglob('*')) == before


def test_what_was_seen_stays_seen_and_the_log_goes_on(tmp_path: Path) -> None:
    inbox = former(tmp_path, [of('a', 1), of('b', 2)], [digest_of('z')])
    cursor = inbox.since('web/0').cursor
    again = push(inbox, of('z', 9), of('a', 9), of('b', 2))
    assert (again.accepted, again.duplicate) == (0, 3)
    # So far nothing is new, and the latest is still the former one.
    latest = inbox.latest('web/0')
    assert latest is not None
    assert latest.report == of('b', 2)
    assert push(inbox, of('b', 3), of('c', 4)).accepted == 2
    assert push(Inbox(tmp_path), of('b', 8), of('z', 8)).duplicate == 2
    tail = inbox.since('web/0', cursor=cursor)
    assert (sequences(tail.lines), tail.gap) == ([3, 4], False)
    assert push(inbox, of('c', 5)).accepted == 1
    tail = inbox.since('web/0', cursor=tail.cursor)
    assert (sequences(tail.lines), tail.gap) == ([5], False)
    assert sequences(inbox.since('web/0').lines) == [1, 2, 3, 4, 5]
    assert inbox.units() == (('', 'web/0'),)


def test_a_state_that_makes_no_sense_is_set_aside_and_said_and_earlier_boots_stay_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = former(tmp_path, [of('a', 1)], [digest_of('z')])
    (tmp_path / PLACE / 'state.json').write_bytes(b'\0' * 100)
    ack = push(inbox, of('z', 9), of('b', 1))
    assert (ack.accepted, ack.duplicate) == (1, 1)
    assert len(list((tmp_path / PLACE).glob('state.json.corrupt-*'))) == 1
    assert 'set aside' in caplog.text


def test_so_many_boots_as_it_could_have_are_taken_over(tmp_path: Path) -> None:
    digests = [number.to_bytes(8, 'big') for number in range(MOST_BOOTS - 1)]
    inbox = former(tmp_path, [of('a', 1)], digests)
    ack = push(inbox, of('b', 1), of('a', 2))
    assert (ack.accepted, ack.refused[0][0]) == (1, 1)


def test_its_files_go_when_as_much_has_come_since_as_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = former(tmp_path, [of('a', 1)])
    cursor = inbox.since('web/0').cursor
    push(inbox, of('a', 2))
    assert (tmp_path / PLACE).exists()
    size = len(encode(of('a', 2)))
    monkeypatch.setattr('reconciler.inbox.keep.MOST_BYTES', 4 * size)
    monkeypatch.setattr('reconciler.inbox.keep._LEFT_BYTES', 3 * size)
    for number in range(3, 7):
        push(inbox, of('a', number))
    assert not (tmp_path / PLACE).exists()
    tail = inbox.since('web/0', cursor=cursor)
    assert (sequences(tail.lines), tail.gap) == ([4, 5, 6], True)
