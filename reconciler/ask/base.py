"""What an asker is: it asks the units of one machine, and says what came and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from charm.kernel.deadline import Deadline
from reconciler.reach.base import ReachError

from .frames import Request, UnitAnswer


@dataclass(frozen=True)
class MachineAnswer:
    """The answer of one machine: of each unit there, and what went wrong.

    Attributes:
        answers: one per request, in order; incomplete ones where nothing came.
        fault: what went wrong on the way; `None` if nothing did.
        orphans: units that Juju has removed, and whose files are there still.
        far_seconds: how long it took since what was asked for began over there; `None` if it did
            not, or that is not known.
    """

    answers: tuple[UnitAnswer, ...]
    fault: ReachError | None = None
    orphans: tuple[str, ...] = ()
    far_seconds: float | None = None


class Asker(Protocol):
    """One way to ask a machine's units."""

    @property
    def name(self) -> str:
        """Return what readings call the way, such as `juju ssh`."""
        ...

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        """Ask on the machine of the unit `target`, by the deadline; never raises."""
        ...
