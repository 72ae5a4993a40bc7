"""Where checks come from that nobody defined for us: one line for each source."""

from __future__ import annotations

from typing import Callable, Mapping

from . import nrpe, pebble, principal
from .sourced import Sourced

# Each is given the unit reported for and the unit whose charm reports.
SOURCES: Mapping[str, Callable[[str, str], Sourced]] = {
    'nrpe': lambda _unit, _reporter: nrpe.find(),
    'pebble': lambda _unit, _reporter: pebble.find(),
    'principal': principal.find,
}


def find(unit: str, reporter: str) -> Sourced:
    """Return the checks of every source, which definitions may retune, rename or turn off."""
    found = Sourced()
    for source in SOURCES.values():
        found += source(unit, reporter)
    return found
