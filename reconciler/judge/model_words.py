"""What Juju says of a model itself, of its machines without units, and of what it consumes.

Else nobody tells it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from charm.kernel.report import Health

from ..values.model import Model, machine_chain
from .advice_by_word import retry_provisioning
from .cap_by_juju import row_of


@dataclass(frozen=True)
class ModelWord:
    """One thing that Juju says, in one line, and the best health of the model beside it."""

    says: str
    ceiling: Health


def words_of_model(model: Model, whole: bool, now: datetime) -> tuple[ModelWord, ...]:
    """Return what Juju says that is more than that all is well.

    Its machines without units, and what it consumes, are told of only where the `whole` model was
    asked.
    """
    found = list(_of_model(model, now))
    if whole:
        found += [*_of_machines(model, now), *_of_saas(model, now)]
    return tuple(found)


def _of_model(model: Model, now: datetime) -> Iterator[ModelWord]:
    row = row_of('model', model.status, now)
    if row is not None and row.health is not Health.PASSED:
        says = model.status.said(row.word)
        yield ModelWord(f'Juju says of the model {says} ({row.why})', row.health)


def _of_machines(model: Model, now: datetime) -> Iterator[ModelWord]:
    used = {
        place for unit in model.units() for place in machine_chain(model.machines, unit.machine)
    }
    for machine in model.machines.values():
        if machine.id in used:
            continue
        for of, info in (('instance', machine.instance), ('machine', machine.agent)):
            row = row_of(of, info, now)
            goes = machine.leaving and (row is None or row.health is not Health.FAIL)
            if row is not None and row.health is not Health.PASSED and not goes:
                unmade = machine.instance.current == 'provisioning error'
                then = f'; {retry_provisioning(model, machine.id)}' if unmade else ''
                says = f'machine {machine.id}, without units, is {info.said()}{then}'
                # Nothing runs there that could fail.
                yield ModelWord(f'Juju says that {says}', Health.WARN)
                break


def _of_saas(model: Model, now: datetime) -> Iterator[ModelWord]:
    """Yield what is said of applications of other models that somebody here uses."""
    for saas in model.saas.values():
        row = row_of('workload', saas.status, now)
        if saas.relations and row is not None and row.health is not Health.PASSED:
            says = saas.status.said(row.word)
            # Whoever needs it here says so himself; it is another model's to mend.
            yield ModelWord(f'Juju says of {saas.name}, of {saas.url}, {says}', Health.WARN)
