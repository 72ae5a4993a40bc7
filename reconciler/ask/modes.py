"""The roads to a report: what is asked of a unit, by whom; see `docs/collecting.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.values.freshness import MAX_AGE_SECONDS

from .chunk import BY_LOG, CHUNK_BYTES, LOG_CAP_BYTES
from .envelope import BY_AGENT
from .frames import Command, Request


@dataclass(frozen=True)
class AskMode:
    """The road by which reports come.

    Attributes:
        name: a key of `ROADS`, or `push` for none of them.
        max_age_seconds: how old a report may be and still say how a unit is.
        checks: run only these, now; names, never commands. Empty for the whole report.
    """

    name: str = 'hook'
    max_age_seconds: float = MAX_AGE_SECONDS
    checks: tuple[str, ...] = ()


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


def request_for(programs: Programs, road: AskMode) -> Request:
    """Return what to ask of a unit on this road."""
    if road.checks:
        return _run(programs, road)
    return ROADS[road.name](programs, road)


def _hook(programs: Programs, _road: AskMode) -> Request:
    return Request(programs.unit, programs.hook[0], programs.hook[1:])


def _agent(programs: Programs, _road: AskMode) -> Request:
    path, *words = programs.agent
    asked = (*words, 'report', '--unit', programs.unit, '--envelope')
    return Request(programs.unit, path, asked, as_root=True, by=BY_AGENT)


def _log(programs: Programs, _road: AskMode) -> Request:
    path, *words = programs.agent
    asked = (*words, 'log', '--most', str(CHUNK_BYTES))
    return Request(programs.unit, path, asked, as_root=True, by=BY_LOG, cap_bytes=LOG_CAP_BYTES)


def _auto(programs: Programs, road: AskMode) -> Request:
    agent = _agent(programs, road)
    first = Command(agent.path, agent.arguments, True, road.max_age_seconds)
    return replace(_hook(programs, road), first=first)


def _run(programs: Programs, road: AskMode) -> Request:
    """Return the request for single checks: of the agent if it runs and knows them."""
    path, *words = programs.agent
    first = Command(path, (*words, 'run', '--unit', programs.unit, '--', *road.checks), True)
    hook = (*programs.hook[1:], '--check', *road.checks)
    return Request(programs.unit, programs.hook[0], hook, first=first)


AUTO = 'auto'
PUSH = 'push'
ROADS: Mapping[str, Callable[[Programs, AskMode], Request]] = {
    'hook': _hook,
    'log': _log,
    'agent': _agent,
    AUTO: _auto,
}
