"""The master key, and the files that `receive` and `enrol` share."""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from charm.kernel.files import write_whole
from reconciler.inbox.certificate_files import CertificateFiles
from reconciler.values.errors import UsageError

_HEX = re.compile(r'[0-9a-fA-F]{64,}')


@contextmanager
def reading(path: Path, option: str) -> Generator[None, None, None]:
    """Within the block, say of a file that cannot be read which option names it.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise UsageError(f'cannot read {path} ({option}): {reason}') from error


def files_in(state: Path) -> CertificateFiles:
    """Return where the certificates are by default."""
    return CertificateFiles(state / 'receive')


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


def read_word(path: Path, option: str) -> str:
    """Return the first word of a file that holds a secret.

    Raises:
        UsageError: there is none, or everybody may read it.
    """
    with reading(path, option):
        if path.stat().st_mode & 0o077:
            raise UsageError(
                f'cannot use {path} as {option}: others may read it: chmod 600 {path}'
            )
        words = path.read_text('utf-8').split()
    if not words:
        raise UsageError(f'cannot use {path} as {option}: it is empty')
    return words[0]
