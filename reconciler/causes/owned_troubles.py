"""Whose a service of the host is that all units of a machine tell to have failed.

`mysql.service failed`, say all that stand on machine 3: that is mysql's trouble, and neither the
machine's nor that of its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from charm.kernel.builtin_checks import BUILT_IN_CHECKS, Scope
from charm.kernel.names import service_of

from ..values.model import HEALTH_CHARM
from ..values.node import Node, NodeKind
from ..values.readings import Reading
from .shared_cause import Places
from .troubles import Trouble, looked_at

_HOST_SERVICES = frozenset(
    name for name, check in BUILT_IN_CHECKS.items() if check.scope is Scope.HOST_SERVICES
)
# A systemd unit in such a check's message: `postgresql@16-main.service`, `snap.etcd.etcd.service`.
_UNIT = re.compile(r'(?<![\w@.-])(?:snap\.)?([\w-]{1,200})[\w@.:\\-]{0,200}\.service\b')


def owned_troubles(places: Places) -> Mapping[Trouble, Node]:
    """Return the troubles with services of the host that are one application's, with whose.

    It is that of the one that stands there and is called as the service is, by its name or its
    charm's, unless its unit was looked at and does not say so. What names services of several is
    nobody's.
    """
    return {
        trouble: Node(NodeKind.SERVICE, owner)
        for readings in places.readings.values()
        for trouble, owner in _owned(places, readings)
    }


def _owned(places: Places, readings: Sequence[Reading]) -> Iterator[tuple[Trouble, str]]:
    told = [trouble for trouble in places.at(readings) if trouble.check in _HOST_SERVICES]
    agreed = {(service_of(trouble.unit), trouble.check) for trouble in told}
    seen = {reading.unit.application for reading in readings if looked_at(reading)}
    for trouble in told:
        words = {match[1].lower() for match in _UNIT.finditer(trouble.message)}
        owners = {_owner(places, readings, word) for word in words}
        if len(owners) == 1:
            (owner,) = owners
            if owner and (owner not in seen or (owner, trouble.check) in agreed):
                yield trouble, owner


def _owner(places: Places, readings: Sequence[Reading], word: str) -> str:
    """Return the application there that a systemd unit is called after; empty if none or many."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for application in {reading.unit.application for reading in readings}:
        known = places.model.applications.get(application)
        names = {application, known.charm if known else ''} - {'', HEALTH_CHARM}
        if word in names:
            found[True].add(application)
        elif any(_is_called_after(word, name) for name in names):
            found[False].add(application)
    exact, near = found[True], found[False]
    owners = exact or near
    return min(owners) if len(owners) == 1 else ''


def _is_called_after(word: str, name: str) -> bool:
    """Return whether one is the beginning of the other: `nova-compute` of `nova-compute-kvm`."""
    return word.startswith(f'{name}-') or name.startswith(f'{word}-')
