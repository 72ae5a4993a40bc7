"""What changed between two sweeps: a pure function of their snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from charm.kernel.report import CheckResult, Health, State

from ..values.readings import Outcome, Reading, ServiceHealth, Snapshot, ViewHealth

Judged = TypeVar('Judged', ViewHealth, ServiceHealth, Reading, CheckResult)


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    Attributes:
        kind: `flip` (another health), `state` (another state), `new` or `gone`.
        what: `model`, `view`, `service`, `unit` or `check`.
        name: such as `mysql`, `mysql/0`, or `mysql/0 disk` for a check.
        before, after: the words for it; empty where it did not or does not exist.
        message: one line: what it says now, or what it said last.
        worse: it is worse than it was; what is new is if it did not pass.
    """

    kind: str
    what: str
    name: str
    before: str = ''
    after: str = ''
    message: str = ''
    worse: bool = False


@dataclass(frozen=True)
class Diff:
    """Two sweeps compared.

    Attributes:
        model: the newer one's `controller:model`.
        old_at, new_at: when each began (UTC).
        changes: the worse ones first, then from the model down to the checks.
    """

    model: str
    old_at: datetime
    new_at: datetime
    changes: tuple[Change, ...] = ()

    @property
    def worse(self) -> bool:
        """Return whether anything is worse than it was."""
        return any(change.worse for change in self.changes)


def diff(old: Snapshot, new: Snapshot) -> Diff:
    """Return what changed from `old` to `new`.

    A unit that no longer reports is one change, not one for each of its checks; so is a new or
    a removed service or unit. Of a sweep that could not begin nothing is gone: it saw nothing.
    """
    found = [*_model(old, new)]
    if all(sweep.complete or sweep.services for sweep in (old, new)):
        was, now = ({view.name: view for view in sweep.views} for sweep in (old, new))
        found += _paired('view', was, now)
        before, after = (
            {service.name: service for service in sweep.services} for sweep in (old, new)
        )
        found += _paired('service', before, after, _service)
    found.sort(key=lambda change: not change.worse)
    return Diff(new.model.title, old.started_at, new.started_at, tuple(found))


def _flip(what: str, name: str, before: Health, after: Health, message: str) -> Iterator[Change]:
    if before is not after:
        worse = after.rank > before.rank
        yield Change('flip', what, name, before.value, after.value, message, worse)


def _model(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    name = new.model.name or 'model'
    yield from _flip('model', name, old.health, new.health, '')
    if old.complete != new.complete:
        before, after = ('complete' if sweep.complete else 'incomplete' for sweep in (old, new))
        faults = '; '.join(new.faults)
        yield Change('state', 'model', name, before, after, faults, worse=not new.complete)


def _service(old: ServiceHealth, new: ServiceHealth) -> Iterator[Change]:
    yield from _state('service', new.name, old.state, new.state)
    before, after = (
        {reading.unit.name: reading for reading in side.readings} for side in (old, new)
    )
    yield from _paired('unit', before, after, _unit)


def _unit(old: Reading, new: Reading) -> Iterator[Change]:
    name = new.unit.name
    if old.outcome is not new.outcome:
        # One that its principal's report vouches for has none of its own, and is known to work.
        lost = old.report is not None and new.report is None
        worse = lost and new.outcome is not Outcome.VOUCHED
        words = (old.outcome.value, new.outcome.value)
        yield Change('state', 'unit', name, *words, new.message, worse)
    yield from _state('unit', name, old.state, new.state)
    if old.report is not None and new.report is not None:
        before, after = ({f'{name} {c.name}': c for c in reading.checks} for reading in (old, new))
        yield from _paired('check', before, after)


def _paired(
    what: str,
    before: Mapping[str, Judged],
    after: Mapping[str, Judged],
    deeper: Callable[[Judged, Judged], Iterable[Change]] = lambda old, new: (),
) -> Iterator[Change]:
    """Yield what is new, gone or of another health, and what `deeper` tells of those that stayed.

    Those of the newer sweep come in its order, then those that are gone.
    """
    for name, now in after.items():
        was = before.get(name)
        if was is None:
            worse = now.health is not Health.PASSED
            yield Change('new', what, name, '', now.health.value, _message(now), worse)
        else:
            yield from _flip(what, name, was.health, now.health, _message(now))
            yield from deeper(was, now)
    for name, was in before.items():
        if name not in after:
            yield Change('gone', what, name, was.health.value, '', _message(was))


def _message(one: Judged) -> str:
    return one.because if isinstance(one, ViewHealth) else one.message


def _state(what: str, name: str, old: State | None, new: State | None) -> Iterator[Change]:
    before, after = ('' if state is None else state.name.value for state in (old, new))
    if before != after:
        yield Change('state', what, name, before, after, '' if new is None else new.message)
