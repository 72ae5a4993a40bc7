"""Who needs whom of two that are related, which Juju does not tell."""

from __future__ import annotations

from collections.abc import Mapping, Set

from ..values.model import Relation
from ..values.node import Node, NodeKind
from .graph import Ground
from .interfaces import carries_dependency, is_named_for, is_provider
from .relations import Relations

# An endpoint that serves so many applications is most often that of a provider.
_MANY = 3


class Directions:
    """The directions of a model's relations."""

    def __init__(self, relations: Relations, provides: Mapping[str, Set[str]]) -> None:
        """Find none yet; `provides` are by service the words for what it is said to give."""
        self._relations = relations
        self._charms = relations.charms
        self._provides = {name: words for name, words in provides.items() if words}

    def ground(self, name: str, relation: Relation, other: Node) -> Ground | None:
        """Return the ground on which an application may need a relation is with: that is `other`.

        `None` if it gives, if nothing depends on such a relation, or if it is with itself.
        """
        if not carries_dependency(relation.interface, relation.endpoint):
            return None
        if other.kind is NodeKind.SAAS:
            return self._of_saas(relation)
        if other.name == name:
            return None
        gives = self._gives(name, relation)
        if gives is None:
            return self._guess(name, relation)
        return Ground.KNOWN if gives else None

    def _of_saas(self, relation: Relation) -> Ground | None:
        """Return the ground: most often it is needed; only a stated role says otherwise."""
        saas = self._relations.model.saas[relation.application]
        own = [end for end in saas.endpoints if relation.interface == end.interface != '']
        roles = {end.role for end in own or saas.endpoints}
        if roles <= {'provider'}:
            return Ground.SAAS
        return Ground.RELATED if roles != {'requirer'} else None

    def _gives(self, name: str, relation: Relation) -> bool | None:
        """Return whether the other side is known to give; `None` if neither is."""
        other, word = relation.application, relation.interface or relation.endpoint
        ours = is_provider(word, self._charms.get(name, ''))
        theirs = is_provider(word, self._charms.get(other, ''))
        if ours == theirs:
            # The charms do not tell; the reports may.
            ours = name in self._provides and self._is_said_to_give(name, relation)
            theirs = other in self._provides and self._is_said_to_give(other, relation)
        return None if ours == theirs else theirs

    def _is_said_to_give(self, service: str, relation: Relation) -> bool:
        """Return whether one of the two provides what the relation carries, by whatever word."""
        words = self._provides[service]
        over = {relation.interface, relation.endpoint} - {''}
        return not words.isdisjoint(over) or any(
            not words.isdisjoint(self._relations.endpoints(relation.application, interface))
            for interface in over
        )

    def _guess(self, name: str, relation: Relation) -> Ground | None:
        """Return the ground on which a service may need the other side; `None` if it gives.

        Endpoints are most often called by what they need, and those of providers serve many.
        """
        other, interface = relation.application, relation.interface
        back = self._relations.back(name, other, interface)
        if back is None:
            return Ground.RELATED
        charm, theirs = self._charms.get(name, ''), self._charms.get(other, '')
        needs = is_named_for(relation.endpoint, theirs) or is_named_for(interface, theirs)
        gives = is_named_for(back, charm) or is_named_for(interface, charm)
        if needs == gives:
            users = self._relations.users
            here, there = users[name, relation.endpoint], users[other, back]
            needs, gives = there >= _MANY and here == 1, here >= _MANY and there == 1
        return None if gives else Ground.GUESSED if needs else Ground.RELATED
