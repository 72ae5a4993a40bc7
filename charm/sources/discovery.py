"""Where checks come from that nobody defined for us: one line for each source."""

from __future__ import annotations

import os

from ..kernel.errors import DefinitionError, HealthError
from ..kernel.hints import Callable, Mapping
from ..kernel.paths import HERE
from . import pebble_sockets, principal
from .found import NRPE_CONFIG, NRPE_DIRECTORY, FoundChecks

Source = Callable[[str, str, FoundChecks], FoundChecks]


def _nrpe(_unit: str, _reporter: str, _before: FoundChecks) -> FoundChecks:
    if not (os.path.exists(NRPE_CONFIG) or os.path.exists(NRPE_DIRECTORY)):
        return FoundChecks()
    from .nrpe import commands

    return commands.find()


def _monitors(unit: str, _reporter: str, before: FoundChecks) -> FoundChecks:
    if not os.path.exists(HERE.monitors):
        return FoundChecks()
    from .monitors import requested

    return requested.find(unit, before.names)


# Each is given the unit reported for, the unit whose charm reports, and what those before it have
# found. The names of a source's checks begin with its word.
SOURCES: Mapping[str, Source] = {
    'nrpe': _nrpe,
    'pebble': lambda _unit, _reporter, _before: pebble_sockets.find(),
    'principal': lambda unit, reporter, _before: principal.find(unit, reporter),
    'monitors': _monitors,
}


def find(unit: str, reporter: str) -> FoundChecks:
    """Return the checks of every source, which definitions may retune, rename or turn off."""
    found = FoundChecks()
    for word, source in SOURCES.items():
        try:
            found += source(unit, reporter, found)
        except (HealthError, OSError) as error:
            found += FoundChecks(faults=(DefinitionError(word, '', str(error)),))
        except Exception as error:  # noqa: BLE001 - the boundary: a source costs only itself
            reason = f'{type(error).__name__}: {error}'
            found += FoundChecks(faults=(DefinitionError(word, '', reason),))
    return found
