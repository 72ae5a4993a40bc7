"""What the loop is told, by checks, queries and signals."""

from __future__ import annotations

from typing import Optional, Set, Tuple, Union

from ..kernel.facts import dataclass, field
from ..kernel.report import CheckResult, Report
from ..kernel.wakeup import Wakeup


def key_of(unit: str, name: str) -> str:
    """Return the key of a unit's check; no unit's name holds a space."""
    return f'{unit} {name}'


@dataclass
class RunNow:
    """Somebody asks for checks to be run now.

    Attributes:
        unit: whose.
        names: which; none asks for a new report of what is known, its recorded state included.
        done: rings when `report` is there, or nobody knows the unit any more.
        waiting: the checks that have to answer first.
    """

    unit: str
    names: Tuple[str, ...]
    done: Wakeup = field(default_factory=Wakeup)
    report: Optional[Report] = None
    waiting: Set[str] = field(default_factory=set)


@dataclass(frozen=True)
class RunEnd:
    """The run of a check, whose key is as `key_of` makes it, has ended with these results."""

    key: str
    results: Tuple[CheckResult, ...]


@dataclass(frozen=True)
class Signal:
    """The process got a signal, by its number."""

    number: int


Event = Union[RunNow, RunEnd, Signal]
