"""Makes the graph of who depends on whom from all that tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..values.model import Application, Model
from ..values.readings import ServiceHealth
from .claims import said_by, tellings
from .graph import DeclaredDependencies, Edge, Graph, Ground, saas_node
from .interfaces import SYNONYMS, carries_dependency, is_provider

# Those that give a relation its direction whatever the units happen to say.
_KNOWN = frozenset({Ground.CONFIGURED, Ground.REQUIRES, Ground.SAAS, Ground.KNOWN})


@dataclass(frozen=True)
class RelationSide:
    """One relation, seen from one of its applications."""

    endpoint: str
    interface: str
    other: str


def build(
    model: Model, services: Iterable[ServiceHealth], declared: DeclaredDependencies
) -> Graph:
    """Return the graph of a model.

    What is declared that a service requires replaces all that is concluded for it from relations
    and from its charm; what the service itself says that it waits for counts beside it.
    """
    return _Builder(model, services, declared).graph()


class _Builder:
    """One model's graph in the making."""

    def __init__(
        self, model: Model, services: Iterable[ServiceHealth], declared: DeclaredDependencies
    ) -> None:
        self._model = model
        self._services = {service.name: service for service in services}
        self._declared = declared
        self._links = {
            name: tuple(self._links_of(app)) for name, app in sorted(model.applications.items())
        }
        self._says = {name: said_by(service) for name, service in self._services.items()}
        self._provides = {
            **{name: said.provides for name, said in self._says.items()},
            **{name: frozenset(words) for name, words in declared.provides.items()},
        }
        self._givers = self._who_provides()
        self._edges: dict[tuple[str, str], list[Edge]] = {}

    def graph(self) -> Graph:
        """Return the graph."""
        unmet: dict[str, tuple[str, ...]] = {}
        own_peers: dict[str, tuple[str, ...]] = {}
        for name in sorted({*self._model.applications, *self._services}):
            self._from_configuration(name)
            if name not in self._declared.requires:
                self._from_relations(name)
                self._from_report(name)
            unmet[name], own_peers[name] = self._from_blockers(name)
            self._from_messages(name)
        edges: dict[str, list[Edge]] = {}
        for service, provider in sorted(self._edges):
            chosen = self._strongest(service, provider)
            if chosen is not None:
                edges.setdefault(service, []).append(chosen)
        return Graph(
            {name: tuple(found) for name, found in edges.items()},
            {name: names for name, names in unmet.items() if names},
            {name: names for name, names in own_peers.items() if names},
            {name: frozenset(x.other for x in links) for name, links in self._links.items()},
        )

    def _links_of(self, application: Application) -> Iterator[RelationSide]:
        for relation in sorted(
            application.relations, key=lambda r: (r.endpoint, r.application, r.interface)
        ):
            other = relation.application
            node = saas_node(other) if other in self._model.saas else other
            yield RelationSide(relation.endpoint, relation.interface, node)

    def _who_provides(self) -> dict[str, list[str]]:
        """Return by name the services that are said to provide that."""
        givers: dict[str, list[str]] = {}
        for service in sorted(self._provides):
            for name in self._provides[service]:
                givers.setdefault(name, []).append(service)
        return givers

    def _add(self, service: str, provider: str, ground: Ground, via: str = '') -> None:
        if provider != service:
            edge = Edge(service, provider, ground, via)
            self._edges.setdefault((service, provider), []).append(edge)

    def _strongest(self, service: str, provider: str) -> Edge | None:
        """Return the edge on its strongest ground, unless only the other direction is known.

        A database may well name its client in an error, and does not depend on it for that.
        """
        here = sorted(self._edges[service, provider])
        known = any(edge.ground in _KNOWN for edge in here)
        back = self._edges.get((provider, service), ())
        if not known and any(edge.ground in _KNOWN for edge in back):
            here = [edge for edge in here if edge.ground is Ground.WAITS]
        elif any(edge.ground is not Ground.RELATED for edge in back):
            here = [edge for edge in here if edge.ground is not Ground.RELATED]
        return here[0] if here else None

    def _from_configuration(self, name: str) -> None:
        members = (one for group in self._declared.any_of.get(name, ()) for one in group)
        for other in (*self._declared.requires.get(name, ()), *members):
            if other in self._model.saas and other not in self._model.applications:
                other = saas_node(other)
            if self._knows(other):
                self._add(name, other, Ground.CONFIGURED)

    def _knows(self, node: str) -> bool:
        return node in self._model.applications or node in map(saas_node, self._model.saas)

    def _from_relations(self, name: str) -> None:
        for link in self._links.get(name, ()):
            if link.other == name or not carries_dependency(link.interface, link.endpoint):
                continue
            if link.other.startswith('saas '):
                self._from_saas(name, link)
            elif self._gives(link.other, name, link):
                self._add(name, link.other, Ground.KNOWN, link.endpoint)
            elif not self._gives(name, link.other, link):
                self._add(name, link.other, Ground.RELATED, link.endpoint)

    def _gives(self, provider: str, requirer: str, link: RelationSide) -> bool:
        """Return whether it is known that the provider provides what the link carries."""
        provides, requires = (self._charm_gives(one, link) for one in (provider, requirer))
        if provides != requires:
            return provides
        # The charms do not tell; the reports may.
        words = {link.endpoint, link.interface} - {''}
        back = {x.endpoint for x in self._links.get(link.other, ()) if x.interface in words}
        offers = [
            self._provides.get(one, frozenset()) & (words | back) for one in (provider, requirer)
        ]
        return bool(offers[0]) and not offers[1]

    def _charm_gives(self, name: str, link: RelationSide) -> bool:
        application = self._model.applications.get(name)
        return application is not None and is_provider(
            link.interface, link.endpoint, application.charm
        )

    def _from_saas(self, name: str, link: RelationSide) -> None:
        saas = self._model.saas[link.other.removeprefix('saas ')]
        own = [one for one in saas.endpoints if one.interface == link.interface]
        roles = {one.role for one in (own if link.interface and own else saas.endpoints)}
        if roles <= {'provider'}:
            # What is consumed is most often what is needed; only a stated role says otherwise.
            self._add(name, link.other, Ground.SAAS, link.endpoint)
        elif roles != {'requirer'}:
            self._add(name, link.other, Ground.RELATED, link.endpoint)

    def _from_report(self, name: str) -> None:
        for word in sorted(self._says[name].requires) if name in self._says else ():
            sole = set(self._givers.get(word, ())) - {name}
            for other in self._answers(name, word) or (sole if len(sole) == 1 else ()):
                self._add(name, other, Ground.REQUIRES, word)

    def _from_blockers(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Add what the service waits for; return what is unmet, and what are its own peers."""
        unmet, peers = [], []
        for word in sorted(self._says[name].blockers) if name in self._says else ():
            answers = self._answers(name, word)
            for other in answers:
                self._add(name, other, Ground.WAITS, word)
            if not answers:
                unmet.append(word)
            elif answers == [name]:
                peers.append(word)
        return tuple(unmet), tuple(peers)

    def _answers(self, name: str, word: str) -> list[str]:
        """Return who answers to a name that a service gives to what it needs; most exact first."""
        links = self._links.get(name, ())
        related = {link.other for link in links}
        lower = word.lower()
        found = [
            {link.other for link in links if link.endpoint.lower() == lower},
            {link.other for link in links if link.interface.lower() == lower},
            {link.other for link in links if link.endpoint in SYNONYMS.get(lower, ())},
            {lower} & set(self._model.applications),
            {saas_node(lower)} if lower in self._model.saas else set(),
            related & set(self._givers.get(word, ())),
            {one for one in related if self._charm(one) == lower},
        ]
        return sorted(next(filter(None, found), set()))

    def _charm(self, name: str) -> str:
        application = self._model.applications.get(name)
        return application.charm if application else ''

    def _from_messages(self, name: str) -> None:
        """Add the related services that a failing check names, or one of whose addresses."""
        told = list(tellings(self._services[name])) if name in self._services else []
        if not told:
            return
        for other in sorted({link.other for link in self._links.get(name, ())} - {name}):
            words = self._called(other) - self._called(name)
            for check, spoken in told:
                if words & spoken:
                    self._add(name, other, Ground.NAMES, check)

    def _called(self, node: str) -> set[str]:
        """Return the words that name a node: its name, its units and their addresses."""
        words = {node.removeprefix('saas ').lower()}
        application = self._model.applications.get(node)
        for unit in application.units if application else ():
            words |= {unit.name, unit.address} - {''}
            machine = self._model.machines.get(unit.machine)
            if machine and not unit.principal:
                words |= {*machine.addresses, machine.dns_name, machine.hostname} - {''}
        return words
