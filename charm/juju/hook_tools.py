"""The door to Juju's hook tools, and what the environment of a hook says.

charmhelpers' `hookenv` is not used here: the subordinate runs beside principals of any age, whose
Python may be older or newer than a charmhelpers that we would have to carry, and this needs a
dozen tools of it. `charm.framework.services` is where charmhelpers and this project meet.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping

from ..kernel.command import run
from ..kernel.deadline import Deadline
from ..kernel.errors import CommandError, HealthError
from ..kernel.facts import dataclass
from ..kernel.identity import check_unit
from ..kernel.pattern import pattern

_TOOL_SECONDS = 60.0
# A line of juju-log is for people, and one argument may have 128 KiB.
_MOST_LOGGED = 2000
_RELATION_HOOK = pattern(
    r'(?P<endpoint>.+)-relation-(?P<event>created|joined|changed|departed|broken)'
)


class HookToolError(HealthError):
    """A hook tool is missing, refuses, or says nonsense: the hook fails, and Juju tries again."""


@dataclass(frozen=True)
class Context:
    """A hook's environment, as Juju gives it.

    Attributes:
        hook: its name, such as `config-changed`.
        unit: whose hook it is, such as `health/0`.
        charm: the charm's directory.
        principal: the unit that it is deployed beside; empty if Juju does not say.
        model: the model's UUID; may be empty.
        relation: the relation that the hook is about, such as `orchestrator:3`; may be empty.
        departing: the unit that leaves that relation; may be empty.
        action: the action that runs; empty in a hook.
    """

    hook: str
    unit: str
    charm: str
    principal: str = ''
    model: str = ''
    relation: str = ''
    departing: str = ''
    action: str = ''

    @property
    def broken(self) -> str:
        """Return the relation that is gone once this hook has ended; empty for none."""
        found = _RELATION_HOOK.fullmatch(self.hook)
        return self.relation if found and found['event'] == 'broken' else ''


def read_context(environment: Mapping[str, str], program: str) -> Context:
    """Return what the environment says; `program` is the launcher that Juju started.

    Raises:
        HookToolError: this is no hook.
    """
    unit = environment.get('JUJU_UNIT_NAME', '')
    charm = environment.get('JUJU_CHARM_DIR') or environment.get('CHARM_DIR', '')
    if not unit or not charm:
        missing = 'JUJU_CHARM_DIR' if unit else 'JUJU_UNIT_NAME'
        raise HookToolError(f'cannot run outside of a hook: {missing} is not set; Juju runs this')
    principal = environment.get('JUJU_PRINCIPAL_UNIT', '')
    return Context(
        hook=environment.get('JUJU_HOOK_NAME') or program.rsplit('/', 1)[-1],
        unit=check_unit(unit),
        charm=charm,
        principal=check_unit(principal) if principal else '',
        model=environment.get('JUJU_MODEL_UUID', ''),
        relation=environment.get('JUJU_RELATION_ID', ''),
        departing=environment.get('JUJU_DEPARTING_UNIT', ''),
        action=environment.get('JUJU_ACTION_NAME', ''),
    )


class HookTools:
    """The tools that Juju puts on the PATH of a hook; they find their agent by its environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def config(self) -> Dict[str, Any]:
        """Return the charm's options, with their defaults."""
        return _mapping('config-get', self._ask('config-get', '--all'))

    def relations(self, endpoint: str) -> List[str]:
        """Return the ids of an endpoint's relations, such as `orchestrator:3`."""
        return _names('relation-ids', self._ask('relation-ids', endpoint))

    def units(self, relation: str) -> List[str]:
        """Return the units on the other side that have joined."""
        return _names('relation-list', self._ask('relation-list', '-r', relation))

    def unit_data(self, relation: str, unit: str) -> Dict[str, str]:
        """Return what a unit has put into the relation."""
        return _texts('relation-get', self._ask('relation-get', '-r', relation, '-', unit))

    def application_data(self, relation: str, application: str) -> Dict[str, str]:
        """Return what the leader of an application has put into the relation."""
        words = ('relation-get', '-r', relation, '--app', '-', application)
        return _texts('relation-get', self._ask(*words))

    def publish(self, relation: str, values: Mapping[str, str]) -> None:
        """Put values into the relation; Juju passes them on when the hook has succeeded."""
        pairs = [f'{key}={value}' for key, value in values.items()]
        self._run('relation-set', '-r', relation, *pairs)

    def secret(self, identity: str) -> Dict[str, str]:
        """Return the newest content of a secret that was granted to us."""
        return _texts('secret-get', self._ask('secret-get', identity, '--refresh'))

    def status(self, word: str, message: str) -> None:
        """Set the workload status; `word` is `active`, `blocked`, `maintenance` or `waiting`."""
        self._run('status-set', word, message)

    def workload_version(self, version: str) -> None:
        """Say the version that `juju status` shows."""
        self._run('application-version-set', version)

    def log(self, message: str, level: str = 'INFO') -> None:
        """Write into the unit's log."""
        self._run('juju-log', '--log-level', level, '--', message[:_MOST_LOGGED])

    def parameters(self) -> Dict[str, Any]:
        """Return the parameters of the action that runs."""
        return _mapping('action-get', self._ask('action-get'))

    def answer(self, values: Mapping[str, str]) -> None:
        """Add to the results of the action that runs."""
        self._run('action-set', *(f'{key}={value}' for key, value in values.items()))

    def fail(self, message: str) -> None:
        """Have the action fail, with a message."""
        self._run('action-fail', message)

    def _ask(self, *words: str) -> Any:
        """Return the answer of a tool that speaks JSON."""
        tool, *arguments = words
        said = self._run(tool, '--format=json', *arguments)
        try:
            return json.loads(said or 'null')
        except ValueError as error:
            raise HookToolError(f'cannot read the answer of {tool}: {error}') from error

    def _run(self, *words: str) -> str:
        try:
            done = run(words, Deadline.after(_TOOL_SECONDS), env=self._environment)
        except CommandError as error:
            raise HookToolError(f'{error}; Juju gives it to hooks only') from error
        if done.exit_code != 0 or done.truncated:
            said = done.stderr.decode('utf-8', 'replace').strip()[-500:]
            why = 'no answer in time' if done.timed_out else said or f'exit code {done.exit_code}'
            # Values are not repeated: they may be secrets.
            raise HookToolError(f'cannot use {words[0]}: {why}')
        return done.stdout.decode('utf-8', 'replace')


def _mapping(tool: str, value: Any) -> Dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HookToolError(f'cannot use the answer of {tool}: it is not a mapping')
    return value


def _texts(tool: str, value: Any) -> Dict[str, str]:
    return {str(key): str(text) for key, text in _mapping(tool, value).items()}


def _names(tool: str, value: Any) -> List[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise HookToolError(f'cannot use the answer of {tool}: it is not a list of names')
    return sorted(value)
