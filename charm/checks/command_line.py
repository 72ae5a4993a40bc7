"""Split command lines that others wrote into words."""

from __future__ import annotations

from ..kernel.hints import List

# `shlex` copies what it has of a word at each character: a word of a megabyte takes half a minute.
# NRPE's own buffers hold 2048 bytes (MAX_INPUT_BUFFER in its common.h).
LONGEST = 16 * 1024


def split(line: str) -> List[str]:
    """Return the words of a command line, as a shell would split it.

    Raises:
        ValueError: a quote is open at its end, or it is longer than `LONGEST` characters.
    """
    if len(line) > LONGEST:
        raise ValueError(f'{len(line)} characters, the limit is {LONGEST}')
    # Imported late: most commands are given as lists.
    import shlex

    return shlex.split(line)
