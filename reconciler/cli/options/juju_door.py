"""The door to the juju command that the options name."""

from __future__ import annotations

from pathlib import Path

from reconciler.juju.command import Juju


def door(juju: str, model: str = '') -> Juju:
    """Return the door to the command `juju`, a path or a name, for a model."""
    # Commands run in the root directory, so a path is made whole; a name is looked up on PATH.
    return Juju(binary=str(Path(juju).absolute()) if '/' in juju else juju, model=model)
