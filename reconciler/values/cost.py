"""Where the time of a sweep went: what `--timing` says at its end."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar('Item')

# In the order in which a sweep takes them; nothing else in it takes long.
STATUS, SAID, ASKING, READING, COLLATION, WORDS = STEPS = (
    *('juju status', 'suppressions', 'asking machines', 'reading answers', 'collation', 'words'),
)
# Of each machine, while many are asked at once: until it runs what was asked of it, and then.
LOGIN, FAR_SIDE = SHARES = ('login', 'far side')


class SweepCost:
    """The seconds that each step of a sweep took, by the monotonic clock; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[str, float] = defaultdict(float)
        self._machines: dict[str, list[float]] = {share: [] for share in SHARES}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what happens within as one of `STEPS`."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.add(name, time.monotonic() - began)

    def waiting(self, name: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and count what they are waited for as one of `STEPS`."""
        waited = iter(items)
        while True:
            with self.step(name):
                try:
                    item = next(waited)
                except StopIteration:
                    return
            yield item

    def add(self, name: str, seconds: float) -> None:
        """Count so many seconds more of one of `STEPS`."""
        with self._lock:
            self._steps[name] += seconds

    def add_machine(self, share: str, seconds: float) -> None:
        """Count what one machine took of one of `SHARES`."""
        with self._lock:
            self._machines[share].append(seconds)

    @property
    def steps(self) -> Mapping[str, float]:
        """Return the seconds by step, in the order of `STEPS`, without those not taken."""
        with self._lock:
            return {name: self._steps[name] for name in STEPS if name in self._steps}

    def machines(self, share: str) -> list[float]:
        """Return what each machine took of one of `SHARES`, the shortest first."""
        with self._lock:
            return sorted(self._machines[share])
