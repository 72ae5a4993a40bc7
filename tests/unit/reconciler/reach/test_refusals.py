"""What machines say that let nobody in, or can run nothing, is told as that in their own words."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.ask.base import MachineAnswer
from reconciler.ask.frames import Request
from reconciler.ask.script_asker import ScriptAsker
from reconciler.juju.command import Juju
from reconciler.reach.base import ReachError, last_line
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.local import LocalReach
from reconciler.reach.refusals import refusal_in
from reconciler.values.readings import Outcome
from tests.support.patience import PATIENCE

NO_LOGIN, ILL = Outcome.NO_LOGIN, Outcome.ILL
REQUESTS = [Request('web/0', '/no/such')]
# How it ended, and on which stream it said what (OpenSSH 9.2, Linux-PAM 1.5, sudo 1.9, bash 5.2).
SAID: dict[str, tuple[int, int, str, Outcome]] = {
    'booting': (
        255,
        2,
        '"System is booting up. Unprivileged users are not permitted to log in yet. Please come '
        'back later. For technical details, see pam_nologin(8)."\n'
        'Connection closed by 10.0.0.5 port 22',
        NO_LOGIN,
    ),
    'going down': (
        255,
        2,
        'System is going down. Unprivileged users are not permitted to log in anymore. For '
        'technical details, see pam_nologin(8).\nConnection closed by 10.0.0.5 port 22',
        NO_LOGIN,
    ),
    'nologin': (1, 1, 'This account is currently not available.', NO_LOGIN),
    'account': (
        255,
        2,
        'Your account has expired; please contact your system administrator.\n'
        'Connection closed by 10.0.0.5 port 22',
        NO_LOGIN,
    ),
    'password': (
        1,
        2,
        'WARNING: Your password has expired.\nPassword change required but no TTY available.',
        NO_LOGIN,
    ),
    'aged': (
        1,
        2,
        'You are required to change your password immediately (administrator enforced).',
        NO_LOGIN,
    ),
    'shell': (1, 2, '/bin/bash: No such file or directory', NO_LOGIN),
    'sudo': (1, 2, 'sudo: a password is required', NO_LOGIN),
    'fork': (254, 2, '-bash: fork: retry: Resource temporarily unavailable', ILL),
    'dash': (2, 2, 'sh: 12: Cannot fork', ILL),
    'memory': (254, 2, 'bash: fork: Cannot allocate memory', ILL),
    'full': (
        1,
        2,
        'bash: cannot create temp file for here-document: No space left on device',
        ILL,
    ),
    'library': (
        127,
        2,
        'sudo: error while loading shared libraries: libssl.so.3: cannot open shared object '
        'file: No such file or directory',
        ILL,
    ),
    'disk': (126, 2, 'sh: 1: /usr/bin/timeout: Input/output error', ILL),
}


class Says:
    """A reach to a machine that says something and does nothing."""

    name = 'says'

    def __init__(self, exit_code: int, stream: int, text: str) -> None:
        out, err = (f'{text}\n'.encode() if stream == number else b'' for number in (1, 2))
        self._completed = Completed(exit_code, out, err, len(out), len(err))

    def run(self, *_asked: object, **_bounds: object) -> Completed:
        return self._completed


def asked(reach: object) -> MachineAnswer:
    return ScriptAsker(reach).ask('web/0', REQUESTS, Deadline.after(PATIENCE))  # type: ignore[arg-type]


@pytest.mark.parametrize('case', SAID)
@pytest.mark.parametrize('way', ['juju', 'direct'])
def test_its_own_words_are_told_on_every_way(tmp_path: Path, way: str, case: str) -> None:
    exit_code, stream, text, outcome = SAID[case]
    reach: object = Says(exit_code, stream, text)
    if way == 'juju':
        juju = tmp_path / 'juju'
        says = f"printf '%s\\n' {shlex.quote(text)} >&{stream}"
        juju.write_text(f'#!/bin/sh\n[ "$1" = ssh ] || exit 0\n{says}\nexit {exit_code}\n')
        juju.chmod(0o755)
        reach = JujuSSH(Juju(str(juju)))
    fault = asked(reach).fault
    assert fault is not None
    assert (fault.outcome, fault.retryable, fault.dropped) == (outcome, False, False)
    assert fault.advice
    spoken = [line for line in text.splitlines() if refusal_in(line)]
    assert spoken[0][:60].split('"')[-1] in str(fault)


@pytest.mark.parametrize(
    'text',
    [
        'Your password will expire in 7 days.',
        'Welcome to Ubuntu 24.04 LTS',
        'sudo: unable to resolve host juju-0: Name or service not known',
        'ubuntu@10.0.0.5: Permission denied (publickey).',
        'hooks/health: 3: no-such: not found',
    ],
)
def test_noise_and_what_has_its_own_outcome_is_none_of_it(text: str) -> None:
    assert refusal_in(text) is None


def test_an_answer_that_came_is_one_whatever_stands_beside_it(tmp_path: Path) -> None:
    hook = tmp_path / 'health'
    hook.write_text('#!/bin/sh\necho No space left on device\n')
    hook.chmod(0o755)
    came = ScriptAsker(LocalReach()).ask(
        'web/0', [Request('web/0', str(hook))], Deadline.after(PATIENCE)
    )
    assert (came.fault, came.answers[0].stdout) == (None, b'No space left on device\n')


def _said(argv: list[str], **how: object) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, **how)  # type: ignore[call-overload]
    assert done.returncode != 0
    return str(done.stdout + done.stderr)


def test_so_real_programs_say_it(tmp_path: Path) -> None:
    assert refusal_in(_said(['/usr/sbin/nologin'])).outcome is NO_LOGIN  # type: ignore[union-attr]
    full = refusal_in(_said(['sh', '-c', 'cat /proc/self/stat >/dev/full']))
    assert full is not None
    assert full.outcome is ILL
    broken = tmp_path / 'true'
    broken.write_bytes(
        Path(shutil.which('true') or '').read_bytes().replace(b'libc.so', b'libx.so')
    )
    broken.chmod(0o755)
    found = refusal_in(_said([str(broken)]))
    assert found is not None
    assert (found.outcome, 'libx.so' in found.said) == (ILL, True)


def test_a_name_that_sudo_cannot_resolve_is_noise() -> None:
    noise = b'sudo: unable to resolve host juju-0: Name or service not known\n'
    assert last_line(noise) == ''
    assert last_line(b'no\n' + noise) == 'no'


def test_a_sudo_that_wants_a_password_is_told_of_a_hook_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, body in {
        'id': 'echo 1000',
        'sudo': 'echo "sudo: a password is required" >&2; exit 1',
    }.items():
        (tmp_path / name).write_text(f'#!/bin/sh\n{body}\n')
        (tmp_path / name).chmod(0o755)
    hook = tmp_path / 'health'
    hook.write_text('no program')
    monkeypatch.setenv('PATH', str(tmp_path), prepend=':')
    came = ScriptAsker(LocalReach()).ask(
        'web/0', [Request('web/0', str(hook))], Deadline.after(PATIENCE)
    )
    answer = came.answers[0]
    assert (answer.exit_code, answer.stderr) == (126, b'sudo: a password is required\n')


def test_what_is_seen_while_it_was_asked_keeps_what_had_come() -> None:
    error = asked(Says(1, 2, 'sh: 3: Cannot fork')).fault
    assert isinstance(error, ReachError)
    assert error.completed.stderr == b'sh: 3: Cannot fork\n'
