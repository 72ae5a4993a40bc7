"""What there is to tell of one service or unit, as values."""

from __future__ import annotations

from dataclasses import dataclass

from charm.kernel.report import CheckResult, Health

from ..values.advice import Advice
from ..values.node import Node
from ..values.readings import Cause, Reading, ServiceHealth, Snapshot
from .weigh import Suspect


@dataclass(frozen=True)
class CauseStep:
    """One step of the way to a cause, with its health and the evidence."""

    node: Node
    health: Health
    message: str = ''


@dataclass(frozen=True)
class Dependency:
    """One provider of a service.

    Attributes:
        why: on what ground the service is held to depend on it.
    """

    node: Node
    health: Health
    why: str


@dataclass(frozen=True)
class Explanation:
    """The explanation of a service or a unit.

    Attributes:
        snapshot: the sweep.
        service: the service; of a unit, its service.
        readings: the units that it is about: all of the service's, or the one that was asked for.
        unit: the unit that was asked for; empty for a service.
        chain: from the service itself to its cause; empty unless it is a victim.
        cause: what it is to others, if it is a cause; else `None`.
        needs: what it depends on, the strongest ground first.
        needed_by: what depends on it, sorted.
        weighed: what may be why it is unwell, with what speaks for and against each: first what
            is held to explain it, or it itself, then the runners-up, and what is refuted.
        unmet: what it waits for and nothing gives it.
        advice: what to do next, the most promising first.
    """

    snapshot: Snapshot
    service: ServiceHealth
    readings: tuple[Reading, ...] = ()
    unit: str = ''
    chain: tuple[CauseStep, ...] = ()
    cause: Cause | None = None
    needs: tuple[Dependency, ...] = ()
    needed_by: tuple[str, ...] = ()
    weighed: tuple[Suspect, ...] = ()
    unmet: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def health(self) -> Health:
        """Return the health of what was asked for: of the unit, or of the service."""
        return self.readings[0].health if self.unit else self.service.health


def failing(reading: Reading) -> list[CheckResult]:
    """Return the checks of a unit that did not pass, the worst first."""
    found = [check for check in reading.checks if check.health is not Health.PASSED]
    return sorted(found, key=lambda check: (-check.health.rank, check.name))
