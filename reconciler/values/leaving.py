"""Which units go, since Juju removes them: they are no part of their service any more."""

from __future__ import annotations

from collections.abc import Sequence

from .readings import Outcome, Reading


def leaves(reading: Reading) -> bool:
    """Return whether Juju is removing the unit, or has since its status was read."""
    return reading.unit.leaving or reading.outcome is Outcome.LEAVING


def goes(reading: Reading) -> bool:
    """Return whether it leaves, and Juju says nothing by which it is stuck.

    So of a reading that is concluded; see `judge.leaving`.
    """
    return leaves(reading) and reading.juju is None


def staying(readings: Sequence[Reading]) -> Sequence[Reading]:
    """Return those that are a part of their service still; all of them where none would be."""
    return [reading for reading in readings if not goes(reading)] or readings
