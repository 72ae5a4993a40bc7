"""What the hooks of one unit remember from one to the next, so that removal finds all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Tuple

from ..kernel.errors import ReportError
from ..kernel.facts import asdict, dataclass
from ..kernel.files import read_whole, set_aside, write_whole
from ..kernel.names import slug
from ..kernel.paths import Place
from ..kernel.strict_json import load


@dataclass(frozen=True)
class HookMemory:
    """The record of what hooks have done for one unit.

    Attributes:
        principal: the unit that it reports for; empty if it never knew.
        files: what was written into /etc/juju-health, as paths below it.
        pushed: whether a relation said where to ship to.
        unfinished: whether a hook began to change something, and did not see it through.
    """

    principal: str = ''
    files: Tuple[str, ...] = ()
    pushed: bool = False
    unfinished: bool = False


def path_of(place: Place, unit: str) -> Path:
    """Return the file with what a unit's hooks remember."""
    return place.memory / f'{slug(unit)}.json'


def recall(place: Place, unit: str) -> HookMemory:
    """Return what is remembered; nothing if there is no file, or none that can be used.

    Raises:
        FileError: it cannot be read.
    """
    path = path_of(place, unit)
    data = read_whole(path)
    try:
        return HookMemory() if data is None else _read(load(data))
    except ReportError:
        set_aside(path)
        return HookMemory()


def remember(place: Place, unit: str, memory: HookMemory) -> None:
    """Write what is to be remembered.

    Raises:
        FileError: it cannot be written.
    """
    write_whole(path_of(place, unit), json.dumps(asdict(memory)).encode() + b'\n')


def _read(document: Any) -> HookMemory:
    values = document if isinstance(document, dict) else {}
    principal, files = values.get('principal'), values.get('files')
    if not isinstance(principal, str) or not isinstance(files, list):
        raise ReportError('', 'it is not what a hook wrote')
    # They are joined to a directory, and then removed.
    names = tuple(str(path) for path in files if '..' not in str(path) and str(path)[:1] != '/')
    return HookMemory(
        principal, names, values.get('pushed') is True, values.get('unfinished') is True
    )
