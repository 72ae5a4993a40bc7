"""The part of a sweep, or of what changed, that the operator chose to see."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import replace

from charm.kernel.report import Health
from reconciler.saved.diff import Diff
from reconciler.values.readings import Reading, ServiceHealth, Snapshot

from .view import View


def chosen(snapshot: Snapshot, view: View) -> Snapshot:
    """Return the snapshot with what the view shows of its services, causes and views alone.

    What is said of the sweep itself stays.
    """
    services = tuple(
        part
        for service in snapshot.services
        if not (view.problems and service.health is Health.PASSED)
        and (part := _part(service, view.pattern)) is not None
    )
    left = {service.name for service in services}
    return replace(
        snapshot,
        services=services,
        causes=tuple(
            cause
            for cause in snapshot.causes
            if left.intersection((*cause.node.services, *cause.victims))
            or matches(view.pattern, (str(cause.node),))
        ),
        views=tuple(
            one
            for one in snapshot.views
            if not (view.problems and one.health is Health.PASSED)
            and (matches(view.pattern, (one.name,)) or left.intersection(one.members))
        ),
    )


def chosen_changes(found: Diff, view: View) -> Diff:
    """Return what changed as far as the view shows it."""
    return replace(
        found,
        changes=tuple(
            change
            for change in found.changes
            if (change.worse or not view.problems)
            and matches(view.pattern, (change.name, change.message, change.before, change.after))
        ),
    )


def matches(pattern: str, texts: Iterable[str]) -> bool:
    """Return whether a text has the pattern in it, or is like it if that is a glob.

    Upper and lower case are the same; all texts have the empty pattern in them.
    """
    wanted = pattern.lower()
    if any(sign in wanted for sign in '*?['):
        return any(fnmatch.fnmatchcase(text.lower(), wanted) for text in texts)
    return any(wanted in text.lower() for text in texts)


def _part(service: ServiceHealth, pattern: str) -> ServiceHealth | None:
    """Return the service, or what the pattern leaves of its units; `None` if it is not meant."""
    if matches(pattern, (service.name,)):
        return service
    readings = tuple(one for one in service.readings if matches(pattern, _texts(one)))
    state = service.state.name.value if service.state else ''
    if readings or matches(pattern, (service.health.value, state, service.message)):
        return replace(service, readings=readings)
    return None


def _texts(reading: Reading) -> Iterable[str]:
    yield from (reading.unit.name, reading.unit.machine, reading.outcome.value, reading.message)
    for check in reading.checks:
        yield from (check.name, check.message)
