"""A report as text for people, for `hooks/health --pretty`."""

from __future__ import annotations

from typing import List

from ..checks.phrases import span
from ..kernel.report import Health, Report, State
from ..kernel.safe_text import clean

_COLOURS = {
    Health.PASSED: '\033[32m',
    Health.WARN: '\033[33m',
    Health.UNKNOWN: '\033[35m',
    Health.FAIL: '\033[31m',
}


def pretty(report: Report, colour: bool = False) -> str:
    """Return the report as lines: the unit first, then its checks, the worst first."""
    qos = '' if report.qos is None else f'  qos {report.qos:g}'
    lines: List[str] = [f'{_word(report.health, colour)}  {report.unit}{qos}']
    if report.state is not None:
        lines.append(f'         state {clean(_describe(report.state))}')
    width = max((len(check.name) for check in report.checks), default=0)
    for check in sorted(report.checks, key=lambda check: (-check.health.rank, check.name)):
        message = clean(check.message)
        name = clean(check.name)
        lines.append(f'{_word(check.health, colour)}  {name:<{width}}  {message}'.rstrip())
    return '\n'.join(lines)


def _describe(state: State) -> str:
    """Return a state in words, such as `blocked by db for 2 min: no database`."""
    blockers = f' by {", ".join(state.blockers)}' if state.blockers else ''
    lasting = '' if state.duration is None else f' for {span(state.duration)}'
    message = f': {state.message}' if state.message else ''
    return f'{state.name.value}{blockers}{lasting}{message}'


def _word(health: Health, colour: bool) -> str:
    padded = f'{health.value:<7}'
    return f'{_COLOURS[health]}{padded}\033[0m' if colour else padded
