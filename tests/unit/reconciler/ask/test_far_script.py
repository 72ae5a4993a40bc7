"""The two ways to frame what units say: each does all, and which one it is nobody notices."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.ask import far_script, framer
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.modes import AskMode, Programs, request_for
from tests.support.authors import PYTHONS, pretended, python_of
from tests.support.far_machine import NONCE, PATIENT, SHELLS, Machine
from tests.support.patience import PATIENCE

# At most so many processes a unit, the hook's two and `timeout` included, and so many a machine.
MOST_A_UNIT = 4
MOST_A_MACHINE = 6


def whole(stdout: bytes, exit_code: int = 0) -> UnitAnswer:
    return UnitAnswer(stdout, b'', exit_code, True)


@pytest.mark.parametrize('shell', SHELLS)
def test_every_shell_tells_all_apart(machine: Machine, shell: str) -> None:
    machine.install('sh', shell)
    machine.add('cat; echo "$1"; echo err >&2; exit 3', "it's  $HOME")
    machine.requests.append(Request('web/1', '/no/such/hook'))
    looks = Request('web/2', 'cat', unless=('/no/such/hook',), stdin=(b'for ', b'the probe'))
    machine.requests.append(looks)
    agent = machine.directory / 'agent'
    agent.write_text('#!/bin/sh\necho \'{"age": 5.5, "report": {}}\'\n')
    agent.chmod(0o755)
    programs = Programs('web/3', (str(agent), 'hook'), (str(agent),))
    machine.requests.append(request_for(programs, AskMode('auto', 60.0)))
    done = machine.run(machine.command(), stdin=b'for the probe')
    assert (done.returncode, done.stderr) == (0, b'')
    assert machine.answers(done.stdout) == [
        UnitAnswer(b"it's  $HOME\n", b'err\n', 3, True),
        whole(b'', 127),
        whole(b'for the probe'),
        replace(whole(b'{"age": 5.5, "report": {}}\n'), first=True),
    ]


def test_a_hook_finds_what_a_login_gives_and_nothing_of_ours(machine: Machine) -> None:
    machine.add('for n in 3 4 5 6 7; do [ ! -e /proc/$$/fd/$n ] || echo "$n is open"; done')
    machine.add('echo "${LC_CTYPE-unset} ${LC_ALL-unset}"')
    machine.add("sh -c 'kill -PIPE $$'; echo $?")
    machine.add('cat; echo nothing to read')
    unset = [b'', b'unset unset\n', b'141\n', b'nothing to read\n']
    assert machine.ask(LANG='C') == [whole(text) for text in unset]
    assert machine.ask(LANG='C', LC_CTYPE='POSIX')[1] == whole(b'POSIX unset\n')


@pytest.mark.parametrize(
    'script',
    [
        'exit 1',
        'exec no-such-interpreter',
        'echo oops; echo cannot load it >&2; exit 127',
        'kill -SEGV $$',
        'exit 0',
        f'exec {sys.executable} -I -S -B -c "import no_such_module"',
        pretended(sys.executable),
    ],
    ids=['ends', 'missing', 'talks', 'crashes', 'does-nothing', 'lacks-a-module', 'old'],
)
def test_where_python_is_broken_the_shell_does_it(tmp_path: Path, script: str) -> None:
    machine = Machine(tmp_path)
    machine.write('python3', script)
    machine.add('echo once >>"$0.ran"; echo out; exit 4')
    assert machine.ask() == [whole(b'out\n', 4)]
    assert Path(f'{machine.requests[0].path}.ran').read_text() == 'once\n'


def test_what_has_begun_is_never_run_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.add('echo once >>"$0.ran"; kill -9 $(cat "$1"); sleep 1000', str(tmp_path / 'pid'))
    real = tmp_path / 'python'
    real.symlink_to(Path(sys.executable).resolve())
    machine.write('python3', f'echo $$ >{tmp_path}/pid; exec {real} "$@"')
    (answer,) = machine.answers(machine.run(machine.command(3)).stdout)
    assert not answer.complete
    assert Path(f'{machine.requests[0].path}.ran').read_text() == 'once\n'


@pytest.mark.parametrize('version', PYTHONS)
def test_every_python_from_3_8_on_frames(version: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.install('python3', str(python_of(version)))
    machine.programs.joinpath('base64').unlink()
    machine.add("printf '\\000\\377'; echo err >&2; exit 5")
    machine.add('head -c 5000000 /dev/zero')
    first, second = machine.ask()
    assert first == UnitAnswer(b'\0\xff', b'err\n', 5, True)
    assert second.stdout == bytes(machine.requests[1].cap_bytes)


def test_who_cannot_be_started_is_told_as_a_fault_of_the_machine(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for _ in range(20):
        machine.add('echo out')
    done = machine.run(f'ulimit -n 20; {machine.command()}')
    assert done.stderr == b'cannot fork: Too many open files\n'
    ended = [answer.complete for answer in machine.answers(done.stdout)]
    assert ended == sorted(ended, reverse=True)
    assert len(set(ended)) == 2, 'those before are asked all the same'


def test_it_is_sent_as_it_stands_and_asks_for_nothing_of_the_disk() -> None:
    source = Path(framer.__file__).read_text()
    assert shlex.quote(source) in far_script.script([], NONCE, PATIENT)
    inside = 'import sys; before = set(sys.modules); __name__ = "framer"; exec(sys.argv[1])'
    told = f'{inside}; print(*set(sys.modules) - before)'
    argv = [sys.executable, '-I', '-S', '-c', told, source]
    modules = subprocess.check_output(argv, text=True).split()
    assert set(modules) <= {'posix', 'select', 'sys', 'time', 'binascii'}


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can count processes in a namespace')
def test_a_unit_more_costs_four_processes_of_which_two_are_the_hook_s(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / 'report').write_text('x' * 1600)
    counted = {}
    for units in (1, 10):
        while len(machine.requests) < units:
            machine.add(f'cat {tmp_path}/report')
        # Processes are numbered in turn, and nobody else's are in this namespace.
        inside = f'{machine.command()}\nsh -c \'echo "$$" >"$1"\' sh {tmp_path}/last'
        argv = [
            str(shutil.which('unshare')),
            '--pid',
            '--fork',
            '--kill-child',
            'sh',
            '-c',
            inside,
        ]
        done = subprocess.run(
            argv, env=machine.environment(), capture_output=True, timeout=PATIENCE
        )
        assert machine.answers(done.stdout) == [whole(b'x' * 1600)] * units, done.stderr
        counted[units] = int((tmp_path / 'last').read_text()) - 2
    assert counted[10] - counted[1] == 9 * MOST_A_UNIT
    assert counted[1] - MOST_A_UNIT <= MOST_A_MACHINE
