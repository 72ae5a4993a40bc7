"""What relations ask of the subordinate: checks that a principal wants, and where to ship to.

`docs/orchestrator.md` has what an orchestrator publishes. A principal is only listened to: nothing
is set on `nrpe-external-master`, since a charm that found NRPE there would write files for it, and
restart a service that is not on the machine.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

from ..agent.units import Push
from ..kernel.facts import dataclass
from ..kernel.names import service_of, slug
from ..sources.monitors.requested import to_file
from .hook_tools import Context, HookToolError, HookTools

PRINCIPALS = ('juju-info', 'local-monitors', 'nrpe-external-master')
MONITORS = ('local-monitors', 'nrpe-external-master')
ORCHESTRATOR = 'orchestrator'
_CREDENTIAL = 'credential'
_SECRET = 'credential-secret'  # noqa: S105 - the name of a key


@dataclass(frozen=True)
class OrchestratorData:
    """The data of the orchestrator relation.

    Attributes:
        related: whether there is one, after this hook.
        push: where to ship to; `None` if it does not say all yet.
        missing: what it does not say yet, in words.
        trouble: why what it says cannot be used: what was before stays; empty if it can.
    """

    related: bool
    push: Optional[Push] = None
    missing: str = ''
    trouble: str = ''


def standing(tools: HookTools, context: Context, endpoint: str) -> List[str]:
    """Return the relations of an endpoint that will be there when this hook has ended."""
    return [relation for relation in tools.relations(endpoint) if relation != context.broken]


def principal_of(tools: HookTools, context: Context) -> str:
    """Return the unit that we stand beside; empty if Juju does not say.

    A container-scoped relation shows the units of all the machines that the two applications
    share, not only ours (observed on 4.0.15), and only `JUJU_PRINCIPAL_UNIT` tells which is ours.
    Without that variable a unit that is alone there is it, and of several none can be told.
    """
    if context.principal:
        return context.principal
    seen = {
        unit
        for endpoint in PRINCIPALS
        for relation in standing(tools, context, endpoint)
        for unit in tools.units(relation)
    }
    return seen.pop() if len(seen) == 1 else ''


def monitors_wanted(tools: HookTools, context: Context, principal: str) -> Dict[str, bytes]:
    """Return the files that say what the principal asks for, by name.

    What principals on other machines ask for is theirs, passwords included.
    """
    files: Dict[str, bytes] = {}
    for endpoint in MONITORS:
        for relation in standing(tools, context, endpoint):
            if principal in tools.units(relation):
                text = tools.unit_data(relation, principal).get('monitors', '')
                if text:
                    name = f'{relation.replace(":", "-")}-{slug(principal)}.json'
                    files[name] = to_file(principal, endpoint, text)
    return files


def shipping_of(tools: HookTools, context: Context, unit: str) -> OrchestratorData:
    """Return where the unit's reports are to go, and tell orchestrators of the unit."""
    found = OrchestratorData(related=False)
    for relation in standing(tools, context, ORCHESTRATOR):
        if context.departing == context.unit and context.relation == relation:
            continue  # It is us who leave.
        tools.publish(relation, {'unit': unit, 'model': context.model})
        found = _read(tools, context, relation, unit)
        if found.push is not None:
            return found
    return found


def _read(tools: HookTools, context: Context, relation: str, unit: str) -> OrchestratorData:
    units = tools.units(relation)
    if not units:
        return OrchestratorData(related=True, missing='the orchestrator has no units yet')
    data = tools.application_data(relation, service_of(units[0]))
    for theirs in units:
        data.update(tools.unit_data(relation, theirs))
    try:
        credential = _credential(tools, data, unit)
    except HookToolError as error:
        return OrchestratorData(related=True, trouble=f'{relation}: {error}')
    texts = {'url': data.get('url', ''), 'ca': data.get('ca', ''), _CREDENTIAL: credential}
    missing = [key for key, text in texts.items() if not text]
    if missing:
        words = f'the orchestrator has yet to publish {", ".join(missing)}'
        return OrchestratorData(related=True, missing=words)
    push = Push(texts['url'], texts['ca'], credential, context.model)
    return OrchestratorData(related=True, push=push)


def _credential(tools: HookTools, data: Mapping[str, str], unit: str) -> str:
    """Return the unit's credential: from a secret where one is named, else as it stands there.

    A key that ends with the unit's name is for that unit; one without is for a lone unit.
    """
    for key in (f'{_SECRET}-{slug(unit)}', _SECRET):
        if data.get(key):
            content = tools.secret(data[key])
            if not content.get(_CREDENTIAL):
                raise HookToolError(f'cannot use the secret of {key}: no {_CREDENTIAL!r} in it')
            return content[_CREDENTIAL]
    return data.get(f'{_CREDENTIAL}-{slug(unit)}') or data.get(_CREDENTIAL, '')
