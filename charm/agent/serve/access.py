"""Who may talk to the agent: by its unix socket root and one group, by TCP who has the token."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ...kernel.errors import HealthError
from ...kernel.push_contract import same
from ...sources.trust import read_trusted

_LEAST_TOKEN_CHARACTERS = 16


class AccessError(HealthError):
    """The token cannot be used."""


def admit(path: Path, group: str) -> None:
    """Have a unix socket take its owner and the group only; empty for no group.

    Raises:
        OSError: it cannot be changed.
        LookupError: there is no such group.
    """
    os.chmod(path, 0o660)
    if group:
        shutil.chown(path, group=group)


def read_token(path: Path) -> str:
    """Return the token that each request over TCP has to carry: the first word of a file.

    Raises:
        AccessError: there is no such file, or no token in it.
        DefinitionError: others may read it, or have written it.
    """
    try:
        data = read_trusted(path, secret=True)
    except FileNotFoundError as error:
        raise AccessError(f'cannot use {path}: there is no such file') from error
    words = data.decode('utf-8', 'replace').split()
    if not words or len(words[0]) < _LEAST_TOKEN_CHARACTERS:
        least = f'a token has at least {_LEAST_TOKEN_CHARACTERS} characters'
        raise AccessError(f'cannot use {path}: {least}')
    return words[0]


def complaint(authorization: str, token: str) -> str:
    """Return why a request with this header may not be answered; empty if that has the token."""
    scheme, _, given = authorization.partition(' ')
    if scheme.lower() == 'bearer' and same(given.strip(), token):
        return ''
    return 'wrong token' if given else 'no token'
