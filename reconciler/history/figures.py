"""Figures of checks that run full: how much of a disk, its inodes or memory is used, 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..values.readings import Snapshot
from .subject import CHECK, Subject

# A machine with more file systems than this has them come and go.
_MOST = 64


def figures_of(snapshot: Snapshot) -> Mapping[Subject, Mapping[str, float]]:
    """Return each check's figures, by names such as `/var used` and `memory used`."""
    found: dict[Subject, Mapping[str, float]] = {}
    for reading in snapshot.readings():
        for check in reading.report.checks if reading.report else ():
            figures = dict(_of_data(check.data))
            if figures:
                found[Subject(CHECK, f'{reading.unit.name} {check.name}')] = figures
    return found


def _of_data(data: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield what the built-in checks `disk` and `memory` tell; docs/checks.md has their data."""
    mounts = data.get('mounts')
    if isinstance(mounts, dict):
        for path, about in list(mounts.items())[:_MOST]:
            if isinstance(about, dict):
                yield from _ratio(f'{path} used', about.get('used_ratio'))
                yield from _ratio(f'{path} inodes used', about.get('inodes_used_ratio'))
    for name, used in _ratio('memory used', data.get('available_ratio')):
        yield name, 1.0 - used


def _ratio(name: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        yield name, float(value)
