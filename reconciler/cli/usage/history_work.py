"""Loading what works with the history, which needs what not every machine has."""

from __future__ import annotations

from typing import Any

from reconciler.values.by_name import load
from reconciler.values.errors import UsageError


def load_history(name: str) -> Any:
    """Return what a module calls so, as `load` does.

    Raises:
        UsageError: what it needs is not installed.
    """
    try:
        return load(name)
    except ImportError as error:
        wanted = "pip install 'juju-health[history]'"
        raise UsageError(f'cannot use a history: {error}; {wanted}') from error
