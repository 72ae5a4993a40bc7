"""A unit of the built charm on a real machine, and Juju's side of it.

    unit = Charmed(host, principal='postgresql/0')
    unit.deploy(built())
    unit.must('install')
    unit.status                      # ['active', 'passed: 6 checks']

Hooks run as root with the environment that Juju gives them, and with hook tools on their PATH that
refuse what the real ones refuse; see `tool.py`.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import yaml

from tests.hosts.host import Host
from tests.hosts.layout import agent_directory, charm_directory

from . import tool
from .archive import unpack

MODEL = '6e7a9c1e-2f1d-4b7c-8a53-0f5d2b6d9e01'
_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin'
_HOOK_SECONDS = 120.0


class Charmed:
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
        self.host = host
        self.unit = unit
        self.principal = principal
        self.charm = charm_directory(unit)
        self._juju = juju
        self._tools = Path('/var/lib/juju/tools') / agent_directory(unit).name

    # -- Juju's side -------------------------------------------------------------------------

    def deploy(self, archive: Path) -> None:
        """Lay the unit out as its agent does before the first hook."""
        unpack(archive, self.here(self.charm))
        agent = self.here(agent_directory(self.unit))
        conf = agent / 'agent.conf'
        conf.touch(mode=0o600)
        conf.write_text(f'# format 2.0\ntag: {agent.name}\ndatadir: /var/lib/juju\n')
        tools = self.here(self._tools)
        tools.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copy(Path(tool.__file__), tools / 'jujud')
        (tools / 'jujud').chmod(0o755)
        for name in tool.TOOLS:
            if name != 'secret-get' or not self._juju.startswith('2.'):
                (tools / name).unlink(missing_ok=True)
                (tools / name).symlink_to('jujud')
        declared = yaml.safe_load((self.here(self.charm) / 'config.yaml').read_text())['options']
        self._types = {name: option['type'] for name, option in declared.items()}
        world: dict[str, Any] = {
            'unit': self.unit,
            'context': '',
            'hook': {},
            'config': {name: one['default'] for name, one in declared.items() if 'default' in one},
            'relations': {},
            'secrets': {},
            'action': None,
            'statuses': [],
            'log': [],
            'version': '',
            'broken': [],
        }
        self.write(world)

    def upgrade(self, archive: Path) -> None:
        """Lay another revision over the charm, in place; the hook is yours to run."""
        unpack(archive, self.here(self.charm))

    def configure(self, **options: Any) -> None:
        """Set options, as `juju config` does; it refuses what the charm does not declare."""
        world = self.world
        kinds = {'string': str, 'int': int, 'boolean': bool, 'float': float}
        for word, value in options.items():
            name = word.replace('_', '-')
            assert name in self._types, f'unknown option {name!r}'
            assert type(value) is kinds[self._types[name]], f'{name} expected {self._types[name]}'
            world['config'][name] = value
        self.write(world)

    def relate(
        self,
        identity: str,
        application: str,
        units: dict[str, dict[str, str]],
        application_data: dict[str, str] | None = None,
    ) -> None:
        """Have Juju know a relation such as `orchestrator:3`, and what its other side says."""
        world = self.world
        own = world['relations'].get(identity, {}).get('own', {})
        world['relations'][identity] = {
            'app': application,
            'units': units,
            'app_data': application_data or {},
            'own': own,
        }
        self.write(world)

    def part(self, identity: str) -> None:
        """Have Juju know that relation no more."""
        world = self.world
        del world['relations'][identity]
        self.write(world)

    def published(self, identity: str) -> dict[str, str]:
        """Return what the unit has put into a relation, as the other side sees it."""
        found: dict[str, str] = self.world['relations'][identity]['own']
        return found

    def secret(self, identity: str, granted: bool = True, **content: str) -> None:
        """Have Juju keep a secret, granted to this unit or not."""
        world = self.world
        world['secrets'][identity] = {'granted': granted, 'content': content}
        self.write(world)

    def break_tool(self, *names: str) -> None:
        """Have these hook tools fail, as when the controller is away; all work with none."""
        world = self.world
        world['broken'] = list(names)
        self.write(world)

    def wipe(self) -> None:
        """Remove the unit as its agent does after the hook `remove`."""
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
        return self._run(script, {'JUJU_HOOK_NAME': name, **_of_relation(**more)})

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

    @property
    def status(self) -> list[str]:
        """The workload status that was set last: its word and its message."""
        statuses = self.world['statuses']
        found: list[str] = statuses[-1] if statuses else ['unknown', '']
        return found

    @property
    def log(self) -> list[list[str]]:
        """What was logged through juju-log: level and message."""
        found: list[list[str]] = self.world['log']
        return found

    @property
    def world(self) -> Any:
        """What Juju knows of the unit."""
        return json.loads((self.here(self._tools) / 'world.json').read_text())

    def write(self, world: Any) -> None:
        """Have Juju know something else."""
        (self.here(self._tools) / 'world.json').write_text(json.dumps(world))

    def here(self, path: Path) -> Path:
        """Return a path of the machine as it is from here."""
        return self.host.root / path.relative_to('/')

    def _run(self, script: str, more: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        world = self.world
        world['context'] = f'{self.unit}-{script.rpartition("/")[2]}-{uuid.uuid4().hex[:12]}'
        world['hook'] = more
        self.write(world)
        environment = {**self._environment(world['context']), **more}
        environment['JUJU_DISPATCH_PATH'] = script
        words = [f'{key}={value}' for key, value in environment.items()]
        command = shlex.join(['env', '-i', *words, str(self.charm / script)])
        done = self.host.run(f'cd {self.charm} && {command}', timeout_seconds=_HOOK_SECONDS)
        self._finish(done.returncode == 0)
        return done

    def _finish(self, well: bool) -> None:
        """End the context: what was set in relations goes out if the hook went well."""
        world = self.world
        world['context'], world['hook'] = '', {}
        for relation in world['relations'].values():
            pending = relation.pop('pending', {})
            if well:
                relation['own'].update(pending)
        self.write(world)

    def _environment(self, context: str) -> dict[str, str]:
        """Return what every hook is given (worker/uniter/runner/context/context.go)."""
        return {
            'PATH': f'{self._tools}:{_PATH}',
            'APT_LISTCHANGES_FRONTEND': 'none',
            'DEBIAN_FRONTEND': 'noninteractive',
            'LANG': 'C.UTF-8',
            'CHARM_DIR': str(self.charm),
            'JUJU_CHARM_DIR': str(self.charm),
            'JUJU_CONTEXT_ID': context,
            'JUJU_AGENT_SOCKET_ADDRESS': f'@{agent_directory(self.unit)}/agent.socket',
            'JUJU_AGENT_SOCKET_NETWORK': 'unix',
            'JUJU_UNIT_NAME': self.unit,
            'JUJU_MODEL_NAME': 'default',
            'JUJU_MODEL_UUID': MODEL,
            'JUJU_MACHINE_ID': '0',
            'JUJU_VERSION': self._juju,
            'JUJU_API_ADDRESSES': '10.0.0.1:17070',
            'JUJU_AVAILABILITY_ZONE': '',
            'JUJU_METER_STATUS': 'AMBER',
            **({'JUJU_PRINCIPAL_UNIT': self.principal} if self.principal else {}),
        }


def _of_relation(relation: str = '', remote: str = '', departing: str = '') -> dict[str, str]:
    if not relation:
        return {}
    return {
        'JUJU_RELATION': relation.split(':')[0],
        'JUJU_RELATION_ID': relation,
        'JUJU_REMOTE_UNIT': remote,
        'JUJU_REMOTE_APP': remote.split('/')[0],
        **({'JUJU_DEPARTING_UNIT': departing} if departing else {}),
    }
