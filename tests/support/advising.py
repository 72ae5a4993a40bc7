"""Every advice there is, about one unit of a model, and the law that holds for each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.report import Health, State, StateName
from reconciler.causes.explain import explain
from reconciler.collect.removed_units import mend
from reconciler.doctor.facts import MachineFacts, over_there
from reconciler.judge.advice_by_word import advice_by_word
from reconciler.juju.ceiling_table import CEILINGS
from reconciler.values.advice import Advice
from reconciler.values.errors import JujuError
from reconciler.values.model import Model, StatusInfo, Unit
from reconciler.values.node import Node
from reconciler.values.outcomes import Outcome, advise
from reconciler.values.readings import Blame, Cause, Reading, Role, Snapshot

from .planned import Planned

# What juju's own help says that each sub-command takes: a model, a controller, or neither.
OF_MODEL = frozenset(
    {
        *('add-ssh-key', 'config', 'deploy', 'integrate', 'refresh', 'relate', 'show-machine'),
        *('debug-log', 'resolve', 'retry-provisioning', 'show-status-log', 'ssh', 'status'),
    }
)
OF_CONTROLLER = frozenset({'grant', 'login', 'models'})
LOOKED_AT = (*BUILT_IN_CHECKS, 'http')
CAUSES = {
    'service': 'db',
    'circle': 'circle a+b',
    'machine': 'machine 0',
    'controller': 'controller lab',
    'collector': 'ssh',
    'saas': 'saas db',
}
LACKING = MachineFacts('ubuntu', False, '', (('web/0', 'no'),), '0.0.1', 'failed', ('web/7',))


def every_advice(model: Model, unit: Unit, hook: str = '/hooks/health') -> Iterator[Advice]:
    """Yield what is advised about the unit and the model, whatever ails them."""
    yield from (advise(outcome, model, unit, hook) for outcome in Outcome)
    yield from (kind('cannot', model=model.full_name).advice for kind in kinds(JujuError))
    yield mend(model, unit.name, ('web/7',))
    failed = replace(unit, workload=StatusInfo('error', 'hook failed: "install"'))
    silent = Reading(failed, Outcome.NOT_SHIPPED, Health.UNKNOWN)
    yield from (advice_by_word(silent, model, {row.name}) for row in CEILINGS)
    answered = {unit.name: LACKING}
    yield from (found.mend for found in over_there(model, answered, 'juju-health'))
    for snapshot in unwell(model, unit.machine):
        yield from explain(snapshot, 'web').advice


def kinds(error: type[JujuError]) -> Iterator[type[JujuError]]:
    """Yield the error and all that are of its kind."""
    yield error
    for kind in error.__subclasses__():
        yield from kinds(kind)


def unwell(model: Model, machine: str) -> Iterator[Snapshot]:
    """Yield sweeps of the model in which web/0 ails, one for each thing that is looked at."""
    for check in LOOKED_AT:
        plan = Planned(type=model.type)
        plan.app('web', machine)
        plan.ail('web/0', check=check, blockers=('cache', 'config:key'))
        yield _in_model(plan.snapshot(), model)
    plan = Planned(type=model.type)
    plan.app('web', machine)
    plan.silence('web/0', Outcome.NOT_SHIPPED, state=State(StateName.ERROR))
    for kind, name in CAUSES.items():
        yield _caused(_in_model(plan.snapshot(), model), kind, name)


def _in_model(snapshot: Snapshot, model: Model) -> Snapshot:
    known = replace(
        snapshot.model, name=model.name, controller=model.controller, owner=model.owner
    )
    services = tuple(
        replace(
            service,
            readings=tuple(
                replace(
                    reading,
                    advice=advise(reading.outcome, known, reading.unit, reading.hook),
                )
                for reading in service.readings
            ),
        )
        for service in snapshot.services
    )
    return replace(snapshot, model=known, services=services)


def _caused(snapshot: Snapshot, kind: str, name: str) -> Snapshot:
    (service,) = snapshot.services
    node = Node.read(name, kind)
    victim = replace(service, blame=Blame(Role.VICTIM, (node,), 'told so'))
    cause = Cause(node, Health.FAIL, 'broken', ('web', 'api'))
    return replace(snapshot, services=(victim,), causes=(cause,))


def commands(advice: Advice) -> list[list[str]]:
    """Return the words of each command, as a shell reads what is printed."""
    lexer = shlex.shlex(advice.command, posix=True, punctuation_chars=';|')
    lexer.whitespace_split = True
    lexer.commenters = ''
    found: list[list[str]] = [[]]
    for word in lexer:
        if word in (';', '|'):
            found.append([])
        else:
            found[-1].append(word)
    return [words for words in found if words]


def assert_names(advice: Advice, model: str) -> None:
    """Assert that each juju command names the model, or its controller, just as it takes them."""
    controller = model.rpartition(':')[0]
    for words in commands(advice):
        if words[0] not in ('juju', 'reconcile-health'):
            continue
        _, name, *rest = words
        wanted = ['-m', model] if name in OF_MODEL or words[0] != 'juju' else []
        if name in OF_CONTROLLER:
            wanted = ['-c', controller]
        wanted = wanted if all(wanted) else []
        assert rest[: len(wanted)] == wanted, words
        # What follows the target of ssh is for the far side: `free -m`.
        more = rest[len(wanted) :][: 1 if name == 'ssh' else None]
        assert not {'-m', '-c'} & set(more), words
