"""What a gate was told, and the interrupts that end its wait."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from charm.kernel.report import Health


@dataclass(frozen=True)
class GateOptions:
    """The options of a gate.

    Attributes:
        wait_for: `passed`, `warn`, or `None` for no gate.
        within: seconds for all attempts together.
        every: seconds from one attempt's start to the next one's.
    """

    wait_for: str | None = None
    within: float = 600.0
    every: float = 15.0

    @property
    def goal(self) -> Health | None:
        """Return the worst health that opens the gate; `None` for no gate."""
        return Health.parse(self.wait_for) if self.wait_for else None


@contextmanager
def noting_interrupts() -> Generator[Callable[[], bool], None, None]:
    """Within the block, note interrupts, which still interrupt; yields whether there was one."""
    numbers: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        numbers.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(numbers)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
