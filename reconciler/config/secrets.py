"""Secrets: what is configured says where one stands, and it is read when it is used.

So none is in a value that could be printed, and a new one counts without a restart.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ..values.errors import ReconcilerError
from .yaml_nodes import YamlNode
from .yaml_options import Form

_MOST_BYTES = 65536
_HOW = 'write {file: PATH} or {env: NAME}'


class SecretError(ReconcilerError):
    """A secret is not where it should be, or cannot be used; its text is never told."""

    retryable = True


@dataclass(frozen=True)
class Secret:
    """Where a secret stands.

    Attributes:
        source: `file` or `env`.
        name: the file's path, or the variable's name.
    """

    source: str
    name: str

    def read(self) -> str:
        """Return the secret: the variable's value, or what the file holds without its line's end.

        Raises:
            SecretError: it is not there, others may read its file, or it is not one line of text.
        """
        text = self._file() if self.source == 'file' else self._variable()
        if not text:
            raise SecretError(f'cannot use {self}: it is empty')
        if not text.isprintable():
            raise SecretError(f'cannot use {self}: it is not one line of printable text')
        return text

    def _variable(self) -> str:
        try:
            return os.environ[self.name]
        except KeyError as error:
            told = 'it is not in the environment of this program; set it where that is started'
            raise SecretError(f'cannot use {self}: {told}') from error

    def _file(self) -> str:
        try:
            with Path(self.name).open('rb') as file:
                found = os.fstat(file.fileno())
                if stat.S_ISREG(found.st_mode) and found.st_mode & stat.S_IROTH:
                    told = f'everybody may read it; chmod o= {self.name}'
                    raise SecretError(f'cannot use {self}: {told}')
                content = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, 'strerror', None) or error
            raise SecretError(f'cannot use {self}: {reason}') from error
        if len(content) > _MOST_BYTES:
            raise SecretError(f'cannot use {self}: it has more than {_MOST_BYTES} bytes')
        try:
            return content.decode().rstrip('\r\n')
        except UnicodeDecodeError as error:
            raise SecretError(f'cannot use {self}: it is not UTF-8') from error

    def __str__(self) -> str:
        return f'the secret in {"" if self.source == "file" else "$"}{self.name}'


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text from elsewhere without the secrets that it repeats."""
    for secret in secrets:
        text = text.replace(secret, '(hidden)')
    return text


def _read(spot: YamlNode) -> Secret:
    if spot.kind != 'mapping':
        raise ValueError(f'a secret stands in a file or in the environment: {_HOW}')
    found = [Secret(key, value.text()) for key, value in spot.items(('file', 'env'))]
    if len(found) != 1:
        raise ValueError(f'a secret stands in one place: {_HOW}')
    if found[0].source == 'file' and not os.path.isabs(found[0].name):
        raise ValueError(f'{found[0].name!r} is no path from the root')
    return found[0]


def _write(secret: Secret | None) -> dict[str, str] | None:
    return None if secret is None else {secret.source: secret.name}


SECRET = Form(_read, _write)
