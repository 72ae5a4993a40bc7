"""What Juju's hooks and actions do: every launcher in `hooks/` and `actions/` ends here.

There is no `dispatch`. Juju looks for that first, and would start it for every event there is;
without it, Juju runs the launchers that are there and skips the rest. `hooks/health` is not an
event, so Juju never runs it either way.

A check that fails never fails a hook. A hook fails when it could not do its work: a hook tool
refuses, a file cannot be written. Juju then tries again.

`stop` and `remove` are other: Juju runs both, one or none of them, and may know the unit no more
while they run (observed on 4.0.15). Each takes all away by itself, whatever hook tools say; where
neither runs, the agent does it (`charm.juju.orphans`). On machines `stop` is for removal alone.
"""

from __future__ import annotations

import os
import sys
from typing import List, Mapping, Optional

from ..kernel.errors import HealthError
from ..kernel.paths import Place
from .actions import ACTIONS
from .deploy import Ask, Deployment
from .hook_tools import Context, HookToolError, HookTools, read_context
from .orphans import OrphanError, alone, remove_all
from .removal import remove
from .systemd import Systemd

# One launcher for each. After `HOOKS` the machine is as it is asked for; after `REMOVALS` nothing
# is deployed.
HOOKS = (
    *('install', 'start', 'config-changed', 'upgrade-charm', 'update-status', 'secret-changed'),
    'juju-info-relation-joined',
    'local-monitors-relation-changed',
    'local-monitors-relation-departed',
    'local-monitors-relation-broken',
    'nrpe-external-master-relation-changed',
    'nrpe-external-master-relation-departed',
    'nrpe-external-master-relation-broken',
    'orchestrator-relation-joined',
    'orchestrator-relation-changed',
    'orchestrator-relation-departed',
    'orchestrator-relation-broken',
)
REMOVALS = ('stop', 'remove')


def main(
    environment: Optional[Mapping[str, str]] = None,
    place: Optional[Place] = None,
    systemd: Optional[Systemd] = None,
    ask: Optional[Ask] = None,
) -> int:
    """Do what the hook or action asks for, and return the exit code: 0, or 1 if it failed.

    All of what is given is the machine's own if it is not; tests give theirs.
    """
    environment = os.environ if environment is None else environment
    place, systemd = place or Place(), systemd or Systemd()
    tools = HookTools(environment)
    try:
        context = read_context(environment, sys.argv[0])
        if context.action:
            return _act(context, tools, place)
        if context.hook in REMOVALS:
            _remove(context, tools, place, systemd)
            return 0
        if context.hook not in HOOKS:
            raise HookToolError(f'cannot run {context.hook!r}: it is not a hook of this charm')
        Deployment(context, tools, place, systemd, ask).settle()
    except HealthError as error:
        # Juju keeps what a hook writes to stderr in the unit's log.
        print(f'juju-health: {error}', file=sys.stderr)
        return 1
    return 0


def _remove(context: Context, tools: HookTools, place: Place, systemd: Systemd) -> None:
    lines: List[str] = []
    with alone(place):
        try:
            # Nobody may be left to do it later.
            lines += remove_all(place, systemd)
        except OrphanError as error:
            lines.append(str(error))
        left = remove(place, systemd, context.unit)
    if left:
        lines.append(f'removed; what others put here stays: {", ".join(left)}')
    for line in lines:
        try:
            tools.log(line, 'WARNING')
        except HookToolError as error:
            print(f'juju-health: {line}; {error}', file=sys.stderr)


def _act(context: Context, tools: HookTools, place: Place) -> int:
    """Run an action; an error that we know makes it fail with its words, and is no crash."""
    action = ACTIONS.get(context.action)
    try:
        if action is None:
            raise HookToolError(f'cannot run {context.action!r}: no action of this charm')
        tools.answer(action(context, tools.parameters(), place))
    except HealthError as error:
        tools.fail(str(error))
    return 0
