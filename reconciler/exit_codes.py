"""The one table of exit codes; documented in `docs/exit-codes.md`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from charm.report import Health, worst

from .maintenance import is_covered
from .readings import Snapshot

EXIT_CODES = {Health.PASSED: 0, Health.WARN: 1, Health.FAIL: 2, Health.UNKNOWN: 3}
USAGE = 3


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
    """Return the snapshot with the health that it has without the excused services."""
    counting = [
        one.health
        for one in snapshot.services
        if not (excused and is_covered(one, snapshot.model, excused))
    ]
    if len(counting) == len(snapshot.services):
        return snapshot
    return replace(snapshot, health=worst([Health.PASSED, *counting]))
