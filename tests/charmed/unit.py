"""A unit of the built charm on a real machine, and Juju's side of it.

    unit = Charmed(host, principal='postgresql/0')
    unit.deploy(built())
    unit.must('install')
    unit.status                      # ['active', 'passed: 6 checks']

Hooks run as root with the environment that Juju gives them, and with hook tools on their PATH that
refuse what the real ones refuse; see `tool.py`.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from tests.hosts.host import Host
from tests.hosts.layout import add_machine_agent, agent_directory, charm_directory

from .archive import unpack
from .juju_side import MODEL, JujuSide, of_relation

__all__ = ['MODEL', 'Charmed']

_HOOK_SECONDS = 120.0

# All that is built in, save the one that tests turn off; and the unit's status where all is well.
RUNNING = len(BUILT_IN_CHECKS) - 1
WELL = f'passed: {RUNNING} checks'


class Charmed(JujuSide):
    """A unit of a charm on a machine.

    Args:
        host: the machine.
        unit: its name.
        principal: the unit that it is deployed beside; empty for a charm that is none's.
        juju: the version, as hooks are told it; secrets came with 3.0.
    """

    def __init__(
        self,
        host: Host,
        unit: str = 'juju-health/0',
        principal: str = 'mysql/0',
        juju: str = '3.6.28',
    ) -> None:
        super().__init__(unit, principal, juju)
        self.host = host
        self.charm = charm_directory(unit)
        self._tools = Path('/var/lib/juju/tools') / agent_directory(unit).name

    # -- Juju's side -------------------------------------------------------------------------

    def deploy(self, archive: Path) -> None:
        """Lay the unit out as its agent does before the first hook."""
        add_machine_agent(self.host)
        unpack(archive, self.here(self.charm))
        agent = self.here(agent_directory(self.unit))
        conf = agent / 'agent.conf'
        conf.touch(mode=0o600)
        conf.write_text(f'# format 2.0\ntag: {agent.name}\ndatadir: /var/lib/juju\n')
        self.begin(self.here(self.charm), self.here(self._tools))

    def upgrade(self, archive: Path) -> None:
        """Lay another revision over the charm, in place; the hook is yours to run."""
        unpack(archive, self.here(self.charm))

    def config(self, **options: Any) -> None:
        """Set options and run what that has Juju run: the hook, twice (observed on 4.0.15)."""
        self.configure(**options)
        for _ in range(2):
            self.must('config-changed')

    def wipe(self) -> None:
        """Remove the unit as its agent does in the end, whichever hooks ran before."""
        shutil.rmtree(self.here(agent_directory(self.unit)))
        shutil.rmtree(self.here(self._tools))

    # -- the unit's side ---------------------------------------------------------------------

    def hook(self, name: str, **more: str) -> subprocess.CompletedProcess[bytes] | None:
        """Run a hook, as Juju does: `None` if the charm has none of that name, which is no error.

        For a relation's hook give `relation='orchestrator:3'`, and `remote='boss/0'`.
        """
        charm = self.here(self.charm)
        # Juju would start a dispatch for whatever happens, and this for nothing but its own name.
        script = 'dispatch' if (charm / 'dispatch').exists() else f'hooks/{name}'
        if not (charm / script).exists():
            return None
        return self._run(script, {'JUJU_HOOK_NAME': name, **of_relation(**more)})

    def must(self, name: str, **more: str) -> None:
        """Run a hook that has to be there, and to succeed."""
        done = self.hook(name, **more)
        assert done is not None, f'the charm has no hook {name}'
        assert done.returncode == 0, done.stderr.decode()

    def action(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Run an action; return its `results`, and why it `failed`, if it did."""
        declared = yaml.safe_load((self.here(self.charm) / 'actions.yaml').read_text())[name]
        known = declared.get('params', {})
        assert set(parameters) <= set(known), f'unknown parameters {sorted(parameters)}'
        defaults = {key: one['default'] for key, one in known.items() if 'default' in one}
        world = self.world
        world['action'] = {'parameters': {**defaults, **parameters}, 'results': {}, 'failed': ''}
        self.write(world)
        more = {'JUJU_ACTION_NAME': name, 'JUJU_ACTION_TAG': 'action-1', 'JUJU_ACTION_UUID': '1'}
        done = self._run(f'actions/{name}', more)
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, Any] = self.world['action']
        world = self.world
        world['action'] = None
        self.write(world)
        return found

    def health(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Ask the health hook as `reconcile-health` does: over ssh, as the user ubuntu."""
        return self.host.ssh([str(self.charm / 'hooks' / 'health'), *words])

    def here(self, path: Path) -> Path:
        """Return a path of the machine as it is from here."""
        return self.host.root / path.relative_to('/')

    def _run(self, script: str, more: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        context = self.enter(script.rpartition('/')[2], more)
        environment = {**self.environment(context, self.charm, self._tools), **more}
        environment['JUJU_DISPATCH_PATH'] = script
        words = [f'{key}={value}' for key, value in environment.items()]
        command = shlex.join(['env', '-i', *words, str(self.charm / script)])
        done = self.host.run(f'cd {self.charm} && {command}', timeout_seconds=_HOOK_SECONDS)
        self.leave(done.returncode == 0)
        return done
