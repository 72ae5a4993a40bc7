"""Which programs may be run: none that others than root, or we, may have written or put there.

A program is as safe as every directory and every link on the way to it: who may write one of them
may put another program in its place. So a directory that all may write is refused even if its
sticky bit is set, as that of /tmp is; what stands there has no place that root keeps.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..kernel.errors import CheckError
from ..kernel.hints import Iterator, List

# What the kernel follows before it says ELOOP.
_MOST_LINKS = 40


def refuse_untrusted(program: Path) -> None:
    """Refuse to run what others than root, or we, may have written, or put where it is.

    Raises:
        CheckError: it is not there, not executable, or not to be trusted.
    """
    try:
        status = os.stat(program)
        if not stat.S_ISREG(status.st_mode) or not os.access(program, os.X_OK):
            raise CheckError(f'cannot run {program}: it is not an executable file')
        _refuse_writers(program, str(program), status)
        for place in _way_to(program):
            _refuse_writers(program, place, os.lstat(place))
    except OSError as error:
        raise CheckError(f'cannot run {program}: {error.strerror}') from error


def refuse_untrusted_for_root(program: str) -> None:
    """Refuse the same, if we are root; a bare name is looked for where root keeps programs.

    Whoever else runs checks can do no more by them than by hand.

    Raises:
        CheckError: it is not there, not executable, or not to be trusted.
    """
    if os.geteuid() == 0 and '/' in program:
        # Programs run from `/`.
        refuse_untrusted(Path('/') / program)


def _refuse_writers(program: Path, place: str, status: os.stat_result) -> None:
    it = 'it' if place == str(program) else place
    if status.st_uid not in (0, os.geteuid()):
        raise CheckError(f'cannot run {program}: user {status.st_uid} owns {it}; root has to')
    # A link has no mode of its own: who may write its directory may replace it.
    if not stat.S_ISLNK(status.st_mode) and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        advice = f'run chmod go-w on {it}'
        if status.st_mode & stat.S_ISVTX:
            advice = 'keep the program where only root writes, as in /usr/local/lib'
        raise CheckError(
            f'cannot run {program}: others may write {it} (mode {mode:04o}); {advice}'
        )


def _way_to(program: Path) -> Iterator[str]:
    """Yield every directory and every link that is passed on the way to an absolute path."""
    todo: List[str] = list(reversed(program.parts[1:]))
    here, links = '/', 0
    yield here
    while todo:
        there = os.path.join(here, todo.pop())
        if not os.path.islink(there):
            here = os.path.normpath(there)
            if os.path.isdir(here):
                yield here
            continue
        yield there
        links += 1
        if links > _MOST_LINKS:
            return
        target = Path(os.readlink(there))
        if target.is_absolute():
            here = '/'
        todo += reversed([part for part in target.parts if part != '/'])
