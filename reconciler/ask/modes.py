"""The modes of asking: what is asked of a unit, and of whom; see `docs/collecting.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.values.freshness import MAX_AGE_SECONDS

from .frames import Command, Request
from .log_chunk import BY_LOG, CHUNK_BYTES, LOG_CAP_BYTES
from .probe import ProbeOptions

BY_AGENT = 'agent'


@dataclass(frozen=True)
class AskMode:
    """A mode of asking.

    Attributes:
        name: a key of `MODES`, or `push` for none of them.
        max_age_seconds: how old a report may be and still say how a unit is.
        checks: run only these, now; names, never commands. Empty for the whole report.
        probe: look at machines themselves where no hook answers, and how; `None` for not.
    """

    name: str = 'hook'
    max_age_seconds: float = MAX_AGE_SECONDS
    checks: tuple[str, ...] = ()
    probe: ProbeOptions | None = None


@dataclass(frozen=True)
class Programs:
    """What can be run for one unit: words of a command line each, without what is asked.

    Attributes:
        unit: which.
        hook: the health hook, with what it has to be told to report for this unit.
        agent: the agent's client.
    """

    unit: str
    hook: tuple[str, ...]
    agent: tuple[str, ...]


def request_for(programs: Programs, mode: AskMode) -> Request:
    """Return what to ask of a unit in this mode."""
    if mode.checks:
        return _run(programs, mode)
    return MODES[mode.name](programs, mode)


def _hook(programs: Programs, _mode: AskMode) -> Request:
    return Request(programs.unit, programs.hook[0], programs.hook[1:])


def _agent(programs: Programs, _mode: AskMode) -> Request:
    path, *words = programs.agent
    asked = (*words, 'report', '--unit', programs.unit, '--envelope')
    return Request(programs.unit, path, asked, as_root=True, by=BY_AGENT)


def _log(programs: Programs, _mode: AskMode) -> Request:
    path, *words = programs.agent
    asked = (*words, 'log', '--most', str(CHUNK_BYTES))
    return Request(programs.unit, path, asked, as_root=True, by=BY_LOG, cap_bytes=LOG_CAP_BYTES)


def _auto(programs: Programs, mode: AskMode) -> Request:
    agent = _agent(programs, mode)
    first = Command(agent.path, agent.arguments, True, mode.max_age_seconds)
    return replace(_hook(programs, mode), first=first)


def _run(programs: Programs, mode: AskMode) -> Request:
    """Return the request for single checks: of the agent if it runs and knows them."""
    path, *words = programs.agent
    first = Command(path, (*words, 'run', '--unit', programs.unit, '--', *mode.checks), True)
    hook = (*programs.hook[1:], '--check', *mode.checks)
    return Request(programs.unit, programs.hook[0], hook, first=first)


AUTO = 'auto'
PUSH = 'push'
MODES: Mapping[str, Callable[[Programs, AskMode], Request]] = {
    'hook': _hook,
    'log': _log,
    'agent': _agent,
    AUTO: _auto,
}
