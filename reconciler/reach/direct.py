"""The direct reach: ssh of our own, with paramiko, to the addresses in juju status.

It asks neither the controller nor the juju command, save once per machine for its host keys.
"""

from __future__ import annotations

import ipaddress
import math
import shlex
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.values.errors import UsageError
from reconciler.values.model import Machine, Model
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import TimeBudget

from .base import ReachError, RemoteCommand, late
from .ssh.approach import MachineAddress
from .ssh.pool import Pool


@dataclass(frozen=True)
class DirectReach:
    """A reach through ssh connections of our own.

    Attributes:
        places: where the targets are, by the name of a unit or a machine.
        pool: the connections, which outlive this model's status.
    """

    places: Mapping[str, MachineAddress]
    pool: Pool
    name: str = 'direct ssh'

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        """Run the command where the unit `target` is.

        It is ended over there as well when the deadline has passed.

        Raises:
            ReachError: it did not get there, or did not end by the deadline.
        """
        place = self.places.get(target)
        if place is None:
            message = f'cannot reach {target}: juju status names no machine of it'
            raise ReachError(Outcome.UNREACHABLE, message)
        # A little later than here: what is ended here is known to be late, what ends there is not.
        seconds = math.ceil(deadline.remaining_seconds) + TimeBudget.late_seconds
        kill_after = str(TimeBudget.kill_after_seconds)
        bounded = ['timeout', '-k', kill_after, str(seconds), 'sh', '-c', command.line]
        ending = replace(command, line=f'exec {shlex.join(bounded)}')
        done = self.pool.run(place, target, ending, deadline)
        if done.timed_out:
            raise late(done)
        return done


def places_of(model: Model) -> dict[str, MachineAddress]:
    """Return the places of a model's machines and units, by their names.

    Raises:
        UsageError: the model has no machines, but pods.
    """
    if model.is_k8s:
        raise UsageError(
            f'cannot reach the pods of {model.name} with --reach direct, which needs machines '
            'with sshd: leave --reach out, and they are asked through juju ssh'
        )
    listed = {
        machine.id: tuple(dict.fromkeys(_addresses(machine)))
        for machine in model.machines.values()
    }
    holders = Counter(address for addresses in listed.values() for address in addresses)
    machines = {
        machine.id: MachineAddress(
            f'{model.controller}:{model.name}:{machine.id}',
            listed[machine.id],
            machine.instance_id,
            frozenset(_shared(machine, listed[machine.id], holders)),
        )
        for machine in model.machines.values()
    }
    units = {
        unit.name: machines[unit.machine] for unit in model.units() if unit.machine in machines
    }
    return {**machines, **units}


def _addresses(machine: Machine) -> Iterator[str]:
    """Yield where a machine may be: what juju prefers, then the rest, then its name."""
    listed = [machine.dns_name, *machine.addresses]
    numeric = [address for address in listed if _is_usable(address)]
    yield from numeric
    if not numeric and machine.dns_name:
        yield machine.dns_name


def _is_usable(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    # Link-local addresses need an interface's name beside them, which juju does not know.
    return not (parsed.is_link_local or parsed.is_unspecified)


def _shared(
    machine: Machine, addresses: Sequence[str], holders: Mapping[str, int]
) -> Iterator[str]:
    """Yield those of a machine's addresses that are no more its own than another machine's.

    The one that juju prefers is its own, save where another machine is listed with it as well.
    """
    for place, address in enumerate(addresses):
        if holders[address] > 1 or (place and (address in machine.bridged or _is_here(address))):
            yield address


def _is_here(address: str) -> bool:
    """Return whether this machine has the address too: one that it can listen at."""
    try:
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
