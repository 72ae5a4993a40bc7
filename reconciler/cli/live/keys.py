"""What a terminal sends for the keys that are pressed, as names of keys."""

from __future__ import annotations

import re

# A sequence of control codes (ECMA-48), a key as terminals send it in application mode, or a
# character.
_TOKEN = re.compile(r'\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|.', re.DOTALL)
_BEGUN = re.compile(r'\x1b(?:\[[0-?]*[ -/]*|O)?\Z')
# Of xterm, the Linux console, screen and tmux, and rxvt.
_NAMES = {
    **{f'\x1b{mode}A': 'up' for mode in '[O'},
    **{f'\x1b{mode}B': 'down' for mode in '[O'},
    **{f'\x1b{mode}H': 'home' for mode in '[O'},
    **{f'\x1b{mode}F': 'end' for mode in '[O'},
    **{'\x1b[1~': 'home', '\x1b[7~': 'home', '\x1b[4~': 'end', '\x1b[8~': 'end'},
    **{'\x1b[5~': 'page up', '\x1b[6~': 'page down', '\x1b': 'escape'},
    **{'\r': 'enter', '\n': 'enter', '\x7f': 'backspace', '\b': 'backspace'},
    **{'\x0c': 'redraw', '\x15': 'clear'},
}


def read_keys(text: str, ended: bool) -> tuple[tuple[str, ...], str]:
    """Return the keys that were pressed, and what may be the beginning of one more.

    A key that prints is its character; others have names such as `page up`, and those that mean
    nothing here are left out.

    Args:
        text: what the terminal sent.
        ended: nothing came after it for a while, so that an escape was the key of that name.
    """
    keys, at = [], 0
    while at < len(text) and (ended or not _BEGUN.match(text, at)):
        token = _TOKEN.match(text, at)
        assert token is not None  # noqa: S101 - any character is one
        at = token.end()
        key = _NAMES.get(token[0], token[0])
        if key.isprintable():
            keys.append(key)
    return tuple(keys), text[at:]
