"""What a status tells of a charm, beside its words."""

from __future__ import annotations

import re
from typing import Any

_STORE = re.compile(r'^(?:cs|ch|local):')
_REVISION = re.compile(r'-\d+$')


def revision_of(value: Any) -> int | None:
    """Return a charm's revision as a status tells it; `None` for what is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 1 << 31 else None


def charm_name(url: str) -> str:
    """Return the charm's name in a charm URL, such as `mysql` in `ch:amd64/jammy/mysql-58`."""
    return _REVISION.sub('', _STORE.sub('', url).split('/')[-1])
