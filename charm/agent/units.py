"""The units that the agent reports for: one file each in `units.d/`, written by their charms.

`<application>-<number>.json`, mode 0600:

    {"unit": "wordpress/0", "reporter": "health/0",
     "push": {"url": "https://10.0.0.5:8642", "ca": "-----BEGIN CERTIFICATE-----…",
              "credential": "<64 hexadecimal digits>", "model": "<model UUID, may be absent>"}}

Without `push` nothing is shipped. Where no file is there, the machine reports for the unit whose
charm the agent was started from.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Container, Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from ..kernel.errors import DefinitionError, FileError, HealthError, ReportError
from ..kernel.facts import asdict, dataclass
from ..kernel.files import write_whole
from ..kernel.identity import check_unit
from ..kernel.names import nearest, slug
from ..kernel.pattern import pattern
from ..kernel.push_contract import check_names
from ..kernel.strict_json import load as load_json
from ..sources.trust import list_trusted, read_trusted

_CREDENTIAL = pattern(r'[0-9a-f]{64}')
_KEYS = ('unit', 'reporter', 'push')
_PUSH_KEYS = ('url', 'ca', 'credential', 'model')


@dataclass(frozen=True)
class Push:
    """The destination of a unit's reports.

    Attributes:
        url: of the receiver, `https://` only; a path in it is kept.
        ca: PEM certificates; no other authority is believed.
        credential: 64 hexadecimal digits, good for this unit only.
        model: the model's UUID; empty if unsaid.
    """

    url: str
    ca: str
    credential: str
    model: str = ''

    def __repr__(self) -> str:
        return f'Push({self.url!r})'


@dataclass(frozen=True)
class Unit:
    """One unit to report for.

    Attributes:
        name: such as `wordpress/0`.
        reporter: the unit whose charm runs the checks.
        push: where to ship reports; `None` for nowhere.
    """

    name: str
    reporter: str
    push: Optional[Push] = None

    @property
    def slug(self) -> str:
        """Return the name as a part of a file's name."""
        return slug(self.name)


def load(directory: Path) -> Tuple[Tuple[Unit, ...], Tuple[DefinitionError, ...]]:
    """Return the units of the directory's files, by name, and what cannot be used."""
    try:
        names = list_trusted(directory)
    except FileNotFoundError:
        return (), ()
    except DefinitionError as error:
        return (), (error,)
    units: List[Unit] = []
    faults: List[DefinitionError] = []
    for name in names:
        if not name.endswith('.json') or name.startswith('.'):
            continue
        try:
            unit = _read(directory / name)
            if unit is not None and any(unit.name == other.name for other in units):
                raise DefinitionError(str(directory / name), 'unit', f'{unit.name} is there twice')
            units += [unit] if unit else []
        except DefinitionError as error:
            faults.append(error)
    return tuple(sorted(units, key=lambda unit: unit.name)), tuple(faults)


def enrol(directory: Path, unit: Unit) -> Path:
    """Write the unit's file, and return its path; the agent reads it on SIGHUP.

    Raises:
        DefinitionError: something in it would be refused.
        FileError: it cannot be written.
    """
    document: Dict[str, Any] = {'unit': unit.name, 'reporter': unit.reporter}
    if unit.push is not None:
        document['push'] = asdict(unit.push)
    path = directory / f'{unit.slug}.json'
    _parse(str(path), document)
    write_whole(path, json.dumps(document, indent=1).encode() + b'\n', 0o600)
    return path


def withdraw(directory: Path, name: str) -> None:
    """Remove the unit's file, if there is one; the agent reads it on SIGHUP.

    Raises:
        FileError: it cannot be removed.
    """
    path = directory / f'{slug(name)}.json'
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    except OSError as error:
        raise FileError(f'cannot remove {path}: {error.strerror}') from error


def withdraw_reporters(directory: Path, reporters: Container[str]) -> bool:
    """Withdraw every unit that one of the reporters reports for; return whether there was any.

    Raises:
        FileError: a file cannot be removed.
    """
    names = [unit.name for unit in load(directory)[0] if unit.reporter in reporters]
    for name in names:
        withdraw(directory, name)
    return bool(names)


def _read(path: Path) -> Optional[Unit]:
    try:
        data = read_trusted(path, secret=True)
    except FileNotFoundError:
        return None
    try:
        return _parse(str(path), load_json(data))
    except ReportError as error:
        raise DefinitionError(str(path), error.path, error.reason) from error


def _parse(source: str, document: Any) -> Unit:
    values = _object(source, '', document, _KEYS)
    name = _unit_name(source, values, 'unit')
    reporter = _unit_name(source, values, 'reporter') if 'reporter' in values else name
    if values.get('push') is None:
        return Unit(name, reporter)
    push = _push(source, _object(source, 'push', values['push'], _PUSH_KEYS))
    try:
        check_names(name, push.model)
    except ValueError as error:
        raise DefinitionError(source, 'push.model', str(error)) from error
    return Unit(name, reporter, push)


def _push(source: str, values: Mapping[str, Any]) -> Push:
    texts = {key: _text(source, f'push.{key}', values.get(key, '')) for key in _PUSH_KEYS}
    split = urlsplit(texts['url'])
    if split.scheme != 'https' or not split.hostname:
        reason = f'{texts["url"]!r} is not an https:// URL: reports never travel in the clear'
        raise DefinitionError(source, 'push.url', reason)
    if split.query or split.fragment or split.username is not None:
        raise DefinitionError(source, 'push.url', 'no user, query or fragment belongs in it')
    try:
        _port = split.port
    except ValueError as error:
        raise DefinitionError(source, 'push.url', str(error)) from error
    if '-----BEGIN CERTIFICATE-----' not in texts['ca']:
        raise DefinitionError(source, 'push.ca', 'it is not a PEM certificate')
    if not _CREDENTIAL.fullmatch(texts['credential']):
        raise DefinitionError(source, 'push.credential', 'it is not 64 hexadecimal digits')
    return Push(**texts)


def _object(source: str, at: str, value: Any, known: Tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DefinitionError(source, at, 'it is not an object')
    for key in value:
        if key not in known:
            where = f'{at}.{key}' if at else key
            raise DefinitionError(source, where, f'no such key{nearest(key, known)}')
    return value


def _text(source: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise DefinitionError(source, key, 'it is not text')
    return value


def _unit_name(source: str, values: Mapping[str, Any], key: str) -> str:
    try:
        return check_unit(_text(source, key, values.get(key, '')))
    except DefinitionError:
        raise
    except HealthError as error:
        raise DefinitionError(source, key, str(error)) from error
