"""What the operator wrote in `health.yaml`, as values; `file` reads it."""

from __future__ import annotations

import enum
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from charm.kernel.report import Health

    from ..rollups import RollupRule
    from ..values.model import Model
    from .alerts import AlertsConfig
    from .suppressions import SuppressionEntry


class Expectation(enum.Enum):
    """What a service has to show to be well: reports, Juju's word, no units, or nothing at all."""

    REPORT = 'report'
    JUJU_WORD = 'juju-word'
    NO_UNITS = 'no-units'
    NOTHING = 'nothing'


# What begins an entry that is for the applications of a charm.
OF_CHARM = 'charm:'


@dataclass(frozen=True)
class ServiceConfig:
    """The configuration of the services that one name or glob stands for.

    Attributes:
        name: the service's name, or a glob; after `charm:` the name of its charm, or a glob.
        rollup: the rule for their health; `None` leaves it to the charm.
        requires: what they depend on: services, SAAS, or globs of either; `None` if unsaid.
        any_of: groups within `requires`, of each of which one is enough.
        provides: what they offer, by the names that others wait for; `None` if unsaid.
        juju: what Juju's words about their units count as, by the names in `ceiling_table`;
            words of which nothing is said count as that table says.
        expect: what they have to show; `None` if unsaid.
        slo: what part of the time they are to be up, from 0 to 1; `None` if unsaid.
        labels: what messages about them carry, by name, and routes may ask for.
    """

    name: str
    rollup: RollupRule | None = None
    requires: tuple[str, ...] | None = None
    any_of: tuple[tuple[str, ...], ...] = ()
    provides: tuple[str, ...] | None = None
    juju: tuple[tuple[str, Health], ...] = ()
    expect: Expectation | None = None
    slo: float | None = None
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ViewConfig:
    """A business service.

    Attributes:
        slo: as a service's.
        rollup: the rule for its health, from that of its members.
        services: the names or globs of the services in it.
        views: the names of the other views in it.
    """

    name: str
    rollup: RollupRule
    services: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    slo: float | None = None


@dataclass(frozen=True)
class HistoryConfig:
    """How the history is kept.

    Attributes:
        database: a path, or a URL; empty for this user's own file.
        looks: after how many sweeps in a row another health counts.
        gap_seconds: the longest pause between sweeps in which they still count as looking; `None`
            for three usual ones.
    """

    database: str = ''
    looks: int = 2
    gap_seconds: float | None = None


@dataclass(frozen=True)
class Config:
    """The configuration; an empty one changes nothing.

    Attributes:
        source: the file it came from; empty without one.
        services: in the file's order; for one service the entry of its very name comes first,
            then those whose glob fits, and each key is taken from the first that has it.
        views: in the file's order.
        maintenance: planned windows and acknowledgements.
        defaults: values for the options of the commands, by option, such as `connect-timeout`.
        models: what is said of the models of a name, `controller:name`, or a glob of either.
        probe: options of built-in checks, by check, for machines where no health charm is.
        history: how the history is kept.
        alerts: who is told of what; `None` if nothing is said of it.
        lines: where each key stands in the file, by path, such as `services.mysql.rollup`.
        charms: the charm of each application, once it is known for which model this is.
    """

    source: str = ''
    services: tuple[ServiceConfig, ...] = ()
    views: tuple[ViewConfig, ...] = ()
    maintenance: tuple[SuppressionEntry, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Config] = field(default_factory=dict)
    probe: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    alerts: AlertsConfig | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    charms: Mapping[str, str] = field(default_factory=dict)
    history: HistoryConfig = HistoryConfig()

    def for_model(self, model: Model) -> Config:
        """Return the configuration with what is said of this model before the rest of it."""
        charms = {name: application.charm for name, application in model.applications.items()}
        chosen = replace(self, charms=charms)
        for pattern, own in reversed(list(self.models.items())):
            if model.is_meant_by(pattern):
                theirs = {view.name for view in own.views}
                chosen = replace(
                    chosen,
                    services=(*own.services, *chosen.services),
                    views=(*own.views, *(v for v in chosen.views if v.name not in theirs)),
                    maintenance=(*own.maintenance, *chosen.maintenance),
                    probe={**chosen.probe, **own.probe},
                )
        return chosen

    def rollup(self, service: str) -> RollupRule | None:
        """Return the operator's rule for a service; `None` leaves it to the charm."""
        return next(
            (entry.rollup for entry in self._of(service) if entry.rollup is not None), None
        )

    def expect(self, service: str) -> Expectation:
        """Return what the operator expects of a service; reports, if nothing is said."""
        said = (entry.expect for entry in self._of(service) if entry.expect is not None)
        return next(said, Expectation.REPORT)

    def slo(self, name: str) -> float | None:
        """Return what part of the time a service or view is to be up; `None` if unsaid."""
        own = [view.slo for view in self.views if view.name == name]
        said = [entry.slo for entry in self._of(name)]
        return next((slo for slo in (*said, *own) if slo is not None), None)

    def spared(self, model: Model) -> frozenset[str]:
        """Return the applications of the model that need not report."""
        own, report = self.for_model(model), Expectation.REPORT
        return frozenset(name for name in model.applications if own.expect(name) is not report)

    def juju(self, service: str) -> Mapping[str, Health]:
        """Return what Juju's words about a service's units count as; each by its first entry."""
        said: dict[str, Health] = {}
        for entry in self._of(service):
            for word, health in entry.juju:
                said.setdefault(word, health)
        return said

    def labels(self, service: str) -> Mapping[str, str]:
        """Return the operator's labels of a service; each by its first entry."""
        said: dict[str, str] = {}
        for entry in self._of(service):
            for name, value in entry.labels:
                said.setdefault(name, value)
        return said

    def requires(self, model: Model) -> Mapping[str, tuple[str, ...]]:
        """Return what each service of the model depends on, by the operator's word.

        Globs become the services and SAAS that they match, save the service itself; a plain name
        stays, whether or not the model has it. Services of which nothing is said are left out.
        """
        return {
            service: _expand(model, service, entry.requires)
            for service, entry in self._requiring(model)
            if entry.requires is not None
        }

    def any_of(self, model: Model) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """Return the groups of what each service requires, of each of which one is enough.

        Every name in a group is also in `requires`.
        """
        return {
            service: tuple(_expand(model, service, group) for group in entry.any_of)
            for service, entry in self._requiring(model)
            if entry.any_of
        }

    def provides(self, model: Model) -> Mapping[str, tuple[str, ...]]:
        """Return what each service offers, by the operator's word; others are left out."""
        found = {}
        for service in model.applications:
            said = [entry.provides for entry in self._of(service) if entry.provides is not None]
            if said:
                found[service] = said[0]
        return found

    def _requiring(self, model: Model) -> Iterator[tuple[str, ServiceConfig]]:
        for service in model.applications:
            entry = next((said for said in self._of(service) if said.requires is not None), None)
            if entry is not None:
                yield service, entry

    def _of(self, service: str) -> Iterator[ServiceConfig]:
        """Yield what is said of a service: by its name, then by globs, in order."""
        yield from self._by_name.get(service, ())
        for entry in self._globs:
            _, of_charm, charm = entry.name.partition(OF_CHARM)
            name = self.charms.get(service, '') if of_charm else service
            if entry.name != service and fnmatch.fnmatchcase(name, charm or entry.name):
                yield entry

    @cached_property
    def _by_name(self) -> Mapping[str, list[ServiceConfig]]:
        found: dict[str, list[ServiceConfig]] = {}
        for entry in self.services:
            found.setdefault(entry.name, []).append(entry)
        return found

    @cached_property
    def _globs(self) -> list[ServiceConfig]:
        return [
            entry
            for entry in self.services
            if is_glob(entry.name) or entry.name.startswith(OF_CHARM)
        ]


NOTHING = Config()


def is_glob(name: str) -> bool:
    """Return whether a name stands for more than itself."""
    return any(character in name for character in '*?[')


def _expand(model: Model, service: str, names: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        if is_glob(name):
            known = fnmatch.filter([*model.applications, *model.saas], name)
            found.update(dict.fromkeys(match for match in known if match != service))
        else:
            found[name] = None
    return tuple(found)


def circle(views: Mapping[str, Sequence[str]], start: str) -> tuple[str, ...]:
    """Return the way from a view back to itself, such as `('a', 'b', 'a')`; empty if none is.

    `views` has the names of the views within each.
    """
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in views.get(way[-1], ()):
            if name == start:
                return (*way, name)
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()
