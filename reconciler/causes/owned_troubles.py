"""Whose a service of the host is that all units of a machine tell to have failed.

`mysql.service failed`, say all that stand on machine 3: that is mysql's trouble, and neither the
machine's nor that of its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from charm.kernel.names import service_of

from ..values.model import HEALTH_CHARM
from ..values.node import Node, NodeKind
from ..values.readings import Reading
from .shared_cause import Places
from .troubles import LOCAL_CHECKS, MACHINE_CHECKS, Trouble, looked_at

_HOST_SERVICES = MACHINE_CHECKS - LOCAL_CHECKS
# A systemd unit in such a check's message, without what only says how it is packed or which one it
# is: `postgresql@16-main.service`, `snap.charmed-postgresql.patroni.service`.
_UNIT = re.compile(
    r'(?<![\w@.-])(?:snap\.)?(?:charmed-)?([\w-]{1,200})[\w@.:\\-]{0,200}\.service\b'
)
# This charm is whatever its operator makes of it, and none of Ubuntu's services is its own.
_NOBODYS = frozenset({'', 'ubuntu', HEALTH_CHARM})


@dataclass(frozen=True)
class Owner:
    """Whose a trouble is.

    Attributes:
        node: the service.
        sure: all that the trouble names is certainly somebody's; else it is called so in part, or
            another is named as well.
    """

    node: Node
    sure: bool


def tells_of_host_services(trouble: Trouble) -> bool:
    """Return whether it is what any unit on the machine would tell of the host's services."""
    return trouble.check in _HOST_SERVICES


def owned_troubles(places: Places) -> Mapping[Trouble, tuple[Owner, ...]]:
    """Return the troubles with services of the host that are an application's, with whose.

    It is that of the one that stands there and is called as the service is, by its name or its
    charm's, unless its unit was looked at and is well.
    """
    return {
        trouble: owners
        for readings in places.readings.values()
        for trouble, owners in _owned(places, readings)
    }


def _owned(
    places: Places, readings: Sequence[Reading]
) -> Iterator[tuple[Trouble, tuple[Owner, ...]]]:
    told = [trouble for trouble in places.at(readings) if tells_of_host_services(trouble)]
    words = {trouble: {m[1].lower() for m in _UNIT.finditer(trouble.message)} for trouble in told}
    ill = {service_of(trouble.unit) for trouble in places.at(readings)}
    ill |= {reading.unit.application for reading in readings if not looked_at(reading)}
    callers = _callers(places, readings) if told else {}
    owners = {word: _owner(callers, word) for word in {*chain.from_iterable(words.values())}}
    for trouble in told:
        found = {word: owners[word] for word in words[trouble] if owners[word][0] in ill}
        all_known = len(found) == len(words[trouble])
        exact: dict[str, bool] = {}
        for name, is_exact in found.values():
            is_own = name == service_of(trouble.unit)
            exact[name] = exact.get(name, False) or (is_exact and (all_known or is_own))
        if exact:
            yield (
                trouble,
                tuple(Owner(Node(NodeKind.SERVICE, name), exact[name]) for name in sorted(exact)),
            )


def _callers(places: Places, readings: Sequence[Reading]) -> dict[str, set[str]]:
    """Return the applications there by what they are called: by their names and their charms'."""
    callers: dict[str, set[str]] = {}
    for application in {reading.unit.application for reading in readings}:
        for name in {application, places.model.charm_of(application)} - _NOBODYS:
            callers.setdefault(name, set()).add(application)
    return callers


def _owner(callers: Mapping[str, set[str]], word: str) -> tuple[str, bool]:
    """Return the application that a systemd unit is called after, and whether that is sure.

    A charm may be called more than its service is (`mysql` of `mysql-innodb-cluster`); of a
    service that is called more, as `prometheus-node-exporter`, it is a guess. The name is empty if
    none is called so, or several are.
    """
    longer = [found for name, found in callers.items() if name.startswith(f'{word}-')]
    shorter = [found for name, found in callers.items() if word.startswith(f'{name}-')]
    for sure, candidates in ((True, [callers.get(word, set())]), (True, longer), (False, shorter)):
        owners = set().union(*candidates)
        if owners:
            return (owners.pop(), sure) if len(owners) == 1 else ('', False)
    return '', False
