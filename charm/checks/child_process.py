"""Programs that a check runs: in a clean environment, from `/`, with the check's deadline."""

from __future__ import annotations

import signal

from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.hints import TYPE_CHECKING, Mapping, Optional, Sequence
from ..kernel.safe_text import clean

if TYPE_CHECKING:
    from ..kernel.command import Completed

# Of the environment we were started in nothing is passed on: a hook, a daemon and a shell would
# give three answers otherwise. COLUMNS is fixed since `ps` cuts its output at it, LC_NUMERIC so
# that numbers have points, and NOTIFY_SOCKET is left out so that no child speaks for the daemon.
ENVIRONMENT: Mapping[str, str] = {
    'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin',
    'LC_ALL': 'C.UTF-8',
    'LC_NUMERIC': 'C',
    'LANG': 'C.UTF-8',
    'COLUMNS': '80',
    'HOME': '/',
}
_MOST_TAIL = 300


def run_child(
    argv: Sequence[str], deadline: Deadline, extra: Optional[Mapping[str, str]] = None
) -> Completed:
    """Run a program that has to end by the deadline; `extra` is added to its environment.

    Raises:
        CheckError: it overran.
        CommandError: it cannot be started.
    """
    # Imported late: in a container there may be no program to run.
    from ..kernel.command import run

    done = run(argv, deadline, env={**ENVIRONMENT, **(extra or {})}, cwd='/')
    if done.timed_out:
        said = tail(done)
        raise CheckError(f'cannot tell: {argv[0]} did not end in time and was killed{said}')
    return done


def tail(done: Completed) -> str:
    """Return `: ` and the end of what the program wrote to stderr; nothing if it wrote nothing."""
    return last_words(done.stderr[-4 * _MOST_TAIL :].decode('utf-8', 'replace'))


def last_words(written: str) -> str:
    """Return `: ` and the end of what was written, made safe; nothing if that is nothing."""
    text = clean(written)
    text = text if len(text) <= _MOST_TAIL else f'…{text[1 - _MOST_TAIL :]}'
    return f': {text}' if text else ''


def describe_exit(exit_code: int) -> str:
    """Return how a program ended, in words."""
    if exit_code >= 0:
        return f'exited with {exit_code}'
    try:
        return f'was killed by {signal.Signals(-exit_code).name}'
    except ValueError:
        return f'was killed by signal {-exit_code}'


def systemctl(program: str, arguments: Sequence[str], deadline: Deadline) -> str:
    """Return what `systemctl` prints.

    Raises:
        CheckError: it failed or overran.
        CommandError: it is missing.
    """
    done = run_child((program, *arguments), deadline)
    if done.exit_code != 0:
        raise CheckError(
            f'cannot ask systemd: {program} {describe_exit(done.exit_code)}{tail(done)}'
        )
    return done.stdout.decode('utf-8', 'replace')
