"""The receiver over real TLS: nobody reports for another, and nothing is counted twice."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from charm.agent.config import Config
from charm.agent.ship.post import PostError, PushReply, pinned, post
from charm.agent.ship.push import Pusher
from charm.agent.ship.spool import Spool
from charm.kernel.deadline import Deadline
from charm.kernel.push_contract import (
    MODEL_HEADER,
    MOST_BODY_BYTES,
    PATH,
    SENT_AT_HEADER,
    UNIT_HEADER,
)
from charm.kernel.report_json import encode
from reconciler.inbox.receive import application
from reconciler.inbox.store import Inbox
from tests.support.patience import PATIENCE
from tests.support.tls import make_certificates

from .served import NOW, Running, lines, report


def test_what_was_pushed_is_the_latest_and_is_in_the_log(receiver: Running) -> None:
    push = receiver.push_of('web/0')
    answer = receiver.send('web/0', push, lines(report(1), report(2)))
    assert json.loads(answer.body) == {'accepted': 2, 'duplicate': 0, 'refused': []}
    latest = receiver.inbox.latest('web/0')
    assert latest is not None
    assert latest.report == report(2)
    assert latest.skew_seconds is not None
    assert abs(latest.skew_seconds) < 20
    logged = [json.loads(line)['report'] for line in receiver.inbox.since('web/0').lines]
    assert [one['sequence'] for one in logged] == [1, 2]
    assert receiver.inbox.units() == (('', 'web/0'),)


def test_the_same_push_again_is_harmless(receiver: Running) -> None:
    push = receiver.push_of('web/0')
    for accepted, duplicate in ((2, 0), (0, 2), (0, 2)):
        answer = receiver.send('web/0', push, lines(report(1), report(2)))
        assert json.loads(answer.body)['accepted'] == accepted
        assert json.loads(answer.body)['duplicate'] == duplicate
    assert len(receiver.inbox.since('web/0').lines) == 2


def test_a_replay_never_becomes_the_latest_not_even_of_an_earlier_boot(receiver: Running) -> None:
    push = receiver.push_of('web/0')
    for one in (report(9), report(1, boot='boot-2')):
        assert receiver.send('web/0', push, lines(one)).status == 200
    for old in (report(5), report(9), report(10), report(1, boot='boot-2')):
        answer = receiver.send('web/0', push, lines(old))
        assert json.loads(answer.body)['duplicate'] == 1
    latest = receiver.inbox.latest('web/0')
    assert latest is not None
    assert latest.report.boot_id == 'boot-2'


def test_a_clock_that_jumps_by_a_day_orders_nothing(receiver: Running) -> None:
    push = receiver.push_of('web/0')
    ahead = replace(report(1), reported_at=NOW + timedelta(days=1))
    back = replace(report(2), reported_at=NOW - timedelta(days=1))
    for one in (ahead, back):
        assert json.loads(receiver.send('web/0', push, lines(one)).body)['accepted'] == 1
    latest = receiver.inbox.latest('web/0')
    assert latest is not None
    assert latest.report.sequence == 2


def test_nobody_reports_for_another(receiver: Running) -> None:
    mine = receiver.push_of('web/0')
    # With my own credential under another's name.
    assert receiver.send('web/1', mine, lines(report(1, 'web/1'))).status == 401
    # In my own name, with another's report inside: it costs only itself.
    answer = receiver.send('web/0', mine, lines(report(1, 'web/1'), report(1)))
    body = json.loads(answer.body)
    assert (body['accepted'], body['refused'][0]['line']) == (1, 1)
    assert receiver.inbox.latest('web/1') is None
    # In the name of a unit of another model.
    assert receiver.send('web/0', replace(mine, model='m2'), lines(report(2))).status == 401


@pytest.mark.parametrize(
    'headers',
    [
        {'Authorization': ''},
        {'Authorization': 'Juju-Health-HMAC-SHA256 ' + '0' * 64},
        {'Authorization': 'Bearer x'},
        {UNIT_HEADER: '../../etc/0'},
        {UNIT_HEADER: 'web/0/../1'},
        {MODEL_HEADER: '../x'},
        {SENT_AT_HEADER: '2026-11-23T08:00:00Z'},
    ],
)
def test_without_a_true_signature_it_is_401_and_nothing_is_kept(
    receiver: Running, headers: dict[str, str]
) -> None:
    answer = receiver.send('web/0', receiver.push_of('web/0'), lines(report()), **headers)
    assert answer.status == 401
    assert receiver.inbox.units() == ()


def test_a_unit_that_was_removed_is_refused(receiver: Running) -> None:
    receiver.revoked.add('web/0')
    answer = receiver.send('web/0', receiver.push_of('web/0'), lines(report()))
    assert answer.status == 403


def test_units_of_the_same_name_in_two_models_are_two(receiver: Running) -> None:
    for number, model in enumerate(('m1', 'm2'), 1):
        push = receiver.push_of('web/0', model)
        assert receiver.send('web/0', push, lines(report(number))).status == 200
    assert receiver.inbox.units() == (('m1', 'web/0'), ('m2', 'web/0'))


def test_a_body_too_large_is_413_and_one_of_nonsense_is_400(receiver: Running) -> None:
    push = receiver.push_of('web/0')
    assert receiver.send('web/0', push, b'x' * MOST_BODY_BYTES + b'\n').status == 413
    assert receiver.send('web/0', push, b'').status == 400
    answer = json.loads(receiver.send('web/0', push, b'{"schema": 1\n').body)
    assert 'not JSON' in answer['refused'][0]['reason']


@pytest.mark.slow
def test_strangers_are_slowed_down_and_a_unit_is_not_slowed_by_them(receiver: Running) -> None:
    push = receiver.push_of('web/0')
    wrong = replace(push, credential='0' * 64)
    found = {receiver.send('web/0', wrong, lines(report())).status for _ in range(30)}
    assert found == {401, 429}
    assert receiver.send('web/0', push, lines(report())).status == 200


def test_a_receiver_with_another_certificate_is_not_believed(
    receiver: Running, tmp_path: Path
) -> None:
    other = make_certificates(tmp_path / 'other').ca.read_text()
    with pytest.raises(PostError, match='certificate verify failed'):
        receiver.send('web/0', replace(receiver.push_of('web/0'), ca=other), lines(report()))


def test_plain_http_gets_no_answer(receiver: Running) -> None:
    port = int(receiver.url.rpartition(':')[2])
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as plain:
        plain.sendall(b'GET /v1/health HTTP/1.0\r\n\r\n')
        with contextlib.suppress(ConnectionResetError):
            assert b'200' not in plain.recv(100)


@pytest.mark.slow
def test_a_day_of_reports_is_shipped_whole_and_in_order_though_acks_are_lost(
    receiver: Running, tmp_path: Path
) -> None:
    day = 24 * 60
    for first in range(0, day, 360):
        # Killed and started again now and then, with the bounds that an agent has.
        spool = Spool(tmp_path / 'spool', Config.spool_bytes, Config.spool_reports)
        for number in range(first, first + 360):
            spool.put(encode(report(number)).encode(), change=number % 7 == 0)
    push = receiver.push_of('web/0')
    sent: list[bytes] = []

    def lossy(headers: Mapping[str, str], body: bytes) -> PushReply:
        answer = post(push.url + PATH, pinned(push.ca), headers, body, Deadline.after(PATIENCE))
        sent.append(body)
        if len(sent) % 3 == 2:
            raise PostError('the line broke before the answer came')
        return answer

    said: list[str] = []
    pusher = Pusher('web/0', push, spool, said.append, lossy)
    while pusher.step() is not None:
        pass
    found: list[int] = []
    cursor = None
    while True:
        tail = receiver.inbox.since('web/0', cursor=cursor)
        found += [json.loads(line)['report']['sequence'] for line in tail.lines]
        cursor = tail.cursor
        if not tail.more:
            break
    assert found == list(range(day))
    assert pusher.tally.shipped == day
    assert pusher.tally.failures >= 2
    assert len(set(sent)) < len(sent)


def test_a_store_that_cannot_write_is_503_and_the_unit_keeps_its_reports(
    receiver: Running, tmp_path: Path
) -> None:
    receiver.root.parent.mkdir(exist_ok=True)
    receiver.root.write_text('a file where a directory belongs')
    spool = Spool(tmp_path / 'spool', 10**9, 100)
    spool.put(encode(report()).encode(), change=True)
    said: list[str] = []
    wait = Pusher('web/0', receiver.push_of('web/0'), spool, said.append).step()
    assert wait is not None
    assert wait >= 5.0
    assert '503' in said[0]
    assert spool.depth.reports == 1


def test_a_database_that_is_corrupt_is_set_aside_and_said(
    receiver: Running, caplog: pytest.LogCaptureFixture
) -> None:
    push = receiver.push_of('web/0')
    receiver.send('web/0', push, lines(report(1)))
    path = receiver.root / 'reports.d' / 'reports.db'
    with closing(sqlite3.connect(path)) as database:
        database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    path.write_bytes(b'\0' * path.stat().st_size)
    assert receiver.send('web/0', push, lines(report(2))).status == 200
    assert len(list(receiver.root.glob('reports.d.corrupt-*'))) == 1
    assert 'set aside' in caplog.text
    latest = receiver.inbox.latest('web/0')
    assert latest is not None
    assert latest.report.sequence == 2


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='at least 32 bytes'):
        application(b'short', Inbox(tmp_path))
