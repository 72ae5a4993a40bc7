"""The suspects of a service that is not well: its providers, and the causes that it shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health

from ..values.certainty import Certainty, most
from ..values.node import Node, NodeKind
from ..values.words import fold_units, natural_order
from .cases import case_of
from .claims import tells_of_itself
from .graph import KNOWN, Ground
from .shared_causes import SharedCause
from .snapshot_index import SnapshotIndex
from .troubles import MACHINE_CHECKS, Origin, Trouble
from .weigh import FIRST_HAND, Suspect, weigh

# A unit that is lost may be what ails the others of its service: the weakest of grounds.
_LOST_UNIT = 10
# What speaks against that one explains all of a service.
_ELSEWHERE = ('others of its units ail elsewhere',)


class Suspects:
    """The suspects of every service of a snapshot, each weighed once."""

    def __init__(self, index: SnapshotIndex) -> None:
        """Weigh nothing yet."""
        self.index = index
        self._candidates: dict[str, tuple[Suspect, ...]] = {}

    def surest(self, name: str) -> tuple[Suspect, ...]:
        """Return what explains a service, no more than the surest; empty if nothing does."""
        candidates = self.candidates(name)
        found = [suspect for suspect in candidates if suspect.certainty is not None]
        if any(s.first_hand and self.index.is_unseen(s.node) for s in candidates):
            # It says itself who it is, and nobody looked there: it is none that it does not name.
            found = [s for s in found if s.first_hand or s.node.kind is not NodeKind.SERVICE]
        surest = most(suspect.certainty for suspect in found if suspect.certainty)
        best = [suspect for suspect in found if suspect.certainty is surest]
        directed = [suspect for suspect in best if suspect.weight != Ground.RELATED]
        return tuple(directed or best)

    def candidates(self, name: str) -> tuple[Suspect, ...]:
        """Return all that may explain a service, and what is refuted; the strongest first."""
        if name not in self._candidates:
            found = self._weighed(name) if self._may_be_from_elsewhere(name) else []
            ordered = sorted(found, key=lambda s: (s.weight, natural_order(str(s.node))))
            self._candidates[name] = tuple(ordered)
        return self._candidates[name]

    def undirected(self, name: str, hint: str) -> tuple[Suspect, ...]:
        """Return those that may explain a service if it needs them, which nothing tells.

        `hint` is what speaks for that.
        """
        if not self.candidates(name):
            return ()
        edges = [edge for edge in self.index.graph.of(name) if edge.ground is Ground.RELATED]
        found = [weigh(case_of(self.index, name, edge, hint)) for edge in edges]
        return tuple(suspect for suspect in found if suspect.certainty is not None)

    def own_troubles(self, name: str) -> list[Trouble]:
        """Return those of the worst troubles that no other service explains.

        What is told of the unit itself, by one that blames nobody, is as good as a check of it.
        """
        edges = self.index.graph.of(name)
        blames = any(edge.ground in FIRST_HAND for edge in edges)
        beside = any(
            edge.ground in KNOWN and self.index.provider(edge.provider).health is Health.FAIL
            for edge in edges
        )
        return [
            trouble
            for trouble in self.index.worst(name)
            if trouble.origin is Origin.OWN
            or (
                trouble.origin is Origin.ANYWHERE
                and not blames
                and trouble.seen
                and tells_of_itself(trouble.message, beside)
            )
        ]

    def _may_be_from_elsewhere(self, name: str) -> bool:
        """Return whether none of its worst troubles is its alone."""
        own = [t for t in self.own_troubles(name) if t not in self.index.shared_by_trouble]
        echoes = self._echoes(self.index.worst(name))
        return all(trouble in echoes for trouble in own)

    def _weighed(self, name: str) -> list[Suspect]:
        worst = self.index.worst(name)
        shared = self.index.shared_by_trouble
        echoes = {t: node for t, node in self._echoes(worst).items() if t not in shared}
        whole = all(trouble in shared or trouble in echoes for trouble in worst)
        found = self._of_shared_causes(name, worst) + _echo_suspects(echoes, whole)
        if any(map(self._may_be_a_providers, worst)):
            edges = self.index.graph.of(name)
            found += [weigh(case_of(self.index, name, edge)) for edge in edges]
        return found

    def _may_be_a_providers(self, trouble: Trouble) -> bool:
        """Return whether a provider may explain it: also what Juju says of one out of reach."""
        beyond = trouble.origin is Origin.MACHINE and trouble not in self.index.shared_by_trouble
        return trouble.origin is Origin.ANYWHERE or (beyond and trouble.seen)

    @cached_property
    def _principals(self) -> dict[str, str]:
        """Return by subordinate unit the unit that it is beside."""
        readings = (r for service in self.index.services.values() for r in service.readings)
        return {r.unit.name: r.unit.principal for r in readings if r.unit.principal}

    @cached_property
    def _unit_checks(self) -> frozenset[tuple[str, str]]:
        every = self.index.troubles.values()
        return frozenset((t.unit, t.check) for found in every for t in found)

    def _echoes(self, worst: tuple[Trouble, ...]) -> dict[Trouble, Node]:
        """Return the troubles that subordinates repeat, each with the principal's service.

        Both look at the same machine, so the trouble counts as that of the principal.
        """
        found = {}
        for trouble in worst:
            principal = self._principals.get(trouble.unit, '')
            if trouble.check in MACHINE_CHECKS and (principal, trouble.check) in self._unit_checks:
                found[trouble] = Node(NodeKind.SERVICE, service_of(principal))
        return found

    def _of_shared_causes(self, name: str, worst: tuple[Trouble, ...]) -> list[Suspect]:
        """Return the causes that its units share: sure if they explain all of the worst."""
        shared = self.index.shared_by_trouble
        whole = all(trouble in shared for trouble in worst)
        grave = {cause.node for trouble in worst for cause in shared.get(trouble, ())}
        susceptible = any(trouble.origin is Origin.ANYWHERE for trouble in worst)
        explained: dict[Node, tuple[SharedCause, set[str]]] = {}
        for trouble in self.index.troubles.get(name, ()):
            for cause in shared.get(trouble, ()):
                explained.setdefault(cause.node, (cause, set()))[1].add(trouble.unit)
        found = []
        for node, (cause, units) in explained.items():
            text = _shared_text(cause, sorted(units))
            if whole and node in grave:
                found.append(Suspect(node, cause.certainty, 1, False, text))
            elif node in grave or (susceptible and cause.health is not Health.WARN):
                suspect = Suspect(node, Certainty.POSSIBLE, _LOST_UNIT, False, text, _ELSEWHERE)
                found.append(suspect)
        return found


def _echo_suspects(echoes: Mapping[Trouble, Node], whole: bool) -> list[Suspect]:
    """Return the services whose troubles are repeated: sure if those are all of the worst."""
    certainty = Certainty.CERTAIN if whole else Certainty.POSSIBLE
    found: dict[Node, Suspect] = {}
    for trouble, node in echoes.items():
        text = f'it is beside {node}, which says the same of its machine: {trouble.check}'
        against = () if whole else _ELSEWHERE
        found.setdefault(node, Suspect(node, certainty, 1, False, text, against))
    return list(found.values())


def _shared_text(cause: SharedCause, units: Sequence[str]) -> str:
    if cause.node.kind is not NodeKind.MACHINE:
        return cause.message
    return f'{fold_units(units)} {"is" if len(units) == 1 else "are"} on it: {cause.message}'
