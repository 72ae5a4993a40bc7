"""What changed, in words: one table, a line a fact. `facts` has the facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from .facts import (
    ACKNOWLEDGED,
    BOOT,
    CERTIFICATE,
    CONFIGURATION,
    FAULT,
    MAINTENANCE,
    RELATION,
    THERE,
)
from .subject import MACHINE, SERVICE, UNIT, Subject
from .tables import facts, subjects


def _of(what: str) -> Callable[[str, str], str]:
    """Return the words for a value that is another now."""

    def words(before: str, after: str) -> str:
        if not before:
            return f'{what} is {after}'
        return f'{what} {before} -> {after}' if after else f'{what} is not {before} any more'

    return words


def _leader(before: str, after: str) -> str:
    if not after:
        return f'{before} leads no more, and nobody does'
    return f'leader {before} -> {after}' if before else f'{after} leads'


def _exposed(before: str, after: str) -> str:
    return 'exposed' if after == 'yes' else 'exposed no more'


def _revision(before: str, after: str) -> str:
    return f'refreshed from revision {before} to {after}' if before else f'revision is {after}'


def _said(what: str) -> Callable[[str, str], str]:
    return lambda before, after: f'{what}: {after}' if after else f'{what} ended: {before}'


def _fault(before: str, after: str) -> str:
    return f'sweeps fail: {after}' if after else 'sweeps see it again'


# By the names of facts.
CHANGES: Mapping[str, Callable[[str, str], str]] = {
    'version': _of('Juju'),
    FAULT: _fault,
    'charm': _of('charm'),
    'revision': _revision,
    'channel': _of('channel'),
    'workload version': _of('workload version'),
    'base': _of('base'),
    'exposed': _exposed,
    'scale': _of('scale'),
    'leader': _leader,
    MAINTENANCE: _said('maintenance'),
    ACKNOWLEDGED: _said('acknowledged'),
    CONFIGURATION: lambda before, after: 'configured anew',
    'machine': _of('machine'),
    'agent version': _of("Juju's agent"),
    'instance': _of('instance'),
    BOOT: lambda before, after: 'booted',
    CERTIFICATE: lambda before, after: f'certificate renewed, good until {after}',
}
_KINDS = {SERVICE: 'application', UNIT: 'unit', MACHINE: 'machine'}
# What follows from another change of the same sweep, and would hide it.
_CONSEQUENCES = frozenset({'agent version', 'workload version', MAINTENANCE, ACKNOWLEDGED})


@dataclass(frozen=True)
class Change:
    """Something that is not as it was.

    Attributes:
        fact: its name, as in `facts`.
        before, after: its values; empty where there is none.
        at: when it was first seen so; milliseconds since 1970, UTC.
    """

    subject: Subject
    fact: str
    before: str
    after: str
    at: int

    @property
    def words(self) -> str:
        """Return what changed, as in `refreshed from revision 218 to 219`."""
        if self.fact == THERE:
            return f'{_KINDS.get(self.subject.kind, "")} {"added" if self.after else "removed"}'
        if self.fact.startswith(RELATION):
            endpoint, _, other = self.fact.removeprefix(RELATION).partition(' ')
            ended = '' if self.after else ' no more'
            return f'related to {other}{ended} ({endpoint})'
        return CHANGES.get(self.fact, _of(self.fact))(self.before, self.after)

    @property
    def sentence(self) -> str:
        """Return of what it is, and what changed."""
        return f'{self.subject.title}: {self.words}'

    @property
    def may_break(self) -> bool:
        """Return whether it is a change that somebody made, and not only what came of one."""
        return self.fact not in _CONSEQUENCES and self.fact != FAULT


def changes_between(connection: Connection, model_id: int, since: int, until: int) -> list[Change]:
    """Return what changed in a model in a time, both ends of it included, the oldest first."""
    wanted = (
        select(subjects.c.kind, subjects.c.name, facts.c.name, facts.c.before, facts.c.value)
        .add_columns(facts.c.since)
        .join(subjects, subjects.c.id == facts.c.subject_id)
        .where(
            subjects.c.model_id == model_id,
            facts.c.before.is_not(None),
            facts.c.since.between(since, until),
        )
        .order_by(facts.c.since, facts.c.id)
    )
    return [
        Change(Subject(kind, name), fact, before, after, at)
        for kind, name, fact, before, after, at in connection.execute(wanted).all()
    ]
