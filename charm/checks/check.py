"""What a check is: a frozen dataclass whose fields are its options, with one method."""

from __future__ import annotations

from ..kernel.deadline import Deadline
from ..kernel.facts import dataclass, field
from ..kernel.hints import TYPE_CHECKING, Any, Mapping, Optional, Protocol, Tuple, Union
from ..kernel.report import CheckResult, Health
from .options import HasOptions

if TYPE_CHECKING:
    from typing import TypeGuard

    from .settling_rule import SettlingRule


@dataclass(frozen=True)
class Verdict:
    """A check's finding, before the runner adds its name and times.

    Attributes:
        health: the verdict.
        message: one line with the measured value in it.
        data: structured output, JSON values only, in base units (bytes, seconds, ratios).
        qos: 0.0 to 1.0, or `None`.
    """

    health: Health
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    qos: Optional[float] = None


class Check(Protocol):
    """One question about one service."""

    def run(self, deadline: Deadline) -> Verdict:
        """Look, and say what was found, by the deadline.

        Raises:
            CheckError: it cannot be determined; the runner reports `unknown`.
        """
        ...


class CheckKind(Check, HasOptions, Protocol):
    """A check that definitions may define and change."""


class ManyChecks(Protocol):
    """Several questions that are asked together, such as those of a callback."""

    def run_all(self, name: str, deadline: Deadline) -> Tuple[CheckResult, ...]:
        """Return each answer, by the deadline; `name` is for those without one.

        Raises:
            CheckError: they cannot be determined; the runner reports `unknown`.
        """
        ...


def has_many(check: Union[Check, ManyChecks]) -> TypeGuard[ManyChecks]:
    """Return whether a check has several answers."""
    # `isinstance` of a protocol loads `inspect` on Python 3.12, which takes as long as a check.
    return hasattr(check, 'run_all')


@dataclass(frozen=True)
class CheckSpec:
    """A check with a name and its limits.

    Attributes:
        name: unique within a unit; `[a-z0-9][a-z0-9._-]*` by convention.
        check: what to run.
        timeout_seconds: the most it may take.
        source: where it was defined, for people: a file, `built-in`, `callback`.
        settling: how its answers settle; `None` if they do not.
        interval_seconds: how often the agent runs it; `None` for as often as any other.
    """

    name: str
    check: Union[Check, ManyChecks]
    timeout_seconds: float = 10.0
    source: str = 'built-in'
    settling: Optional[SettlingRule] = None
    interval_seconds: Optional[float] = None
