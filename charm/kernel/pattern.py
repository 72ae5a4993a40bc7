"""Regular expressions that are compiled when they are first used.

Most of what a run loads it never matches, and compiling one takes longer than loading its module.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, AnyStr, Pattern

_METHODS = ('match', 'fullmatch', 'search', 'findall', 'finditer', 'split', 'sub', 'subn')


def pattern(text: AnyStr, flags: int = 0) -> Pattern[AnyStr]:
    """Return what `re.compile` does, compiled when somebody first wants something of it."""
    return Uncompiled(text, flags)  # type: ignore[return-value]


class Uncompiled:
    """A pattern as it was written; what is asked of it is asked of the compiled one."""

    def __init__(self, text: Any, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._given)
        # From now on they are found, without asking here.
        vars(self).update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)
