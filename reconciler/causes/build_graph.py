"""Builds the graph of dependencies from relations, reports, failing checks and declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from ..values.node import Node, NodeKind
from ..values.readings import ServiceHealth
from .claims import claims_of
from .directions import Directions
from .graph import KNOWN, MISSED, DeclaredDependencies, Edge, Graph, Ground
from .interfaces import SYNONYMS
from .mentions import Mentions
from .relations import Relations

# What a check says of another.
_SAID = frozenset({Ground.NAMES, Ground.MENTIONS})
# What leaves the direction of a relation open.
_OPEN = frozenset({Ground.RELATED, Ground.MENTIONS})
# The grounds on which one needs another, each with what tells: of several the first.
_Grounds = dict[Ground, str]
_NONE: _Grounds = {}


def build(
    relations: Relations,
    mentions: Mentions,
    services: Iterable[ServiceHealth],
    declared: DeclaredDependencies,
) -> Graph:
    """Return the graph of a model.

    What is declared that a service requires replaces all that is concluded for it from relations
    and from its charm; what the service itself says that it waits for counts beside it.
    """
    return _Builder(relations, mentions, services, declared).graph()


class _Builder:
    def __init__(
        self,
        relations: Relations,
        mentions: Mentions,
        services: Iterable[ServiceHealth],
        declared: DeclaredDependencies,
    ) -> None:
        self._model = relations.model
        self._relations = relations
        self._mentions = mentions
        self._declared = declared
        self._claims = {service.name: claims_of(service) for service in services}
        provides = {
            **{name: claims.provides for name, claims in self._claims.items()},
            **{name: frozenset(words) for name, words in declared.provides.items()},
        }
        self._providers = _providers_by_word(provides)
        self._directions = Directions(relations, provides)
        self._grounds: dict[str, dict[Node, _Grounds]] = {}

    def graph(self) -> Graph:
        unmet: dict[str, tuple[str, ...]] = {}
        own_peers: dict[str, tuple[str, ...]] = {}
        for name in sorted({*self._model.applications, *self._claims}):
            self._from_configuration(name)
            if name not in self._declared.requires:
                self._from_relations(name)
                self._from_report(name)
            unmet[name], own_peers[name] = self._from_blockers(name)
            self._from_messages(name)
        return Graph(
            {name: edges for name in self._grounds if (edges := self._edges(name))},
            {name: names for name, names in unmet.items() if names},
            {name: names for name, names in own_peers.items() if names},
            self._disputed(),
        )

    def _add(self, service: str, provider: Node, ground: Ground, via: str = '') -> None:
        ours = self._relations.ours
        if provider.service == service or service in ours or provider.service in ours:
            return
        grounds = self._grounds.setdefault(service, {}).setdefault(provider, {})
        grounds[ground] = min(grounds.get(ground, via), via)

    def _edges(self, service: str) -> tuple[Edge, ...]:
        own = Node(NodeKind.SERVICE, service)
        found = []
        for provider, here in self._grounds[service].items():
            ground = _strongest(here, self._back(own, provider))
            if ground is not None:
                found.append(Edge(provider, ground, here[ground]))
        return tuple(sorted(found, key=lambda edge: edge.provider.order))

    def _back(self, own: Node, provider: Node) -> _Grounds:
        return self._grounds.get(provider.service, {}).get(own, _NONE)

    def _disputed(self) -> dict[str, frozenset[Node]]:
        """Return by service those of which a check says otherwise than is known of the two."""
        found: dict[str, set[Node]] = {}
        for service, grounds in self._grounds.items():
            own = Node(NodeKind.SERVICE, service)
            for provider, here in grounds.items():
                if not _SAID.isdisjoint(here) and _is_against(here, self._back(own, provider)):
                    found.setdefault(service, set()).add(provider)
                    found.setdefault(provider.service, set()).add(own)
        return {name: frozenset(others) for name, others in found.items()}

    def _from_configuration(self, name: str) -> None:
        members = (member for group in self._declared.any_of.get(name, ()) for member in group)
        for other in (*self._declared.requires.get(name, ()), *members):
            for provider in self._named(other):
                self._add(name, provider, Ground.CONFIGURED)

    def _named(self, name: str) -> Set[Node]:
        """Return the application or SAAS of this name; nothing if the model has none."""
        known = name in self._model.applications or name in self._model.saas
        return {self._relations.node(name)} if known else set()

    def _from_relations(self, name: str) -> None:
        for relation in self._relations.of(name):
            other = self._relations.node(relation.application)
            ground = self._directions.ground(name, relation, other)
            if ground is not None:
                self._add(name, other, ground, relation.endpoint)

    def _from_report(self, name: str) -> None:
        own = Node(NodeKind.SERVICE, name)
        for word in sorted(self._claims[name].requires) if name in self._claims else ():
            answers = self._answers(name, word)
            providers = self._providers.get(word, set())
            if not answers and len(providers) - (own in providers) == 1:
                answers = [node for node in providers if node != own]
            for other in answers:
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
        related = self._relations.related(name)
        lower = word.lower()
        synonyms = (related.endpoints.get(one, set()) for one in SYNONYMS.get(lower, ()))
        found = (
            related.words.get(lower),
            related.interfaces.get(lower),
            set[Node]().union(*synonyms),
            self._named(lower),
            related.nodes & self._providers.get(word, set()),
            related.charms.get(lower),
        )
        return sorted(next(filter(None, found), ()), key=lambda node: node.order)

    def _from_messages(self, name: str) -> None:
        """Add the related services that a failing check names, or one of whose addresses."""
        if self._mentions.namings.get(name):
            nodes = self._relations.related(name).nodes
            others = {node for node in nodes if node.service not in self._relations.ours}
            for other, ground, check in self._mentions.grounds(name, others):
                self._add(name, other, ground, check)


def _providers_by_word(provides: Mapping[str, Set[str]]) -> dict[str, set[Node]]:
    """Return by name the services that are said to provide that."""
    providers: dict[str, set[Node]] = {}
    for service, words in provides.items():
        for word in words:
            providers.setdefault(word, set()).add(Node(NodeKind.SERVICE, service))
    return providers


def _is_against(here: _Grounds, back: _Grounds) -> bool:
    """Return whether the other direction is known, and this one is not."""
    return not KNOWN.isdisjoint(back) and KNOWN.isdisjoint(here)


def _strongest(here: _Grounds, back: _Grounds) -> Ground | None:
    """Return the strongest ground, unless only the other direction is known.

    A database may well name its client in an error, and does not depend on it for that. What
    it says that it misses, it may need all the same, unless the operator knows better.
    """
    grounds: Set[Ground] = here.keys()
    if _is_against(here, back):
        grounds = grounds & ({Ground.WAITS} if Ground.CONFIGURED in back else MISSED)
    elif not MISSED.isdisjoint(back):
        # Who tells to miss the other counts for more than who names it.
        grounds = grounds - _OPEN
    elif not back.keys() <= _OPEN:
        grounds = grounds - {Ground.RELATED}
    return min(grounds, default=None)
