"""Enrol units by ssh, without any relation: each gets a credential of its own and where to push.

A credential is derived from the master key, which never leaves the orchestrator. It travels on
stdin and lands in a file that only root may read; no argument, environment or log has it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from charm.kernel.deadline import Deadline
from charm.kernel.names import unit_of_tag
from charm.kernel.push_contract import derive

from ..ask.errands import MachineRequest, UnitRequest, plan_errands
from ..reach.base import Reach, ReachError, RemoteCommand, last_line
from ..reach.lanes import Lanes, Pace, Turn, take_turns
from ..values.advice import Advice, integrate
from ..values.errors import UsageError
from ..values.model import HEALTH_CHARM, Model, Unit
from ..values.outcomes import Outcome, meant

_CAP_BYTES = 65536
_HOOK = '/hooks/health'

# Run by root over there with the charm's directory as its argument.
_WRITE = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from charm.agent import config, units
from charm.errors import HealthError
try:
    directory = config.load().units
    for one in json.load(sys.stdin):
        unit = units.Unit(one['unit'], one['reporter'], units.Push(**one['push']))
        units.enrol(directory, unit)
except HealthError as error:
    sys.exit(str(error))
"""
_SCRIPT = """\
set -e
c={charm}
if [ "$(id -u)" = 0 ]; then s=; else s='sudo -n'; fi
n=juju-health-agent.service
$s /usr/bin/python3 -I -c {write} "$c"
if ! $s systemctl cat "$n" >/dev/null 2>&1; then
t=$($s "$c/hooks/health-agent" unit-file)
printf '%s\\n' "$t" | $s tee "/etc/systemd/system/$n" >/dev/null
$s systemctl daemon-reload
$s systemctl enable --quiet "$n"
fi
$s systemctl reload-or-restart "$n"
echo enrolled
"""


@dataclass(frozen=True)
class EnrolTerms:
    """The terms on which units are enrolled.

    Attributes:
        url: of the receiver.
        ca: PEM certificates of who signed the receiver's.
        master_key: what credentials are derived from.
        model: the model's UUID.
    """

    url: str
    ca: str
    master_key: bytes = field(repr=False)
    model: str

    def document(self, unit: str, reporter: str) -> dict[str, Any]:
        """Return the unit's file; see `docs/agent.md`."""
        credential = derive(self.master_key, unit, self.model)
        push = {'url': self.url, 'ca': self.ca, 'credential': credential, 'model': self.model}
        return {'unit': unit, 'reporter': reporter, 'push': push}


@dataclass(frozen=True)
class EnrolResult:
    """The result of enrolling a unit: `error` says why it is not enrolled; empty if it is."""

    unit: str
    error: str = ''


def enrol_units(
    model: Model,
    units: Iterable[Unit],
    terms: EnrolTerms,
    reach: Reach,
    deadline: Deadline,
    workers: int = 16,
) -> Iterator[EnrolResult]:
    """Enrol the units, machine by machine, and yield what became of each as it is known.

    Raises:
        UsageError: the model has no machines.
    """
    if model.is_k8s:
        raise UsageError(f'cannot enrol the pods of {model.name}: agents run on machines')
    errands = plan_errands(model, units, 0.0)
    planned = {asked.unit.name for errand in errands for asked in errand.asked}
    yield from (
        EnrolResult(unit.name, _homeless(unit)) for unit in units if unit.name not in planned
    )
    calls = {
        index: _Call(model, errand, terms, reach, deadline).run
        for index, errand in enumerate(errands)
    }
    done = set()
    lanes = Lanes(workers, deadline.remaining_seconds)
    for ended in take_turns(calls, deadline, lanes, Pace()):
        done.add(ended.key)
        error = str(ended.error) if ended.error else ''
        yield from ended.value or _all(errands[ended.key].asked, error)
    for index in calls.keys() - done:
        yield from _all(errands[index].asked, 'it did not answer by the deadline')


def _homeless(unit: Unit) -> str:
    told = next((info.message for info in (unit.workload, unit.agent) if info.failed), '')
    return ': '.join(filter(None, [meant(Outcome.UNASSIGNED, unit), told]))


def _all(asked: Sequence[UnitRequest], error: str) -> tuple[EnrolResult, ...]:
    return tuple(EnrolResult(request.unit.name, error) for request in asked)


@dataclass(frozen=True)
class _Call:
    """One machine's enrolment: a connection for each charm that reports there."""

    model: Model
    errand: MachineRequest
    terms: EnrolTerms
    reach: Reach
    deadline: Deadline

    def run(self, turn: Turn) -> tuple[EnrolResult, ...]:
        by_charm: dict[str, list[UnitRequest]] = {}
        found: list[EnrolResult] = []
        for asked in self.errand.asked:
            if asked.shipped:
                by_charm.setdefault(asked.hook.removesuffix(_HOOK), []).append(asked)
            else:
                application = asked.unit.application
                relate = integrate(
                    self.model.full_name, self.model.major, HEALTH_CHARM, application
                )
                reason = Advice('no health charm is beside it', relate)
                found.append(EnrolResult(asked.unit.name, str(reason)))
        for charm, group in by_charm.items():
            found += _all(group, self._enrol(charm, group))
        turn.answered = not any(one.error for one in found)
        return tuple(found)

    def _enrol(self, charm: str, group: Sequence[UnitRequest]) -> str:
        """Return why they are not enrolled; empty if they are."""
        reporter = _unit_of(charm)
        documents = [self.terms.document(asked.unit.name, reporter) for asked in group]
        script = _SCRIPT.format(charm=shlex.quote(charm), write=shlex.quote(_WRITE))
        try:
            target, stdin = self.errand.target, json.dumps(documents).encode()
            command = RemoteCommand(shlex.join(['sh', '-c', script]), _CAP_BYTES, stdin)
            done = self.reach.run(target, command, self.deadline)
        except ReachError as error:
            return last_line(error.completed.stderr) or str(error)
        return '' if done.stdout.endswith(b'enrolled\n') else 'it did not say that it is enrolled'


def _unit_of(charm: str) -> str:
    """Return the unit whose charm's directory this is: `…/unit-health-0/charm` is `health/0`."""
    return unit_of_tag(charm.split('/')[-2])
