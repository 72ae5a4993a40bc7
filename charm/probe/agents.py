"""Juju's agents on this machine: which of them listen, how they are, and who holds the lock.

Whoever may become root, as Juju's own `ubuntu` may, is told what the agents themselves say
(`juju_engine_report`, `juju_machine_lock`); everybody else sees that they listen.
"""

from __future__ import annotations

import json
import os
import pkgutil
import sys
from pathlib import Path

from ..checks.check import Verdict
from ..checks.child_process import describe_exit, run_child, tail
from ..checks.options import OUTSIDE
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError, CommandError
from ..kernel.facts import dataclass, field
from ..kernel.hints import Any, Dict, List, Mapping, Optional, Tuple
from ..kernel.lines import lines
from ..kernel.pattern import pattern
from ..kernel.report import Health
from ..kernel.safe_text import clean
from . import agent_sockets, ask_agents

_ENGINE, _LOCK = ask_agents.PATHS
# An agent answers from memory.
_ASK_SECONDS = 3.0
_MOST_TEXT = 300
# Go's `time.Duration` in whole seconds, such as `3h2m1s` (core/machinelock).
_SPAN = pattern(r'(?:([0-9]{1,9})h)?(?:([0-9]{1,2})m)?([0-9]{1,2})s')


@dataclass(frozen=True)
class Agents:
    """Which agents listen here; `data.agents` has each by its tag, such as `unit-mysql-0`.

    Of each: whether it `answers`; `uniter`, the state of the worker that runs hooks, `missing`
    where it has none, and its `error`; `holds` the machine's lock, or `waits` for it, each with
    `seconds` and what for in `doing`. What is not known is null.
    """

    sockets: Path = field(default=agent_sockets.LISTENING, metadata=OUTSIDE)
    sudo: Tuple[str, ...] = field(default=('sudo', '-n'), metadata=OUTSIDE)

    def run(self, deadline: Deadline) -> Verdict:
        """Return who is here; nobody is well or ill for what is found.

        Raises:
            CheckError: the kernel does not tell who listens.
        """
        try:
            found = agent_sockets.find(self.sockets)
        except OSError as error:
            raise CheckError(f'cannot see who listens: {error}') from error
        said, why = self._ask(list(found.values()), deadline)
        data = {
            'agents': {tag: read_agent(said.get(address)) for tag, address in found.items()},
            'unasked': why,
        }
        return Verdict(Health.PASSED, f'{len(found)} agents listen{why and f"; {why}"}', data)

    def _ask(self, addresses: List[str], deadline: Deadline) -> Tuple[Dict[str, Any], str]:
        """Return what the agents say, by their sockets, or why they were not asked."""
        if not addresses:
            return {}, ''
        text = pkgutil.get_data(__package__, 'ask_agents.py') or b''
        program = (sys.executable, '-I', '-S', '-B', '-c', text.decode())
        root = () if os.geteuid() == 0 else self.sudo
        try:
            seconds = f'{min(_ASK_SECONDS, deadline.remaining_seconds / 2):.2f}'
            done = run_child((*root, *program, seconds, *addresses), deadline)
            if done.exit_code != 0:
                return {}, f'root cannot ask them: {describe_exit(done.exit_code)}{tail(done)}'
            said = json.loads(done.stdout)
        except (CheckError, CommandError, ValueError) as error:
            return {}, f'root cannot ask them: {error}'
        return (said, '') if isinstance(said, dict) else ({}, 'root got no answer')


def read_agent(said: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """Return what an agent's answers, by the path that was asked, say of it."""
    texts = said or {}
    engine, lock = texts.get(_ENGINE), texts.get(_LOCK)
    return {
        'answers': None if said is None else isinstance(engine, str),
        **(_uniter(engine) if isinstance(engine, str) else {'uniter': None, 'error': None}),
        **_lock(lock if isinstance(lock, str) else ''),
    }


def _uniter(report: str) -> Dict[str, Any]:
    """Return how the worker is that runs hooks, by the report on all workers, which is YAML."""
    told: Dict[str, str] = {}
    inside = False
    for line in lines(report):
        if not line.startswith('    '):
            inside = line == '  uniter:'
        elif inside and line[4:5] != ' ':
            key, _colon, value = line.strip().partition(': ')
            told[key] = value
    error = told.get('error')
    return {'uniter': told.get('state', 'missing'), 'error': error and clean(error, _MOST_TEXT)}


def _lock(report: str) -> Dict[str, Any]:
    """Return what the agent holds the lock for, and what it waits for it for.

    As in `holder: uniter (run start hook), holding 3m2s`, and `- reboot, waiting 2s`.
    """
    told: Dict[str, Any] = {'holds': None, 'waits': None}
    for line in lines(report):
        mark, _blank, text = line.strip().partition(' ')
        key, verb = {'holder:': ('holds', 'holding'), '-': ('waits', 'waiting')}.get(
            mark, ('', '')
        )
        doing, found, span = text.strip('\'"').rpartition(f', {verb} ')
        lasted = _SPAN.fullmatch(span)
        if key and found and lasted and told[key] is None:
            hours, minutes, seconds = (int(number or 0) for number in lasted.groups())
            told[key] = {
                'doing': clean(doing, _MOST_TEXT),
                'seconds': hours * 3600.0 + minutes * 60 + seconds,
            }
    return told
