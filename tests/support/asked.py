"""A model, answers, and a reach that refuses surprises, for tests of asking."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import Lock

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Report
from charm.kernel.report_json import encode
from reconciler.ask.errands import MachineRequest, UnitRequest
from reconciler.ask.frames import Request
from reconciler.reach.base import ReachError, RemoteCommand
from reconciler.values.model import Application, Machine, Model, Unit
from reconciler.values.readings import Outcome

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)


def model(*machines: Sequence[str], charm: str = '') -> Model:
    """Return a model with these units on each machine, such as `model(['web/0', 'db/0'])`."""
    units = [
        Unit(name, name.split('/')[0], str(number))
        for number, names in enumerate(machines)
        for name in names
    ]
    return Model(
        'prod',
        'lab',
        machines={str(number): Machine(str(number)) for number in range(len(machines))},
        applications={
            name: Application(
                name, charm=charm, units=tuple(u for u in units if u.application == name)
            )
            for name in dict.fromkeys(unit.application for unit in units)
        },
    )


def report(unit: str, health: Health = Health.PASSED, sequence: int = 1) -> Report:
    service = unit.split('/')[0]
    check = CheckResult('cxn', health, message='4 ms')
    return make_report(service, unit, (check,), boot_id='boot-1', sequence=sequence)


def printed(unit: str, health: Health = Health.PASSED) -> bytes:
    """Return what a hook prints."""
    return encode(report(unit, health)).encode() + b'\n'


def errand(place: str, *units: str, shipped: bool = True) -> MachineRequest:
    asked = [Unit(name, name.split('/')[0], place) for name in units]
    requests = [
        UnitRequest(unit, Request(unit.name, f'/hooks/{unit.name}'), shipped) for unit in asked
    ]
    return MachineRequest(place, units[0], tuple(requests))


@dataclass(frozen=True)
class Ran:
    """One command that reached a machine, as far as its script tells.

    Attributes:
        target: the unit that was named.
        units: whose hooks were asked for, in order.
        deadline: by when.
    """

    target: str
    nonce: str
    units: tuple[str, ...]
    deadline: Deadline
    script: str

    def frames(self, stdouts: Mapping[str, bytes], exit_code: int = 0) -> bytes:
        """Return frames with what some units' hooks printed; the others have not answered yet."""
        lines = []
        for index, unit in enumerate(self.units):
            if unit in stdouts:
                text = base64.b64encode(stdouts[unit]).decode()
                lines += [f'{index} o {text}', f'{index} x {exit_code}', f'{index} z']
        return ''.join(f'{self.nonce} {line}\n' for line in lines).encode()

    def all_frames(self, exit_code: int = 0) -> bytes:
        """Return frames with a report of every unit that was asked."""
        return self.frames({unit: printed(unit) for unit in self.units}, exit_code)


Behaviour = Callable[[Ran], bytes]


@dataclass
class FakeReach:
    """A reach to machines that do what they are told to, once for each time they are told.

    A target, or a command to it, that was not expected fails the test.
    """

    machines: dict[str, list[Behaviour]]
    name: str = 'fake'
    ran: list[Ran] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def run(self, target: str, command: RemoteCommand, deadline: Deadline) -> Completed:
        shell, flag, script = shlex.split(command.line)
        assert (shell, flag) == ('sh', '-c')
        nonce = re.search(r"^F='N=([0-9a-f]{16})$", script, re.MULTILINE)
        assert nonce is not None
        paths = re.findall(r"\bask \d+ [r-] ([^\s;']+)", script)
        units = tuple(map(_unit_of, paths))
        ran = Ran(target, nonce[1], units, deadline, script)
        with self.lock:
            self.ran.append(ran)
            left = self.machines.get(target)
            if not left:
                raise SurpriseError(f'{target} was asked and should not have been: {units}')
            behave = left.pop(0)
        stdout = behave(ran)
        return Completed(0, stdout, b'', len(stdout))

    def runs_of(self, target: str) -> list[Ran]:
        return [ran for ran in self.ran if ran.target == target]


def _unit_of(path: str) -> str:
    juju = re.fullmatch(r'/var/lib/juju/agents/unit-(.+)-(\d+)/charm/hooks/health', path)
    return f'{juju[1]}/{juju[2]}' if juju else path.removeprefix('/hooks/')


class SurpriseError(BaseException):
    """The code did what the test did not expect; no boundary may take it for a fault."""


def answers(ran: Ran) -> bytes:
    """Behave: answer for every unit."""
    return ran.all_frames()


def fault(
    outcome: Outcome = Outcome.UNREACHABLE, retryable: bool = True, said: bytes = b''
) -> Behaviour:
    """Return a behaviour: fail on the way."""

    def behave(_ran: Ran) -> bytes:
        completed = Completed(255, said, b'')
        raise ReachError(outcome, 'cannot reach it: no route to host', completed, retryable)

    return behave


def cut_off_after(*units: str) -> Behaviour:
    """Return a behaviour: answer for some units, then lose the connection."""

    def behave(ran: Ran) -> bytes:
        said = ran.frames({unit: printed(unit) for unit in units})
        raise ReachError(Outcome.UNREACHABLE, 'cannot go on', Completed(255, said, b''), True)

    return behave
