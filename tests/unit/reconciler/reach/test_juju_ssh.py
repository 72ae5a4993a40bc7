"""What a failed `juju ssh` means, by its exit code and what juju and ssh said."""

from __future__ import annotations

from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.juju.command import Juju
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.reach.juju_ssh import JujuSSH, explain_failure
from reconciler.values.readings import Outcome
from tests.support.patience import PATIENCE

# Exit code, stderr, and what it stands for; the texts are those of OpenSSH 9.2 and of juju.
CASES: list[tuple[int, str, Outcome, bool]] = [
    (255, 'Host key verification failed.', Outcome.HOST_KEY, False),
    (
        255,
        '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n…\nHost key verification failed.',
        Outcome.HOST_KEY,
        False,
    ),
    (
        1,
        'ERROR retrieving SSH host keys for "0": keys not found',
        Outcome.HOST_KEY,
        False,
    ),
    (
        255,
        'ubuntu@10.0.0.5: Permission denied (publickey).',
        Outcome.REFUSED_KEY,
        False,
    ),
    (
        255,
        'ubuntu@10.0.0.5: Permission denied (gssapi-with-mic,publickey).',
        Outcome.REFUSED_KEY,
        False,
    ),
    (
        255,
        'Received disconnect from 10.0.0.5 port 22:2: Too many authentication failures',
        Outcome.REFUSED_KEY,
        False,
    ),
    (
        255,
        'ssh: connect to host 10.0.0.5 port 22: No route to host',
        Outcome.UNREACHABLE,
        True,
    ),
    (
        255,
        'ssh: connect to host 10.0.0.5 port 22: Network is unreachable',
        Outcome.UNREACHABLE,
        True,
    ),
    (
        255,
        'ssh: connect to host 10.0.0.5 port 22: Connection refused',
        Outcome.UNREACHABLE,
        True,
    ),
    (
        255,
        'ssh: connect to host 10.0.0.5 port 22: Connection timed out',
        Outcome.UNREACHABLE,
        True,
    ),
    (255, 'Connection timed out during banner exchange', Outcome.UNREACHABLE, True),
    (255, 'Connection reset by 10.0.0.5 port 22', Outcome.UNREACHABLE, True),
    (255, 'Connection closed by remote host', Outcome.UNREACHABLE, True),
    (
        255,
        'kex_exchange_identification: read: Connection reset by peer',
        Outcome.UNREACHABLE,
        True,
    ),
    (255, 'client_loop: send disconnect: Broken pipe', Outcome.UNREACHABLE, True),
    (
        255,
        'Timeout, server 10.0.0.5 not responding.',
        Outcome.UNREACHABLE,
        True,
    ),
    (
        255,
        'ssh: Could not resolve hostname node: Name or service not known',
        Outcome.UNREACHABLE,
        True,
    ),
    (255, '', Outcome.UNREACHABLE, True),
    (
        1,
        'ERROR cannot connect to any address: [10.0.0.5:22 10.0.1.5:22]',
        Outcome.UNREACHABLE,
        True,
    ),
    (1, 'ERROR container for unit "web/0" is not ready yet', Outcome.UNREACHABLE, True),
    (1, 'ERROR pod not found', Outcome.UNREACHABLE, True),
    (
        1,
        'ERROR error dialing backend: dial tcp 10.0.0.5:10250: i/o timeout',
        Outcome.UNREACHABLE,
        True,
    ),
    (1, 'ERROR account details for controller lab not found', Outcome.NOT_LOGGED_IN, False),
    (1, 'ERROR permission denied (unauthorized access)', Outcome.NO_PERMISSION, False),
    (
        1,
        'ERROR unable to connect to API: dial tcp 10.0.0.1:17070: i/o timeout',
        Outcome.JUJU_FAILED,
        True,
    ),
    (
        1,
        'ERROR cannot connect to API: dial tcp 10.0.0.1:17070: connect: connection refused',
        Outcome.JUJU_FAILED,
        True,
    ),
    (
        1,
        'ERROR opening API connection: dial tcp 10.0.0.1:17070: connect: no route to host',
        Outcome.JUJU_FAILED,
        True,
    ),
    (1, 'ERROR unit "web/0" not found', Outcome.JUJU_FAILED, False),
    (1, 'ERROR no available address(es)', Outcome.JUJU_FAILED, False),
    (2, 'ERROR option provided but not defined: --x', Outcome.JUJU_FAILED, False),
    (1, 'ERROR command terminated with exit code 7', Outcome.JUJU_FAILED, False),
    (127, 'bash: line 1: /x: No such file or directory', Outcome.JUJU_FAILED, False),
]


@pytest.mark.parametrize(
    ('code', 'stderr', 'outcome', 'retryable'), CASES, ids=[f'{c[0]}-{c[1][:50]}' for c in CASES]
)
def test_each_failure_is_told_by_what_was_said(
    code: int, stderr: str, outcome: Outcome, retryable: bool
) -> None:
    completed = Completed(code, b'part of an answer', stderr.encode())
    error = explain_failure(completed)
    assert (error.outcome, error.retryable) == (outcome, retryable)
    assert error.completed is completed, 'what arrived is kept'
    assert str(error).startswith('cannot ')


def test_the_line_that_told_is_the_message() -> None:
    stderr = b'Warning: something\nssh: connect to host h port 22: Connection refused\nlast\n'
    error = explain_failure(Completed(255, b'', stderr))
    assert str(error) == ('cannot reach it: ssh: connect to host h port 22: Connection refused')


def test_bytes_that_are_no_text_explain_nothing_and_break_nothing() -> None:
    error = explain_failure(Completed(255, b'', b'\xff\xfe'))
    assert error.outcome is Outcome.UNREACHABLE


def test_a_target_that_would_be_an_option_costs_only_itself() -> None:
    reach = JujuSSH(Juju('/nonexistent/juju'), k8s=True)
    with pytest.raises(ReachError, match='is not the name of a unit') as raised:
        reach.run('-x', RemoteCommand('', 1000), Deadline.after(PATIENCE))
    assert raised.value.outcome is Outcome.JUJU_FAILED


def test_without_a_juju_command_it_is_juju_that_failed() -> None:
    reach = JujuSSH(Juju('/nonexistent/juju'))
    with pytest.raises(ReachError, match='cannot run /nonexistent/juju') as raised:
        reach.run('web/0', RemoteCommand('true', 1000), Deadline.after(PATIENCE))
    assert (raised.value.outcome, raised.value.retryable) == (Outcome.JUJU_FAILED, False)


def test_how_long_it_asked_for_what_all_machines_wait_for_is_told(tmp_path: Path) -> None:
    juju = tmp_path / 'juju'
    juju.write_text(
        '#!/bin/sh\nif [ "$1" = model-config ]; then sleep 0.3; echo false; exit; fi\n'
        'echo "ssh: connect to host h port 22: Connection refused" >&2; exit 255\n'
    )
    juju.chmod(0o755)
    reach = JujuSSH(Juju(str(juju)), major=4)
    for shared in (True, False):
        with pytest.raises(ReachError, match='refused') as raised:
            reach.run('web/0', RemoteCommand('true', 1000), Deadline.after(PATIENCE))
        assert (raised.value.waited_seconds >= 0.3) is shared


DROPPED = (
    'kex_exchange_identification: Connection closed by remote host\n'
    'Connection closed by 10.0.0.5 port 22',
    'kex_exchange_identification: read: Connection reset by peer\n'
    'Connection reset by fd00::5 port 22',
    'ssh_exchange_identification: Connection closed by remote host',
    'kex_exchange_identification: Connection closed by remote host\n'
    'Connection closed by UNKNOWN port 65535',
    'banner exchange: Connection to 10.0.0.5 port 22: Broken pipe',
    'Connection closed by 10.0.0.5 port 22',
    'ssh: connect to host 10.0.0.5 port 22: Connection reset by peer',
)
NOT_DROPPED = (
    'ssh: connect to host 10.0.0.5 port 22: Connection refused',
    'ssh: connect to host 10.0.0.5 port 22: Connection timed out',
    'Connection timed out during banner exchange',
    'channel 0: open failed: connect failed: Connection refused\n'
    'kex_exchange_identification: Connection closed by remote host\n'
    'Connection closed by UNKNOWN port 65535',
    'ann@bastion: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535',
    'Connection to 10.0.0.5 closed by remote host.',
    'client_loop: send disconnect: Broken pipe',
    '"System is booting up. Unprivileged users are not permitted to log in yet."\n'
    'Connection closed by 10.0.0.5 port 22',
    '',
)


@pytest.mark.parametrize('stderr', [*DROPPED, *NOT_DROPPED])
def test_a_connection_that_was_dropped_at_once_is_told_from_all_others(stderr: str) -> None:
    error = explain_failure(Completed(255, b'', stderr.encode()))
    assert error.dropped is (stderr in DROPPED)
    assert not explain_failure(Completed(255, b'an answer', stderr.encode())).dropped


def test_who_is_given_up_settles_nothing_for_the_others(tmp_path: Path) -> None:
    juju = tmp_path / 'juju'
    juju.write_text('#!/bin/sh\necho True\n')
    juju.chmod(0o755)
    reach = JujuSSH(Juju(str(juju), 'lab:prod'))
    assert not reach.is_proxied(Deadline.after(0.0))
    assert reach.is_proxied(Deadline.after(PATIENCE))
