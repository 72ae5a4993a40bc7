"""A unit that says the impossible costs itself alone: its reading, never the sweep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health, Report
from charm.kernel.report_json import encode, to_json
from reconciler.ask.base import MachineAnswer
from reconciler.ask.errands import UnitRequest
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.log import LogAsker
from reconciler.ask.log_chunk import read_chunk
from reconciler.ask.log_store import LogStore
from reconciler.ask.modes import AskMode, Programs, request_for
from reconciler.ask.script_asker import unwrap
from reconciler.collect.interpret import read_answer
from reconciler.inbox.store import Inbox, PushedReports
from reconciler.values.freshness import DatedReport, age_seconds, newest
from reconciler.values.readings import Outcome, Reading
from tests.support.asked import NOW, model, report
from tests.support.patience import PATIENCE

MODEL = model(['web/0'])
UNIT = next(MODEL.units())
FIRST = datetime.min.replace(tzinfo=timezone.utc)
LAST = datetime.max.replace(tzinfo=timezone.utc)


def read(told: Report, age: bytes = b'0.0') -> Reading:
    text = b'{"age": %s, "report": %s}' % (age, encode(told).encode())
    asked = UnitRequest(UNIT, Request('web/0', '/hook-agent', by='agent'), shipped=True)
    answer = unwrap(UnitAnswer(text, b'', 0, complete=True))
    return read_answer(MODEL, asked, answer, 'fake, agent', NOW)


@pytest.mark.parametrize('age', [b'1e999', b'1e308', b'9e17', b'1-2', b'0.0.0'])
def test_an_age_that_cannot_be_is_unknown(age: bytes) -> None:
    reading = read(report('web/0'), age)
    assert (reading.outcome, reading.age_seconds) == (Outcome.STALE, None)


@pytest.mark.parametrize('held', [float('nan'), float('inf'), float('-inf'), -1.0, 1e300])
def test_what_no_age_can_be_orders_nothing(held: float) -> None:
    dated = DatedReport(report('web/0'), NOW, held)
    assert age_seconds(dated, NOW) is None
    assert newest([dated, DatedReport(report('web/0', sequence=9), NOW)], NOW) is not dated


@pytest.mark.parametrize(('sent_at', 'made_at'), [(FIRST, LAST), (LAST, FIRST), (FIRST, FIRST)])
def test_a_push_from_the_end_of_time_is_read_all_the_same(
    tmp_path: Path, sent_at: datetime, made_at: datetime
) -> None:
    inbox = Inbox(tmp_path)
    line = encode(replace(report('web/0'), reported_at=made_at)).encode()
    assert inbox.accept('web/0', '', sent_at, [line]).accepted == 1
    pushed = PushedReports(inbox).report('web/0')
    assert pushed is not None
    now = datetime.now(timezone.utc) + timedelta(seconds=1)
    asked = DatedReport(report('web/0', sequence=9), now)
    assert newest([pushed, asked], now) is asked


@pytest.mark.parametrize('uptime', ['NaN', 'Infinity', '9' * 400, '-1', '"soon"', 'null'])
def test_an_uptime_that_cannot_be_tells_no_age_that_is_young(uptime: str) -> None:
    end = f'{{"kind": "cursor", "cursor": null, "boot_id": "boot-1", "uptime": {uptime}}}'
    told = read_chunk(end.encode()).uptime_seconds
    held = None if told is None else max(told - 1.0, 0.0)
    assert DatedReport(report('web/0'), NOW, held).held_seconds in (None, 0.0)


class Says:
    """Answers every request with the same log."""

    name = 'fake'

    def __init__(self, log: bytes) -> None:
        self._log = log

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        return MachineAnswer(tuple(UnitAnswer(self._log, b'', 0, complete=True) for _ in requests))


@pytest.mark.parametrize('sequence', ['1e300', '9' * 300, '9223372036854775808'])
def test_a_logged_report_that_nobody_could_write_again_is_no_report(
    tmp_path: Path, sequence: str
) -> None:
    document = json.dumps(to_json(report('web/0'))).replace(
        '"sequence": 1', f'"sequence": {sequence}'
    )
    line = f'{{"kind": "report", "unit": "web/0", "report": {document}}}'
    end = '{"kind": "cursor", "cursor": "agent-00000001-0123abcd.jsonl:9"}'
    programs = Programs('web/0', ('/hook',), ('/agent',))
    reaping = LogAsker(Says(f'{line}\n{end}\n'.encode()), LogStore(tmp_path))
    came = reaping.ask('web/0', [request_for(programs, AskMode('log'))], Deadline.after(PATIENCE))
    assert came.fault is None
    assert b'no report of this unit' in came.answers[0].stderr


def test_a_report_that_passed_without_a_check_is_no_evidence() -> None:
    reading = read(replace(report('web/0'), checks=()))
    assert (reading.health, reading.message) == (Health.UNKNOWN, 'it ran no checks')


def test_a_report_is_no_better_than_its_checks_say() -> None:
    failed = CheckResult('cxn', Health.FAIL, message='refused')
    reading = read(replace(report('web/0'), checks=(failed,)))
    assert (reading.health, reading.message) == (Health.FAIL, 'cxn: refused')
    harsh = read(replace(report('web/0'), health=Health.FAIL))
    assert harsh.health is Health.FAIL
