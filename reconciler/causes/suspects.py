"""The suspects of a service that is not well: its providers, and the causes that it shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health

from ..values.certainty import Certainty, most
from ..values.node import Node, NodeKind
from ..values.readings import Reading
from ..values.words import fold_units, natural_order
from .ailing_machines import is_vague, starves_others
from .cases import Cases
from .claims import tells_of_itself
from .graph import FIRST_HAND, Edge, Ground
from .owned_troubles import Owner
from .shared_cause import SharedCause
from .snapshot_index import SnapshotIndex
from .troubles import MACHINE_CHECKS, Origin, Trouble, is_seen_to_fail
from .weigh import Suspect, weigh

# A unit that is lost may be what ails the others of its service: the weakest of grounds.
_LOST_UNIT = 10
# A machine that fails may be what ails all on it: after what a service is known to use.
_BESIDE_THE_FULL = Ground.KNOWN + 1
_UNKNOWN = Health.UNKNOWN.rank
# What speaks against that one explains all of a service.
_ANOTHERS = 'all that is wrong with it is the trouble of others on its machine'
_ELSEWHERE = ('others of its units ail elsewhere',)


class Suspects:
    """The suspects of every service of a snapshot, each weighed once."""

    def __init__(self, index: SnapshotIndex) -> None:
        """Weigh nothing yet."""
        self.index = index
        self._candidates: dict[str, tuple[Suspect, ...]] = {}
        self._cases: dict[str, Cases] = {}
        self._own: dict[str, list[Trouble]] = {}
        self._repeats: dict[str, bool] = {}
        self._undirected: dict[tuple[str, str], tuple[Suspect, ...]] = {}
        self._echoed: dict[str, dict[Trouble, tuple[Owner, ...]]] = {}

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
            found = [] if self.own_troubles(name) else self._weighed(name)
            ordered = sorted(found, key=lambda s: (s.weight, natural_order(str(s.node))))
            self._candidates[name] = tuple(ordered)
        return self._candidates[name]

    def undirected(self, name: str, hint: str) -> tuple[Suspect, ...]:
        """Return those that may explain a service if it needs them, which nothing tells.

        `hint` is what speaks for that.
        """
        if (name, hint) not in self._undirected:
            found = self._find_undirected(name, hint) if self.candidates(name) else ()
            self._undirected[name, hint] = tuple(found)
        return self._undirected[name, hint]

    def _find_undirected(self, name: str, hint: str) -> Iterator[Suspect]:
        edges = [
            edge
            for edge in self.index.graph.of(name)
            if edge.ground is Ground.RELATED
            and self.index.provider(edge.provider).health is not Health.PASSED
        ]
        found = (weigh(self._cases_of(name).against(edge, hint)) for edge in edges)
        return (suspect for suspect in found if suspect.certainty is not None)

    def _cases_of(self, name: str) -> Cases:
        if name not in self._cases:
            self._cases[name] = Cases(self.index, name)
        return self._cases[name]

    def own_troubles(self, name: str) -> list[Trouble]:
        """Return those of the worst troubles that no other service explains.

        What is told of the unit itself, by one that blames nobody, is as good as a check of it.
        """
        if name not in self._own:
            self._own[name] = self._find_own_troubles(name)
        return self._own[name]

    def _find_own_troubles(self, name: str) -> list[Trouble]:
        edges = self.index.graph.of(name)
        blames = any(edge.ground in FIRST_HAND for edge in edges)
        used = {edge.provider for edge in edges}
        used |= self.index.graph.disputed.get(name, frozenset())
        beside = any(self.index.provider(node).health.rank >= _UNKNOWN for node in used)
        return [
            trouble
            for trouble in self.left(name)
            if trouble.origin is Origin.OWN
            or (
                trouble.origin is Origin.ANYWHERE
                and not blames
                and trouble.seen
                and tells_of_itself(
                    trouble.message, beside or self._ailing_machine(trouble) is not None
                )
            )
        ]

    def left(self, name: str) -> list[Trouble]:
        """Return those of the worst troubles that neither a machine nor a neighbour explains."""
        shared, echoes = self.index.shared_by_trouble, self._echoes(name)
        return [t for t in self.index.worst(name) if t not in shared and t not in echoes]

    def _weighed(self, name: str) -> list[Suspect]:
        worst = self.index.worst(name)
        shared = self.index.shared_by_trouble
        echoes = {t: owners for t, owners in self._echoes(name).items() if t not in shared}
        left = self.left(name)
        found = []
        if not self._stands_alone(name) or not any(map(is_seen_to_fail, left)):
            found = [*self._of_shared_causes(name, worst), *self._echo_suspects(echoes, not left)]
        if any(map(self._may_be_a_providers, worst)):
            edges = self.index.graph.of(name)
            found += [self._of_edge(name, edge) for edge in edges]
        known = {suspect.node for suspect in found}
        return found + [s for s in self._of_ailing_machines(left) if s.node not in known]

    def _of_edge(self, name: str, edge: Edge) -> Suspect:
        """Return a provider as a suspect, refuted if it ails by its neighbours' troubles alone."""
        suspect = weigh(self._cases_of(name).against(edge))
        if not self._only_repeats(edge.provider.service):
            return suspect
        return replace(suspect, certainty=None, against=(_ANOTHERS, *suspect.against))

    def _only_repeats(self, name: str) -> bool:
        """Return whether all that is told to be wrong with a service is a neighbour's trouble."""
        if name not in self._repeats:
            worst, echoes = self.index.worst(name), self._echoes(name)
            self._repeats[name] = bool(worst) and all(trouble in echoes for trouble in worst)
        return self._repeats[name]

    def _stands_alone(self, name: str) -> bool:
        """Return whether what ails one of its units is nothing to the others.

        A subordinate's are each beside a principal of their own.
        """
        return self.index.model.is_subordinate(name)

    def _of_ailing_machines(self, left: Sequence[Trouble]) -> list[Suspect]:
        """Return the machines that fail, if all that fails vaguely stands on such a one."""
        found: dict[Node, tuple[SharedCause, set[str]]] = {}
        for trouble in left:
            machine = self._ailing_machine(trouble) if is_vague(trouble) else None
            if machine is None:
                return []
            found.setdefault(machine.node, (machine, set()))[1].add(trouble.unit)
        return [
            Suspect(
                node,
                Certainty.LIKELY,
                _BESIDE_THE_FULL,
                False,
                _shared_text(cause, sorted(units)),
            )
            for node, (cause, units) in found.items()
        ]

    def _ailing_machine(self, trouble: Trouble) -> SharedCause | None:
        """Return the machine of a unit, if that fails by what is told of itself: its full disk."""
        return self._ailing_machines.get(self._machines.get(trouble.unit, ''))

    @cached_property
    def _ailing_machines(self) -> dict[str, SharedCause]:
        return {
            cause.node.name: cause
            for cause in self.index.shared
            if cause.node.kind is NodeKind.MACHINE and any(map(starves_others, cause.troubles))
        }

    def _may_be_a_providers(self, trouble: Trouble) -> bool:
        """Return whether a provider may explain it: also what Juju says of one out of reach."""
        beyond = trouble.origin is Origin.MACHINE and trouble not in self.index.shared_by_trouble
        return trouble.origin is Origin.ANYWHERE or (beyond and trouble.seen)

    @cached_property
    def _principals(self) -> dict[str, str]:
        """Return by subordinate unit the unit that it is beside."""
        return {r.unit.name: r.unit.principal for r in self._readings if r.unit.principal}

    @cached_property
    def _machines(self) -> dict[str, str]:
        """Return by unit the machine that it is on."""
        return {reading.unit.name: reading.unit.machine for reading in self._readings}

    @property
    def _readings(self) -> Iterator[Reading]:
        return (r for service in self.index.services.values() for r in service.readings)

    @cached_property
    def _unit_checks(self) -> frozenset[tuple[str, str]]:
        every = self.index.troubles.values()
        return frozenset((t.unit, t.check) for found in every for t in found)

    def _echoes(self, name: str) -> dict[Trouble, tuple[Owner, ...]]:
        """Return those of the worst troubles that are told of others, each with whose it is.

        A subordinate looks at the same machine as its principal, so the trouble counts as that of
        the principal; a service of the host is that of whom it is called after.
        """
        if name in self._echoed:
            return self._echoed[name]
        found = self._echoed[name] = {}
        for trouble in self.index.worst(name):
            principal = self._principals.get(trouble.unit, '')
            owners = self.index.owned.get(trouble, ())
            if owners:
                if all(owner.node.name != service_of(trouble.unit) for owner in owners):
                    found[trouble] = owners
            elif (
                trouble.check in MACHINE_CHECKS and (principal, trouble.check) in self._unit_checks
            ):
                node = Node(NodeKind.SERVICE, service_of(principal))
                found[trouble] = (Owner(node, sure=True),)
        return found

    def _echo_suspects(
        self, echoes: Mapping[Trouble, tuple[Owner, ...]], whole: bool
    ) -> list[Suspect]:
        """Return those whose troubles are repeated: sure if those are all of the worst."""
        against = () if whole else _ELSEWHERE
        found: dict[Node, Suspect] = {}
        for trouble, owners in echoes.items():
            for owner in owners:
                says = f'which says the same of its machine: {trouble.check}'
                if trouble in self.index.owned:
                    says = f'whose service its check {trouble.check} names'
                text = f'it is beside {owner.node}, {says}'
                sure = Certainty.CERTAIN if owner.sure else Certainty.LIKELY
                certainty = sure if whole else Certainty.POSSIBLE
                suspect = Suspect(owner.node, certainty, 1, False, text, against)
                found.setdefault(owner.node, suspect)
        return list(found.values())

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


def _shared_text(cause: SharedCause, units: Sequence[str]) -> str:
    if cause.node.kind is not NodeKind.MACHINE:
        return cause.message
    return f'{fold_units(units)} {"is" if len(units) == 1 else "are"} on it: {cause.message}'
