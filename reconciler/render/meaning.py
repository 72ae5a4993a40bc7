"""What a sweep means, in lines that formats share: causes, blame, views, what is planned or known.

Each is one line of safe text; a format escapes it once more by its own rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.values import readings as values
from reconciler.values.explained import as_told, explained_by, explains
from reconciler.values.node import NodeKind
from reconciler.values.readings import Cause, ServiceHealth, Snapshot, ViewHealth
from reconciler.values.words import first_few

from .base import safe
from .blame import because_of

_MOST_NAMES = 8


def rule_text(service: ServiceHealth | ViewHealth) -> str:
    """Return such as `by the rule at-least 2: 1 of 3 units passed, 2 are needed`."""
    told = f'by the rule {safe(service.rule, 200)}'
    return f'{told}: {safe(service.because, 300)}' if service.because else told


def causes_shown(snapshot: Snapshot) -> tuple[Cause, ...]:
    """Return the causes that explain more than themselves, and those that are no service."""
    return tuple(
        cause
        for cause in snapshot.causes
        if cause.victims or cause.node.kind is not NodeKind.SERVICE
    )


def cause_text(snapshot: Snapshot, cause: Cause) -> str:
    """Return such as `mysql likely explains 2 services (web, wordpress): disk: 97% full`."""
    explained = ', '.join(
        f'{explains(certainty, names)} ({_names(names)})'
        for certainty, names in explained_by(snapshot, cause)
    )
    told = f'{safe(str(cause.node), 200)} {explained or f"is {as_told(cause).adverb}a cause"}'
    return f'{told}: {safe(cause.message, 300)}' if cause.message else told


def blame_text(service: ServiceHealth, with_reason: bool = True) -> str:
    """Return such as `likely because of mysql: it waits for mysql, which fails`.

    Empty unless it is a victim.
    """
    told = safe(because_of(service))
    reason = service.blame.reason if service.blame and told and with_reason else ''
    return f'{told}: {safe(reason, 300)}' if reason else told


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
    return [*([blamed] if blamed else []), *said_of(service)]


def said_of(service: ServiceHealth) -> list[str]:
    """Return what operators said of a service, and who was told of it, or why nobody is.

    That another one is its cause is said beside it.
    """
    planned = [suppression_text(suppression) for suppression in service.suppressed]
    told = '' if because_of(service) else service.alerting
    return [*planned, *([safe(told, 300)] if told else [])]
