"""How a run goes on: a pure rule for one subject, from its last run and the next look.

A health settles when it was seen so many looks in a row, and is then dated back to the first of
them: what one look saw and the next did not never counts, and stands in the history all the same.
What is well at the very first look is so at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from charm.kernel.report import Health

from .looks import Look

LOOKS = 2


@dataclass(frozen=True)
class OpenRun:
    """A run that lasts. Times are milliseconds since 1970, UTC.

    Attributes:
        look: its first look.
        settled: the health that counts.
        looks: how many looks in a row disagree with that, to the last one.
        doubted: when those began; `None` for none.
        last_message: what the last look said.
        id: its row; 0 for one that has none yet.
    """

    look: Look
    settled: Health
    looks: int = 0
    doubted: int | None = None
    last_message: str = ''
    id: int = 0

    def is_like(self, look: Look) -> bool:
        """Return whether a look goes on with it: messages may differ, as figures in them do."""
        own = self.look
        return (own.health, own.state, own.evidence) == (look.health, look.state, look.evidence)


def begin(look: Look, at: int, wanted: int) -> OpenRun:
    """Return the run of a first look at a subject."""
    if look.health in (Health.PASSED, Health.UNKNOWN) or wanted <= 1:
        return OpenRun(look, look.health, last_message=look.message)
    return OpenRun(look, Health.UNKNOWN, 1, at, look.message)


def follow(run: OpenRun, look: Look, at: int, wanted: int) -> OpenRun:
    """Return the run after one more look: the same, longer, or a new one without an id.

    Where its settled health is another than before, that of all runs since `run.doubted` is, or of
    the new one alone if there was no doubt.
    """
    if look.health is run.settled:
        after = OpenRun(look, run.settled)
    elif run.looks + 1 >= wanted:
        after = OpenRun(look, look.health)
    else:
        after = OpenRun(look, run.settled, run.looks + 1, at if run.looks == 0 else run.doubted)
    if run.is_like(look):
        after = replace(after, look=run.look, id=run.id)
    return replace(after, last_message=look.message)
