"""Never greener than Juju: a unit is at best as well as what Juju says of it allows.

Pure, and the same for every reading, however it was come by: one that was asked for, pushed or
saved. `reconciler.juju.ceiling_table` has the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from charm.kernel.report import Health, State, StateName, worst

from ..juju.ceiling_table import (
    CEILINGS,
    GOES_ALONG,
    LONG_SECONDS,
    STUCK,
    UNREADABLE,
    UNRECOGNISED,
    Ceiling,
)
from ..juju.status_implies import derive
from ..values.leaving import leaves
from ..values.model import Application, Model, StatusInfo, Unit
from ..values.outcomes import HEARD
from ..values.readings import JujuWord, Outcome, Reading, ServiceHealth
from ..values.words import duration_text
from .advice_by_word import advice_by_word
from .collate import furthest_state

Policy = Mapping[str, Health]
_TABLE = {(row.of, row.word): row for row in CEILINGS}
# What our own charm sets as its workload status (`charm.juju.workload_status`): its last report.
_OWN_REPORT = re.compile(
    r'(?:passed|warn|unknown|fail|error): |waits for |(?:building|installing)\b', re.DOTALL
)


@dataclass(frozen=True)
class _Heard:
    """One of Juju's words about a unit, with its row and how much it counts."""

    row: Ceiling
    text: str
    health: Health

    @property
    def relaxed(self) -> str:
        """Return what the operator has it count as, such as `blocked as warn`; or nothing."""
        row = self.row
        return '' if self.health is row.health else f'{row.name} as {self.health.value}'


def capped(reading: Reading, model: Model, policy: Policy, now: datetime) -> Reading:
    """Return the reading at best as well as Juju lets it be, with both told where they differ.

    Doing it again changes nothing.

    Args:
        reading: what was seen of the unit.
        model: the inventory that Juju gave.
        policy: what the operator has words count as, by `Ceiling.name`.
        now: when the sweep began (UTC).
    """
    if reading.juju is not None:
        return reading
    unit = reading.unit
    if _is_own_report(reading, model):
        unit = replace(unit, workload=StatusInfo())
    words = _heard(unit, model, policy, now)
    if leaves(reading):
        words = filter(partial(_is_stuck, reading, model), words)
    counting = sorted(words, key=lambda word: -word.health.rank)
    if not counting:
        return reading
    says = ', '.join([counting[0].text, *(word.text.partition(': ')[0] for word in counting[1:])])
    word = JujuWord(
        says=says,
        ceiling=worst(word.health for word in counting),
        relaxed=', '.join(filter(None, (word.relaxed for word in counting))),
        seen=reading.health,
    )
    message = word.alone if reading.outcome is Outcome.NOT_SHIPPED else word.beside(reading)
    return replace(
        reading,
        health=worst((reading.health, word.ceiling)),
        state=_state(reading.state, unit, model, now),
        message=message,
        juju=word,
        advice=advice_by_word(reading, model, {one.row.name for one in counting}),
    )


def capped_service(
    service: ServiceHealth, model: Model, policy: Policy, now: datetime
) -> ServiceHealth:
    """Return the service at best as well as what its leader says of it as a whole lets it be.

    Where no leader said anything Juju gives the worst word of its units, which counts by the rule
    of the service already.
    """
    application = model.applications[service.name]
    whole = Unit(service.name, service.name, workload=application.status)
    heard = _word('workload', whole, whole.workload, policy, now)
    of_unit = any(_is_of(whole.workload, unit.workload) for unit in application.units)
    if heard is None or heard.health is Health.PASSED or of_unit:
        return service
    word = JujuWord(heard.text, heard.health, heard.relaxed, service.health)
    worse = heard.health.rank > service.health.rank
    silent = all(reading.outcome not in HEARD for reading in service.readings)
    capped = f"Juju's word makes it {heard.health.value}" if worse else ''
    return replace(
        service,
        health=worst((service.health, heard.health)),
        state=_state(service.state, whole, model, now),
        message=word.of_application if worse or silent else service.message,
        because='; '.join(filter(None, [service.because, capped])),
        juju=word,
    )


def _is_of(status: StatusInfo, workload: StatusInfo) -> bool:
    """Return whether an application's status is its unit's, as Juju gives it with all it has.

    A leader that says the same of the whole has said so at a moment of its own.
    """
    when = status.since is None or workload.since is None or status.since == workload.since
    return (status.current, status.message) == (workload.current, workload.message) and when


def _state(seen: State | None, unit: Unit, model: Model, now: datetime) -> State | None:
    """Return the unit's state; what Juju alone knows of it, that it is stuck, comes first."""
    application = model.applications.get(unit.application, Application(unit.application))
    implied = derive(unit, application, model.machines.get(unit.machine), now).state
    if implied.name in (StateName.BLOCKED, StateName.ERROR):
        return furthest_state((seen, implied))
    return seen


def _heard(unit: Unit, model: Model, policy: Policy, now: datetime) -> Iterator[_Heard]:
    """Yield each of Juju's words about the unit and what it is on, as far as it says any."""
    machine = model.machines.get(unit.machine)
    infos = [('workload', unit.workload), ('agent', unit.agent)]
    if machine is not None:
        infos += [('machine', machine.agent), ('instance', machine.instance)]
    for of, info in infos:
        word = _word(of, unit, info, policy, now)
        if word is not None:
            yield word


def _is_stuck(reading: Reading, model: Model, word: _Heard) -> bool:
    """Return whether the word says of a unit that Juju removes that it will not go by itself."""
    said, machine = (word.row.of, word.row.word), model.machines.get(reading.unit.machine)
    along = machine is not None and machine.leaving and said in GOES_ALONG
    # What is gone since its status was read is stuck no more.
    return reading.unit.leaving and said in STUCK and not along


def _word(of: str, unit: Unit, info: StatusInfo, policy: Policy, now: datetime) -> _Heard | None:
    """Return one of Juju's words with how much it counts; `None` if it says none that counts."""
    row = row_of(of, info, now)
    if row is None:
        return None
    health = policy.get(row.name, row.health)
    if health is row.health is Health.PASSED:
        return None
    return _Heard(row, _text(row, of, unit, info, now), health)


def _is_own_report(reading: Reading, model: Model) -> bool:
    """Return whether the workload status is an older report of ours, and we have a newer one."""
    since = reading.unit.workload.since
    return (
        model.is_ours(reading.unit.application)
        and reading.outcome in HEARD
        and reading.unit.workload.current in ('active', 'waiting', 'blocked')
        and _OWN_REPORT.match(reading.unit.workload.message) is not None
        and since is not None
        and reading.made_at is not None
        and reading.made_at >= since
    )


def row_of(of: str, info: StatusInfo, now: datetime) -> Ceiling | None:
    """Return the row of one of Juju's words; `None` if it said none, or it does not count yet.

    `of` is whose word it is, as in the table.
    """
    if info.failed:
        return UNREADABLE
    if not info.current:
        return None
    if of == 'agent' and info.current == 'executing' and _seconds(info, now) < LONG_SECONDS:
        return None
    # What a cloud says of an instance is its own word: only Juju's count.
    return _TABLE.get((of, info.current), None if of == 'instance' else UNRECOGNISED)


def _seconds(info: StatusInfo, now: datetime) -> float:
    return 0.0 if info.since is None else (now - info.since).total_seconds()


def _text(row: Ceiling, of: str, unit: Unit, info: StatusInfo, now: datetime) -> str:
    """Return what Juju says, such as `error for at least 2m: hook failed: "install"`."""
    subject = {'agent': 'agent ', 'machine': f'machine {unit.machine} '}.get(of, '')
    word = info.current or row.word
    lasted = ''
    if row.name == 'executing':
        lasted = f' for {duration_text(_seconds(info, now))}'
    elif of == 'workload' and word == 'error' and unit.agent.current == 'idle':
        # Its agent is idle since it last tried the hook again; it had failed before that.
        tried = _seconds(unit.agent, now)
        lasted = f' for at least {duration_text(tried)}' if tried >= 1 else ''
    return f'{subject}{word}{lasted}' + (f': {info.message}' if info.message else '')
