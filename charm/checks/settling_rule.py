"""Settle what a check says: one bad answer in a row of good ones need not wake anybody.

A check's health gets worse only once it was worse `fail_after` times in a row, and better once it
was better `pass_after` times in a row. A check that changes too often is flapping: then it is a
warning at least, and gets no better until it has calmed down. The rules are pure;
`reporting/settling_store.py` keeps what they need from run to run.
"""

from __future__ import annotations

from datetime import datetime

from ..kernel.facts import dataclass
from ..kernel.hints import Any, Callable, Mapping, Optional, Sequence, Tuple, TypeVar
from ..kernel.names import nearest
from ..kernel.report import Health, worst
from .options import OptionError

# Nagios Core, base/flapping.c: 21 states have 20 changes, weighted 0.75 for the oldest to 1.25 for
# the newest; flapping starts at the high threshold and ends at the low one. The thresholds are its
# defaults for services, include/nagios.h.
_STATES = 21
_OLDEST_WEIGHT = 0.75
_NEWEST_WEIGHT = 1.25
_LOW_PERCENT = 20.0
_HIGH_PERCENT = 30.0
_MOST_RUNS = 100

OPTIONS = ('fail_after', 'pass_after', 'flap_low', 'flap_high')
_ATTRIBUTE = '_juju_health_settled'
_Callback = TypeVar('_Callback', bound=Callable[..., Any])


@dataclass(frozen=True)
class SettlingRule:
    """The rule by which one check settles.

    Attributes:
        fail_after: so many worse answers in a row make it worse.
        pass_after: so many better ones make it better.
        flap_low: percent of change at which flapping ends.
        flap_high: percent of change at which it starts.

    Raises:
        OptionError: a number is out of its bounds, when made.
    """

    fail_after: int = 1
    pass_after: int = 1
    flap_low: float = _LOW_PERCENT
    flap_high: float = _HIGH_PERCENT

    def __post_init__(self) -> None:
        for key in ('fail_after', 'pass_after'):
            value: Any = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int):
                raise OptionError(key, f'{value!r} is not a whole number')
            if not 1 <= value <= _MOST_RUNS:
                raise OptionError(key, f'{value} is not between 1 and {_MOST_RUNS}')
        for key in ('flap_low', 'flap_high'):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise OptionError(key, f'{value!r} is not a number of percent')
            if not 0 < value <= 100:
                raise OptionError(key, f'{value:g} is not above 0 and up to 100 percent')
        if self.flap_low > self.flap_high:
            raise OptionError('flap_low', f'{self.flap_low:g} is above flap_high')

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Optional[SettlingRule]:
        """Return the rule that a definition's options make, `None` if it has none of them.

        Raises:
            OptionError: with the key that is wrong.
        """
        for key in options:
            if key not in OPTIONS:
                raise OptionError(key, f'no such option{nearest(key, OPTIONS)}')
        return cls(**options) if options else None


@dataclass(frozen=True)
class SettleOptions:
    """What `@settle` says of a callback: its check's name, unless empty, and how that settles."""

    name: str = ''
    rule: Optional[SettlingRule] = None


def settle(name: str = '', **options: Any) -> Callable[[_Callback], _Callback]:
    """Decorate a callback with its check's name and how it settles: `@settle('db', fail_after=3)`.

    Raises:
        OptionError: an option is not one, or out of its bounds.
    """
    said = SettleOptions(name, SettlingRule.from_options(options))

    def decorate(callback: _Callback) -> _Callback:
        setattr(callback, _ATTRIBUTE, said)
        return callback

    return decorate


def settled_by(callback: Any) -> SettleOptions:
    """Return what `@settle` said of a callback, or of the one inside a `functools.partial`."""
    for function in (callback, getattr(callback, 'func', None)):
        said = getattr(function, _ATTRIBUTE, None)
        if isinstance(said, SettleOptions):
            return said
    return SettleOptions()


@dataclass(frozen=True)
class CheckHistory:
    """The answers of a check so far, and what they settled to.

    Attributes:
        history: its last answers, the newest last; never empty.
        settled: the health it counts as.
        flapping: whether it changes too often.
        counted: the time of the newest answer, so that none counts twice; `None` if it had none.
    """

    history: Tuple[Health, ...]
    settled: Health
    flapping: bool = False
    counted: Optional[datetime] = None

    @property
    def raw(self) -> Health:
        """Return the newest answer."""
        return self.history[-1]

    @property
    def change_percent(self) -> float:
        """Return how much of the last 21 answers is change, the newest weighing most."""
        return change_percent(self.history)

    @property
    def held_runs(self) -> int:
        """Return for how many of the newest answers in a row the settled health was not theirs."""
        count = 0
        for health in reversed(self.history):
            if health is self.settled:
                break
            count += 1
        return count


def change_percent(history: Sequence[Health]) -> float:
    """Return the weighted share of changes in the last 21 answers, 0.0 to 100.0 percent.

    A shorter history counts as if its first answer had always been so.
    """
    recent = history[-_STATES:]
    changes = _STATES - 1
    step = (_NEWEST_WEIGHT - _OLDEST_WEIGHT) / (changes - 1)
    missing = _STATES - len(recent)
    total = sum(
        _OLDEST_WEIGHT + (missing + index) * step
        for index, (before, after) in enumerate(zip(recent, recent[1:]))
        if before is not after
    )
    return round(total * 100.0 / changes, 2)


def advance(
    course: Optional[CheckHistory], raw: Health, rule: SettlingRule, at: Optional[datetime] = None
) -> CheckHistory:
    """Return the course after one more answer; the first answer of all settles at once."""
    if course is None:
        return CheckHistory((raw,), raw, counted=at)
    kept = max(_STATES, rule.fail_after, rule.pass_after)
    history = (*course.history, raw)[-kept:]
    percent = change_percent(history)
    flapping = percent > rule.flap_low if course.flapping else percent >= rule.flap_high
    settled = _settled(course.settled, history, rule)
    if flapping:
        settled = worst((settled, course.settled, Health.WARN))
    return CheckHistory(history, settled, flapping, at)


def _settled(settled: Health, history: Tuple[Health, ...], rule: SettlingRule) -> Health:
    """Return the health by the counts alone: as bad, or as good, as all of the last ones were."""
    if len(history) >= rule.fail_after:
        mildest = min(history[-rule.fail_after :], key=lambda health: health.rank)
        if mildest.rank > settled.rank:
            return mildest
    if len(history) >= rule.pass_after:
        harshest = worst(history[-rule.pass_after :])
        if harshest.rank < settled.rank:
            return harshest
    return settled
