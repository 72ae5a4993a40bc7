"""What to do about a unit that Juju itself says is stuck: before what any silence calls for."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from ..values.advice import NO_ADVICE, Advice, juju
from ..values.model import Model, Unit
from ..values.outcomes import NOT_REACHED, OF_MACHINE
from ..values.readings import Outcome, Reading

# The words that call for something, as `Ceiling.name` has them.
ADVISED = ('provisioning-error', 'error', 'lost')


def retry_provisioning(model: Model, machine: str) -> Advice:
    """Return what to do about a machine that could not be made; Juju tries no container again."""
    full_name, name = model.locate(machine)
    if '/' in name:
        return Advice('see why it was not made', juju(full_name, 'show-machine', name))
    return Advice('once what it lacks is there', juju(full_name, 'retry-provisioning', name))


def advice_by_word(reading: Reading, model: Model, words: Collection[str]) -> Advice:
    """Return what to do about a unit of which Juju says these words.

    Args:
        reading: the unit's, whose own advice counts where no word calls for anything.
        model: the inventory that Juju gave.
        words: such as `error`, as `Ceiling.name` has them.
    """
    unit = reading.unit
    if 'provisioning-error' in words:
        return retry_provisioning(model, unit.machine)
    if reading.outcome in NOT_REACHED | OF_MACHINE:
        return reading.advice
    if 'error' in words:
        return _after_an_error(model, unit)
    if reading.outcome is Outcome.NOT_SHIPPED and {'lost', 'down', 'stopped'} & {*words}:
        return _about_a_silent_agent(model, unit)
    return reading.advice


def _after_an_error(model: Model, unit: Unit) -> Advice:
    full_name, name = model.locate(unit.name)
    if not any(info.message.startswith('hook failed') for info in (unit.workload, unit.agent)):
        # Of a pod that does not start Juju says error too, and there is nothing to resolve.
        return Advice('see what became of it', juju(full_name, 'show-status-log', name))
    log = juju(full_name, 'debug-log', '--replay', '--no-tail', '--include', name)
    resolve = shlex.join(juju(full_name, 'resolve', name))
    return Advice('see why its hook failed', log, remark=f'once that is mended: {resolve}')


def _about_a_silent_agent(model: Model, unit: Unit) -> Advice:
    if not unit.machine:
        return NO_ADVICE
    full_name, name = model.locate(unit.machine)
    return Advice('see whether it is up', juju(full_name, 'show-machine', name))
