"""A schedule in words and as JSON, and how its last run is kept."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from charm.kernel.errors import FileError
from reconciler.schedule.last_run import LastRun, read, write
from reconciler.schedule.schedule import Schedule
from reconciler.schedule.shown import ShownSchedule, lines
from tests.support.golden import check_golden

BEGAN = datetime(2026, 11, 30, 22, 30, 4, tzinfo=timezone.utc)
DONE = LastRun(BEGAN).end(BEGAN + timedelta(seconds=12), 2)
FAILED = LastRun(BEGAN).end(BEGAN + timedelta(seconds=1), 3, 'cannot use juju status: not logged')
SCHEDULE = Schedule(
    name='juju-health-lab-prod',
    asked='lab:prod',
    argv=('/opt/jh/bin/reconcile-health', 'sweep'),
    environment=(),
    minutes=60,
    limit_seconds=180,
    user='ann',
    system=False,
    kind='systemd',
    last_run='/x.json',
)
NEXT = BEGAN + timedelta(hours=1)
OUTPUT = 'journalctl --user -u juju-health-lab-prod'
SHOWN = {
    'done': ShownSchedule(SCHEDULE, DONE, '', NEXT, '', OUTPUT),
    'failed': ShownSchedule(SCHEDULE, FAILED, '', NEXT, '', OUTPUT),
    'running': ShownSchedule(SCHEDULE, LastRun(BEGAN), '', NEXT, '', OUTPUT),
    'never': ShownSchedule(SCHEDULE, None, '', None, 'x.timer is not active', OUTPUT),
    'others': ShownSchedule(SCHEDULE, None, 'cannot read /x.json: denied', NEXT, '', OUTPUT),
}


def test_the_words_are_the_golden_ones() -> None:
    text = '\n'.join(line for one in SHOWN.values() for line in lines(one))
    check_golden('schedule-show.txt', f'{text}\n')
    documents = [one.document for one in SHOWN.values()]
    check_golden('schedule-show.json', f'{json.dumps(documents, indent=2)}\n')


def test_what_does_not_run_and_what_failed_is_unwell() -> None:
    unwell = {name for name, one in SHOWN.items() if one.is_unwell}
    assert unwell == {'failed', 'never'}, 'bad health is no fault of the schedule'


@pytest.mark.parametrize('run', [DONE, FAILED, LastRun(BEGAN)])
def test_a_run_is_read_as_it_was_written(run: LastRun, tmp_path: Path) -> None:
    path = tmp_path / 'there' / 'run.json'
    assert read(path) is None
    write(path, run)
    assert read(path) == run


@pytest.mark.parametrize('content', [b'', b'[]', b'{"began": 5}', b'\xff', b'{"began": "now"}'])
def test_a_damaged_file_tells_of_no_run(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / 'run.json'
    path.write_bytes(content)
    assert read(path) is None


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        read(tmp_path)
