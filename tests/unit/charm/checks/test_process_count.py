"""Real processes, and a /proc of files for those that are hard to make."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.process_count import ProcessCount
from charm.checks.options import OptionError
from charm.checks.thresholds import Range
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """Three processes, of nobody that is ours, with a word of their own in the command line."""
    word = f'/mark/{os.getpid()}/{tmp_path.name}'
    fifo = tmp_path / 'fifo'
    os.mkfifo(fifo)
    # Those that read it end when it is closed.
    held = os.open(fifo, os.O_RDWR)
    start = 'for i in 1 2 3; do sh -c "read x" "$0" < "$1" & done'
    subprocess.run(['sh', '-c', start, word, str(fifo)], check=True)
    yield word
    os.close(held)


def processes(proc: Path, *entries: tuple[int, str, str, list[str]]) -> Path:
    """Write a /proc with these: number, name, state, command line."""
    for pid, comm, state, words in entries:
        directory = proc / str(pid)
        directory.mkdir(parents=True)
        (directory / 'stat').write_text(f'{pid} ({comm}) {state} {int(pid > 1)} 1 1 0 -1')
        (directory / 'cmdline').write_bytes(b''.join(word.encode() + b'\0' for word in words))
    return proc


def test_real_processes_are_counted_by_their_command_line(mark: str) -> None:
    verdict = run(ProcessCount(cmdline=mark))
    assert verdict.health is Health.PASSED
    assert verdict.data['count'] == 3
    assert len(verdict.data['pids']) == 3
    assert verdict.message == f'3 processes matching {mark!r}'


def test_what_our_own_checks_started_is_not_counted(mark: str) -> None:
    with subprocess.Popen(['sh', '-c', 'sh -c "read x" "$0"', mark], stdin=subprocess.PIPE):
        assert run(ProcessCount(cmdline=mark)).data['count'] == 3


def test_the_first_process_of_a_container_counts_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, 'getpid', lambda: 1)
    proc = processes(tmp_path, (1, 'agent', 'S', ['agent']), (20, 'web', 'S', ['web']))
    assert run(ProcessCount(command='web', proc=proc)).data['pids'] == [20]


@pytest.mark.parametrize(
    ('options', 'health'),
    [
        ({'minimum': 3, 'maximum': 3}, Health.PASSED),
        ({'minimum': 4}, Health.FAIL),
        ({'minimum': 0, 'maximum': 2}, Health.FAIL),
        ({'minimum': 0, 'maximum': 0}, Health.FAIL),
        ({'warn': Range.parse('5:')}, Health.WARN),
    ],
)
def test_too_few_and_too_many_fail(mark: str, options: dict[str, Any], health: Health) -> None:
    assert run(ProcessCount(cmdline=mark, **options)).health is health


def test_none_at_all_fails_and_says_what_was_wanted() -> None:
    verdict = run(ProcessCount(command='no-such-program'))
    assert verdict.health is Health.FAIL
    assert verdict.message == '0 processes no-such-program, wanted at least 1'


def test_a_program_is_known_by_its_name_and_a_zombie_is_none(tmp_path: Path) -> None:
    proc = processes(
        tmp_path,
        (1, 'init', 'S', ['/sbin/init']),
        (20, 'web', 'S', ['/usr/bin/web', '-d']),
        (21, 'web', 'Z', []),
        (22, 'webby', 'S', ['webby']),
        (23, 'we) (b', 'R', ['web']),
    )
    assert run(ProcessCount(command='web', proc=proc)).data['pids'] == [20]
    assert run(ProcessCount(command='we) (b', proc=proc)).data['pids'] == [23]


def test_a_name_longer_than_the_kernel_keeps_is_told_by_the_command_line(tmp_path: Path) -> None:
    proc = processes(
        tmp_path,
        (1, 'init', 'S', ['/sbin/init']),
        (20, 'nagios-nrpe-ser', 'S', ['/usr/sbin/nagios-nrpe-server']),
        (21, 'nagios-nrpe-ser', 'S', ['/usr/sbin/nagios-nrpe-sergeant']),
    )
    assert run(ProcessCount(command='nagios-nrpe-server', proc=proc)).data['pids'] == [20]


def test_only_the_first_twenty_are_named(tmp_path: Path) -> None:
    entries = [(pid, 'x', 'S', ['x']) for pid in range(1, 101)]
    verdict = run(ProcessCount(command='x', proc=processes(tmp_path, *entries)))
    assert verdict.data['count'] == 100
    assert len(verdict.data['pids']) == 20


def test_a_process_that_ends_while_we_look_is_not_counted(tmp_path: Path) -> None:
    proc = processes(tmp_path, (1, 'init', 'S', ['init']), (30, 'web', 'S', ['web']))
    (proc / '30' / 'cmdline').unlink()
    assert run(ProcessCount(command='web', minimum=0, proc=proc)).data['count'] == 0


def in_namespace(proc: Path, pid: int, numbers: str) -> None:
    (proc / str(pid) / 'status').write_text(f'Name:\tx\nNSpid:\t{numbers}\nNSpgid:\t1\n')


@pytest.mark.parametrize(('containers', 'pids'), [(False, [20, 23]), (True, [20, 21, 22, 23])])
def test_those_of_containers_count_only_if_asked_for(
    tmp_path: Path, containers: bool, pids: list[int]
) -> None:
    entries = [(pid, 'db', 'S', ['db']) for pid in (1, 20, 21, 22, 23)]
    proc = processes(tmp_path, (1, 'init', 'S', ['init']), *entries[1:])
    for pid, numbers in ((20, '20'), (21, '21\t1'), (22, '22\t300\t1'), (23, '23')):
        in_namespace(proc, pid, numbers)
    verdict = run(ProcessCount(command='db', proc=proc, containers=containers))
    assert verdict.data['pids'] == pids
    assert verdict.data['in_containers'] == 2
    assert ('2 in containers not counted' in verdict.message) is not containers


def test_a_kernel_that_does_not_tell_namespaces_counts_all_and_it_is_told(tmp_path: Path) -> None:
    proc = processes(tmp_path, (1, 'init', 'S', ['init']), (20, 'db', 'S', ['db']))
    verdict = run(ProcessCount(command='db', proc=proc))
    assert (verdict.data['count'], verdict.data['in_containers']) == (1, None)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can make a namespace')
def test_a_real_process_in_a_namespace_of_its_own_does_not_count(tmp_path: Path) -> None:
    mark = f'/nested/{os.getpid()}/{tmp_path.name}'
    # The first process of the namespace reads until we close; the kernel ends the rest with it.
    inside = 'echo ready; read x; : "$0"'
    start = ['setsid', 'unshare', '--pid', '--fork', '--kill-child', 'sh', '-c', inside, mark]
    script = f'"$@" < {tmp_path}/in > {tmp_path}/out &'
    os.mkfifo(tmp_path / 'in')
    os.mkfifo(tmp_path / 'out')
    held = os.open(tmp_path / 'in', os.O_RDWR)
    subprocess.run(['sh', '-c', script, 'sh', *start], check=True)
    with (tmp_path / 'out').open() as said:
        assert said.readline() == 'ready\n'
    # unshare itself stays outside, with the same words in its command line.
    assert run(ProcessCount(cmdline=f'^sh -c.*{mark}')).data['count'] == 0
    counted = run(ProcessCount(cmdline=f'^sh -c.*{mark}', containers=True))
    os.close(held)
    assert counted.data['count'] == 1


def test_where_the_processes_of_others_are_hidden_no_count_is_given(tmp_path: Path) -> None:
    proc = processes(tmp_path, (400, 'web', 'S', ['web']))
    with pytest.raises(CheckError, match='run as root'):
        run(ProcessCount(command='web', proc=proc))
    with pytest.raises(CheckError, match='cannot read'):
        run(ProcessCount(command='web', proc=tmp_path / 'none'))


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({}, 'one of the options command and cmdline'),
        ({'command': 'x', 'maximum': 0}, 'is below minimum'),
        ({'cmdline': '('}, 'not a regular expression'),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        ProcessCount(**options)
