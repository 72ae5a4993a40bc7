"""Which of a controller's models is meant: `juju status` tells neither owner nor UUID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def identity(
    listing: Sequence[Mapping[str, Any]], full: str, short: str
) -> tuple[str, str] | None:
    """Return the full name and the UUID of a model of `juju models`; `None` if none is meant.

    Several users may each have one of that name; `owner/name` tells which is meant.

    Args:
        listing: what `juju models` tells of each.
        full: as `owner/name`; without an owner it says nothing.
        short: its name as its status has it.
    """
    named = [entry for entry in listing if '/' in full and entry.get('name') == full]
    named = named or [entry for entry in listing if entry.get('short-name') == short]
    if len(named) != 1 or not isinstance(named[0].get('model-uuid'), str):
        return None
    return str(named[0].get('name', short)), named[0]['model-uuid']
