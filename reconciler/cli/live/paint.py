"""What to send to a terminal so that it shows other lines than before: those that changed, alone.

The control codes are those of ECMA-48 that every terminal knows; where one is private it is
xterm's, and ignored by who does not know it.
"""

from __future__ import annotations

from collections.abc import Sequence

# The alternate screen, no cursor, and no further line for what is too wide.
ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
LEAVE = '\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l'
_CLEAR = '\x1b[0m\x1b[2J'
_ERASE = '\x1b[2K'


def painted(before: Sequence[str] | None, after: Sequence[str]) -> str:
    """Return what turns a screen of the lines `before` into one of the lines `after`.

    Without lines before, the screen is cleared, whatever it shows.
    """
    if before is None or len(before) != len(after):
        return _CLEAR + ''.join(f'{_at(row)}{line}' for row, line in enumerate(after, 1) if line)
    # Erased first: behind a line as wide as the screen there is nowhere to stand.
    return ''.join(
        f'{_at(row)}{_ERASE}{line}'
        for row, (was, line) in enumerate(zip(before, after, strict=True), 1)
        if line != was
    )


def _at(row: int) -> str:
    return f'\x1b[{row};1H'
