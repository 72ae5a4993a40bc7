"""Why nobody is told of a trouble for now: it is planned, known, or expected to pass by itself.

What is expected to pass has an end, counted from what makes us expect it, or from the trouble's
first look: so what fails meanwhile and stays is told of at that end, whatever happens again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from charm.kernel.names import service_of
from charm.kernel.report import StateName

from ...config.alerts import Quiet
from ...history.changes import Change
from ...history.facts import BOOT, THERE
from ...history.moments import to_moment, to_number
from ...history.subject import MACHINE, MODEL, SERVICE, UNIT
from ...values.model import Model
from ...values.node import NodeKind
from ...values.outcomes import OF_MACHINE, Outcome
from ...values.readings import Reading
from ..topology import with_parents
from .outages import Outage

# What each change makes us wait for, by the facts that tell of it.
_KINDS: Mapping[str, str] = {
    THERE: 'deploy',
    'instance': 'deploy',
    BOOT: 'boot',
    'charm': 'upgrade',
    'revision': 'upgrade',
    'base': 'upgrade',
    'workload version': 'upgrade',
    'agent version': 'upgrade',
    'version': 'upgrade',
}
_BEING_MADE = frozenset({StateName.BUILDING, StateName.INSTALLING})
# What a report says of a systemd unit that is not up yet, or again.
_STARTING = ('activating', 'reloading')
_NOT_SEEN = OF_MACHINE | {Outcome.NO_AGENT, Outcome.NOT_PUSHED, Outcome.STALE}


@dataclass(frozen=True)
class Hold:
    """A reason to tell nobody.

    Attributes:
        reason: such as `booted`, without an end.
        until: when it ends, in milliseconds since 1970, UTC; `None` where it is not a time.
        planned: an operator said so, so that who was told already hears no more of it.
    """

    reason: str
    until: int | None = None
    planned: bool = False

    def words(self, at: int) -> str:
        """Return it as a line says it, such as `maintenance until 14:00 UTC`."""
        return (
            self.reason if self.until is None else f'{self.reason} until {clock(self.until, at)}'
        )


def clock(moment: int, at: int) -> str:
    """Return when something is: the time of day, and the day where it is not today's."""
    shown, today = to_moment(moment), to_moment(at)
    form = '%H:%M UTC' if shown.date() == today.date() else '%Y-%m-%d %H:%M UTC'
    return shown.strftime(form)


def holds(
    outage: Outage, model: Model, changes: Sequence[Change], since: int, quiet: Quiet
) -> Iterator[Hold]:
    """Yield why nobody is told of an outage, also what is over by now.

    `changes` are those of late in the outage's model, `since` is its first look, in milliseconds
    since 1970, UTC.
    """
    yield from said(outage)
    for change in changes:
        kind = _KINDS.get(change.fact)
        if kind and change.after and _is_about(change, outage, model):
            pause = quiet.milliseconds(kind)
            # What comes while something fails already adds its time once.
            yield Hold(change.words, min(change.at, since + pause) + pause)
    for reason, kind in _expected(outage):
        yield Hold(reason, since + quiet.milliseconds(kind))


def in_time(found: Iterable[Hold], at: int) -> tuple[Hold, ...]:
    """Return those that hold at `at`, each reason once, the longest first."""
    kept: dict[str, Hold] = {}
    for hold in sorted(found, key=lambda hold: (hold.until is not None, -(hold.until or 0))):
        if hold.until is None or hold.until > at:
            kept.setdefault(hold.reason, hold)
    return tuple(kept.values())


def said(outage: Outage) -> Iterator[Hold]:
    """Yield what operators said that covers all of it."""
    if not outage.own or not all(service.suppressed for service in outage.own):
        return
    for suppression in outage.own[0].suppressed:
        by = f' by {suppression.by}' if suppression.by else ''
        what = f'{suppression.kind}{by} ({suppression.reason})'
        yield Hold(what, to_number(suppression.until), planned=True)


def _is_about(change: Change, outage: Outage, model: Model) -> bool:
    """Return whether a change is of what fails: its service, a unit that is unwell, a machine."""
    kind, name = change.subject
    if kind == MODEL:
        return True
    if kind == SERVICE:
        return name in _local(outage, model)
    units = {model.locate(reading.unit.name)[1] for reading in outage.unwell}
    if kind == UNIT:
        # A unit that came where others went is the service's own affair as well.
        return name in units or (
            change.fact == THERE and service_of(name) in _local(outage, model)
        )
    return kind == MACHINE and name in _machines(outage, model)


def _local(outage: Outage, model: Model) -> frozenset[str]:
    return frozenset(model.locate(name)[1] for name in outage.node.services)


def _machines(outage: Outage, model: Model) -> frozenset[str]:
    own = {outage.name} if outage.node.kind is NodeKind.MACHINE else set()
    for reading in outage.unwell:
        own.update(with_parents(model.locate(reading.unit.machine)[1]))
    return frozenset(own)


def _expected(outage: Outage) -> Iterator[tuple[str, str]]:
    """Yield what the units themselves make us expect to pass, and how long it may take."""
    if not outage.unwell or not _units_decide(outage):
        return
    states = {reading.state.name for reading in outage.unwell if reading.state}
    if len(states) == 1 and states <= _BEING_MADE:
        yield f'it is {states.pop().value}', 'deploy'
    elif states == {StateName.CHURNING}:
        yield 'its charm is at work', 'upgrade'
    if all(reading.outcome in _NOT_SEEN for reading in outage.unwell):
        yield 'it may be booting', 'boot'
    if all(map(_starts, outage.unwell)):
        yield 'it is starting', 'restart'


def _units_decide(outage: Outage) -> bool:
    """Return whether units are all that is wrong: what Juju says of a whole service stays."""
    return not outage.node.services or all(service.juju is None for service in outage.own)


def _starts(reading: Reading) -> bool:
    failing = [check for check in reading.checks if check.health.rank > 0]
    return bool(failing) and all(
        any(word in _STARTING for word in _active(check.data.get('units'))) for check in failing
    )


def _active(units: object) -> Iterator[object]:
    for unit in units.values() if isinstance(units, Mapping) else ():
        if isinstance(unit, Mapping):
            yield unit.get('active')
