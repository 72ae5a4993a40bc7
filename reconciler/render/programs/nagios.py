"""What a Nagios plugin prints: one line, performance data, and long output.

Format: the Monitoring Plugins development guidelines and the Nagios Plugin API: the first line is
`TEXT | PERFDATA`, the others are for people. A bar would begin performance data, a semicolon a
comment or the next field of an external command, a backslash an escape there; none of these comes
from a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from charm.kernel.report import Health
from reconciler.values.certainty import Certainty
from reconciler.values.explained import as_told, explained_by
from reconciler.values.readings import Cause, Snapshot
from reconciler.values.words import counted, first_few

from ..alike import ServiceLine, found_of, service_lines
from ..base import coverage_text, safe
from ..cases import model_name, not_well, overall_health, tally
from ..meaning import cause_text, causes_shown, remarks, view_text
from ..options import RenderOptions

# Nagios keeps 8192 bytes of output (MAX_PLUGIN_OUTPUT_LENGTH in its include/nagios.h) and as many
# of an external command, where names come before it and each end of line is two characters.
MAX_BYTES = 7000
_MAX_LINE = 300
_MAX_QOS_BYTES = 2000
WORDS = {
    Health.PASSED: 'OK',
    Health.WARN: 'WARNING',
    Health.FAIL: 'CRITICAL',
    Health.UNKNOWN: 'UNKNOWN',
}
_SUBSTITUTES = str.maketrans({'|': '¦', ';': ',', '\\': '/', '`': "'"})
# What would be a tag on the page of a server that does not escape, or a command in its shell.
_TAG = re.compile(r'<(?=[A-Za-z/!?])')
_COMMAND = re.compile(r'\$(?=\()')


def sanitise(text: str, limit: int = _MAX_LINE) -> str:
    """Return untrusted text as one line that no part of Nagios or Icinga takes for syntax."""
    line = safe(text, limit).translate(_SUBSTITUTES)
    return _COMMAND.sub('', _TAG.sub('< ', line))


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the plugin output; the exit code that goes with it is `sweep_exit_code.exit_code`."""
    first = f'{_headline(snapshot)} | {_perfdata(snapshot)}'
    return '\n'.join(_within_bounds(first, list(_long_output(snapshot, options)))) + '\n'


def _headline(snapshot: Snapshot) -> str:
    """Return such as `JUJU-HEALTH CRITICAL: prod: 1 fail of 5 services: db fail`."""
    named = [
        f'{sanitise(service.name, 60)} {service.health.value}' for service in not_well(snapshot)
    ]
    parts = [sanitise(model_name(snapshot), 120), tally(snapshot), first_few(named, 8)]
    shown = causes_shown(snapshot)[:3]
    causes = [sanitise(str(cause.node), 60) + _doubt(snapshot, cause) for cause in shown]
    if causes:
        parts.append(f'because of {", ".join(causes)}')
    if not snapshot.services and snapshot.faults:
        parts.append(sanitise(snapshot.faults[0]))
    if not snapshot.complete:
        parts.append('the sweep is incomplete')
    told = ': '.join(part for part in parts if part)
    return f'JUJU-HEALTH {WORDS[overall_health(snapshot)]}: {told}'


def _doubt(snapshot: Snapshot, cause: Cause) -> str:
    """Return such as ` (likely)`, or ` (1 certain, 2 possible)`; empty if all of it is certain."""
    groups = explained_by(snapshot, cause) or [(as_told(cause), [])]
    if len(groups) > 1:
        return f' ({", ".join(f"{len(names)} {sure.value}" for sure, names in groups)})'
    (sure, _), *_ = groups
    return f' ({sure.value})' if sure is not Certainty.CERTAIN else ''


def _long_output(snapshot: Snapshot, options: RenderOptions) -> Iterator[str]:
    for fault in snapshot.faults:
        yield sanitise(f'sweep: {fault}')
    for note in snapshot.notes:
        yield sanitise(f'note: {note}')
    for cause in causes_shown(snapshot):
        yield sanitise(f'cause {cause.health.value} {cause_text(snapshot, cause)}')
    for view in snapshot.views:
        if view.health is not Health.PASSED or options.unit_detail:
            yield sanitise(f'view {view.health.value} {view_text(view)}')
    for line in service_lines(snapshot.services, options):
        yield from _about(line, options)


def _about(line: ServiceLine, options: RenderOptions) -> Iterator[str]:
    service = line.first
    if service.health is not Health.PASSED or options.unit_detail:
        coverage = coverage_text(line.coverage)
        yield sanitise(f'{service.health.value} {line.name} ({coverage}): {line.message}')
        for remark in remarks(service):
            yield sanitise(f'- {remark}')
    for found in found_of(service, options) if len(line.services) == 1 else ():
        about = f'{found.row.health.value} {found.whom} {found.row.what}'
        yield sanitise(f'- {about}: {found.row.message}')


def _perfdata(snapshot: Snapshot) -> str:
    """Return totals, each with its scale, then the qos of each service, by name."""
    services = snapshot.services
    total = len(services)
    items = []
    for health in Health:
        number = sum(service.health is health for service in services)
        warn, fail = {Health.PASSED: ('', ''), Health.FAIL: ('', '0')}.get(health, ('0', ''))
        items.append(f"'services_{health.value}'={number};{warn};{fail};0;{total}")
    expected = sum(service.coverage.expected for service in services)
    reported = sum(service.coverage.reported for service in services)
    items.append(f"'units_reported'={reported};;;0;{expected}")
    items.append(f"'sweep_seconds'={max(0.0, snapshot.duration_seconds):.3f}s;;;0;")
    measured = []
    for service in sorted(services, key=lambda service: service.name):
        if service.qos is not None:
            label = re.sub(r'[^A-Za-z0-9_.-]', '_', service.name)[:60]
            measured.append(f"'qos_{label}'={service.qos:.4f};;;0;1")
    return ' '.join([*items, *_fitting(measured, _MAX_QOS_BYTES)])


def _within_bounds(first: str, rest: list[str]) -> list[str]:
    """Return as many lines as fit, and how many do not."""
    # Two ends of lines: that of the first, and that of the one which says what is left out.
    footer = f'({counted(len(rest), "line")} left out)'
    room = MAX_BYTES - len(first.encode()) - len(footer) - 2
    kept = _fitting(rest, room)
    left = len(rest) - len(kept)
    return [first, *kept, *([f'({counted(left, "line")} left out)'] if left else [])]


def _fitting(texts: list[str], room: int) -> list[str]:
    """Return the first texts that fit into so many bytes, each with what parts it from others."""
    used = accumulate(len(text.encode()) + 1 for text in texts)
    return texts[: sum(size <= room for size in used)]
