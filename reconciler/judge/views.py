"""Business services: applications and other views, each view under a rule of its own."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from charm.kernel.report import Health

from ..config.settings import ViewConfig, is_glob
from ..rollups import Vote
from ..values.readings import ServiceHealth, ViewHealth


def judge_views(
    views: Sequence[ViewConfig],
    services: Iterable[ServiceHealth],
    unasked: Collection[str] = (),
    left_out: Collection[str] = (),
) -> tuple[ViewHealth, ...]:
    """Return the views' health, in order; one that holds a service of `unasked` is left out.

    Services of `left_out` are no part of any; a view of which nothing is left is left out too. A
    member that is not there, and a view within itself, have no evidence: they are `unknown`.
    """
    judge = _Judge(
        {view.name: view for view in views},
        {service.name: service for service in services},
        unasked,
        left_out,
    )
    return tuple(found for view in views if (found := judge.view(view, ())) is not None)


@dataclass(frozen=True)
class _Judge:
    """Judges each view once, however many hold it."""

    _views: Mapping[str, ViewConfig]
    _services: Mapping[str, ServiceHealth]
    _unasked: Collection[str]
    _left_out: Collection[str]
    _known: dict[str, ViewHealth | None] = field(default_factory=dict)

    def view(self, view: ViewConfig, within: tuple[str, ...]) -> ViewHealth | None:
        """Return a view's health; `None` if part of it was not asked, or nothing is left."""
        if view.name not in self._known:
            votes = self._votes(view, (*within, view.name))
            self._known[view.name] = None if votes is None else _judge(view, votes)
        return self._known[view.name]

    def _votes(self, view: ViewConfig, within: tuple[str, ...]) -> list[Vote] | None:
        votes: dict[str, Vote] = {}
        for name in view.services:
            if fnmatch.filter(self._unasked, name):
                return None
            found = fnmatch.filter(self._services, name) if is_glob(name) else [name]
            if fnmatch.filter(self._left_out, name):
                # It counts without them; of those that are left each counts as ever.
                found = [service for service in found if service in self._services]
                votes.update((service, self._vote_of(service)) for service in found)
                continue
            for service in found or [name]:
                votes[service] = self._vote_of(service)
        for name in view.views:
            nested = self._views.get(name)
            if nested is None or name in within:
                votes[f'view {name}'] = Vote(f'view {name}', Health.UNKNOWN, missing=True)
                continue
            judged = self.view(nested, within)
            if judged is None:
                return None
            votes[f'view {name}'] = Vote(f'view {name}', judged.health, judged.qos)
        return list(votes.values()) or None

    def _vote_of(self, service: str) -> Vote:
        found = self._services.get(service)
        if found is None:
            return Vote(f'no service {service}', Health.UNKNOWN, missing=True)
        return Vote(service, found.health, found.qos)


def _judge(view: ViewConfig, votes: Sequence[Vote]) -> ViewHealth:
    result = view.rollup.judge(votes)
    return ViewHealth(
        name=view.name,
        health=result.health,
        rule=view.rollup.words,
        because=result.because,
        qos=result.qos,
        members=(*view.services, *view.views),
    )
