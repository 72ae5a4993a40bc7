"""Bring a machine to what the charm's options and relations ask for, again at every hook.

Every hook does the same: it reads all that Juju knows, and changes what differs. So a hook that
was missed, or that died half-way, is made good by the next one. Juju's lock of the machine keeps
two units' hooks apart.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from .. import __version__
from ..agent import config as agent_config
from ..agent import units as agent_units
from ..agent.units import Unit
from ..kernel.errors import DefinitionError
from ..kernel.facts import replace
from ..kernel.names import service_of
from ..kernel.paths import Place
from ..kernel.report import Report
from . import code_copies, relations
from .agent_service import AgentService
from .charm_options import CharmOptions, read_options
from .hook_memory import HookMemory, recall, remember
from .hook_tools import Context, HookTools
from .orphans import OrphanError, alone, remove_all
from .systemd import Systemd, SystemdError
from .workload_status import current_report, describe, newest_change, with_troubles
from .written_files import checks_name, is_ours, make_directory, remove_file, write_changed

# The agent's file is the machine's: where two charms meet, the one that was configured last wins.
_CONFIGURING = ('install', 'config-changed', 'upgrade-charm')
# Unit, reporter, whether only a report made now will do.
Ask = Callable[[str, str, bool], Report]


class Deployment:
    """One unit of the subordinate on one machine, in the hook of `context`.

    `ask` gives the report that the workload status follows.
    """

    def __init__(
        self,
        context: Context,
        tools: HookTools,
        place: Place,
        systemd: Systemd,
        ask: Optional[Ask] = None,
    ) -> None:
        self._context = context
        self._tools = tools
        self._place = place
        self._systemd = systemd
        self._agent = AgentService(place, systemd)
        self._ask = ask or self._current
        self._troubles: List[str] = []

    def settle(self) -> None:
        """Do what options and relations ask for, and say how the unit is.

        Raises:
            FileError, HookToolError: that cannot be done; Juju has to try again.
        """
        with alone(self._place):
            # First: their credentials are not taken over, as the rest is.
            gone = code_copies.gone(self._place)
            self._settle(agent_units.withdraw_reporters(self._place.units, gone))

    def _settle(self, withdrawn: bool) -> None:
        place, own = self._place, self._context.unit
        before = recall(place, own)
        # For whom to report: the unit which it stands beside, else itself.
        unit = relations.principal_of(self._tools, self._context) or before.principal or own
        wanted = read_options(self._tools.config(), service_of(unit), service_of(own))
        self._troubles += [str(fault) for fault in wanted.faults]
        asked = (place.checks, place.rollups, place.units, place.monitors)
        for directory in (*asked, place.states, place.memory):
            make_directory(directory)
        contents = self._contents(wanted, unit, before)
        # Said first: a hook that dies between here and the end is made good by the next one.
        known = tuple(sorted({*contents, *before.files}))
        shipping = relations.shipping_of(self._tools, self._context, unit)
        pushes = before.pushed or shipping.push is not None
        remember(place, own, HookMemory(unit, known, pushes, unfinished=True))
        fresh_code = code_copies.install(place, own, Path(self._context.charm))
        changed = self._write_files(contents, before)
        configured = self._configure(wanted)
        if before.principal != unit:
            self._withdraw(before)
        enrolled, pushed = self._enrol(wanted, unit, shipping, before)
        restart = configured or before.unfinished
        unfinished = not self._run_agent(fresh_code, restart, changed or enrolled or withdrawn)
        remember(place, own, HookMemory(unit, tuple(sorted(contents)), pushed, unfinished))
        self._clear_orphans()
        self._tools.workload_version(__version__)
        report = self._ask(unit, own, changed or fresh_code)
        self._tools.status(*with_troubles(describe(report), self._troubles))

    def _current(self, unit: str, own: str, now: bool) -> Report:
        socket = agent_config.Config().socket
        with contextlib.suppress(DefinitionError):
            socket = agent_config.load(self._place.agent_config).socket
        if now:
            socket = Path(os.devnull)
        link = code_copies.directory_of(self._place, own) / code_copies.CURRENT
        changed_at = newest_change((self._place.etc, link))
        return current_report(unit, own, self._place.checks, socket, changed_at)

    def _contents(
        self, wanted: CharmOptions, unit: str, before: HookMemory
    ) -> Dict[str, Optional[bytes]]:
        """Return the files of checks and monitors; `None` for one that stays as it is."""
        contents: Dict[str, Optional[bytes]] = {}
        for name, content in (
            (f'{self._place.checks.name}/{checks_name(self._context.unit)}', wanted.checks),
            (f'{self._place.rollups.name}/{service_of(unit)}.json', wanted.rollup),
        ):
            # What the last good option became stays.
            if content or (content is None and name in before.files):
                contents[name] = content
        asked = relations.monitors_wanted(self._tools, self._context, unit)
        contents.update({f'{self._place.monitors.name}/{name}': asked[name] for name in asked})
        return contents

    def _write_files(self, contents: Dict[str, Optional[bytes]], before: HookMemory) -> bool:
        """Write the files, and remove those that are no more; return whether one changed."""
        changed = False
        for name, content in contents.items():
            if content is not None:
                # What a principal asks for may hold passwords.
                secret = name.startswith(f'{self._place.monitors.name}/')
                changed |= write_changed(self._place.etc / name, content, secret)
        for name in before.files:
            if name not in contents:
                changed |= remove_file(self._place.etc / name)
        return changed

    def _configure(self, wanted: CharmOptions) -> bool:
        """Write agent.yaml, unless somebody else did; return whether it changed."""
        path = self._place.agent_config
        if wanted.agent_config is None or self._context.hook not in _CONFIGURING:
            return False
        if path.exists() and not is_ours(path):
            message = f"{path} is not the charm's, and stays: options about the agent do nothing"
            self._tools.log(message, 'WARNING')
            return False
        return write_changed(path, wanted.agent_config)

    def _enrol(
        self,
        wanted: CharmOptions,
        unit: str,
        shipping: relations.OrchestratorData,
        before: HookMemory,
    ) -> Tuple[bool, bool]:
        """Say for whom the agent reports; return whether that changed, and whether it ships."""
        old = self._enrolled(unit)
        if not wanted.agent:
            return self._withdraw(before), False
        push = old.push if old else None
        if shipping.trouble:
            self._troubles.append(shipping.trouble)
        elif shipping.related or before.pushed:
            push = shipping.push
        if shipping.missing:
            self._tools.log(f'nothing is shipped: {shipping.missing}')
        pushed = bool(push) and (shipping.related or before.pushed)
        return self._write_unit(Unit(unit, self._context.unit, push), old), pushed

    def _write_unit(self, new: Unit, old: Optional[Unit]) -> bool:
        if new == old:
            return False
        try:
            agent_units.enrol(self._place.units, new)
        except DefinitionError as error:
            self._troubles.append(f'the orchestrator relation: {error.key}: {error.reason}')
            if old is None:
                agent_units.enrol(self._place.units, replace(new, push=None))
            return old is None
        return True

    def _enrolled(self, unit: str) -> Optional[Unit]:
        """Return what the unit's file says; `None` if there is none, or none to be used."""
        known, _faults = agent_units.load(self._place.units)
        return next((each for each in known if each.name == unit), None)

    def _withdraw(self, before: HookMemory) -> bool:
        """Remove the unit's file, unless it is of another charm; return whether it was there."""
        old = self._enrolled(before.principal) if before.principal else None
        if old is None or old.reporter != self._context.unit:
            return False
        agent_units.withdraw(self._place.units, old.name)
        return True

    def _clear_orphans(self) -> None:
        """Remove what units left that are gone, but for what this one needs."""
        try:
            for line in remove_all(self._place, self._systemd):
                self._tools.log(line, 'WARNING')
        except OrphanError as error:
            # No fault of this unit's, and no reason for it to stand still; sweeps name it too.
            self._tools.log(str(error), 'ERROR')

    def _run_agent(self, fresh_code: bool, restart: bool, changed: bool) -> bool:
        """Have the agent run as it is wanted; return whether it does."""
        try:
            self._agent.follow(self._context.unit, fresh_code, restart, changed)
            return True
        except SystemdError as error:
            # The checks are run without it too, when somebody asks.
            self._troubles.append(str(error))
            self._tools.log(str(error), 'ERROR')
            return False
