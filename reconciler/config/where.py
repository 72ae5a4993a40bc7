"""Where `health.yaml` is looked for; see `docs/configuration.md`."""

from __future__ import annotations

import os
from pathlib import Path

NAME = 'health.yaml'
VARIABLE = 'JUJU_HEALTH_CONFIG'


def find() -> Path | None:
    """Return the file to use where none is named: the first of these that is there.

    `$JUJU_HEALTH_CONFIG`, which must be there; `$XDG_CONFIG_HOME/juju-health/health.yaml`, where
    that variable is by default `~/.config`; `/etc/juju-health/health.yaml`. The directory that
    one happens to stand in is not searched: its file could name commands to run.
    """
    named = os.environ.get(VARIABLE, '')
    if named:
        return Path(named)
    home = os.environ.get('XDG_CONFIG_HOME', '')
    base = Path(home) if os.path.isabs(home) else Path.home() / '.config'
    found = (place / 'juju-health' / NAME for place in (base, Path('/etc')))
    return next((path for path in found if path.exists()), None)
