"""Why a gate stays shut, for people."""

from __future__ import annotations

from charm.kernel.report import Health
from charm.kernel.safe_text import clean

from ...values.readings import Snapshot
from ..cases import not_well
from ..meaning import cause_text, causes_shown

_MOST_REASONS = 10


def reasons(snapshot: Snapshot, goal: Health) -> list[str]:
    """Return why a snapshot does not open the gate, the causes first, one line each."""
    lines = [f'cause: {cause_text(snapshot, cause)}' for cause in causes_shown(snapshot)]
    lines += [
        clean(f'{service.health.value} {service.name}: {service.message}')
        for service in not_well(snapshot)
        if service.health.rank > goal.rank
    ]
    more = len(lines) - _MOST_REASONS
    rest = [f'and {more} more'] if more > 0 else []
    rest += [] if snapshot.complete else ['the sweep is incomplete']
    return [*lines[:_MOST_REASONS], *rest, *map(clean, snapshot.faults)]
