"""Reports are forgotten only once the orchestrator has said of each what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.agent.ship.post import PostError, PushReply
from charm.agent.ship.push import Pusher, backoff_seconds, body_of, read_ack
from charm.agent.ship.spool import Spool
from charm.agent.units import Push
from charm.kernel.errors import ReportError
from charm.kernel.push_contract import derive, sign
from charm.kernel.report_json import decode

from .test_spool import report, sequences

PUSH = Push('https://orchestrator.example', '', derive(b'k' * 32, 'web/0'))


class Far:
    """A far side that answers as it is told, and refuses what it was not told to expect."""

    def __init__(self, *answers: PushReply | PostError) -> None:
        self.left = list(answers)
        self.got: list[list[int]] = []

    def __call__(self, headers: Mapping[str, str], body: bytes) -> PushReply:
        assert self.left, 'nobody said what to answer'
        lines = body.split(b'\n')[:-1]
        self.got.append([decode(line).sequence or 0 for line in lines])
        answer = self.left.pop(0)
        if isinstance(answer, PostError):
            raise answer
        return answer


def ack(accepted: int, duplicate: int = 0, *refused: str) -> PushReply:
    reasons = [{'line': 1, 'reason': reason} for reason in refused]
    document = {'accepted': accepted, 'duplicate': duplicate, 'refused': reasons}
    return PushReply(200, json.dumps(document).encode())


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path, 10**9, 1000)
    for number in range(4):
        spool.put(report(number), change=False)
    return spool


def pusher(spool: Spool, far: Far, said: list[str] | None = None) -> Pusher:
    told = [] if said is None else said
    return Pusher('web/0', PUSH, spool, told.append, far, lambda: 0.0)


def test_what_was_taken_is_forgotten_and_nothing_is_left_to_do(spool: Spool) -> None:
    far = Far(ack(3, 1))
    one = pusher(spool, far)
    assert one.step() == 0.0
    assert one.step() is None
    assert far.got == [[0, 1, 2, 3]]
    assert one.tally.shipped == 4


@pytest.mark.parametrize(
    'answer',
    [
        PostError('cannot reach it: refused'),
        PushReply(500),
        PushReply(502, b'<html>'),
        PushReply(302),
        PushReply(400, b'{}'),
        PushReply(401),
        PushReply(200, b'<html>Please log in to this wireless network</html>'),
        PushReply(200, b'{}'),
        PushReply(200, b'[]'),
        ack(3),
        ack(5),
    ],
)
def test_nothing_is_forgotten_by_any_answer_but_a_whole_ack(
    spool: Spool, answer: PushReply | PostError
) -> None:
    said: list[str] = []
    one = pusher(spool, Far(answer, ack(4)), said)
    wait = one.step()
    assert wait is not None
    assert wait >= 1.0
    assert sequences(spool) == [0, 1, 2, 3]
    assert 'do not reach' in said[0]
    assert one.step() == 0.0
    assert sequences(spool) == []
    assert 'again' in said[1]


def test_a_report_that_is_refused_does_not_block_those_behind_it(spool: Spool) -> None:
    said: list[str] = []
    one = pusher(spool, Far(ack(3, 0, 'unit: not yours')), said)
    one.step()
    assert sequences(spool) == []
    assert 'unit: not yours' in said[0]
    assert one.tally.refused == 1


def test_a_body_too_large_is_halved_until_it_fits_and_one_alone_is_dropped(spool: Spool) -> None:
    far = Far(PushReply(413), PushReply(413), PushReply(413), ack(1), ack(2))
    one = pusher(spool, far)
    while one.step() is not None:
        pass
    assert far.got == [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]]
    assert sequences(spool) == []


def test_the_other_side_may_ask_for_patience(spool: Spool) -> None:
    one = pusher(spool, Far(PushReply(503, b'', 120.0), PushReply(503, b'', 1e9)))
    assert one.step() == 120.0
    assert one.step() == 300.0


def test_a_wrong_credential_is_not_tried_again_soon(spool: Spool) -> None:
    wait = pusher(spool, Far(PushReply(401))).step()
    assert wait is not None
    assert wait > 200.0


@settings(deadline=None)
@given(st.integers(1, 10**6), st.floats(0, 1))
def test_a_backoff_grows_to_five_minutes_and_is_never_less_than_half(
    failures: int, fraction: float
) -> None:
    wait = backoff_seconds(failures, fraction)
    longest = backoff_seconds(failures, 0.0)
    assert longest / 2 <= wait <= longest <= 300.0
    assert backoff_seconds(failures + 1, 0.0) >= longest
    assert longest == min(2.0 ** min(failures - 1, 20), 300.0)


def test_an_ack_for_other_than_was_sent_is_a_strangers() -> None:
    with pytest.raises(ReportError, match='3 of 4'):
        read_ack(ack(3).body, 4)


def test_the_signature_covers_who_when_and_what() -> None:
    key = derive(b'k' * 32, 'web/0')
    base = sign(key, 'web/0', 'm', '2026-11-23T08:00:00Z', b'body')
    assert base != sign(key, 'web/1', 'm', '2026-11-23T08:00:00Z', b'body')
    assert base != sign(key, 'web/0', 'n', '2026-11-23T08:00:00Z', b'body')
    assert base != sign(key, 'web/0', 'm', '2026-11-23T08:00:01Z', b'body')
    assert base != sign(key, 'web/0', 'm', '2026-11-23T08:00:00Z', b'body2')
    assert base != sign(derive(b'K' * 32, 'web/0'), 'web/0', 'm', '2026-11-23T08:00:00Z', b'body')


def test_a_credential_is_of_one_unit_of_one_model() -> None:
    units = [('web/0', ''), ('web/1', ''), ('web/0', 'm1'), ('web/0', 'm2')]
    assert len({derive(b'k' * 32, unit, model) for unit, model in units}) == 4


def test_the_body_is_a_line_for_each_report(spool: Spool) -> None:
    body = body_of(spool.oldest(10**9, 10))
    assert [decode(line).sequence for line in body.splitlines()] == [0, 1, 2, 3]
