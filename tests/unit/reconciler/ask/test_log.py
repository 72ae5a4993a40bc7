"""Reaping real logs through the real client: nothing that was logged between sweeps is missed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.log_files import LogWriter, read_since
from charm.kernel.report_json import to_json
from reconciler.ask.base import MachineAnswer
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.log import LogAsker
from reconciler.ask.log_chunk import LogChunk, read_chunk
from reconciler.ask.log_store import LogPosition, LogStore
from reconciler.ask.modes import AskMode, Programs, request_for
from reconciler.ask.script_asker import ScriptAsker
from reconciler.reach.local import LocalReach
from tests.support.asked import report
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

pytestmark = pytest.mark.slow
LAUNCHER = ROOT / 'hooks' / 'health-agent'
BOOT_ID = Path('/proc/sys/kernel/random/boot_id').read_text().strip()


@dataclass
class Lab:
    """An agent's log, and our end."""

    root: Path

    def __post_init__(self) -> None:
        self.config = self.root / 'agent.yaml'
        self.config.write_text(f'log: {self.root / "log"}\n')
        self.config.chmod(0o600)
        self.writer = LogWriter(self.root / 'log', 65536, 4)
        self.store = LogStore(self.root / 'state', 'lab', 'admin/prod')
        self.sequence = 0

    def log(self, unit: str = 'web/0', boot: str = BOOT_ID, ago: float = 0.0) -> int:
        """Log a result and a report, and return the report's number in its checks' data."""
        self.sequence += 1
        self.writer.write({'kind': 'result', 'unit': unit, 'check': 'cxn', 'n': self.sequence})
        at = int((time.clock_gettime(time.CLOCK_BOOTTIME) - ago) * 1000)
        one = replace(report(unit, sequence=at), boot_id=boot)
        self.writer.write(
            {'kind': 'report', 'unit': unit, 'change': False, 'report': to_json(one)}
        )
        return self.sequence

    def request(self, unit: str = 'web/0', most: int = 1000000) -> Request:
        programs = Programs(unit, ('/hook',), (sys.executable, str(LAUNCHER)))
        request = request_for(programs, AskMode('log'))
        words = (*request.arguments[:-1], str(most), '--config', str(self.config))
        return replace(request, arguments=words)

    def sweep(self, *units: str, most: int = 1000000) -> tuple[UnitAnswer, ...]:
        asker = LogAsker(ScriptAsker(LocalReach()), self.store)
        requests = [self.request(unit, most) for unit in units or ('web/0',)]
        came = asker.ask('web/0', requests, Deadline.after(PATIENCE))
        assert came.fault is None
        return came.answers

    def reaped(self, unit: str = 'web/0') -> list[dict[str, Any]]:
        tail = read_since(self.store.directory(unit) / 'log', None, 10**9)
        return [json.loads(line) for line in tail.lines]

    def numbers(self, unit: str = 'web/0') -> list[int]:
        return [line['n'] for line in self.reaped(unit) if line['kind'] == 'result']


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_the_newest_report_is_the_answer_with_its_age_and_all_lines_are_kept(lab: Lab) -> None:
    lab.log(ago=500)
    lab.log(ago=100)
    (answer,) = lab.sweep()
    assert (answer.by, answer.exit_code, answer.complete) == ('agent log', 0, True)
    assert answer.held_seconds is not None
    assert 100 <= answer.held_seconds < 400
    assert json.loads(answer.stdout)['unit'] == 'web/0'
    assert lab.numbers() == [1, 2]
    assert [line['kind'] for line in lab.reaped()] == ['result', 'report'] * 2
    assert all(line['received_at'] for line in lab.reaped())


@pytest.mark.slow
def test_each_sweep_takes_what_is_new_and_repeats_nothing(lab: Lab) -> None:
    expected = []
    for round_ in range(4):
        expected += [lab.log() for _ in range(round_)]
        lab.sweep()
        assert lab.numbers() == expected


def test_the_last_report_still_counts_when_nothing_new_was_logged(lab: Lab) -> None:
    lab.log(ago=10)
    (first,) = lab.sweep()
    (again,) = lab.sweep()
    assert again.stdout == first.stdout
    assert again.held_seconds is not None
    assert first.held_seconds is not None
    assert again.held_seconds > first.held_seconds


@pytest.mark.slow
def test_a_log_of_many_chunks_and_files_is_reaped_whole_in_one_sweep(lab: Lab) -> None:
    # Four files of 64 KiB, which is all that the agent keeps.
    numbers = [lab.log() for _ in range(150)]
    (answer,) = lab.sweep(most=8192)
    assert lab.numbers() == numbers
    assert answer.complete
    latest = lab.store.kept('web/0').latest
    assert latest is not None
    assert json.loads(answer.stdout)['sequence'] == latest.sequence


@pytest.mark.slow
def test_what_the_agent_removed_before_we_came_is_said(lab: Lab) -> None:
    first = lab.log()
    lab.sweep()
    numbers = [lab.log() for _ in range(1000)]
    lab.sweep()
    kinds = [line['kind'] for line in lab.reaped()]
    assert kinds.count('gap') == 1
    found = lab.numbers()
    assert found[0] == first
    assert found[1:] == numbers[-(len(found) - 1) :]


def test_units_of_one_machine_share_a_log_and_each_gets_its_own_lines(lab: Lab) -> None:
    lab.log('web/0')
    lab.log('db/0')
    lab.log('web/0')
    answers = lab.sweep('web/0', 'db/0')
    assert [json.loads(answer.stdout)['unit'] for answer in answers] == ['web/0', 'db/0']
    assert (lab.numbers('web/0'), lab.numbers('db/0')) == ([1, 3], [2])


def test_a_unit_that_was_left_out_of_a_sweep_misses_nothing(lab: Lab) -> None:
    lab.log('db/0')
    lab.log('web/0')
    lab.sweep('web/0')
    lab.log('db/0')
    lab.sweep('web/0', 'db/0')
    assert lab.numbers('db/0') == [1, 3]


def test_a_report_of_an_earlier_boot_is_of_unknown_age(lab: Lab) -> None:
    lab.log(boot='11111111-2222-3333-4444-555555555555')
    (answer,) = lab.sweep()
    assert answer.held_seconds is None


def test_a_log_without_a_report_is_no_answer(lab: Lab) -> None:
    lab.log('db/0')
    (answer,) = lab.sweep('web/0')
    assert answer.exit_code == 3
    assert b'no report of this unit' in answer.stderr
    assert lab.log('web/0') == 2
    lab.sweep('web/0')
    assert lab.numbers('web/0') == [2]


def test_killed_after_the_lines_and_before_the_cursor_nothing_is_lost(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.log()

    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr('reconciler.ask.log_store.write_whole', die)
        with pytest.raises(KeyboardInterrupt):
            lab.sweep()
    lab.log()
    lab.sweep()
    assert lab.numbers() == [1, 1, 2]


def test_two_sweeps_at_once_keep_each_line_once(lab: Lab) -> None:
    lab.log()
    lab.sweep()
    before = lab.store.kept('web/0')
    numbers = [lab.log() for _ in range(3)]
    lab.sweep()
    late = LogChunk(({'kind': 'result', 'unit': 'web/0', 'n': 2},), before.cursor)
    # The other sweep asked before this one had kept anything, and keeps after it.
    kept = lab.store.keep('web/0', before.cursor, late, datetime.now(timezone.utc))
    assert kept == lab.store.kept('web/0')
    assert lab.numbers() == [1, *numbers]


def test_lines_that_cannot_be_kept_are_asked_for_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.log()

    def full(*_arguments: object) -> None:
        raise FileError('cannot write state.json: No space left on device')

    with monkeypatch.context() as patched:
        patched.setattr('reconciler.ask.log_store.write_whole', full)
        (answer,) = lab.sweep()
    assert answer.exit_code == 3
    assert b'No space left' in answer.stderr
    (answer,) = lab.sweep()
    assert answer.exit_code == 0
    assert set(lab.numbers()) == {1}


def test_a_state_that_makes_no_sense_is_set_aside_and_begun_anew(lab: Lab) -> None:
    lab.log()
    lab.sweep()
    state = lab.store.directory('web/0') / 'state.json'
    state.write_text('{"cursor": "../../etc/passwd:0", "latest": null}')
    (answer,) = lab.sweep()
    assert answer.exit_code == 0
    assert list(state.parent.glob('state.json.corrupt-*'))


def test_no_name_leads_out_of_the_directory_or_to_anothers(tmp_path: Path) -> None:
    names = ['..', '.', 'a/b', 'a-b', '', '../../etc', 'a%2Fb', '_']
    places = {LogStore(tmp_path, 'lab', name).directory('web/0') for name in names}
    assert len(places) == len(names) - 1, 'no name and `_` are one'
    assert all(place.resolve().parents[2] == tmp_path.resolve() for place in places)


def test_a_unit_may_not_report_for_another_in_its_log(lab: Lab) -> None:
    forged = to_json(report('db/0'))
    lab.writer.write({'kind': 'report', 'unit': 'web/0', 'change': True, 'report': forged})
    (answer,) = lab.sweep('web/0')
    assert answer.exit_code == 3


@dataclass
class Failing:
    """An asker that has answers prepared, and then nobody."""

    answers: list[tuple[UnitAnswer, ...]]
    name: str = 'fake'

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        return MachineAnswer(self.answers.pop(0))


def chunk(more: bool, *lines: object) -> UnitAnswer:
    cursor = 'agent-00000001-0123abcd.jsonl:10'
    end = {'kind': 'cursor', 'cursor': cursor, 'more': more, 'boot_id': 'boot-1', 'uptime': 5.0}
    text = ''.join(json.dumps(line) + '\n' for line in (*lines, end))
    return UnitAnswer(text.encode(), b'', 0, complete=True)


def test_what_an_earlier_chunk_held_is_an_answer_when_the_next_one_fails(lab: Lab) -> None:
    line = {'kind': 'report', 'unit': 'web/0', 'report': to_json(report('web/0', sequence=3000))}
    asker = Failing([(chunk(True, line),), (UnitAnswer(b'', b'killed', 137, complete=True),)])
    came = LogAsker(asker, lab.store).ask('web/0', [lab.request()], Deadline.after(PATIENCE))
    (answer,) = came.answers
    assert answer.held_seconds == 2.0
    assert asker.answers == []


def test_other_requests_are_passed_on(lab: Lab) -> None:
    told = UnitAnswer(b'report', b'', 0, complete=True)
    came = LogAsker(Failing([(told,)]), lab.store).ask(
        'web/0', [Request('web/0', '/hook')], Deadline.after(PATIENCE)
    )
    assert came.answers == (told,)


@pytest.mark.parametrize('text', [b'', b'x', b'{"kind": "cursor", "cursor": "x"}', b'{}', b'[]'])
def test_what_is_no_log_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match='cursor'):
        read_chunk(text)


def test_the_age_is_told_by_the_clock_that_counts_from_boot() -> None:
    kept = LogPosition(latest=report('web/0', sequence=10_000))
    later = LogChunk((), None, boot_id='boot-1', uptime_seconds=25.0)
    assert kept.held_seconds(later) == 15.0
    assert kept.held_seconds(replace(later, uptime_seconds=5.0)) == 0.0
    assert kept.held_seconds(replace(later, boot_id='boot-2')) is None
    assert kept.held_seconds(replace(later, uptime_seconds=None)) is None
    assert LogPosition().held_seconds(later) is None
