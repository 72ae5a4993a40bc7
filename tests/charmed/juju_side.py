"""What Juju knows of one unit, for its hook tools to tell: options, relations, secrets, status."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import yaml

from . import tool

MODEL = '6e7a9c1e-2f1d-4b7c-8a53-0f5d2b6d9e01'
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin'


class JujuSide:
    """Juju's side of one unit.

    Args:
        unit: its name.
        principal: the unit that it is deployed beside; empty for a charm that is none's.
        juju: the version, as hooks are told it; secrets came with 3.0.
    """

    def __init__(self, unit: str, principal: str, juju: str) -> None:
        self.unit = unit
        self.principal = principal
        self._juju = juju

    def begin(self, charm: Path, tools: Path) -> None:
        """Give the unit its hook tools, and the options that its charm declares.

        Args:
            charm, tools: the directories, as paths from here.
        """
        self._world = tools / 'world.json'
        tools.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copy(Path(tool.__file__), tools / 'jujud')
        (tools / 'jujud').chmod(0o755)
        for name in tool.TOOLS:
            if name != 'secret-get' or not self._juju.startswith('2.'):
                (tools / name).unlink(missing_ok=True)
                (tools / name).symlink_to('jujud')
        file = charm / 'config.yaml'
        declared = yaml.safe_load(file.read_text())['options'] if file.exists() else {}
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
            'broken': {},
        }
        self.write(world)

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
        world['secrets'][identity.rpartition('/')[2].rpartition(':')[2]] = {
            'granted': granted,
            'content': content,
        }
        self.write(world)

    def break_tool(self, *names: str, words: str = 'connection is shut down') -> None:
        """Have these hook tools fail, as when the controller is away; all work with none."""
        world = self.world
        world['broken'] = dict.fromkeys(names, words)
        self.write(world)

    def die(self, words: str = '') -> None:
        """Have Juju know the unit no more, as 4.0.15 does while the hooks of a removal run.

        Args:
            words: what every hook tool says then; that there is no such unit, by default.
        """
        self.break_tool(*tool.TOOLS, words=words or f'unit "{self.unit}" not found')

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
        return json.loads(self._world.read_text())

    def write(self, world: Any) -> None:
        """Have Juju know something else."""
        self._world.write_text(json.dumps(world))

    def enter(self, name: str, more: dict[str, str]) -> str:
        """Begin a hook or an action, and return the id of its context."""
        world = self.world
        world['context'] = f'{self.unit}-{name}-{uuid.uuid4().hex[:12]}'
        world['hook'] = more
        self.write(world)
        found: str = world['context']
        return found

    def leave(self, well: bool) -> None:
        """End the context: what was set in relations goes out if the hook went well."""
        world = self.world
        world['context'], world['hook'] = '', {}
        for relation in world['relations'].values():
            pending = relation.pop('pending', {})
            if well:
                relation['own'].update(pending)
        self.write(world)

    def environment(self, context: str, charm: Path, tools: Path) -> dict[str, str]:
        """Return what every hook is given (worker/uniter/runner/context/context.go)."""
        return {
            'PATH': f'{tools}:{PATH}',
            'APT_LISTCHANGES_FRONTEND': 'none',
            'DEBIAN_FRONTEND': 'noninteractive',
            'LANG': 'C.UTF-8',
            'CHARM_DIR': str(charm),
            'JUJU_CHARM_DIR': str(charm),
            'JUJU_CONTEXT_ID': context,
            'JUJU_AGENT_SOCKET_ADDRESS': f'@{charm.parent}/agent.socket',
            'JUJU_AGENT_SOCKET_NETWORK': 'unix',
            'JUJU_UNIT_NAME': self.unit,
            'JUJU_MODEL_NAME': 'default',
            'JUJU_MODEL_UUID': MODEL,
            'JUJU_MACHINE_ID': '0',
            'JUJU_VERSION': self._juju,
            'JUJU_API_ADDRESSES': '10.0.0.1:17070',
            'JUJU_AVAILABILITY_ZONE': '',
            'JUJU_METER_STATUS': 'AMBER',
            'JUJU_PRINCIPAL_UNIT': self.principal,
        }


def of_relation(relation: str = '', remote: str = '', departing: str = '') -> dict[str, str]:
    if not relation:
        return {}
    return {
        'JUJU_RELATION': relation.split(':')[0],
        'JUJU_RELATION_ID': relation,
        'JUJU_REMOTE_UNIT': remote,
        'JUJU_REMOTE_APP': remote.split('/')[0],
        **({'JUJU_DEPARTING_UNIT': departing} if departing else {}),
    }
