"""What a sweep means, in lines that formats share: causes, blame, views, what is planned or known.

Each is one line of safe text; a format escapes it once more by its own rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.values import readings as values
from reconciler.values.readings import Cause, ServiceHealth, Snapshot, ViewHealth
from reconciler.values.words import counted, first_few

from .base import safe

_MOST_NAMES = 8


def rule_text(service: ServiceHealth | ViewHealth) -> str:
    """Return such as `by the rule at-least 2: 1 of 3 units passed, 2 are needed`."""
    told = f'by the rule {safe(service.rule, 200)}'
    return f'{told}: {safe(service.because, 300)}' if service.because else told


def causes_shown(snapshot: Snapshot) -> tuple[Cause, ...]:
    """Return the causes that explain more than themselves."""
    return tuple(cause for cause in snapshot.causes if cause.victims)


def cause_text(cause: Cause) -> str:
    """Return such as `mysql explains 2 services (web, wordpress): disk: 97% full`."""
    count = counted(len(cause.victims), 'service')
    told = f'{safe(str(cause.node), 200)} explains {count} ({_names(cause.victims)})'
    return f'{told}: {safe(cause.message, 300)}' if cause.message else told


def blame_text(service: ServiceHealth, with_reason: bool = True) -> str:
    """Return such as `caused by mysql`, with the way to it; empty unless it is a victim."""
    blame = service.blame
    if blame is None or blame.role is not values.Role.VICTIM:
        return ''
    *between, cause = [safe(str(node), 100) for node in blame.path] or ['something else']
    way = f', through {", ".join(between)}' if between else ''
    reason = f': {safe(blame.reason, 300)}' if blame.reason and with_reason else ''
    return f'caused by {cause}{way}{reason}'


def suppression_text(one: values.Suppression) -> str:
    """Return such as `maintenance: web until 2026-11-23 10:00 UTC: new disks (ann)`."""
    by = f' ({safe(one.by, 100)})' if one.by else ''
    about = f'{safe(one.kind, 50)}: {safe(one.target, 200)} until {one.until:%Y-%m-%d %H:%M} UTC'
    return f'{about}: {safe(one.reason, 300)}{by}'


def view_text(view: ViewHealth) -> str:
    """Return such as `shop (web, db), by the rule worst: db fails`."""
    return f'{safe(view.name, 200)} ({_names(view.members)}), {rule_text(view)}'


def _names(names: Sequence[str]) -> str:
    return first_few([safe(name, 100) for name in names], _MOST_NAMES)


def remarks(service: ServiceHealth) -> list[str]:
    """Return what there is to say of a service beside its message: its cause, what is planned."""
    blamed = blame_text(service)
    planned = [suppression_text(suppression) for suppression in service.suppressed]
    return [*([blamed] if blamed else []), *planned]
