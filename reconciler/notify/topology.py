"""Where in Juju a cause is, and the labels that say so.

The Canonical Observability Stack calls them like that (cosl's `JujuTopology`); machine and
controller, which it lacks, are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..values.model import Model
from ..values.node import Node, NodeKind


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Where a cause is. What is not known, or what it is none of, is empty.

    An incident's stays as it was at first: by its labels others know that an alert is the same.

    Attributes:
        model: its name alone.
        unit: only of an incident that is about one unit.
        machine: the machine that the cause is, or on which that unit is.
    """

    controller: str = ''
    model: str = ''
    model_uuid: str = ''
    application: str = ''
    unit: str = ''
    machine: str = ''
    charm: str = ''

    @classmethod
    def of(cls, model: Model, cause: Node, uuid: str = '', unit: str = '') -> Topology:
        """Return where a cause is; `uuid` is of its model, which status does not tell."""
        name = f'{cause.model}/{cause.name}' if cause.model else cause.name
        full, own = model.locate(name)
        # What is beside the models of several has none.
        controller, _, path = (full or ('' if model.parts else model.title)).rpartition(':')
        if cause.kind is NodeKind.CONTROLLER:
            controller = cause.name or controller
        application = own if cause.kind is NodeKind.SERVICE else ''
        units = {one.name: one.machine for one in model.units()} if unit else {}
        return cls(
            controller=controller,
            model=path.rpartition('/')[2],
            model_uuid=uuid,
            application=application,
            unit=model.locate(unit)[1],
            machine=own if cause.kind is NodeKind.MACHINE else units.get(unit, ''),
            charm=model.charm_of(name) if application else '',
        )

    @property
    def title(self) -> str:
        """Return `controller:model`, or its name alone where its controller is unknown."""
        return ':'.join(filter(None, (self.controller, self.model)))

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the labels of what is known of it."""
        named = {
            'juju_controller': self.controller,
            'juju_model': self.model,
            'juju_model_uuid': self.model_uuid,
            'juju_application': self.application,
            'juju_unit': self.unit,
            'juju_machine': self.machine,
            'juju_charm': self.charm,
        }
        return {name: value for name, value in named.items() if value}


def with_parents(machine: str) -> tuple[str, ...]:
    """Return a machine's id and those that it is a container in: of `0/lxd/1` also `0`."""
    parts = machine.split('/')
    return tuple('/'.join(parts[: length + 1]) for length in range(0, len(parts), 2))
