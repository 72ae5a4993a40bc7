"""Put applications together: their units, and that these go with what they are of and on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..values.model import Application, Machine, Unit, machine_chain

_NUMBER = re.compile(r'[0-9]{1,18}')


def with_units(
    bare: Mapping[str, Application], units: Iterable[Unit], machines: Mapping[str, Machine]
) -> dict[str, Application]:
    """Return the applications with their units; one that only units name is added.

    Juju removes a unit whose application or machine it removes, and says so of it a while later.
    """
    gathered: dict[str, dict[str, Unit]] = {name: {} for name in bare}
    for unit in units:
        gathered.setdefault(unit.application, {}).setdefault(unit.name, unit)
    found = {}
    for name, named in gathered.items():
        whole = bare.get(name, Application(name))
        told = (
            replace(unit, leaving=unit.leaving or whole.leaving or _goes_along(unit, machines))
            for unit in named.values()
        )
        found[name] = replace(
            whole, units=tuple(sorted(told, key=lambda unit: _unit_order(unit.name)))
        )
    return found


def _goes_along(unit: Unit, machines: Mapping[str, Machine]) -> bool:
    chain = machine_chain(machines, unit.machine)
    return any(machines[place].leaving for place in chain if place in machines)


def _unit_order(name: str) -> tuple[str, int]:
    application, _, number = name.partition('/')
    return application, int(number) if _NUMBER.fullmatch(number) else 0
