"""A first word that is no command, and was meant as one."""

from __future__ import annotations

from collections.abc import Iterable

# In shorter words a slip makes another word too easily.
_LEAST = 5


def command_meant(word: str, commands: Iterable[str]) -> str:
    """Return the command that the word is one slip away from; empty if there is none.

    A slip is two neighbours swapped, a letter that is wrong, missing, or too much. A longer word
    that begins as a command does, such as `receiver`, is an application's name.
    """
    if not word.isalpha():
        return ''
    near = (name for name in commands if len(name) >= _LEAST and not word.startswith(name))
    return next((name for name in near if word in _slips(name, word)), '')


def _slips(name: str, word: str) -> Iterable[str]:
    """Yield what one slip makes of a name, with the letters of the word in the wrong places."""
    for at in range(len(name) + 1):
        head, tail = name[:at], name[at:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in word[at : at + 1]:
            yield head + letter + tail[1:]
            yield head + letter + tail
