"""The trouble that nothing else explains: whether it is a cause, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property

from charm.kernel.names import service_of
from charm.kernel.report import Health, StateName

from ..values.certainty import Certainty
from ..values.node import Node, NodeKind
from ..values.readings import JUJU_STATUS, Blame, Role
from .graph import Ground
from .owned_troubles import tells_of_host_services
from .suspects import Suspects
from .troubles import Origin, Trouble
from .weigh import Objection, judged

_FEW = 2
_UNSURE = (Ground.GUESSED, Ground.RELATED)


class Roots:
    """What to say of each service that nothing explains."""

    def __init__(self, suspects: Suspects, ties: Mapping[str, Sequence[str]]) -> None:
        """Judge nothing yet; `ties` are services of which either may need the other."""
        self._suspects = suspects
        self._ties = ties
        self._index = suspects.index
        self._blames: dict[str, Blame] = {}

    def blame(self, name: str) -> Blame:
        """Return the blame of a service: a cause, if there is evidence of it."""
        if name not in self._blames:
            reason = self._acquitted(name)
            self._blames[name] = (
                Blame(Role.UNEXPLAINED, reason=reason)
                if reason
                else Blame(
                    Role.CAUSE,
                    reason=self._own_reason(name),
                    certainty=judged(Certainty.CERTAIN, self.doubts(name)),
                )
            )
        return self._blames[name]

    def _acquitted(self, name: str) -> str:
        """Return why it is no cause for all that is known; empty if it is one."""
        service, worst = self._index.services[name], self._index.worst(name)
        if self._index.model.is_ours(name):
            return f'it tells of the health of others, and is no cause of it: {service.message}'
        if not worst:
            return service.because or service.message
        if self._told(name):
            return ''
        if not any(trouble.seen for trouble in worst):
            return f'nobody looked: {worst[0].message}'
        if service.readings and all(r.health is Health.PASSED for r in service.readings):
            return f'all of its units are well; {service.message}'
        return '' if self._suspects.own_troubles(name) else self._blaming(name)

    def _blaming(self, name: str) -> str:
        """Return what of others makes it no cause though nothing explains it; or nothing."""
        if name in self._unseen:
            return self._unseen[name]
        if name in self._ties:
            others = ', '.join(self._ties[name])
            return f'{others} fails too, and nothing tells which of them needs the other'
        for suspect in self._suspects.candidates(name):
            if suspect.first_hand and self._index.is_unseen(suspect.node):
                return suspect.text
        waits = [e.provider for e in self._index.graph.of(name) if e.ground is Ground.WAITS]
        if waits and not any(trouble.check for trouble in self._index.worst(name)):
            return self._waits_in_vain(name, waits)
        return ''

    def _waits_in_vain(self, name: str, providers: Sequence[Node]) -> str:
        """Return that it waits for what does not explain it."""
        related = self._index.relations.related(name).nodes
        strangers = ', '.join(str(node) for node in providers if node not in related)
        names = ', '.join(map(str, providers))
        ill = any(self._index.provider(node).health is Health.FAIL for node in providers)
        why = 'whose trouble is another' if ill else 'which nothing is known to be wrong with'
        reason = f'it waits for {names}, {why}'
        return f'{reason}; it is not related to {strangers}' if strangers else reason

    def doubts(self, name: str) -> Iterator[Objection]:
        """Yield what makes it less sure that a service which nothing explains is a cause."""
        worst = self._index.worst(name)
        if worst and worst[0].health is not Health.FAIL:
            yield Objection('nothing of it was seen to fail')
        left = self._suspects.left(name)
        if left and all(map(self._is_anybodys, left)):
            yield Objection('what failed on the host is not called as it is')
        yield from self._of_the_disputed(name)
        if self._suspects.own_troubles(name):
            return
        if not any(trouble.check not in ('', JUJU_STATUS) for trouble in worst):
            yield Objection('nothing is known but what Juju says of it')
        edges = self._index.graph.of(name)
        unseen = [str(edge.provider) for edge in edges if self._index.is_unseen(edge.provider)]
        if unseen:
            yield Objection(f'nobody looked at {", ".join(unseen)}, which it may need')
        for suspect in self._suspects.candidates(name):
            warns = self._index.provider(suspect.node).health is Health.WARN
            named = suspect.certainty is None and self._index.mentions.names(name, suspect.node)
            if named and not warns:
                yield Objection(f'{suspect.text}, and is no cause of it: {suspect.against[0]}')
        for other in sorted(self._failing_beside.get(name, ())):
            yield Objection(f'{other} fails too, and is only guessed to need it')

    def _is_anybodys(self, trouble: Trouble) -> bool:
        """Return whether it is a failed service of the host that is not surely this one's."""
        owners = self._index.owned.get(trouble, ())
        own = any(o.sure and o.node.name == service_of(trouble.unit) for o in owners)
        return tells_of_host_services(trouble) and not own

    def _of_the_disputed(self, name: str) -> Iterator[Objection]:
        """Yield who fails too, and may be what it needs, unless it has trouble that is its own."""
        own = self._suspects.own_troubles(name)
        if any(trouble.origin is Origin.OWN for trouble in own):
            return
        for node in sorted(self._index.graph.disputed.get(name, ())):
            if self._index.provider(node).health is Health.FAIL:
                yield Objection(f'{node} fails too, and a check says otherwise who needs whom')

    def _told(self, name: str) -> str:
        """Return what its neighbours tell of one that nobody looked at; or nothing."""
        if any(trouble.seen for trouble in self._index.worst(name)):
            return ''
        return self._index.told_by_neighbours.get(Node(NodeKind.SERVICE, name), '')

    def message(self, name: str) -> str:
        """Return the evidence against a service: that of what nothing else explains."""
        told = self._told(name)
        if told:
            return told
        left = self._suspects.left(name)
        partly = len(left) < len(self._index.worst(name))
        return left[0].message if left and partly else self._index.services[name].message

    def _own_reason(self, name: str) -> str:
        """Return the evidence against a cause, and what it waits for besides."""
        service, graph = self._index.services[name], self._index.graph
        worst = self._suspects.left(name) or self._index.worst(name)
        if not any(trouble.origin is Origin.OWN or trouble.check for trouble in worst):
            unmet, peers = (
                ', '.join(found.get(name, ())) for found in (graph.unmet, graph.own_peers)
            )
            if unmet:
                return f'it waits for {unmet}, and nothing that it is related to gives it'
            if peers:
                return f'it waits for its own peers ({peers})'
        message = self._told(name) or worst[0].message or service.message
        state = service.state
        waits = state.blockers if state and state.name is StateName.BLOCKED else ()
        return message + (f'; it also waits for {", ".join(waits)}' if waits else '')

    @cached_property
    def _failing_beside(self) -> Mapping[str, Set[str]]:
        """Return by service the failing ones that may need it, by a guess or for all we know.

        A relation of unknown direction counts for both, whichever of them lists it.
        """
        found: dict[str, set[str]] = {}
        for name, edges in self._index.graph.edges.items():
            fails = self._fails(name)
            for edge in edges:
                provider = edge.provider.service
                if fails and edge.ground in _UNSURE:
                    found.setdefault(provider, set()).add(name)
                if edge.ground is Ground.RELATED and self._fails(provider):
                    found.setdefault(name, set()).add(provider)
        return found

    @cached_property
    def _unseen(self) -> Mapping[str, str]:
        """Return what to say of services that may fail for the lack of what nobody looked at.

        These are several that nothing else explains, and half at least of all that may need it.
        """
        users: dict[Node, list[str]] = {}
        for name in self._index.services:
            for edge in self._index.graph.of(name):
                if self._index.is_unseen(edge.provider):
                    users.setdefault(edge.provider, []).append(name)
        reasons: dict[str, str] = {}
        for node, names in sorted(users.items(), key=lambda item: item[0].order):
            found = self._unexplained(names)
            seen = sum(self._index.service(name).seen for name in names)
            if len(found) < _FEW or len(found) * 2 < seen:
                continue
            reason = f'{", ".join(sorted(found))} may all need {node}, which nobody looked at'
            for name in found:
                reasons.setdefault(name, reason)
        return reasons

    def _unexplained(self, names: Iterable[str]) -> list[str]:
        return [
            name
            for name in names
            if self._fails(name)
            and not self._suspects.surest(name)
            and not self._suspects.own_troubles(name)
        ]

    def _fails(self, name: str) -> bool:
        service = self._index.services.get(name)
        return service is not None and service.health is Health.FAIL
