"""The hooks that agents are running, by what proc(5) tells of their children."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from charm.probe.hooks import Hooks
from tests.support.patience import PATIENCE

CHARM = '/var/lib/juju/agents/unit-mysql-router-0/charm'
NOW_SECONDS = 50_000.0
BEGAN_SECONDS = 40_000.0
# Of each process: its name, its parent, and its command line.
Process = Tuple[str, int, Tuple[str, ...]]
AGENT: Process = ('jujud', 1, ('jujud', 'machine'))
FOUND: Dict[str, Tuple[Process, Dict[str, str]]] = {
    'a hook that is a script': (
        ('config-changed', 10, ('/bin/sh', f'{CHARM}/hooks/config-changed')),
        {'agent': 'unit-mysql-router-0', 'hook': 'config-changed'},
    ),
    'an action': (
        ('backup', 10, ('/bin/bash', '-e', f'{CHARM}/actions/backup')),
        {'agent': 'unit-mysql-router-0', 'hook': 'backup'},
    ),
    'a dispatch': (
        ('dispatch', 10, ('/bin/sh', f'{CHARM}/dispatch')),
        {'agent': 'unit-mysql-router-0', 'hook': ''},
    ),
    'a charm of the ops framework': (
        ('python3', 10, ('python3', './src/charm.py')),
        {'agent': '', 'hook': ''},
    ),
    'one whose name has parentheses': (
        ('a) R 1 (b', 10, ('/bin/sh', f'{CHARM}/hooks/start')),
        {'agent': 'unit-mysql-router-0', 'hook': 'start'},
    ),
}
OTHERS: Dict[str, Process] = {
    'what a hook left behind': ('sh', 1, ('/bin/sh', f'{CHARM}/hooks/start')),
    'what an agent runs for itself': ('snap', 10, ('snap', 'list')),
    'an editor': ('vim', 77, ('vim', f'{CHARM}/hooks/start')),
}


def proc(directory: Path, *processes: Process) -> Path:
    began_ticks = int(BEGAN_SECONDS * os.sysconf('SC_CLK_TCK'))
    for pid, (name, parent, words) in enumerate(processes, 10):
        (directory / str(pid)).mkdir()
        rest = ' '.join(['S', str(parent), *['0'] * 17, str(began_ticks), *['0'] * 30])
        (directory / str(pid) / 'stat').write_text(f'{pid} ({name}) {rest}\n')
        (directory / str(pid) / 'cmdline').write_bytes(b'\0'.join(w.encode() for w in words))
    (directory / '9999').mkdir()  # It has just ended.
    return directory


def running(directory: Path) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = (
        Hooks(directory, lambda: NOW_SECONDS).run(Deadline.after(PATIENCE)).data['running']
    )
    return found


@pytest.mark.parametrize(('process', 'told'), list(FOUND.values()), ids=list(FOUND))
def test_a_child_of_an_agent_that_runs_from_a_charm_is_a_hook(
    tmp_path: Path, process: Process, told: Dict[str, str]
) -> None:
    assert running(proc(tmp_path, AGENT, process)) == [
        {**told, 'seconds': NOW_SECONDS - BEGAN_SECONDS}
    ]


def test_in_a_pod_the_agent_has_another_name(tmp_path: Path) -> None:
    agent = ('containeragent', 1, ('containeragent', 'unit'))
    (found,) = running(proc(tmp_path, agent, FOUND['a dispatch'][0]))
    assert found['agent'] == 'unit-mysql-router-0'


def test_no_other_process_is_one(tmp_path: Path) -> None:
    assert running(proc(tmp_path, AGENT, *OTHERS.values())) == []


def test_processes_began_by_the_clock_that_it_goes_by() -> None:
    # In a container /proc/uptime is its own, while processes began by the clock of the host.
    assert Hooks().run(Deadline.after(PATIENCE)).data == {'running': []}
    began_ticks = int(Path('/proc/self/stat').read_text().rpartition(')')[2].split()[19])
    lived_seconds = Hooks().clock() - began_ticks / os.sysconf('SC_CLK_TCK')
    assert 0 <= lived_seconds < 86400


def test_where_proc_tells_nothing_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='cannot see what runs'):
        running(tmp_path / 'none')
