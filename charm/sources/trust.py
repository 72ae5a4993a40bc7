"""Read files that decide what this machine does or whom it trusts, if they can be trusted."""

from __future__ import annotations

import os
import stat

from ..kernel.errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Union

    from .account import Account

    StrPath = Union[str, os.PathLike[str]]

_MOST_BYTES = 1024 * 1024


def list_trusted(directory: StrPath) -> List[str]:
    """Return the names in a directory, sorted, if none but its owner puts files there.

    Whoever else may could link to a file of root's that was never meant for it.

    Raises:
        FileNotFoundError: there is no such directory.
        DefinitionError: it cannot be listed, or others than its owner may write it.
    """
    try:
        _check_writers(os.stat(directory), str(directory))
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        raise
    except OSError as error:
        reason, denied = f'cannot be listed: {error.strerror}', isinstance(error, PermissionError)
        raise DefinitionError(str(directory), '', reason, denied) from error


def read_trusted(path: StrPath, secret: bool = False, account: Optional[Account] = None) -> bytes:
    """Return the file's contents; `secret` files may not be readable by everybody either.

    `account` is whom the commands in it run as: who gains nothing by writing it, and so may.

    Raises:
        FileNotFoundError: there is no such file.
        DefinitionError: it cannot be read, or others than its owner may write it.
    """
    try:
        # O_NONBLOCK so that a pipe of that name does not hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, 'rb') as stream:
            _check(os.fstat(descriptor), str(path), secret, account)
            data = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason, denied = f'cannot be read: {error.strerror}', isinstance(error, PermissionError)
        raise DefinitionError(str(path), '', reason, denied) from error
    if len(data) > _MOST_BYTES:
        raise DefinitionError(str(path), '', f'larger than {_MOST_BYTES} bytes')
    return data


def _check(status: os.stat_result, source: str, secret: bool, account: Optional[Account]) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        raise DefinitionError(source, '', 'it is not a regular file')
    _check_writers(status, source, account)
    if secret and mode & stat.S_IROTH:
        reason = f'it holds a secret and all may read it (mode {mode:04o}); run chmod o-r'
        raise DefinitionError(source, '', reason)


def _check_writers(status: os.stat_result, source: str, account: Optional[Account] = None) -> None:
    mode = stat.S_IMODE(status.st_mode)
    owners, others = {0, os.geteuid()}, stat.S_IWGRP | stat.S_IWOTH
    if account is not None:
        owners.add(account.uid)
        others = stat.S_IWOTH if status.st_gid in (0, account.gid) else others
    if status.st_uid not in owners:
        reason = f'owned by user {status.st_uid}; root or the user who runs this has to'
        raise DefinitionError(source, '', reason)
    if mode & others:
        reason = f'others may write it (mode {mode:04o}); run chmod go-w on it'
        raise DefinitionError(source, '', reason)
