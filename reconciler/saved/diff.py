"""What changed between two sweeps: a pure function of their snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    model = new.model
    found = [*_model(old, new)]
    if _began(old) and _began(new):
        found += [*_views(old, new), *_services(old, new)]
    return Diff(
        f'{model.controller}:{model.name}' if model.controller else model.name,
        old.started_at,
        new.started_at,
        tuple(sorted(found, key=lambda change: not change.worse)),
    )


def _began(one: Snapshot) -> bool:
    return one.complete or bool(one.services)


def _flip(what: str, name: str, before: Health, after: Health, message: str) -> Iterator[Change]:
    if before is not after:
        worse = after.rank > before.rank
        yield Change('flip', what, name, before.value, after.value, message, worse)


def _new(what: str, name: str, health: Health, message: str) -> Change:
    worse = health is not Health.PASSED
    return Change('new', what, name, '', health.value, message, worse)


def _gone(what: str, name: str, health: Health, message: str) -> Change:
    return Change('gone', what, name, health.value, '', message)


def _model(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    yield from _flip('model', new.model.name or 'model', old.health, new.health, '')
    if old.complete != new.complete:
        words = {True: 'complete', False: 'incomplete'}
        yield Change(
            'state',
            'model',
            new.model.name or 'model',
            words[old.complete],
            words[new.complete],
            '; '.join(new.faults),
            worse=not new.complete,
        )


def _views(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before = {view.name: view for view in old.views}
    after = {view.name: view for view in new.views}

    def view(was: ViewHealth, now: ViewHealth) -> Iterator[Change]:
        return _flip('view', now.name, was.health, now.health, now.because)

    return _paired('view', before, after, lambda one: one.because, view)


def _services(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before = {service.name: service for service in old.services}
    after = {service.name: service for service in new.services}
    return _paired('service', before, after, lambda one: one.message, _service)


def _service(old: ServiceHealth, new: ServiceHealth) -> Iterator[Change]:
    yield from _flip('service', new.name, old.health, new.health, new.message)
    yield from _state('service', new.name, old.state, new.state)
    before = {reading.unit.name: reading for reading in old.readings}
    after = {reading.unit.name: reading for reading in new.readings}
    yield from _paired('unit', before, after, lambda one: one.message, _unit)


def _unit(old: Reading, new: Reading) -> Iterator[Change]:
    name = new.unit.name
    yield from _flip('unit', name, old.health, new.health, new.message)
    if old.outcome is not new.outcome:
        # One that its principal's report vouches for has none of its own, and is known to work.
        lost = old.report is not None and new.report is None
        worse = lost and new.outcome is not Outcome.VOUCHED
        words = (old.outcome.value, new.outcome.value)
        yield Change('state', 'unit', name, *words, new.message, worse)
    yield from _state('unit', name, old.state, new.state)
    if old.report is not None and new.report is not None:
        yield from _checks(name, old.checks, new.checks)


def _checks(unit: str, old: Sequence[CheckResult], new: Sequence[CheckResult]) -> Iterator[Change]:
    before = {f'{unit} {check.name}': check for check in old}
    after = {f'{unit} {check.name}': check for check in new}

    def check(was: CheckResult, now: CheckResult) -> Iterator[Change]:
        return _flip('check', f'{unit} {now.name}', was.health, now.health, now.message)

    return _paired('check', before, after, lambda one: one.message, check)


def _paired(
    what: str,
    before: Mapping[str, Judged],
    after: Mapping[str, Judged],
    message: Callable[[Judged], str],
    both: Callable[[Judged, Judged], Iterator[Change]],
) -> Iterator[Change]:
    """Yield what is new, what is gone, and for those on both sides what `both` tells of them."""
    for name in _names(before, after):
        if name not in before:
            yield _new(what, name, after[name].health, message(after[name]))
        elif name not in after:
            yield _gone(what, name, before[name].health, message(before[name]))
        else:
            yield from both(before[name], after[name])


def _state(what: str, name: str, old: State | None, new: State | None) -> Iterator[Change]:
    before, after = (('' if one is None else one.name.value) for one in (old, new))
    if before != after:
        yield Change('state', what, name, before, after, '' if new is None else new.message)


def _names(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return every name once: those of the newer sweep in its order, then the others."""
    return [*after, *(name for name in before if name not in after)]
