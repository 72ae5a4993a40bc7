"""What is scheduled: a command, how often, for whom; and how a file of it tells that."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from reconciler.values.errors import UsageError

PREFIX = 'juju-health-'
# What names of units, of files that cron reads, and of ours have in common.
_NAME = re.compile(rf'{PREFIX}[A-Za-z0-9_-]{{1,80}}')
_OTHER = re.compile(r'[^A-Za-z0-9_]+')
_MOST_SLUG = 80
# A comment to systemd and to cron: one line, which ends with no backslash.
_MARK = '# juju-health schedule: '


@dataclass(frozen=True)
class Schedule:
    """Sweeps by the clock.

    Attributes:
        name: such as `juju-health-lab-prod`; its files and units are called so.
        asked: what is swept, in words for people.
        argv: the command with its absolute path; no word of it has a control character.
        environment: what is set for the command.
        minutes: from the start of one sweep to that of the next; one of `STEPS`.
        limit_seconds: after which a sweep is ended.
        user: who runs it.
        system: it is the system's, and root's to change; else it is that user's own.
        kind: `systemd` or `cron`.
        last_run: the file in which a run writes how it went.
        ping_file: the file with the URL of a watcher; empty if we wrote none.
        lingers: it was us who let the user's timers run without a login.
    """

    name: str
    asked: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    minutes: int
    limit_seconds: int
    user: str
    system: bool
    kind: str
    last_run: str
    ping_file: str = ''
    lingers: bool = False

    @property
    def command(self) -> tuple[str, ...]:
        """Return the words of the command that also sets its environment."""
        return ('/usr/bin/env', *(f'{key}={value}' for key, value in self.environment), *self.argv)


def full_name(name: str) -> str:
    """Return the name of a schedule, told with `juju-health-` or without.

    Raises:
        UsageError: it is none.
    """
    full = name if name.startswith(PREFIX) else f'{PREFIX}{name}'
    if not _NAME.fullmatch(full):
        reason = 'letters, digits, - and _ make one, 80 at most'
        raise UsageError(f'cannot use {name!r} as the name of a schedule: {reason}')
    return full


def name_for(asked: str) -> str:
    """Return the name of a schedule of what is asked: `juju-health-lab-prod` for `lab:prod`."""
    slug = _OTHER.sub('-', asked).strip('-')[:_MOST_SLUG].rstrip('-')
    return f'{PREFIX}{slug or "sweep"}'


def refuse_unwritable(words: tuple[str, ...]) -> None:
    """Refuse words that are not one line of text each, which no file of a schedule takes.

    Raises:
        UsageError: with the first of them.
    """
    for word in words:
        if not word.isprintable():
            raise UsageError(f'cannot schedule {word!r}: it has a character that is none of text')
    if '=' in words[0]:
        # `env` would set that.
        raise UsageError(f'cannot schedule {words[0]}: its path has a = in it')


def mark(schedule: Schedule) -> str:
    """Return the line by which a file tells of its schedule."""
    return f'{_MARK}{msgspec.json.encode(schedule).decode()}'


def marked(text: str) -> Iterator[Schedule]:
    """Yield the schedules of which the text tells; lines that are damaged are passed over."""
    for line in text.split('\n'):
        if line.startswith(_MARK):
            with contextlib.suppress(msgspec.DecodeError):
                found = msgspec.json.decode(line.removeprefix(_MARK), type=Schedule)
                # Files are removed by the name, whoever wrote the line.
                if _NAME.fullmatch(found.name):
                    yield found
