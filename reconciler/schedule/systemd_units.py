"""The units of a schedule for systemd: a timer, and the service that it starts.

Nothing here takes from a command what it needs: snap's juju and sudo are set-user-ID programs, so
that NoNewPrivileges and all that implies it for a user (seccomp filters: Protect…, Restrict…,
LockPersonality; systemd.exec(5)) are left out, and ssh-agent's socket and the operator's files
may be anywhere, so that nothing is remounted.
"""

from __future__ import annotations

from .schedule import Schedule, mark
from .steps import calendar, most_delay_seconds

_SERVICE = """\
{mark}
# `reconcile-health schedule install` writes it anew, `schedule remove` removes it.
[Unit]
Description=Juju health: a sweep of {asked}
{after}
[Service]
Type=oneshot
ExecStart={command}
# A warning and a failure are health, and a sweep that tells of them has done what it is for.
SuccessExitStatus=1 2
TimeoutStartSec={limit}
# When it is ended it prints what has arrived.
TimeoutStopSec=20
{user}Nice=5
UMask=0077
LimitCORE=0
OOMPolicy=stop
"""
_AFTER = """\
Wants=network-online.target
After=network-online.target
"""
# What neither a sweep, nor sudo, nor a strict snap needs; a user's own manager may drop none.
_DROPPED = """\
CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYS_TIME CAP_SYS_RAWIO CAP_WAKE_ALARM
CapabilityBoundingSet=~CAP_BLOCK_SUSPEND CAP_SYS_PACCT CAP_SYS_TTY_CONFIG
"""
_TIMER = """\
{mark}
[Unit]
Description=Juju health: sweeps of {asked}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec={delay}
# Later, but always by as much: then the time from one to the next is the same.
FixedRandomDelay=yes
AccuracySec=1s
# What was missed while the machine was off is made up for, once.
Persistent=yes

[Install]
WantedBy=timers.target
"""


def service_text(schedule: Schedule) -> str:
    """Return the service's unit."""
    text = _SERVICE.format(
        mark=mark(schedule),
        asked=_told(schedule.asked),
        after=_AFTER if schedule.system else '',
        command=' '.join(map(quoted, schedule.command)),
        limit=schedule.limit_seconds,
        user=f'User={schedule.user}\n' if schedule.system and schedule.user != 'root' else '',
    )
    return text + (_DROPPED if schedule.system else '')


def timer_text(schedule: Schedule) -> str:
    """Return the timer's unit."""
    return _TIMER.format(
        mark=mark(schedule),
        asked=_told(schedule.asked),
        calendar=calendar(schedule.minutes),
        delay=most_delay_seconds(schedule.minutes),
    )


def quoted(word: str) -> str:
    """Return a word of text as ExecStart= takes it: one word, in which nothing is replaced.

    Quotes, escapes, `%` specifiers and `$` variables: systemd.service(5), "Command lines".
    """
    text = word.replace('\\', '\\\\').replace('"', '\\"').replace('%', '%%')
    return '"' + text.replace('$', '$$') + '"'


def _told(asked: str) -> str:
    # At the end of a line a backslash would join it with the next one.
    return asked.replace('\\', '/').replace('%', '%%')
