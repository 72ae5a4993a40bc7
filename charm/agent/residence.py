"""Whether the agent is still wanted on its machine: the units that put it there may be gone."""

from __future__ import annotations

import enum
from typing import Callable, Optional, Protocol

from ..kernel.errors import HealthError

# The sub-command of the agent's launcher that has a residence remove what is left.
REMOVE = 'remove-orphans'


class Notice(enum.Enum):
    """The notice given to the agent."""

    STAY = 'stay'
    RELOAD = 'reload'
    PAUSE = 'pause'


class Residence(Protocol):
    """The knowledge whether units are still there; the charm's launcher gives it."""

    def look(self) -> Notice:
        """Return what to do now; called every few seconds.

        `PAUSE` is to report for nobody until a `RELOAD`, or until the agent is stopped.
        """

    def remove(self) -> None:
        """Remove what units left that are gone, because somebody asks for it."""


class ResidenceWatch:
    """Asks a residence, if there is one, every so often; `say` is told once of a fault of it.

    An agent without one was put there by nobody but its operator: it stays. `paused` says whether
    the agent reports for nobody until a `RELOAD`.
    """

    def __init__(
        self, residence: Optional[Residence], every_seconds: float, say: Callable[[str], None]
    ) -> None:
        self._residence = residence
        self._every_seconds = every_seconds
        self._say = say
        self._looked_at: Optional[float] = None
        self.paused = False
        self._fault = ''

    def hurry(self) -> None:
        """Have the next look ask, however soon it comes."""
        self._looked_at = None

    def look(self, now: float) -> Notice:
        """Return what to do at `now`, on a monotonic clock."""
        early = self._looked_at is not None and now - self._looked_at < self._every_seconds
        if self._residence is None or early:
            return Notice.STAY
        self._looked_at = now
        try:
            notice = self._residence.look()
        except HealthError as error:
            if str(error) != self._fault:
                self._say(str(error))
            self._fault = str(error)
            return Notice.STAY
        self._fault = ''
        if notice is not Notice.STAY:
            self.paused = notice is Notice.PAUSE
        return notice
