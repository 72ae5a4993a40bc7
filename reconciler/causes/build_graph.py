"""Builds the graph of dependencies from relations, reports, failing checks and declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.readings import ServiceHealth
from .claims import claims_of, words_of_unit
from .graph import KNOWN, MISSED, DeclaredDependencies, Edge, Graph, Ground, node_of
from .interfaces import SYNONYMS, carries_dependency, is_named_for, is_provider
from .namings import Naming, namings

# An endpoint that serves so many applications is most often that of a provider.
_MANY = 3
# What a check says of another.
_SAID = frozenset({Ground.NAMES, Ground.MENTIONS})
# What leaves the direction of a relation open.
_OPEN = frozenset({Ground.RELATED, Ground.MENTIONS})


@dataclass(frozen=True)
class RelationSide:
    """One relation, seen from one of its applications."""

    endpoint: str
    interface: str
    other: Node


def build(
    model: Model, services: Iterable[ServiceHealth], declared: DeclaredDependencies
) -> Graph:
    """Return the graph of a model.

    What is declared that a service requires replaces all that is concluded for it from relations
    and from its charm; what the service itself says that it waits for counts beside it.
    """
    return _Builder(model, services, declared).graph()


class _Builder:
    def __init__(
        self, model: Model, services: Iterable[ServiceHealth], declared: DeclaredDependencies
    ) -> None:
        self._model = model
        self._services = {service.name: service for service in services}
        self._declared = declared
        self._links = {
            name: tuple(
                RelationSide(
                    relation.endpoint, relation.interface, node_of(model, relation.application)
                )
                for relation in sorted(application.relations)
            )
            for name, application in sorted(model.applications.items())
        }
        self._users = Counter(
            (n, link.endpoint) for n, links in self._links.items() for link in links
        )
        self._claims = {name: claims_of(service) for name, service in self._services.items()}
        self._provides = {
            **{name: claims.provides for name, claims in self._claims.items()},
            **{name: frozenset(words) for name, words in declared.provides.items()},
        }
        self._providers = self._providers_by_word()
        self._edges: dict[tuple[str, Node], list[Edge]] = {}

    def graph(self) -> Graph:
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
            {name: frozenset(link.other for link in links) for name, links in self._links.items()},
            self._disputed(),
        )

    def _providers_by_word(self) -> dict[str, set[Node]]:
        """Return by name the services that are said to provide that."""
        providers: dict[str, set[Node]] = {}
        for service, words in self._provides.items():
            for word in words:
                providers.setdefault(word, set()).add(Node(NodeKind.SERVICE, service))
        return providers

    def _add(self, service: str, provider: Node, ground: Ground, via: str = '') -> None:
        ours = any(map(self._model.is_ours, (service, provider.service)))
        if provider.service != service and not ours:
            edge = Edge(provider, ground, via)
            self._edges.setdefault((service, provider), []).append(edge)

    def _strongest(self, service: str, provider: Node) -> Edge | None:
        """Return the edge on its strongest ground, unless only the other direction is known.

        A database may well name its client in an error, and does not depend on it for that. What
        it says that it misses, it may need all the same, unless the operator knows better.
        """
        here = sorted(self._edges[service, provider])
        back = self._grounds(provider.service, Node(NodeKind.SERVICE, service))
        if self._is_against(service, provider):
            words = {Ground.WAITS} if Ground.CONFIGURED in back else MISSED
            here = [edge for edge in here if edge.ground in words]
        elif back & MISSED:
            # Who tells to miss the other counts for more than who names it.
            here = [edge for edge in here if edge.ground not in _OPEN]
        elif back - _OPEN:
            here = [edge for edge in here if edge.ground is not Ground.RELATED]
        return here[0] if here else None

    def _grounds(self, service: str, provider: Node) -> set[Ground]:
        return {edge.ground for edge in self._edges.get((service, provider), ())}

    def _is_against(self, service: str, provider: Node) -> bool:
        """Return whether the other direction is known, and this one is not."""
        back = self._grounds(provider.service, Node(NodeKind.SERVICE, service))
        return bool(back & KNOWN) and not self._grounds(service, provider) & KNOWN

    def _disputed(self) -> dict[str, frozenset[Node]]:
        """Return by service those of which a check says otherwise than is known of the two."""
        found: dict[str, set[Node]] = {}
        for service, provider in self._edges:
            said = self._grounds(service, provider) & _SAID
            if said and self._is_against(service, provider):
                found.setdefault(service, set()).add(provider)
                found.setdefault(provider.service, set()).add(Node(NodeKind.SERVICE, service))
        return {name: frozenset(others) for name, others in found.items()}

    def _from_configuration(self, name: str) -> None:
        members = (member for group in self._declared.any_of.get(name, ()) for member in group)
        for other in (*self._declared.requires.get(name, ()), *members):
            for provider in self._named(other):
                self._add(name, provider, Ground.CONFIGURED)

    def _named(self, name: str) -> Set[Node]:
        """Return the application or SAAS of this name; nothing if the model has none."""
        known = name in self._model.applications or name in self._model.saas
        return {node_of(self._model, name)} if known else set()

    def _from_relations(self, name: str) -> None:
        for link in self._links.get(name, ()):
            if link.other.service == name or not carries_dependency(link.interface, link.endpoint):
                continue
            if link.other.kind is NodeKind.SAAS:
                self._from_saas(name, link)
            elif self._gives(link.other.name, name, link):
                self._add(name, link.other, Ground.KNOWN, link.endpoint)
            elif not self._gives(name, link.other.name, link):
                guess = self._guess(name, link)
                if guess is not None:
                    self._add(name, link.other, guess, link.endpoint)

    def _gives(self, provider: str, requirer: str, link: RelationSide) -> bool:
        """Return whether it is known that the provider provides what the link carries."""
        sides = (provider, requirer)
        over = (link.interface, link.endpoint)
        provides, requires = (
            is_provider(*over, self._model.charm_of(service)) for service in sides
        )
        if provides != requires:
            return provides
        # The charms do not tell; the reports may.
        words = {link.endpoint, link.interface} - {''}
        others = self._links.get(link.other.name, ())
        words |= {other.endpoint for other in others if other.interface in words}
        offers = [self._provides.get(service, frozenset()) & words for service in sides]
        return bool(offers[0]) and not offers[1]

    def _guess(self, name: str, link: RelationSide) -> Ground | None:
        """Return the ground on which a service may need the other side; `None` if it gives.

        Endpoints are most often called by what they need, and those of providers serve many.
        """
        other = link.other.name
        backs = (back for back in self._links.get(other, ()) if back.other.service == name)
        back = next((back for back in backs if back.interface == link.interface), None)
        if back is None:
            return Ground.RELATED
        needs, gives = (
            any(
                is_named_for(word, self._model.charm_of(service))
                for word in (end.endpoint, end.interface)
            )
            for end, service in ((link, other), (back, name))
        )
        if needs == gives:
            mine, theirs = self._users[name, link.endpoint], self._users[other, back.endpoint]
            needs, gives = theirs >= _MANY and mine == 1, mine >= _MANY and theirs == 1
        return None if gives else Ground.GUESSED if needs else Ground.RELATED

    def _from_saas(self, name: str, link: RelationSide) -> None:
        saas = self._model.saas[link.other.name]
        own = [end for end in saas.endpoints if link.interface == end.interface != '']
        roles = {end.role for end in own or saas.endpoints}
        if roles <= {'provider'}:
            # What is consumed is most often what is needed; only a stated role says otherwise.
            self._add(name, link.other, Ground.SAAS, link.endpoint)
        elif roles != {'requirer'}:
            self._add(name, link.other, Ground.RELATED, link.endpoint)

    def _from_report(self, name: str) -> None:
        for word in sorted(self._claims[name].requires) if name in self._claims else ():
            sole = self._providers.get(word, set()) - {Node(NodeKind.SERVICE, name)}
            for other in self._answers(name, word) or (sole if len(sole) == 1 else ()):
                self._add(name, other, Ground.REQUIRES, word)

    def _from_blockers(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Add what the service waits for; return what is unmet, and what are its own peers."""
        unmet, peers = [], []
        for word in sorted(self._claims[name].blockers) if name in self._claims else ():
            answers = self._answers(name, word)
            for other in answers:
                self._add(name, other, Ground.WAITS, word)
            if not answers:
                unmet.append(word)
            elif answers == [Node(NodeKind.SERVICE, name)]:
                peers.append(word)
        return tuple(unmet), tuple(peers)

    def _answers(self, name: str, word: str) -> list[Node]:
        """Return the providers that a service may mean by a word; only the most exact, sorted."""
        links = self._links.get(name, ())
        related = {link.other for link in links}
        lower = word.lower()
        found = [
            {link.other for link in links if link.endpoint.lower() == lower},
            {link.other for link in links if link.interface.lower() == lower},
            {link.other for link in links if link.endpoint in SYNONYMS.get(lower, ())},
            self._named(lower),
            related & self._providers.get(word, set()),
            {node for node in related if self._model.charm_of(node.service) == lower},
        ]
        return sorted(next(filter(None, found), set()))

    def _from_messages(self, name: str) -> None:
        """Add the related services that a failing check names, or one of whose addresses."""
        found = list(namings(self._services[name])) if name in self._services else []
        if not found:
            return
        own = Node(NodeKind.SERVICE, name)
        others = {link.other for link in self._links.get(name, ())} - {own}
        others -= {node for node in others if self._model.is_ours(node.service)}
        known = self._words_for(own)
        words = {other: self._words_for(other) - known for other in others}
        for naming in found:
            named = {other for other in others if words[other] & naming.words}
            # Who shares a machine shares its address: a name means one of them, and an address
            # whoever is there in his own right.
            exact = {other for other in named if other.name.lower() in naming.words}
            principals = {
                other for other in named if not self._model.is_subordinate(other.service)
            }
            meant = exact or principals or named
            for other, ground in _grounds_of(naming, {o: words[o] for o in meant}):
                self._add(name, other, ground, naming.check)

    def _words_for(self, node: Node) -> set[str]:
        """Return the words that name a node: its name, its units and their addresses."""
        application = self._model.applications.get(node.service)
        units = application.units if application else ()
        return {node.name.lower()}.union(*(words_of_unit(self._model, unit) for unit in units))


def _grounds_of(naming: Naming, named: Mapping[Node, Set[str]]) -> Iterator[tuple[Node, Ground]]:
    """Yield those that a check names; it is sure of one if it says of it alone to miss it."""
    times = Counter(word for words in named.values() for word in words)
    for node, words in named.items():
        sure = any(times[word] == 1 for word in words & naming.missed)
        yield node, Ground.NAMES if sure else Ground.MENTIONS
