"""The exit code of a sweep; documented in `docs/exit-codes.md`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from charm.kernel.exit_codes import EXIT_CODES
from charm.kernel.report import Health, worst

from ..config.suppressions import is_covered
from ..values.readings import Snapshot


def exit_code(
    snapshot: Snapshot, fail_on: Health = Health.WARN, excused: Collection[str] = ()
) -> int:
    """Return the exit code: 0 below the `fail_on` line, else the health's own.

    An incomplete sweep that is not worse anyway exits as `unknown` does. A service all of whose
    troubles are covered by suppressions of the kinds in `excused` does not count.
    """
    health = leave_out(snapshot, excused).health
    if not snapshot.complete and health.rank < Health.UNKNOWN.rank:
        health = Health.UNKNOWN
    return EXIT_CODES[health] if health.rank >= fail_on.rank else 0


def leave_out(snapshot: Snapshot, excused: Collection[str]) -> Snapshot:
    """Return the snapshot without the excused services, and what is a cause for them alone."""
    counting = tuple(
        service
        for service in snapshot.services
        if not (excused and is_covered(service, snapshot.model, excused))
    )
    if len(counting) == len(snapshot.services):
        return snapshot
    left = {service.name for service in counting}
    return replace(
        snapshot,
        services=counting,
        health=worst([snapshot.ceiling, *(service.health for service in counting)]),
        causes=tuple(
            cause
            for cause in snapshot.causes
            if left.intersection((*cause.node.services, *cause.victims))
        ),
    )
