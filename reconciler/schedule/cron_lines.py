"""The lines of a schedule for cron: a file of cron.d, or a block of a user's crontab.

A line is read twice: by cron, to which `%` is a line's end and a backslash before it takes that
away (crontab(5)), and then by /bin/sh. Some crons also make one backslash of two, so that none
ever stands before another, nor before a `%`.
"""

from __future__ import annotations

import shlex
from zlib import crc32

from charm.kernel.lines import lines
from reconciler.values.errors import UsageError

from .schedule import Schedule, mark, marked
from .steps import cron_fields

# Of a command, in cron's source: MAX_COMMAND, with the end.
_MOST = 998
_KILL_SECONDS = 20
_BEGIN = '# juju-health begin: {name} (written by reconcile-health schedule install)'
_END = '# juju-health end: {name}'


def seed_of(schedule: Schedule, machine: str) -> int:
    """Return by what its minutes are chosen: not all schedules start at once, nor all machines."""
    return crc32(f'{machine} {schedule.name}'.encode())


def quoted(word: str) -> str:
    """Return a word of text as a crontab takes it."""
    return shlex.quote(word).replace('\\', "\\''").replace('%', '\\%')


def line(schedule: Schedule, seed: int) -> str:
    """Return the line of a crontab; of the system's it has the user's name in it.

    Raises:
        UsageError: it is longer than cron takes.
    """
    limit = ('/usr/bin/timeout', '-k', str(_KILL_SECONDS), str(schedule.limit_seconds))
    command = ' '.join(map(quoted, (*limit, *schedule.command)))
    if len(command.encode()) > _MOST:
        told = f'{len(command.encode())} bytes, and it takes {_MOST}'
        what = 'use --with systemd, or put options under `defaults` of health.yaml'
        raise UsageError(f'cannot write the command for cron: it has {told}; {what}')
    who = [schedule.user] if schedule.system else []
    return ' '.join([cron_fields(schedule.minutes, seed), *who, command])


def file_text(schedule: Schedule, seed: int) -> str:
    """Return the file for cron.d."""
    return f'{mark(schedule)}\n{line(schedule, seed)}\n'


def without(crontab: str, name: str) -> str:
    """Return a user's crontab without the block of a schedule; all else is as it was."""
    begin, end = _BEGIN.format(name=name), _END.format(name=name)
    kept: list[str] = []
    inside = False
    lines = crontab.split('\n')
    # A block without its end was cut by hand: then only what is certainly ours goes.
    whole = begin in lines and end in lines[lines.index(begin) :]
    for one in lines:
        inside = inside or (whole and one == begin)
        if not inside:
            kept.append(one)
        if one == end:
            inside = False
    return '\n'.join(kept)


def with_block(crontab: str, schedule: Schedule, seed: int) -> str:
    """Return a user's crontab with the block of a schedule, which replaces that of its name."""
    rest = without(crontab, schedule.name)
    block = (
        _BEGIN.format(name=schedule.name),
        *lines(file_text(schedule, seed)),
        _END.format(name=schedule.name),
        '',
    )
    gap = '' if not rest or rest.endswith('\n') else '\n'
    return rest + gap + '\n'.join(block)


def blocks(crontab: str) -> tuple[Schedule, ...]:
    """Return the schedules of a user's crontab."""
    return tuple(marked(crontab))
