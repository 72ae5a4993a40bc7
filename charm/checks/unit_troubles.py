"""What is wrong with a unit of systemd: by its own counters and clock, in one look.

A unit that crashes and is restarted is never `failed`, and mostly `active`; how often systemd
has restarted it, and how long ago it came up, tell it from one that runs.
"""

from __future__ import annotations

from ..kernel.facts import dataclass
from ..kernel.globs import matches
from ..kernel.hints import Optional, Sequence
from .phrases import span
from .systemd_units import Systemd, SystemdUnit

# Restarted so often, and up for no longer than this, a unit has not come to stay.
_RESTARTS = 3
_NEW_SECONDS = 300.0
# A start or a stop that takes longer is stuck; systemd's own limit, 90 s, has ended most others
# by then. Work may take longer, such as a backup or a scrub, but not as long as it likes.
_STUCK_SECONDS = 600.0
_WORK_SECONDS = 2 * 86400.0
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


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a unit.

    Attributes:
        kind: `failed`, `restarting`, `starting`, `stopping` or `timers`.
        words: its name, and more of it.
    """

    kind: str
    words: str


def trouble_of(
    unit: SystemdUnit, triggered: Sequence[SystemdUnit], systemd: Systemd
) -> Optional[Trouble]:
    """Return what is wrong with a unit, of which the `triggered` are those of `timed`."""
    if unit.active == 'failed':
        return Trouble('failed', unit.name)
    found = {
        'restarting': restarting(unit, systemd.now),
        'starting': _starting_for_ever(unit, systemd),
        'stopping': _stopping_for_ever(unit, systemd.now),
        'timers': _never_elapses(unit, triggered) if unit.timed else '',
    }
    return next((Trouble(kind, words) for kind, words in found.items() if words), None)


def restarting(unit: SystemdUnit, now: float) -> str:
    """Return in words that it ends again and again, or has failed just now; else nothing.

    A getty (`Type=idle`) is restarted after each log-out, and one that waits to be restarted after
    it ended well is meant to.
    """
    count = unit.restarts or 0
    words = f'{unit.name} (restarted {count} times'
    if unit.waits_to_restart:
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


def is_at_work(unit: SystemdUnit, systemd: Systemd) -> bool:
    """Return whether a unit does work that somebody ordered; then its start may take its time.

    That does a oneshot that a timer or systemd-run has started, or whoever did since the boot.
    """
    began = unit.number('InactiveExitTimestampMonotonic')
    if unit.type != 'oneshot' or unit.active != 'activating' or not began:
        return False
    ordered = bool(unit.names('TriggeredBy')) or is_transient(unit)
    return ordered or systemd.has_booted_before(began)


def _starting_for_ever(unit: SystemdUnit, systemd: Systemd) -> str:
    since = unit.seconds_since('InactiveExitTimestampMonotonic', systemd.now)
    if unit.active != 'activating' or since is None or since < _STUCK_SECONDS:
        return ''
    if since < _WORK_SECONDS and is_at_work(unit, systemd):
        return ''
    return f'{unit.name} ({unit.sub} for {span(since)})'


def _stopping_for_ever(unit: SystemdUnit, now: float) -> str:
    since = unit.seconds_since('ActiveExitTimestampMonotonic', now)
    if unit.active != 'deactivating' or since is None or since < _STUCK_SECONDS:
        return ''
    return f'{unit.name} ({unit.sub} for {span(since)})'


def _never_elapses(timer: SystemdUnit, triggered: Sequence[SystemdUnit]) -> str:
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
