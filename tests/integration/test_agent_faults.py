"""The agent killed, frozen, hung and out of disk; and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.log_files import Cursor, read_since
from tests.support.patience import PATIENCE

from .agents import Agent, health_of, new_lines_of, until


def test_killed_it_comes_back_with_its_last_report_and_no_false_change(agent: Agent) -> None:
    agent.start()
    agent.verdict.write_text('2')
    until(lambda: health_of(agent.report(), 'flag') == 'fail')
    before = agent.first_report()
    agent.kill()
    agent.configure(interval=3600, report=3600)
    agent.start()
    after = agent.report()
    assert after['boot_id'] == before['boot_id']
    assert after['sequence'] >= before['sequence']
    assert health_of(after, 'flag') == 'fail'
    tail = read_since(agent.log, None)
    mark = len(tail.lines)
    until(lambda: len([1 for line in new_lines(agent, mark) if line['kind'] == 'report']) > 0)
    reports = [line for line in new_lines(agent, mark) if line['kind'] == 'report']
    assert not any(line['change'] for line in reports)


def new_lines(agent: Agent, mark: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_since(agent.log, None).lines[mark:]]


def test_frozen_it_feeds_no_watchdog_and_thawed_it_goes_on(agent: Agent) -> None:
    agent.start(watchdog_seconds=0.6)
    for _ in range(3):
        agent.wait_for(b'WATCHDOG=1')
    agent.signal(signal.SIGSTOP)
    while agent.hear(0.0):
        pass
    assert agent.hear(1.0) == b''
    agent.signal(signal.SIGCONT)
    agent.wait_for(b'WATCHDOG=1')
    runs = agent.counts()['flag']['runs']
    until(lambda: agent.counts()['flag']['runs'] > runs)


def test_a_check_that_hangs_starves_no_other_and_is_not_run_twice(agent: Agent) -> None:
    slow = {'kind': 'nagios', 'command': ['/bin/sleep', '1000'], 'timeout': 1000}
    agent.define(flag=agent.flag(), **{f'slow-{number}': slow for number in range(20)})
    agent.start()
    until(lambda: agent.counts()['flag']['runs'] >= 3)
    counts = agent.counts()
    assert counts['slow-0']['runs'] == 0
    assert counts['slow-0']['skips'] >= 1
    assert agent.process is not None
    children = Path(f'/proc/{agent.process.pid}/task').glob('*/children')
    sleeping = sum(len(one.read_text().split()) for one in children)
    assert sleeping <= 21
    agent.signal(signal.SIGTERM)
    assert agent.process.wait(PATIENCE) == 0
    assert not agent.socket.exists()


def test_a_reader_beside_it_sees_every_line_across_rotations_and_kills(agent: Agent) -> None:
    agent.configure(log_bytes=65536, log_files=100)
    noise = {'kind': 'nagios', 'command': ['/bin/sh', '-c', 'head -c 3000 /dev/zero | tr "\\0" x']}
    agent.define(**{f'noise-{number}': noise for number in range(10)})
    cursor: Cursor | None = None
    live: list[bytes] = []
    for _round in range(3):
        agent.start()
        started_at = len(live)
        deadline = Deadline.after(PATIENCE)
        while len(live) < started_at + 60 and not deadline.passed:
            tail = read_since(agent.log, cursor, 20000)
            assert not tail.gap
            cursor = tail.cursor or cursor
            live += tail.lines
            time.sleep(0.01)
        agent.kill()
    while True:
        tail = read_since(agent.log, cursor)
        live += tail.lines
        cursor = tail.cursor
        if not tail.more:
            break
    whole = b''.join(path.read_bytes() for path in sorted(agent.log.glob('agent-*.jsonl')))
    assert live == whole.split(b'\n')[:-1]
    assert len(list(agent.log.glob('agent-*.jsonl'))) >= 3


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can mount')
def test_on_a_full_disk_it_still_checks_and_answers_and_recovers(tmp_path: Path) -> None:
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip('this machine lets nobody mount')
    agent = Agent(tmp_path / 'agent', state=str(disk / 'state'), log=str(disk / 'log'))
    try:
        agent.start()
        agent.first_report()
        with (disk / 'big').open('wb', buffering=0) as big, contextlib.suppress(OSError):
            while big.write(b'x' * 4096):
                pass
        assert shutil.disk_usage(disk).free == 0
        until(lambda: 'cannot write' in agent.said())
        agent.verdict.write_text('2')
        until(lambda: health_of(agent.report(), 'flag') == 'fail')
        lost = b'juju_health_agent_log_lines_lost_total 0\n'
        until(lambda: lost not in agent.ask('GET', '/metrics').body)
        (disk / 'big').unlink()
        lines = until(
            lambda: [line for line in new_lines_of(disk / 'log') if line['kind'] == 'lost']
        )
        # It is a counter: it does not go down when there is room again.
        assert lost not in agent.ask('GET', '/metrics').body
        assert lines[0]['lines'] > 0
        last = next((disk / 'state' / 'last').glob('*.json'))
        until(lambda: health_of(json.loads(last.read_bytes()), 'flag') == 'fail')
    finally:
        agent.close()
        subprocess.run(['umount', '-l', str(disk)], check=True)
