"""Who names whom: the words of failing checks, beside those that name services and their units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property

from ..values.model import Model
from ..values.node import Node
from ..values.readings import ServiceHealth
from .claims import words_of_unit
from .graph import Ground
from .namings import Naming, namings

_NOBODY: frozenset[str] = frozenset()


class Mentions:
    """The words of one snapshot; each message is read once."""

    def __init__(self, model: Model, services: Iterable[ServiceHealth]) -> None:
        """Read nothing yet."""
        self._model = model
        self._services = {service.name: service for service in services}
        self._units: dict[str, Mapping[str, Set[str]]] = {}

    @cached_property
    def namings(self) -> Mapping[str, tuple[Naming, ...]]:
        """Return by service what its worst failing checks name."""
        return {name: tuple(namings(service)) for name, service in self._services.items()}

    @cached_property
    def unit_words(self) -> Mapping[str, frozenset[str]]:
        """Return by unit the words that name it."""
        return {unit.name: words_of_unit(self._model, unit) for unit in self._model.units()}

    @cached_property
    def _read_units(self) -> Mapping[str, list[tuple[str, str]]]:
        """Return by word the units that were asked and have it, each with its service."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name, service in self._services.items():
            for reading in service.readings:
                for word in self.unit_words.get(reading.unit.name, ()):
                    found.setdefault(word, []).append((name, reading.unit.name))
        return found

    @cached_property
    def _applications(self) -> Mapping[str, Set[str]]:
        """Return by word the applications with a unit that has it."""
        found: dict[str, set[str]] = {}
        for name, application in self._model.applications.items():
            for unit in application.units:
                for word in self.unit_words[unit.name]:
                    found.setdefault(word, set()).add(name)
        return found

    @cached_property
    def _said(self) -> Mapping[str, frozenset[str]]:
        """Return by service the words of its worst failing checks."""
        return {
            name: _NOBODY.union(*(naming.words for naming in found))
            for name, found in self.namings.items()
        }

    def units(self, name: str, other: str) -> Set[str]:
        """Return the units of another service that a service's worst failing checks name."""
        if name not in self._units:
            found: dict[str, set[str]] = {}
            for word in self._said.get(name, ()):
                for service, unit in self._read_units.get(word, ()):
                    found.setdefault(service, set()).add(unit)
            self._units[name] = found
        return self._units[name].get(other, _NOBODY)

    def names(self, name: str, node: Node) -> bool:
        """Return whether a service's worst failing checks name another, or a unit of it."""
        return bool(self.units(name, node.service)) or node.name.lower() in self._said.get(
            name, ()
        )

    def grounds(self, name: str, related: Set[Node]) -> Iterator[tuple[Node, Ground, str]]:
        """Yield those of the related that a service's failing checks name, with the check.

        A check is sure of one if it says of it alone to miss it.
        """
        found = self.namings.get(name, ())
        if not found:
            return
        others = _Others({node for node in related if node.service != name}, self._applications)
        known = self._words_of(name)
        for naming in found:
            by_word = {word: others.having(word) for word in naming.words - known}
            named = set[Node]().union(*by_word.values())
            # Who shares a machine shares its address: a name means one of them, and an address
            # whoever is there in his own right.
            exact = {node for node in named if node.name.lower() in naming.words}
            principals = {n for n in named if not self._model.is_subordinate(n.service)}
            meant = exact or principals or named
            alone = [by_word[word] & meant for word in naming.missed - known]
            sure = {node for nodes in alone if len(nodes) == 1 for node in nodes}
            for node in meant:
                yield node, Ground.NAMES if node in sure else Ground.MENTIONS, naming.check

    def _words_of(self, name: str) -> frozenset[str]:
        """Return the words that name a service: its name, its units and their addresses."""
        application = self._model.applications.get(name)
        units = application.units if application else ()
        return frozenset({name.lower()}).union(*(self.unit_words[unit.name] for unit in units))


class _Others:
    """What a service is related to, by the words that name it."""

    def __init__(self, nodes: Iterable[Node], applications: Mapping[str, Set[str]]) -> None:
        self._applications = applications
        self._nodes: dict[str, Node] = {}
        self._by_name: dict[str, set[Node]] = {}
        for node in nodes:
            self._by_name.setdefault(node.name.lower(), set()).add(node)
            if node.service:
                self._nodes[node.service] = node

    def having(self, word: str) -> set[Node]:
        """Return those that a word names."""
        applications = self._nodes.keys() & self._applications.get(word, ())
        units_of = {self._nodes[name] for name in applications}
        return units_of | self._by_name.get(word, set())
