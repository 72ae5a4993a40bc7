"""Markdown, as GitHub reads it: for a ticket, a chat or a run book.

Whatever comes from a model stands in a code span, where no markup, link, mention or HTML works.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from charm.kernel.report import Health
from reconciler.values.readings import Snapshot
from reconciler.values.words import counted, duration_text

from ..alike import FindingLine, ServiceLine, found_of, service_lines
from ..base import safe, state_text
from ..cases import model_name, overall_health, tally
from ..meaning import cause_text, causes_shown, remarks, rule_text, view_text
from ..options import RenderOptions

_RUN = re.compile('`+')


def code(text: str) -> str:
    """Return untrusted text as a code span; `-` if there is none.

    Its fence is longer than any run of backticks in it (CommonMark 0.31, 6.1).
    """
    line = safe(text)
    if not line:
        return '-'
    fence = '`' * (max((len(run) for run in _RUN.findall(line)), default=0) + 1)
    pad = ' ' if line.startswith('`') or line.endswith('`') else ''
    return f'{fence}{pad}{line}{pad}{fence}'


def cell(text: str) -> str:
    """Return untrusted text as a code span for a table.

    A bar becomes a broken one: readers disagree on how to escape it inside a span.
    """
    return code(text.replace('|', '¦'))


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return a heading, the services as a table, and what is wrong as lists."""
    shown = service_lines(snapshot.services, options)
    lines = [f'## {code(model_name(snapshot))}: {overall_health(snapshot).value}', '']
    took = duration_text(snapshot.duration_seconds)
    units = counted(len(snapshot.readings()), 'unit')
    moment = snapshot.started_at.strftime('%Y-%m-%d %H:%M:%S UTC')
    lines += [f'{tally(snapshot)}; {units} at {moment}, took {took}.', '']
    if not snapshot.complete:
        lines += ['**The sweep ended before every unit was asked.**', '']
    lines += _meaning(snapshot)
    if snapshot.services:
        lines.append('| Service | Health | Units | QoS | State |')
        lines.append('| --- | --- | ---: | ---: | --- |')
        lines += [*map(_row, shown), '']
    for line in shown:
        if options.unit_detail or line.first.health is not Health.PASSED:
            lines += [*_about(line, options), '']
    if snapshot.notes:
        lines += ['### By the operator', '', *(f'- {code(one)}' for one in snapshot.notes), '']
    if snapshot.faults:
        lines += ['### The sweep itself', '', *(f'- {code(one)}' for one in snapshot.faults), '']
    return '\n'.join(lines).rstrip('\n') + '\n'


def _meaning(snapshot: Snapshot) -> list[str]:
    """Return the causes and the views, as lists."""
    causes = [
        f'- {_word(o.health)} {code(cause_text(snapshot, o))}' for o in causes_shown(snapshot)
    ]
    views = [f'- {_word(o.health)} {code(view_text(o))}' for o in snapshot.views]
    parts = (('### Causes', causes), ('### Views', views))
    return [line for title, told in parts if told for line in (title, '', *told, '')]


def _row(line: ServiceLine) -> str:
    service, alone = line.first, len(line.services) == 1
    units = f'{line.coverage.seen}/{line.coverage.expected}'
    qos = f'{service.qos:.2f}' if alone and service.qos is not None else '-'
    state = cell(state_text(service.state)) if alone and service.state else '-'
    cells = (cell(line.name), _word(service.health), units, qos, state)
    return f'| {" | ".join(cells)} |'


def _word(health: Health) -> str:
    return health.value if health is Health.PASSED else f'**{health.value}**'


def _about(line: ServiceLine, options: RenderOptions) -> Iterator[str]:
    service = line.first
    yield f'### {code(line.name)}: {service.health.value}'
    yield ''
    if len(line.services) > 1:
        yield f'{code(line.message)}.'
        return
    yield f'{code(service.message)}, {code(rule_text(service))}.'
    lines = [f'- {code(remark)}' for remark in remarks(service)]
    lines += [_item(one) for one in found_of(service, options)]
    if lines:
        yield ''
        yield from lines


def _item(found: FindingLine) -> str:
    finding, reading = found.row, found.row.reading
    line = f'- {_word(finding.health)} {code(found.whom)} {code(finding.what)}'
    line += f': {code(finding.message)}' if finding.message else ''
    if finding.check is None and reading.advice:
        line += f'; {code(str(reading.advice))}'
    return line
