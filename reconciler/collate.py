"""From readings to services: pure functions, each axis by its own rule.

Health is the worst of all expected units, where a missing one counts as `unknown`. Qos is the
lowest that was given. State is the one furthest from `up`. Coverage counts, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from charm.report import Health, State, StateName, worst

from .model import Application
from .readings import Coverage, Outcome, Reading, ServiceHealth

_UNREACHABLE = {
    Outcome.UNREACHABLE,
    Outcome.REFUSED_KEY,
    Outcome.HOST_KEY,
    Outcome.NOT_LOGGED_IN,
    Outcome.NO_PERMISSION,
    Outcome.JUJU_FAILED,
    Outcome.DEADLINE,
}
_INVALID = {Outcome.HOOK_MISSING, Outcome.HOOK_BROKEN, Outcome.TIMEOUT, Outcome.INVALID}

# From the nearest to `up` to the furthest.
_STATE_ORDER = (
    StateName.UP,
    StateName.UNKNOWN,
    StateName.CHURNING,
    StateName.INSTALLING,
    StateName.BUILDING,
    StateName.BLOCKED,
    StateName.ERROR,
)


def collate(application: Application, readings: Sequence[Reading]) -> ServiceHealth:
    """Return one service's health from its units' readings."""
    coverage = cover(application, readings)
    healths = [reading.health for reading in readings]
    absent = max(0, coverage.expected - len(readings))
    healths += [Health.UNKNOWN] * absent
    return ServiceHealth(
        name=application.name,
        health=worst(healths),
        qos=min((r.qos for r in readings if r.qos is not None), default=None),
        state=furthest_state(reading.state for reading in readings),
        rule='worst',
        coverage=coverage,
        readings=tuple(readings),
        message=_message(application, readings, absent),
    )


def cover(application: Application, readings: Sequence[Reading]) -> Coverage:
    """Return how much of what is expected of the application is known."""
    outcomes = [reading.outcome for reading in readings]
    expected = max(len(readings), application.scale or 0)
    return Coverage(
        expected=expected,
        reported=outcomes.count(Outcome.REPORTED),
        no_hook=outcomes.count(Outcome.NOT_SHIPPED),
        unreachable=sum(outcome in _UNREACHABLE for outcome in outcomes),
        invalid=sum(outcome in _INVALID for outcome in outcomes),
        missing=outcomes.count(Outcome.UNASSIGNED) + expected - len(readings),
    )


def furthest_state(states: Iterable[State | None]) -> State | None:
    """Return the state furthest from `up`, the longest-lasting of equals; `None` if none is known.

    Its blockers are those of all the units in that state.
    """
    known = [state for state in states if state is not None]
    if not known:
        return None
    chosen = max(known, key=lambda s: (_STATE_ORDER.index(s.name), s.duration or 0.0, s.message))
    peers = [state for state in known if state.name is chosen.name]
    blockers = tuple(sorted({blocker for state in peers for blocker in state.blockers}))
    return State(chosen.name, chosen.duration, chosen.since, chosen.message, blockers)


def problems_first(services: Iterable[ServiceHealth]) -> tuple[ServiceHealth, ...]:
    """Return the services, the worst first, equals by name."""
    return tuple(sorted(services, key=lambda s: (-s.health.rank, s.name)))


def _message(application: Application, readings: Sequence[Reading], absent: int) -> str:
    """Return the most telling message: of the worst unit's worst check, or its silence."""
    if not readings:
        return application.status.message or 'it has no units'
    chosen = max(readings, key=lambda reading: reading.health.rank)
    if absent and chosen.health.rank < Health.UNKNOWN.rank:
        return f'{absent} of {len(readings) + absent} wanted units do not exist'
    if chosen.report is None or chosen.health is Health.PASSED:
        return chosen.message
    check = max(chosen.report.checks, key=lambda c: c.health.rank, default=None)
    return chosen.message if check is None else f'{check.name}: {check.message}'
