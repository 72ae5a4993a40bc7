"""When a pause between two sweeps is a gap, in which nobody knows how the model was: one rule."""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE = 60_000
# Sweeps may be late, and one may be lost; so many of the usual pauses are none.
_TIMES = 3
# Whoever sweeps by hand beside a timer makes no gaps of the timer's pauses.
_LEAST, _MOST = 3 * _MINUTE, 60 * _MINUTE
# The usual pause is the longest of late: by each shorter one it becomes less by a tenth.
_FADE = 0.9


@dataclass(frozen=True)
class Spell:
    """A time in which sweeps followed each other. Times are milliseconds since 1970, UTC.

    Attributes:
        id: its row; 0 for one that has none yet.
        sweeps: how many there were.
        usual: the usual pause; 0 before there was any.
        remembered: how many sweeps there were when `parts` was written; `None` if never.
    """

    since: int
    until: int
    sweeps: int = 1
    usual: int = 0
    id: int = 0
    remembered: int | None = None

    @property
    def longest_pause(self) -> int:
        """Return the longest pause that is no gap, in milliseconds: three usual ones.

        It is at least three minutes, and at most an hour: after a longer one nobody knows.
        """
        if not self.usual:
            return _MOST
        return min(max(_TIMES * self.usual, _LEAST), _MOST)


def follow(spell: Spell | None, at: int, longest: int | None = None) -> Spell:
    """Return the spell after a sweep at `at`: the same, longer, or after a gap a new one.

    `longest` is the longest pause that is no gap, where the operator says so.
    """
    if spell is None:
        return Spell(at, at)
    pause = at - spell.until
    if pause > (spell.longest_pause if longest is None else longest):
        return Spell(at, at)
    usual = max(pause, round(spell.usual * _FADE))
    return Spell(spell.since, at, spell.sweeps + 1, usual, spell.id)
