"""Where checks come from that nobody defined for us: one line for each source."""

from __future__ import annotations

import os
from typing import Callable, Mapping

from . import pebble, principal
from .errors import DefinitionError, HealthError
from .sourced import MONITORS, NRPE_CONFIG, NRPE_DIRECTORY, Sourced

Source = Callable[[str, str, Sourced], Sourced]


def _nrpe(_unit: str, _reporter: str, _before: Sourced) -> Sourced:
    if not (os.path.exists(NRPE_CONFIG) or os.path.exists(NRPE_DIRECTORY)):
        return Sourced()
    from . import nrpe  # Here, since most machines have no NRPE and it takes a while.

    return nrpe.find()


def _monitors(unit: str, _reporter: str, before: Sourced) -> Sourced:
    if not os.path.exists(MONITORS):
        return Sourced()
    from . import monitors  # Here, as above.

    return monitors.find(unit, before.names)


# Each is given the unit reported for, the unit whose charm reports, and what those before it have
# found. The names of a source's checks begin with its word.
SOURCES: Mapping[str, Source] = {
    'nrpe': _nrpe,
    'pebble': lambda _unit, _reporter, _before: pebble.find(),
    'principal': lambda unit, reporter, _before: principal.find(unit, reporter),
    'monitors': _monitors,
}


def find(unit: str, reporter: str) -> Sourced:
    """Return the checks of every source, which definitions may retune, rename or turn off."""
    found = Sourced()
    for word, source in SOURCES.items():
        try:
            found += source(unit, reporter, found)
        except (HealthError, OSError) as error:
            found += Sourced(faults=(DefinitionError(word, '', str(error)),))
        except Exception as error:  # noqa: BLE001 - the boundary: a source costs only itself
            reason = f'{type(error).__name__}: {error}'
            found += Sourced(faults=(DefinitionError(word, '', reason),))
    return found
