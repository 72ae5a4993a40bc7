"""Whether Juju is removing what it tells of (core/life; cmd/juju/status, Juju 2.9 to 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What juju calls what is being removed, and what is about to go.
ENDING = ('dying', 'dead')


def is_leaving(unit: Mapping[str, Any]) -> bool:
    """Return whether a unit of `juju status` is dying, dead or terminated.

    The client tells a unit's life with its agent's status; a unit that has run its last hook is
    `terminated` for a while.
    """
    agent, workload = unit.get('juju-status'), unit.get('workload-status')
    lives = [unit.get('life'), agent.get('life') if isinstance(agent, dict) else None]
    word = workload.get('current') if isinstance(workload, dict) else None
    return word == 'terminated' or any(life in ENDING for life in lives)
