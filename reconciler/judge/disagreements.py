"""Where Juju's word and what was seen disagree: a finding of its own, whichever is right.

What is worse counts already (`cap_by_juju`). That the two differ says that a charm tells too
little, or that Juju has not noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from charm.kernel.report import CheckResult, Health

from ..values.leaving import staying
from ..values.outcomes import AGENT, Depth
from ..values.readings import Reading, ServiceHealth
from ..values.words import counted, first_few, fold_units

_SEEN = (Depth.OWN, Depth.MACHINE)
_MOST_NAMES = 8
# The agents of which Juju says so are in touch with it.
_IN_TOUCH = ('idle', 'executing')


def disagreements(services: Sequence[ServiceHealth]) -> tuple[str, ...]:
    """Return one line for each kind of disagreement, with the units."""
    found: dict[str, list[str]] = {}
    for service in services:
        for reading in staying(service.readings):
            for kind in _kinds(reading) if reading.evidence in _SEEN else ():
                found.setdefault(kind, []).append(reading.unit.name)
    return tuple(_told(kind, units) for kind, units in found.items())


def _kinds(reading: Reading) -> Iterator[str]:
    """Yield in what respects Juju and what was seen of a unit differ; `{}` stands for it."""
    unit, word = reading.unit, reading.juju
    if word is None and reading.health is Health.FAIL and unit.workload.current == 'active':
        yield 'Juju says active of {}: what was seen there fails'
    if word is not None and word.ceiling is Health.FAIL and word.seen is Health.PASSED:
        yield f'Juju says {unit.workload.current} of {{}}: what was seen there is well'
    agent = _agent(reading)
    if agent and agent.data.get('seen') is False and unit.agent.current in _IN_TOUCH:
        yield f'Juju says {unit.agent.current} of the agent of {{}}: it was not seen running'
    if agent and agent.health is Health.PASSED and unit.agent.current == 'lost':
        yield 'Juju says lost of the agent of {}: it was seen running'


def _agent(reading: Reading) -> CheckResult | None:
    """Return the check of a unit's agent; `None` where nobody looked for it."""
    if reading.evidence is not Depth.MACHINE or reading.report is None:
        return None
    return next((one for one in reading.report.checks if one.name == AGENT), None)


def _told(kind: str, units: Sequence[str]) -> str:
    names = first_few(fold_units(units).split(), _MOST_NAMES)
    return kind.format(names if len(units) == 1 else f'{counted(len(units), "unit")}, {names}')
