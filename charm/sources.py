"""Where checks come from that nobody defined for us: one line for each source."""

from __future__ import annotations

from typing import Callable, Mapping

from . import monitors, nrpe, pebble, principal
from .errors import DefinitionError, HealthError
from .sourced import Sourced

Source = Callable[[str, str, Sourced], Sourced]

# Each is given the unit reported for, the unit whose charm reports, and what those before it have
# found. The names of a source's checks begin with its word.
SOURCES: Mapping[str, Source] = {
    'nrpe': lambda _unit, _reporter, _before: nrpe.find(),
    'pebble': lambda _unit, _reporter, _before: pebble.find(),
    'principal': lambda unit, reporter, _before: principal.find(unit, reporter),
    'monitors': lambda unit, _reporter, before: monitors.find(unit, before.names),
}


def find(unit: str, reporter: str) -> Sourced:
    """Return the checks of every source, which definitions may retune, rename or turn off."""
    found = Sourced()
    for word, source in SOURCES.items():
        try:
            found += source(unit, reporter, found)
        except (HealthError, OSError) as error:
            # A source that cannot be looked into costs only itself.
            found += Sourced(faults=(DefinitionError(word, '', str(error)),))
    return found
