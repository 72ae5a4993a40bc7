"""What units left behind that Juju has removed: found by what is missing, and removed.

Juju may remove a unit without running its last hooks: on removal it marks the unit dead at once,
so that `remove` never runs, and `stop` only if it is quick (observed on 4.0.15). Then the machine
keeps our service, files and credential, of a unit that there is no more.

An orphan is a unit whose code our hooks put here, and whose agent's directory is gone; Juju makes
that directory before the first hook, keeps it over upgrades and reboots, and removes it with the
unit. In a hook that is enough, since Juju's agent runs the hook. The agent has to see as well that
the machine's own Juju agent runs, so that nothing is concluded from a disk that is not mounted, or
on a machine that Juju has left. It removes nothing but the credential itself: in the name space of
its service the directories are mount points, so that a service of its own clears them away.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Callable, Generator, Iterator, Optional

from ..agent import units as agent_units
from ..agent.residence import REMOVE, Notice
from ..kernel.deadline import Deadline
from ..kernel.errors import HealthError
from ..kernel.files import locked_directory
from ..kernel.paths import Place
from . import code_copies
from .removal import remove
from .systemd import Systemd

# From when the agent missed its last unit until it goes: a unit that is removed to be deployed
# anew finds it running.
GRACE_SECONDS = 60.0
# The agent stops within TimeoutStopSec, 15 s, and starts within 60.
_ALONE_SECONDS = 120.0
_CLEARING = 'juju-health-orphans.service'
# How long until a clearing is tried again that did not clear: twice as long each time.
_FIRST_PATIENCE_SECONDS = 30.0
_LONGEST_PATIENCE_SECONDS = 3600.0
# The agent's loop waits for what it asks of systemd, and its watchdog bites after 60 s.
_ASKING_SECONDS = 10.0


class OrphanError(HealthError):
    """Some leftovers of a unit cannot be removed; the others' are."""


def juju_runs(place: Place, systemd: Systemd) -> bool:
    """Return whether the machine's own Juju agent runs: `jujud-machine-3` on machine 3."""
    try:
        names = os.listdir(place.agents)
    except OSError:
        return False
    machines = [name for name in names if name.startswith('machine-')]
    return any(systemd.runs(f'jujud-{name}.service') for name in machines)


def remove_all(place: Place, systemd: Systemd) -> Iterator[str]:
    """Remove every orphan, and yield a line for each; what stays there of others is named in it.

    Raises:
        OrphanError: some could not be removed; doing it again goes on from there.
    """
    faults = []
    for unit in code_copies.gone(place):
        try:
            left = remove(place, systemd, unit)
        except HealthError as error:
            faults.append(f'{unit}: {error}')
            continue
        also = f'; what others put there stays: {", ".join(left)}' if left else ''
        yield f'removed what {unit} left here{also}'
    if faults:
        raise OrphanError(f'units that are gone left something that stays: {"; ".join(faults)}')


@contextlib.contextmanager
def alone(place: Place) -> Generator[None, None, None]:
    """Keep hooks and the removal of orphans, which is none, from each other.

    Raises:
        FileError: the other does not end in time.
    """
    with locked_directory(place.code, Deadline.after(_ALONE_SECONDS)):
        yield


class Tenant:
    """The agent as a guest of the units on its machine, which may leave without a word.

    `clock` is monotonic; `launcher` is the agent's, by default the program that runs.
    """

    def __init__(
        self,
        place: Optional[Place] = None,
        systemd: Optional[Systemd] = None,
        clock: Callable[[], float] = time.monotonic,
        launcher: str = '',
    ) -> None:
        self._place = place or Place()
        self._systemd = systemd or Systemd()
        self._asked = systemd or Systemd(seconds=_ASKING_SECONDS)
        self._clock = clock
        self._launcher = launcher or sys.argv[0]
        self._missed_at: Optional[float] = None
        self._patience = _FIRST_PATIENCE_SECONDS
        self._clear_at = 0.0

    def look(self) -> Notice:
        """Withdraw what is gone, and return what the agent has to do now.

        Raises:
            HealthError: something cannot be done; the next look tries again.
        """
        missing = code_copies.gone(self._place)
        if not missing:
            self._patience, self._clear_at = _FIRST_PATIENCE_SECONDS, 0.0
            return Notice.RELOAD if self._is_back() else Notice.STAY
        if not juju_runs(self._place, self._asked):
            return Notice.STAY
        withdrawn = agent_units.withdraw_reporters(self._place.units, missing)
        if code_copies.living(self._place):
            self._clear_away()
            return Notice.RELOAD if self._is_back() or withdrawn else Notice.STAY
        if self._missed_at is None:
            self._missed_at = self._clock()
            # Others may have enrolled units here as well.
            return Notice.RELOAD if agent_units.load(self._place.units)[0] else Notice.PAUSE
        if self._clock() - self._missed_at >= GRACE_SECONDS:
            self._clear_away()
        return Notice.STAY

    def remove(self) -> None:
        """Remove every orphan now, and say what was.

        Raises:
            HealthError: something cannot be removed, or whether it is an orphan's not be told.
        """
        with alone(self._place):
            missing = code_copies.gone(self._place)
            if missing and not juju_runs(self._place, self._systemd):
                raise OrphanError(
                    f'cannot tell whether {", ".join(missing)} left: the Juju agent of this'
                    ' machine does not run (jujud-machine-N); start it, and try again'
                )
            for line in remove_all(self._place, self._systemd):
                print(line, flush=True)
        if not missing:
            print('every unit that put something here is still there')

    def _is_back(self) -> bool:
        """Return whether a unit came after the last was missed, which is forgotten now."""
        back, self._missed_at = self._missed_at is not None, None
        return back

    def _clear_away(self) -> None:
        """Have our own launcher remove what is left, unless it does so or just failed to."""
        now = self._clock()
        if now < self._clear_at or self._asked.runs(_CLEARING):
            return
        self._clear_at = now + self._patience
        self._patience = min(2 * self._patience, _LONGEST_PATIENCE_SECONDS)
        self._asked.begin(_CLEARING, [os.path.abspath(self._launcher), REMOVE])
