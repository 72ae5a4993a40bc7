"""The one table of exit codes; documented in `docs/exit-codes.md`."""

from __future__ import annotations

from charm.report import Health

from .readings import Snapshot

EXIT_CODES = {Health.PASSED: 0, Health.WARN: 1, Health.FAIL: 2, Health.UNKNOWN: 3}
USAGE = 3


def exit_code(snapshot: Snapshot, fail_on: Health = Health.WARN) -> int:
    """Return the exit code: 0 below the `fail_on` line, else the health's own.

    An incomplete sweep that is not worse anyway exits as `unknown` does.
    """
    health = snapshot.health
    if not snapshot.complete and health.rank < Health.UNKNOWN.rank:
        health = Health.UNKNOWN
    return EXIT_CODES[health] if health.rank >= fail_on.rank else 0
