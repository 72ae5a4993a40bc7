"""Whether Juju is removing what it tells of (core/life; cmd/juju/status, Juju 2.9 to 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What juju calls what is being removed, and what is about to go.
ENDING = ('dying', 'dead')


def is_leaving(fields: Mapping[str, Any]) -> bool:
    """Return whether a unit, a machine or an application of `juju status` is being removed.

    The client tells the life of units and machines with their agent's status; a unit that has run
    its last hook is `terminated` for a while.
    """
    agent, workload = fields.get('juju-status'), fields.get('workload-status')
    lives = [fields.get('life'), agent.get('life') if isinstance(agent, dict) else None]
    word = workload.get('current') if isinstance(workload, dict) else None
    return word == 'terminated' or any(life in ENDING for life in lives)
