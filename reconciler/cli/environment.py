"""The environment that cron, systemd and `env -i` leave out, made whole before it is used.

Only what is missing is added: whoever set something meant it.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import MutableMapping
from pathlib import Path

_DIRECTORIES = ('/snap/bin', '/usr/local/bin', '/usr/bin', '/bin')


def complete(environment: MutableMapping[str, str], command: str) -> None:
    """Add a home, and directories to look for commands in: juju's, ssh's and our own.

    Args:
        environment: what commands that are run inherit.
        command: how this program was called; where that is a path, others of ours are beside it.
    """
    home = _home()
    if home and not environment.get('HOME'):
        environment['HOME'] = home
    own = [str(Path(command).absolute().parent)] if '/' in command else []
    named = [one for one in environment.get('PATH', '').split(os.pathsep) if one]
    missing = [one for one in (*_DIRECTORIES, *own) if one not in named]
    environment['PATH'] = os.pathsep.join([*named, *dict.fromkeys(missing)])


def _home() -> str:
    """Return the home of this user by the password database; empty if he is not in it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ''
