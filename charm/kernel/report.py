"""The words of a report: health, state, check results and the full report of one unit.

Values only; `report_json` reads and writes them, `merge_checks` makes one report of many results.
"""

from __future__ import annotations

import enum
from datetime import datetime
from operator import attrgetter

from .facts import dataclass, field
from .hints import Any, Dict, Iterable, Mapping, Optional, Tuple

SCHEMA_VERSION = 1


class Health(enum.Enum):
    """The health of something, from best to worst: passed < warn < unknown < fail.

    `unknown` means that there is no evidence: it is worse than a warning, since nobody looked,
    and better than a failure that somebody saw.
    """

    PASSED = 'passed'
    WARN = 'warn'
    UNKNOWN = 'unknown'
    FAIL = 'fail'

    rank: int

    def __init__(self, word: str) -> None:
        # The place in the order, 0 for the best. An attribute, since it is asked for all the time.
        self.rank = len(type(self).__members__)

    @classmethod
    def parse(cls, word: str) -> Health:
        """Return the health that `word` names; `pass` reads as `passed`.

        Raises:
            ValueError: the word is not a health.
        """
        return cls.PASSED if word == 'pass' else cls(word)


_RANK = attrgetter('rank')


def worst(healths: Iterable[Health]) -> Health:
    """Return the worst of `healths`; `UNKNOWN` if there are none, since no evidence is no news."""
    return max(healths, key=_RANK, default=Health.UNKNOWN)


class StateName(enum.Enum):
    """A stage of a service's life; `UNKNOWN` is what a reader makes of a word it lacks."""

    BUILDING = 'building'
    INSTALLING = 'installing'
    CHURNING = 'churning'
    BLOCKED = 'blocked'
    ERROR = 'error'
    UP = 'up'
    UNKNOWN = 'unknown'

    @property
    def distance(self) -> int:
        """Return how far from `up` it is, 0 for `up`: of several states the furthest counts."""
        return _FROM_UP.index(self)


_FROM_UP = (
    StateName.UP,
    StateName.UNKNOWN,
    StateName.CHURNING,
    StateName.INSTALLING,
    StateName.BUILDING,
    StateName.BLOCKED,
    StateName.ERROR,
)


@dataclass(frozen=True, slots=True)
class State:
    """A service's state.

    Attributes:
        name: which state.
        duration: seconds in that state, as the unit measured them; `None` if it does not know.
        since: when the state began (UTC); `None` if unknown.
        message: one line for people; may be empty.
        blockers: what a blocked service waits for, sorted, without duplicates.
    """

    name: StateName
    duration: Optional[float] = None
    since: Optional[datetime] = None
    message: str = ''
    blockers: Tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's answer: the subset report, with when and how long.

    Attributes:
        name: the check, unique within its report.
        health: its verdict.
        qos: 0.0 to 1.0, or `None` if the check does not measure one.
        message: one line for people.
        data: structured output: JSON values only.
        at: when the check ended (UTC).
        duration: seconds it took.
    """

    name: str
    health: Health
    qos: Optional[float] = None
    message: str = ''
    data: Mapping[str, Any] = field(default_factory=dict)
    at: Optional[datetime] = None
    duration: Optional[float] = None


@dataclass(frozen=True, slots=True)
class Reporter:
    """The maker of a report: the unit whose charm ran the checks, and its juju-health version."""

    unit: str
    version: str


@dataclass(frozen=True, slots=True)
class Report:
    """One unit's full answer; see `docs/report.md` and `report.schema.json`.

    Attributes:
        service: the Juju application, such as `wordpress`.
        unit: the unit, such as `wordpress/0`.
        health: the worst of the checks; `UNKNOWN` if there are none.
        qos: the minimum of those the checks gave, `None` if none did.
        state: the service's state, `None` where nothing recorded one.
        checks: every check's result.
        rollup: the rule the charm asks for, as `{'rule': 'at-least', 'count': 2}`; may be empty.
        requires, provides: what the service says it depends on and offers, by name.
        reporter: who reported, `None` if unsaid.
        boot_id: the kernel's boot id of the machine; empty if unknown.
        sequence: grows with each report of this unit within one boot; `None` if not counted.
        reported_at: the unit's clock when the report was made (UTC).
    """

    service: str
    unit: str
    health: Health
    qos: Optional[float] = None
    state: Optional[State] = None
    checks: Tuple[CheckResult, ...] = ()
    rollup: Mapping[str, Any] = field(default_factory=dict)
    requires: Tuple[str, ...] = ()
    provides: Tuple[str, ...] = ()
    reporter: Optional[Reporter] = None
    boot_id: str = ''
    sequence: Optional[int] = None
    reported_at: Optional[datetime] = None


JSONObject = Dict[str, Any]
