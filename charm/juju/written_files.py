"""Files that the charm lays out on its machine: how they are called, written and removed."""

from __future__ import annotations

import contextlib
import grp
import os
from pathlib import Path

from ..kernel.errors import FileError
from ..kernel.files import write_whole
from ..kernel.names import slug
from ..reporting.states import remove_leftovers
from .charm_options import MARK

# As whom `juju ssh` logs in.
_LOGIN = 'ubuntu'


def checks_name(unit: str) -> str:
    """Return the name of the file that a unit's option `checks` becomes."""
    return f'50-charm-{slug(unit)}.json'


def is_ours(path: Path) -> bool:
    """Return whether the charm wrote this agent.yaml."""
    try:
        return path.read_bytes().startswith(MARK.encode())
    except OSError as error:
        raise FileError(f'cannot read {path}: {error.strerror}') from error


def make_directory(path: Path) -> None:
    """Make a directory that all may read, and those above it, whatever the umask.

    Raises:
        FileError: it cannot be made.
    """
    try:
        for directory in (*reversed(path.parents), path):
            with contextlib.suppress(FileExistsError):
                directory.mkdir()
                directory.chmod(0o755)
    except OSError as error:
        raise FileError(f'cannot make {path}: {error.strerror}') from error


def write_changed(path: Path, content: bytes, secret: bool = False) -> bool:
    """Write the file if it is not so already; return whether it was not.

    A secret one is for root, and for the user that Juju logs in as, who runs the health hook.

    Raises:
        FileError: it cannot be written.
    """
    mode = 0o640 if secret else 0o644
    with contextlib.suppress(OSError):
        if path.read_bytes() == content and path.stat().st_mode & 0o777 == mode:
            return False
    write_whole(path, content, mode)
    # Where there is no such group, or we may not give it the file, root alone reads it.
    with contextlib.suppress(KeyError, PermissionError):
        if secret:
            os.chown(path, -1, grp.getgrnam(_LOGIN).gr_gid)
    return True


def remove_file(path: Path) -> bool:
    """Remove the file, and what writers of it that were killed left; return whether it was there.

    Raises:
        FileError: it cannot be removed.
    """
    remove_leftovers(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FileError(f'cannot remove {path}: {error.strerror}') from error
    return True
