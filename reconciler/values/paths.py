"""Where the orchestrator keeps what it learns, by the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path

NAME = 'juju-health'


def state_directory() -> Path:
    """Return the directory of what outlives one run; whoever writes there makes it.

    `$XDG_STATE_HOME/juju-health`, or `~/.local/state/juju-health` where that variable is unset,
    empty, or, as the specification has it, not absolute.
    """
    named = os.environ.get('XDG_STATE_HOME', '')
    base = Path(named) if os.path.isabs(named) else Path.home() / '.local' / 'state'
    return base / NAME
