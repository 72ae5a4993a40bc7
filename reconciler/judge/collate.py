"""From readings to services: pure functions, each axis by its own rule.

Health and qos are what the service's rollup makes of its expected units; see `rollups`. State is
the one furthest from `up`, whatever the rule. Coverage counts, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from charm.kernel.report import Health, State, StateName
from charm.kernel.safe_text import clean

from ..rollups import WORST, RollupError, RollupResult, RollupRule, Vote, read_rule
from ..values.leaving import staying
from ..values.model import Application, Machine, machine_chain
from ..values.outcomes import NOT_REACHED
from ..values.readings import Coverage, Outcome, Reading, ServiceHealth
from ..values.words import fold_units

_UNREACHABLE = NOT_REACHED | {Outcome.NOT_SAVED}
_MISSING = (Outcome.UNASSIGNED, Outcome.LEAVING)
_INVALID = {
    Outcome.HOOK_MISSING,
    Outcome.HOOK_BROKEN,
    Outcome.TIMEOUT,
    Outcome.ILL,
    Outcome.INVALID,
    Outcome.NO_AGENT,
    Outcome.NOT_PUSHED,
}


@dataclass(frozen=True)
class RollupChoice:
    """The rule for one service.

    Attributes:
        words: the rule as one would write it, and who asks for it.
        note: why it is not the rule that was asked for; empty if it is.
        fault: the same, where somebody should mend it; else empty.
    """

    rule: RollupRule = WORST
    words: str = WORST.words
    note: str = ''
    fault: str = ''


DEFAULT = RollupChoice()


def choose(
    service: str, readings: Iterable[Reading], own: RollupRule | None, whole: bool
) -> RollupChoice:
    """Return the rule for a service: the operator's `own`, else the charm's, else `worst`.

    The charm's is what every unit that reported asks for; where they differ, or it is no rule,
    `worst` stands in, so that no unit can talk away the trouble of another. It also does where
    only part of the service was asked, of which a rule for the whole can say nothing.
    """
    if own is None:
        chosen = _by_charm(service, readings)
    else:
        chosen = RollupChoice(own, f'{own.words} (configured)')
    if not whole and chosen.rule != WORST:
        note = f'{chosen.words} was not used: only part of the service was asked'
        return RollupChoice(note=note, fault=chosen.fault)
    return chosen


def _by_charm(service: str, readings: Iterable[Reading]) -> RollupChoice:
    asked: dict[str, list[str]] = {}
    rules: dict[str, RollupRule] = {}
    for reading in readings:
        if reading.report is None:
            continue
        written = reading.report.rollup
        try:
            rule = read_rule(written) if written else WORST
        except RollupError as error:
            note = f'{reading.unit.name} asks for a rollup that is none: {error}'
            return RollupChoice(note=note, fault=f'{service}: {note}; worst was used')
        # Not by its words, which are cut.
        key = repr(rule.document)
        rules[key] = rule
        asked.setdefault(key, []).append(reading.unit.name)
    if len(rules) > 1:
        told = '; '.join(sorted(f'{rules[k].words} by {_names(u)}' for k, u in asked.items()))
        note = f'its units ask for different rollups: {told}'
        return RollupChoice(note=note, fault=f'{service}: {note}; worst was used')
    for rule in rules.values():
        return RollupChoice(rule, rule.words if rule == WORST else f'{rule.words} (by the charm)')
    return DEFAULT


def _names(units: Sequence[str]) -> str:
    return clean(fold_units(units[:10])) + (' and more' if len(units) > 10 else '')


def collate(
    application: Application,
    readings: Sequence[Reading],
    choice: RollupChoice = DEFAULT,
    machines: Mapping[str, Machine] | None = None,
) -> ServiceHealth:
    """Return one service's health from its units' readings; `machines` tell their zones."""
    coverage = cover(application, readings)
    absent = max(0, coverage.expected - len(readings))
    counting = staying(readings)
    votes = [_vote(reading, machines or {}) for reading in counting]
    votes += [Vote(f'{application.name}/?', Health.UNKNOWN, missing=True)] * absent
    result = choice.rule.judge(votes)
    return ServiceHealth(
        name=application.name,
        health=result.health,
        qos=result.qos,
        state=furthest_state(reading.state for reading in counting),
        rule=choice.words,
        because='; '.join(filter(None, [result.because, choice.note])),
        coverage=coverage,
        readings=tuple(readings),
        message=_message(application, counting, absent, result),
    )


def _vote(reading: Reading, machines: Mapping[str, Machine]) -> Vote:
    chain = list(machine_chain(machines, reading.unit.machine))
    zones = [machines[place].zone for place in chain if place in machines and machines[place].zone]
    return Vote(
        reading.unit.name,
        reading.health,
        reading.qos,
        leader=reading.unit.leader,
        machine=chain[-1] if chain else '',
        zone=zones[0] if zones else '',
        missing=reading.outcome is Outcome.UNASSIGNED,
    )


def cover(application: Application, readings: Sequence[Reading]) -> Coverage:
    """Return how much of what is expected of the application is known."""
    outcomes = [reading.outcome for reading in readings]
    expected = max(len(readings), len(application.units), application.scale or 0)
    return Coverage(
        expected=expected,
        reported=outcomes.count(Outcome.REPORTED) + outcomes.count(Outcome.VOUCHED),
        no_hook=outcomes.count(Outcome.NOT_SHIPPED),
        unreachable=sum(outcome in _UNREACHABLE for outcome in outcomes),
        invalid=sum(outcome in _INVALID for outcome in outcomes),
        missing=sum(map(outcomes.count, _MISSING)) + expected - len(readings),
        stale=outcomes.count(Outcome.STALE),
        probed=outcomes.count(Outcome.PROBED),
    )


def furthest_state(states: Iterable[State | None]) -> State | None:
    """Return the state furthest from `up`, the longest-lasting of equals; `None` if none is known.

    Its blockers are those of all the units in that state.
    """
    known = [state for state in states if state is not None]
    if not known:
        return None
    chosen = max(known, key=lambda s: (s.name.distance, s.duration or 0.0, s.message))
    peers = [state for state in known if state.name is chosen.name]
    blockers = tuple(sorted({blocker for state in peers for blocker in state.blockers}))
    return State(chosen.name, chosen.duration, chosen.since, chosen.message, blockers)


def problems_first(services: Iterable[ServiceHealth]) -> tuple[ServiceHealth, ...]:
    """Return the services: the worst first, of those what is newest; equals by name.

    What nobody looked at comes after whatever is as bad.
    """
    return tuple(sorted(services, key=_urgency))


def _urgency(service: ServiceHealth) -> tuple[int, bool, float, str]:
    unwell = [one for one in service.readings if one.health is not Health.PASSED]
    states = [service.state, *(reading.state for reading in unwell)]
    since = [s.since.timestamp() for s in states if s and s.since and s.name is not StateName.UP]
    seen = any(reading.outcome is not Outcome.NOT_SHIPPED for reading in service.readings)
    looked = seen or service.health is not Health.UNKNOWN
    newest = max(since, default=0.0) if unwell or service.juju else 0.0
    return -service.health.rank, not looked, -newest, service.name


def _message(
    application: Application, readings: Sequence[Reading], absent: int, result: RollupResult
) -> str:
    """Return the most telling message: of the worst unit's worst check, or its silence."""
    if not readings:
        return application.status.message or 'it has no units'
    chosen = max(readings, key=lambda reading: reading.health.rank)
    if absent and chosen.health.rank < Health.UNKNOWN.rank:
        return f'{absent} of {len(readings) + absent} wanted units do not exist'
    if result.health.rank > chosen.health.rank:
        return result.because
    if chosen.report is None or chosen.health is Health.PASSED or chosen.juju is not None:
        return chosen.message
    check = max(chosen.report.checks, key=lambda c: c.health.rank, default=None)
    return chosen.message if check is None else f'{check.name}: {check.message}'
