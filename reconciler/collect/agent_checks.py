"""A unit's own checks, by what was seen of all agents, hooks and ports on its machine.

The far side says what is there (`charm.probe` has what stands in each of its checks), and nothing
that it says is trusted. Which units should be there, only we know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from charm.kernel.names import tag_of, unit_of_tag
from charm.kernel.report import CheckResult, Health
from charm.kernel.safe_text import clean

from ..juju.ceiling_table import LONG_SECONDS
from ..values.model import Unit
from ..values.outcomes import AGENT
from ..values.words import duration_text

# What the far side calls what it tells of all.
AGENTS, HOOKS, LISTENING = 'agents', 'hooks', 'listening'
_MOST_TEXT = 300


def checks_of(unit: Unit, seen: Mapping[str, CheckResult], where: str) -> tuple[CheckResult, ...]:
    """Return the checks `agent`, `hook` and `open-ports` of a unit, as far as they can be told.

    Args:
        unit: whose.
        seen: what was seen there, by name.
        where: such as `on machine 3`.
    """
    facts = _Facts(seen, tag_of(unit.name), where)
    found = (facts.agent(), facts.hook(), facts.open_ports(unit.tcp_ports))
    return tuple(check for check in found if check is not None)


@dataclass(frozen=True)
class _Facts:
    """What was seen there, for the agent with this tag, such as `unit-mysql-0`."""

    seen: Mapping[str, CheckResult]
    tag: str
    where: str

    def agent(self) -> CheckResult:
        """Return whether its agent runs."""
        looked = self.seen.get(AGENTS)
        if looked is None or looked.health is not Health.PASSED:
            why = looked.message if looked else 'nobody looked for its agent'
            return CheckResult(AGENT, Health.UNKNOWN, message=why)
        agent = self._agents.get(self.tag)
        if agent is None:
            message = f'its agent was not seen running {self.where}'
            return CheckResult(AGENT, Health.UNKNOWN, message=message, data={'seen': False})
        uniter, error = agent.get('uniter'), agent.get('error') or 'no reason is told'
        health, message = Health.PASSED, 'its agent runs'
        if agent.get('answers') is False:
            health, message = Health.WARN, 'its agent listens, and does not answer'
        elif uniter not in (None, 'started'):
            health, message = Health.WARN, f'its agent runs no hooks: {uniter}: {error}'
        return CheckResult(AGENT, health, message=clean(message, _MOST_TEXT), data=agent)

    def hook(self) -> CheckResult | None:
        """Return whether a hook runs for so long that it hangs, its own or one it waits for."""
        if not self._known(HOOKS):
            return None
        longest, message = max(self._lasting(), default=(0.0, ''))
        if longest < LONG_SECONDS:
            return CheckResult('hook', Health.PASSED, message='no hook of it runs for long')
        return CheckResult(
            'hook', Health.WARN, message=clean(message, _MOST_TEXT), data={'seconds': longest}
        )

    def open_ports(self, ports: tuple[int, ...]) -> CheckResult | None:
        """Return whether somebody answers on the ports that the unit opened."""
        if not (ports and self._known(LISTENING)):
            return None
        told = self.seen[LISTENING].data
        silent = [port for port in ports if port in _list(told.get('silent'))]
        answering = [port for port in ports if port in _list(told.get('answering'))]
        listed = ', '.join(f'{port}/tcp' for port in silent or answering)
        if not listed:
            return None  # None of them was asked.
        if silent:
            message = f'nobody answers on {listed}, which it opened'
            return CheckResult('open-ports', Health.WARN, message=message, data={'silent': silent})
        return CheckResult('open-ports', Health.PASSED, message=f'somebody answers on {listed}')

    def _lasting(self) -> Iterator[tuple[float, str]]:
        """Yield for how many seconds each thing goes on that keeps the unit from its hooks."""
        agent = self._agents.get(self.tag, {})
        for key, words in (
            ('holds', 'its agent has held the lock of its machine'),
            ('waits', 'its agent has waited for the lock of its machine'),
        ):
            held = _object(agent.get(key))
            seconds = _seconds(held)
            by = f', which {self._holder} holds' if key == 'waits' and self._holder else ''
            yield seconds, f'{words} for {duration_text(seconds)}{by}: {held.get("doing")}'
        for running in map(_object, _list(self.seen[HOOKS].data.get('running'))):
            seconds, hook = _seconds(running), running.get('hook') or 'hook'
            lasted = f'has been running for {duration_text(seconds)}'
            if running.get('agent') == self.tag:
                yield seconds, f'its {hook} {lasted}'
            elif not running.get('agent') and not self._holder:
                yield seconds, f'a hook {lasted} {self.where}'

    @property
    def _holder(self) -> str:
        """Return the unit, or other agent, that holds the lock; empty if nobody is told."""
        holding = (tag for tag, agent in self._agents.items() if _object(agent.get('holds')))
        tag = next(holding, '')
        return unit_of_tag(tag) or tag

    @property
    def _agents(self) -> dict[str, dict[str, Any]]:
        looked = self.seen.get(AGENTS)
        told = _object(looked.data.get('agents')) if looked else {}
        return {tag: _object(agent) for tag, agent in told.items()}

    def _known(self, name: str) -> bool:
        return name in self.seen and self.seen[name].health is Health.PASSED


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _seconds(told: Mapping[str, Any]) -> float:
    value = told.get('seconds')
    return value if isinstance(value, float) else 0.0
