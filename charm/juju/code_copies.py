"""A copy of the charm's code for the agent, at a path that never holds half of an upgrade.

Juju upgrades a charm file by file, in place, while the agent may be starting. So each unit has
`<code>/unit-<application>-<number>/<digest>/`, written once, and a link `current` that is moved by
one rename. The directory's name says whose it is, as that of Juju's agent does.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, List

from ..kernel.errors import FileError
from ..kernel.names import tag_of, unit_of_tag
from ..kernel.paths import Place
from ..kernel.pattern import pattern

CURRENT = 'current'
_PARTS = ('charm', 'hooks', 'docs')
_IGNORED = ('__pycache__',)
_UNIT = pattern(r'unit-[a-z][a-z0-9-]*-[0-9]+')


def directory_of(place: Place, unit: str) -> Path:
    """Return where the copies of a unit's charm are."""
    return place.code / tag_of(unit)


def launcher_of(place: Place, unit: str) -> Path:
    """Return the path of the unit's `health-agent`, which stays the same over upgrades."""
    return directory_of(place, unit) / CURRENT / 'hooks' / 'health-agent'


def installed_units(place: Place) -> List[str]:
    """Return the directories' names of the units that have code here, such as `unit-health-0`."""
    try:
        return sorted(name for name in os.listdir(place.code) if _UNIT.fullmatch(name))
    except FileNotFoundError:
        return []


def gone(place: Place) -> List[str]:
    """Return the units that have code here, but no agent of Juju's any more: orphans, by name.

    None where Juju never was. See `charm.juju.orphans` for when that is believed.
    """
    # In this order: Juju makes its directory before our code is put here.
    installed = installed_units(place)
    try:
        there = set(os.listdir(place.agents))
    except OSError:
        return []
    return [unit_of_tag(name) for name in installed if name not in there]


def living(place: Place) -> List[str]:
    """Return the units that have code here and are no orphans, by name."""
    orphans = gone(place)
    return [unit for unit in map(unit_of_tag, installed_units(place)) if unit not in orphans]


def install(place: Place, unit: str, charm: Path) -> bool:
    """Copy the charm's code and make it current; return whether it was another one before.

    Raises:
        FileError: it cannot be copied; what was current stays.
    """
    own = directory_of(place, unit)
    digest = digest_of(charm)
    link = own / CURRENT
    try:
        if os.path.islink(link) and os.readlink(link) == digest and _whole(own / digest, digest):
            _remove_others(own, digest)
            return False
        own.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix='.new-', dir=own))
        for part in _PARTS:
            if (charm / part).is_dir():
                ignored = shutil.ignore_patterns(*_IGNORED)
                shutil.copytree(charm / part, fresh / part, ignore=ignored)
        fresh.chmod(0o755)
        shutil.rmtree(own / digest, ignore_errors=True)
        fresh.rename(own / digest)
        pointer = own / f'.{CURRENT}'
        with contextlib.suppress(FileNotFoundError):
            pointer.unlink()
        os.symlink(digest, pointer)
        os.replace(pointer, link)
        _remove_others(own, digest)
    except (OSError, shutil.Error) as error:
        raise FileError(f'cannot copy the code of {charm} to {own}: {error}') from error
    return True


def digest_of(charm: Path) -> str:
    """Return a digest of every file that is copied, and of its mode."""
    total = hashlib.sha256()
    for path in _files(charm):
        total.update(f'{path.relative_to(charm)}\0{path.stat().st_mode & 0o777:o}\0'.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def remove(place: Place, unit: str) -> None:
    """Remove the copies of a unit's charm, and the directory of all when it was the last.

    Raises:
        FileError: they cannot be removed.
    """
    own = directory_of(place, unit)
    try:
        if own.exists():
            shutil.rmtree(own)
        if place.code.exists() and not installed_units(place):
            shutil.rmtree(place.code)
    except OSError as error:
        raise FileError(f'cannot remove {own}: {error.strerror or error}') from error


def _whole(copy: Path, digest: str) -> bool:
    return copy.is_dir() and digest_of(copy) == digest


def _files(charm: Path) -> Iterator[Path]:
    for part in _PARTS:
        for path in sorted((charm / part).rglob('*')):
            if path.is_file() and not any(name in path.parts for name in _IGNORED):
                yield path


def _remove_others(own: Path, digest: str) -> None:
    for name in os.listdir(own):
        if name not in (CURRENT, digest):
            shutil.rmtree(own / name, ignore_errors=True)
