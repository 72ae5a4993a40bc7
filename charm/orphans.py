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
from typing import Callable, Generator, Iterator, List, Optional

from . import code
from .agent import units as agent_units
from .agent.residence import REMOVE, Notice
from .deadline import Deadline
from .files import locked_directory
from .place import Place
from .removal import remove
from .systemd import Systemd

# From when the agent missed its last unit until it goes: a unit that is removed to be deployed
# anew finds it running.
GRACE_SECONDS = 60.0
# The agent stops within TimeoutStopSec, 15 s, and starts within 60.
_ALONE_SECONDS = 120.0
_CLEARING = 'juju-health-orphans.service'


def gone(place: Place) -> List[str]:
    """Return the orphans, as units, in the order of their names; none where Juju never was."""
    try:
        there = set(os.listdir(place.agents))
    except OSError:
        return []
    return [code.unit_of(name) for name in code.installed_units(place) if name not in there]


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
        FileError: something cannot be removed; doing it again goes on from there.
        SystemdError: the agent does not stop.
    """
    for unit in gone(place):
        left = remove(place, systemd, unit)
        also = f'; what others put there stays: {", ".join(left)}' if left else ''
        yield f'removed what {unit} left here{also}'


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

    Args:
        place: where things are.
        systemd: the service manager.
        clock: monotonic.
        launcher: the agent's; by default the program that runs.
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
        self._clock = clock
        self._launcher = launcher or sys.argv[0]
        self._missed_at: Optional[float] = None

    def look(self) -> Notice:
        """Withdraw what is gone, and return what the agent has to do now.

        Raises:
            HealthError: something cannot be done; the next look tries again.
        """
        missing = gone(self._place)
        if not missing:
            back = self._missed_at is not None
            self._missed_at = None
            return Notice.RELOAD if back else Notice.STAY
        if not juju_runs(self._place, self._systemd):
            return Notice.STAY
        withdrawn = self._withdraw(missing)
        if len(missing) < len(code.installed_units(self._place)):
            self._clear_away()
            return Notice.RELOAD if withdrawn else Notice.STAY
        if self._missed_at is None:
            self._missed_at = self._clock()
            return Notice.PAUSE
        if self._clock() - self._missed_at >= GRACE_SECONDS:
            self._clear_away()
        return Notice.STAY

    def remove(self) -> None:
        """Remove every orphan now, and say what was.

        Raises:
            HealthError: something cannot be removed.
        """
        with alone(self._place):
            lines = list(remove_all(self._place, self._systemd))
        for line in lines or ['every unit that put something here is still there']:
            print(line)

    def _withdraw(self, missing: List[str]) -> bool:
        """Remove the units' files, with the credentials in them; return whether there were any."""
        names = [
            unit.name
            for unit in agent_units.load(self._place.units)[0]
            if unit.reporter in missing
        ]
        for name in names:
            agent_units.withdraw(self._place.units, name)
        return bool(names)

    def _clear_away(self) -> None:
        """Have our own launcher remove what is left, unless it does so already."""
        if not self._systemd.runs(_CLEARING):
            self._systemd.begin(_CLEARING, [os.path.abspath(self._launcher), REMOVE])
