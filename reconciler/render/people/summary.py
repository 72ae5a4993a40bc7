"""A few plain lines, for a message, a login greeting or a pager."""

from __future__ import annotations

from reconciler.values.readings import ServiceHealth, Snapshot
from reconciler.values.words import counted

from ..base import safe
from ..cases import model_name, not_well, overall_health, tally
from ..meaning import blame_text, cause_text, causes_shown
from ..options import RenderOptions

_MOST = 5
_MOST_CAUSES = 3


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the verdict, then at most five services that are not well, one line each."""
    lines = [f'{model_name(snapshot)}: {overall_health(snapshot).value}: {tally(snapshot)}']
    if not snapshot.complete:
        lines[0] += '; the sweep is incomplete'
    lines += [
        f'cause: {cause_text(snapshot, cause)}' for cause in causes_shown(snapshot)[:_MOST_CAUSES]
    ]
    lines += [
        f'view {safe(view.name, 100)}: {view.health.value}' for view in snapshot.views[:_MOST]
    ]
    unwell = not_well(snapshot)
    lines += [_about(service) for service in unwell[:_MOST]]
    if len(unwell) > _MOST:
        lines.append(f'and {counted(len(unwell) - _MOST, "service")} more')
    lines += [f'note: {safe(note, 200)}' for note in snapshot.notes[:_MOST]]
    lines += [f'sweep: {safe(fault, 200)}' for fault in snapshot.faults[:_MOST]]
    return '\n'.join(lines) + '\n'


def _about(service: ServiceHealth) -> str:
    coverage = service.coverage
    silent = coverage.expected - coverage.seen
    without = f' ({silent} of {counted(coverage.expected, "unit")} without a report)'
    message = safe(service.message, 200)
    line = f'{service.health.value} {safe(service.name, 100)}: {message}'.rstrip(': ')
    line += without if silent else ''
    # The reason stands with the cause already.
    blamed = blame_text(service, with_reason=False)
    notes = [blamed, *sorted({suppression.kind for suppression in service.suppressed})]
    return '; '.join([line, *(safe(note, 200) for note in notes if note)])
