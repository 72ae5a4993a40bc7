"""What systemd says of its units, and what is wrong with one: by its own counters, in one look.

A unit that crashes and is restarted is never `failed`, and mostly `active`; how often systemd
has restarted it, and how long ago it came up, tell it from one that runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.globs import matches
from .child_process import systemctl
from .phrases import span

# All are there since systemd 245; an older one leaves out what it does not know.
_PROPERTIES = (
    *('Id', 'LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'Transient', 'Type'),
    *('Result', 'NRestarts', 'ExecMainCode', 'ExecMainStatus', 'ExecMainExitTimestampMonotonic'),
    *('ActiveEnterTimestampMonotonic', 'InactiveExitTimestampMonotonic', 'ConditionResult'),
    *('ConditionTimestampMonotonic', 'TriggeredBy', 'Triggers', 'ConsistsOf', 'TimersMonotonic'),
)
# Restarted so often, and up for no longer than this, a unit has not come to stay.
_RESTARTS = 3
_NEW_SECONDS = 300.0
# A start that takes longer is stuck, unless it is work that somebody ordered; systemd's own
# limit, 90 s, has ended most others by then.
_START_SECONDS = 600.0
# What is told of the seconds since boot, or since the timer was started, comes but once.
_REPEATING = ('OnUnitActiveUSec', 'OnUnitInactiveUSec')
# What the kernel keeps from a container, so that only there it fails, on every boot: lxc/lxc#3903
# and #4724, canonical/lxd#6676, systemd/systemd#6519, Ubuntu's bug 1576341.
_OF_HOST = (
    *('sys-*.mount', 'dev-hugepages*.mount', 'dev-mqueue.mount', 'proc-sys-fs-binfmt_misc.*'),
    *('systemd-binfmt.service', 'systemd-modules-load.service', 'modprobe@*.service'),
    *('systemd-udev*', 'systemd-remount-fs.service', 'systemd-sysctl.service'),
    *('systemd-journald-audit.socket', 'kmod-static-nodes.service'),
)
# What systemd makes for the sessions of users.
_OF_SESSIONS = ('session-*.scope', 'user@*.service', 'user-runtime-dir@*.service')
# ExecMainCode of what has not ended, and of what a signal ended; see sigaction(2).
_NOT_ENDED, _BY_SIGNAL = '0', ('2', '3')


@dataclass(frozen=True)
class SystemdUnit:
    """A unit, as `systemctl show` has it: `said` is each property's value, as text."""

    said: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its main name; an alias leads here."""
        return self.said.get('Id', '?')

    @property
    def load(self) -> str:
        """Whether there is a file for it: `loaded`, `not-found`, `masked` or another word."""
        return self.said.get('LoadState', 'loaded')

    @property
    def active(self) -> str:
        """Its state, such as `active` or `failed`."""
        return self.said.get('ActiveState', '')

    @property
    def sub(self) -> str:
        """The state that only its type has, such as `running` or `auto-restart`."""
        return self.said.get('SubState', '')

    @property
    def type(self) -> str:
        """A service's type, such as `oneshot`; empty for other units."""
        return self.said.get('Type', '')

    @property
    def result(self) -> str:
        """How it ended last, such as `success` or `exit-code`; a start makes it `success`."""
        return self.said.get('Result', '')

    @property
    def restarts(self) -> Optional[int]:
        """How often systemd has restarted it since somebody else started it."""
        return self.number('NRestarts')

    @property
    def is_up(self) -> bool:
        """Whether it runs, be it while it reads its configuration again."""
        return self.active in ('active', 'reloading', 'refreshing')

    @property
    def is_skipped(self) -> bool:
        """Whether a condition in its file was not met when it was last to start."""
        asked = self.number('ConditionTimestampMonotonic')
        return bool(asked) and self.said.get('ConditionResult') == 'no'

    @property
    def ending(self) -> str:
        """How it ended last, in words; empty if it has not."""
        code, status = self.said.get('ExecMainCode'), self.said.get('ExecMainStatus')
        if self.result in ('', 'success'):
            return ''
        if not status or code == _NOT_ENDED:
            return self.result
        return f'{self.result}, {"signal" if code in _BY_SIGNAL else "exit status"} {status}'

    def names(self, key: str) -> Tuple[str, ...]:
        """Return the units that a property names."""
        return tuple(self.said.get(key, '').split())

    def number(self, key: str) -> Optional[int]:
        """Return a property that is a number; `None` if it is not."""
        text = self.said.get(key, '')
        return int(text) if text.isdigit() else None

    def seconds_since(self, key: str, now: float) -> Optional[float]:
        """Return how long ago a moment was, by the monotonic clock; `None` if it never came."""
        at = self.number(key)
        return now - at / 1e6 if at else None

    def in_words(self) -> Mapping[str, object]:
        """Return what a check's data says of it."""
        return {
            'active': self.said.get('ActiveState'),
            'sub': self.said.get('SubState'),
            'result': self.said.get('Result'),
            'restarts': self.restarts,
        }


def show_units(
    program: str, arguments: Sequence[str], deadline: Deadline
) -> Tuple[SystemdUnit, ...]:
    """Return the units that `systemctl show` tells of: their names or globs are in `arguments`.

    Raises:
        CheckError: systemd does not answer.
        CommandError: there is no such program.
    """
    options = ('show', '--no-pager', f'--property={",".join(_PROPERTIES)}')
    return tuple(map(SystemdUnit, parse(systemctl(program, (*options, *arguments), deadline))))


def parse(text: str) -> List[Dict[str, str]]:
    """Return the properties of each unit; an empty line stands between two units.

    What is told several times, as each of a timer's times, becomes one text of several lines.
    """
    found: List[Dict[str, str]] = []
    for block in text.split('\n\n'):
        said: Dict[str, str] = {}
        for line in filter(None, block.split('\n')):
            key, _, value = line.partition('=')
            said[key] = f'{said[key]}\n{value}' if key in said else value
        if said:
            found.append(said)
    return found


def does_nothing_itself(program: str, name: str, deadline: Deadline) -> bool:
    """Return whether what a unit runs is true(1), which says nothing of what it stands for."""
    try:
        said = systemctl(program, ('show', '--property=ExecStart', '--', name), deadline)
    except CheckError:
        return False
    return said.count('{ path=') == 1 and '/bin/true ;' in said.partition('argv[]')[0]


def restarting(unit: SystemdUnit, now: float) -> str:
    """Return in words that it ends again and again, or has failed just now; else nothing.

    A getty (`Type=idle`) is restarted after each log-out, and one that waits to be restarted after
    it ended well is meant to.
    """
    count = unit.restarts or 0
    words = f'{unit.name} (restarted {count} times'
    if 'auto-restart' in unit.sub:
        waits = f'{words}, waits for the next: {unit.ending or unit.result})'
        return waits if unit.result != 'success' else ''
    if count < _RESTARTS or unit.type == 'idle':
        return ''
    if unit.active == 'activating':
        return f'{words}, starts again)'
    up = unit.seconds_since('ActiveEnterTimestampMonotonic', now)
    if not unit.is_up or up is None or up >= _NEW_SECONDS:
        return ''
    return f'{words}, up for {span(max(0.0, up))})'


def starting_for_ever(unit: SystemdUnit, now: float) -> str:
    """Return in words that its start does not end; nothing if it may take as long as it likes.

    That may a oneshot that a timer, or another unit, has started to do its work.
    """
    since = unit.seconds_since('InactiveExitTimestampMonotonic', now)
    if unit.active != 'activating' or since is None or since < _START_SECONDS:
        return ''
    is_work = unit.type == 'oneshot' and (unit.names('TriggeredBy') or is_transient(unit))
    return '' if is_work else f'{unit.name} ({unit.sub} for {span(since)})'


def never_elapses(timer: SystemdUnit, triggered: Sequence[SystemdUnit]) -> str:
    """Return in words that a timer which should come again will not; else nothing.

    It counts from its unit's start or end: one that never started has neither, and one that is
    `active (exited)` for good ends never. A date that is past, what is counted from boot alone,
    and a unit whose conditions are not met are so by design.
    """
    stays = [unit.name for unit in triggered if unit.is_up and unit.sub == 'exited']
    if timer.sub == 'running' and stays:
        return f'{timer.name} (waits for the end of {stays[0]}, which stays active)'
    repeats = any(word in timer.said.get('TimersMonotonic', '') for word in _REPEATING)
    runs = any(unit.is_up or unit.active == 'activating' for unit in triggered)
    skipped = any(unit.is_skipped for unit in triggered)
    if timer.sub == 'elapsed' and repeats and not runs and not skipped:
        return f'{timer.name} (has no next time: {" ".join(timer.names("Triggers"))} has not run)'
    return ''


def is_transient(unit: SystemdUnit) -> bool:
    """Return whether it was made by a command such as systemd-run, and goes with the next boot."""
    return unit.said.get('Transient') == 'yes' or matches(unit.name, 'run-*.service')


def is_left_over(unit: SystemdUnit) -> bool:
    """Return whether systemd only remembers that it failed: nothing of the machine is missing.

    Its file is gone, somebody's command made it, or it was of a user's session.
    """
    sessions = any(matches(unit.name, glob) for glob in _OF_SESSIONS)
    return unit.load == 'not-found' or is_transient(unit) or sessions


def is_of_host(unit: SystemdUnit) -> bool:
    """Return whether it is known to fail in every container that may not do what it does."""
    return any(matches(unit.name, glob) for glob in _OF_HOST)
