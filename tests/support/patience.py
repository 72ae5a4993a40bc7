"""How long a test waits for what should happen, and how it waits until it has happened."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from charm.kernel.deadline import Deadline

# In seconds. Only a hang takes longer, however busy the machine is; pytest's own limit is later.
PATIENCE = 150


def passing_once(ready: Callable[[], bool]) -> Deadline:
    """Return a deadline that passes once `ready()` holds, which has to go on holding."""
    return Deadline(time.monotonic() + PATIENCE, lambda: math.inf if ready() else time.monotonic())
