"""The master key, and the files that `receive` and `enrol` share."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from charm.files import write_whole
from reconciler.certificates import Files
from reconciler.errors import UsageError

from .askers import read_word

_HEX = re.compile(r'[0-9a-fA-F]{64,}')


def files_in(state: Path) -> Files:
    """Return where the certificates are by default."""
    return Files(state / 'receive')


def master_key_path(state: Path) -> Path:
    """Return where the master key is by default."""
    return state / 'receive' / 'master.key'


def read_master_key(path: Path) -> bytes:
    """Return the master key in a file of 64 or more hexadecimal digits.

    Raises:
        UsageError: it cannot be used, and why.
    """
    if not path.exists():
        raise UsageError(f'cannot read {path}: there is no master key: receive --init makes one')
    word = read_word(path, '--master-key-file')
    if not _HEX.fullmatch(word) or len(word) % 2:
        raise UsageError(
            f'cannot use {path} as --master-key-file: it is not 64 or more hexadecimal digits; '
            'openssl rand -hex 32 makes some'
        )
    return bytes.fromhex(word)


def make_master_key(path: Path) -> list[Path]:
    """Make a master key if there is none, and return what was made.

    Raises:
        FileError: it cannot be written.
    """
    if path.exists():
        return []
    write_whole(path, secrets.token_hex(32).encode() + b'\n', 0o600)
    return [path]
