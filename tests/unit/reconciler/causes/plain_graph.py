"""The graph of dependencies, plain and slow: each question goes through all that there is.

It is what `build_graph` has to come to, which looks at each relation once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from typing import TypeVar

from reconciler.causes.claims import claims_of, words_of_unit
from reconciler.causes.graph import (
    KNOWN,
    MISSED,
    DeclaredDependencies,
    Edge,
    Graph,
    Ground,
    node_of,
)
from reconciler.causes.interfaces import (
    SYNONYMS,
    carries_dependency,
    is_named_for,
    is_provider,
)
from reconciler.causes.namings import Naming, namings
from reconciler.values.model import Model, Relation
from reconciler.values.node import Node, NodeKind
from reconciler.values.readings import ServiceHealth

_SAID = {Ground.NAMES, Ground.MENTIONS}
_OPEN = {Ground.RELATED, Ground.MENTIONS}
_Found = TypeVar('_Found', bound=Collection[object])


@dataclass(frozen=True)
class PlainGraph:
    """What the graph is made of."""

    model: Model
    services: tuple[ServiceHealth, ...]
    declared: DeclaredDependencies

    def graph(self) -> Graph:
        names = sorted({*self.model.applications, *(s.name for s in self.services)})
        found = [(name, edge) for name in names for edge in self.found(name)]
        chosen = {name: tuple(sorted(self.chosen(found, name))) for name in names}
        blockers = {s.name: sorted(claims_of(s).blockers) for s in self.services}
        answers = {n: {w: self.answers(n, w) for w in words} for n, words in blockers.items()}
        unmet = {n: tuple(w for w, a in of.items() if not a) for n, of in answers.items()}
        peers = {n: tuple(w for w, a in of.items() if a == {own(n)}) for n, of in answers.items()}
        disputed = {name: frozenset(self.disputed(found, name)) for name in ('', *names)}
        return Graph(_filled(chosen), _filled(unmet), _filled(peers), _filled(disputed))

    def found(self, name: str) -> Iterator[Edge]:
        """Yield every edge on every ground, of which one for each provider is chosen."""
        ours = [n for n in self.model.applications if self.model.is_ours(n)]
        for node, ground, via in self.told(name):
            if node.service != name and name not in ours and node.service not in ours:
                yield Edge(node, ground, via)

    def told(self, name: str) -> Iterator[tuple[Node, Ground, str]]:
        groups = self.declared.any_of.get(name, ())
        required = self.declared.requires.get(name, ())
        for other in (*required, *(member for group in groups for member in group)):
            yield from ((node, Ground.CONFIGURED, '') for node in self.named(other))
        if name not in self.declared.requires:
            yield from self.concluded(name)
        for service in self.services:
            if service.name == name:
                for word in claims_of(service).blockers:
                    yield from ((node, Ground.WAITS, word) for node in self.answers(name, word))
                for naming in namings(service):
                    yield from self.mentioned(name, naming)

    def concluded(self, name: str) -> Iterator[tuple[Node, Ground, str]]:
        for relation in self.relations(name):
            ground = self.ground(name, relation)
            if ground is not None:
                yield self.other(relation), ground, relation.endpoint
        claims = [claims_of(service) for service in self.services if service.name == name]
        for word in {word for claim in claims for word in claim.requires}:
            sole = {own(n) for n in self.known() if word in self.provides(n)} - {own(name)}
            for node in self.answers(name, word) or (sole if len(sole) == 1 else ()):
                yield node, Ground.REQUIRES, word

    def chosen(self, found: list[tuple[str, Edge]], name: str) -> Iterator[Edge]:
        for node in {edge.provider for service, edge in found if service == name}:
            here, back = grounds(found, name, node), grounds(found, node.service, own(name))
            if back & KNOWN and not here & KNOWN:
                here &= {Ground.WAITS} if Ground.CONFIGURED in back else MISSED
            elif back & MISSED:
                here -= _OPEN
            elif back - _OPEN:
                here -= {Ground.RELATED}
            edges = [e for s, e in found if (s, e.provider) == (name, node) and e.ground in here]
            yield from sorted(edges)[:1]

    def disputed(self, found: list[tuple[str, Edge]], name: str) -> Iterator[Node]:
        for service, edge in found:
            here = grounds(found, service, edge.provider)
            back = grounds(found, edge.provider.service, own(service))
            if here & _SAID and back & KNOWN and not here & KNOWN:
                if service == name:
                    yield edge.provider
                if edge.provider.service == name:
                    yield own(service)

    def relations(self, name: str) -> list[Relation]:
        application = self.model.applications.get(name)
        return sorted(application.relations) if application else []

    def other(self, relation: Relation) -> Node:
        return node_of(self.model, relation.application)

    def named(self, name: str) -> set[Node]:
        known = name in self.model.applications or name in self.model.saas
        return {node_of(self.model, name)} if known else set()

    def known(self) -> set[str]:
        return {*self.declared.provides, *(service.name for service in self.services)}

    def provides(self, name: str) -> Set[str]:
        told = [claims_of(service).provides for service in self.services if service.name == name]
        said = frozenset[str]().union(*told)
        return frozenset(self.declared.provides.get(name, said))

    def ground(self, name: str, relation: Relation) -> Ground | None:
        other = self.other(relation)
        if other == own(name) or not carries_dependency(relation.interface, relation.endpoint):
            return None
        if other.kind is NodeKind.SAAS:
            ends = self.model.saas[other.name].endpoints
            same = [end for end in ends if end.interface == relation.interface != '']
            roles = {end.role for end in same or ends}
            sure = Ground.SAAS if roles <= {'provider'} else Ground.RELATED
            return None if roles == {'requirer'} else sure
        gives = self.gives(other.name, name, relation), self.gives(name, other.name, relation)
        if any(gives):
            return Ground.KNOWN if gives[0] else None
        return self.guess(name, relation)

    def gives(self, provider: str, requirer: str, relation: Relation) -> bool:
        word = relation.interface or relation.endpoint
        charms = [self.model.charm_of(name) for name in (provider, requirer)]
        gives, takes = (is_provider(word, charm) for charm in charms)
        if gives != takes:
            return gives
        words = {relation.endpoint, relation.interface} - {''}
        there = self.relations(relation.application)
        words |= {one.endpoint for one in there if one.interface in words}
        return bool(self.provides(provider) & words) and not self.provides(requirer) & words

    def guess(self, name: str, relation: Relation) -> Ground | None:
        other, interface = relation.application, relation.interface
        mine, theirs = self.relations(name), self.relations(other)
        backs = [r for r in theirs if self.other(r) == own(name) and r.interface == interface]
        if not backs:
            return Ground.RELATED
        ends = ((relation, other), (backs[0], name))
        needs, gives = (
            any(
                is_named_for(word, self.model.charm_of(charm))
                for word in (end.endpoint, interface)
            )
            for end, charm in ends
        )
        if needs == gives:
            users = sum(one.endpoint == relation.endpoint for one in mine)
            served = sum(one.endpoint == backs[0].endpoint for one in theirs)
            needs, gives = users == 1 and served >= 3, served == 1 and users >= 3
        return None if gives else Ground.GUESSED if needs else Ground.RELATED

    def answers(self, name: str, word: str) -> set[Node]:
        relations, lower = self.relations(name), word.lower()
        related = {self.other(one) for one in relations}
        found: list[set[Node]] = [
            {self.other(one) for one in relations if one.endpoint.lower() == lower},
            {self.other(one) for one in relations if one.interface.lower() == lower},
            {self.other(one) for one in relations if one.endpoint in SYNONYMS.get(lower, ())},
            self.named(lower),
            {node for node in related if node.service and word in self.provides(node.service)},
            {node for node in related if self.model.charm_of(node.service) == lower},
        ]
        return next(filter(None, found), set())

    def mentioned(self, name: str, naming: Naming) -> Iterator[tuple[Node, Ground, str]]:
        related = {self.other(one) for one in self.relations(name)} - {own(name)}
        related = {node for node in related if not self.model.is_ours(node.service)}
        words = {node: self.words(node) - self.words(own(name)) for node in related}
        named = {node for node in related if words[node] & naming.words}
        exact = {node for node in named if node.name.lower() in naming.words}
        principals = {n for n in named if not self.model.is_subordinate(n.service)}
        meant = exact or principals or named
        for node in meant:
            others = set[str]().union(*(words[other] for other in meant - {node}))
            sure = words[node] & naming.missed - others
            yield node, Ground.NAMES if sure else Ground.MENTIONS, naming.check

    def words(self, node: Node) -> set[str]:
        application = self.model.applications.get(node.service)
        units = application.units if application else ()
        return {node.name.lower()}.union(*(words_of_unit(self.model, unit) for unit in units))


def own(name: str) -> Node:
    return Node(NodeKind.SERVICE, name)


def grounds(found: list[tuple[str, Edge]], name: str, node: Node) -> set[Ground]:
    return {edge.ground for service, edge in found if service == name and edge.provider == node}


def _filled(found: dict[str, _Found]) -> dict[str, _Found]:
    return {name: value for name, value in found.items() if value}
