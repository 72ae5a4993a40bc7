"""The checks that an operator defines, in files of /etc/juju-health/checks.d.

Definitions are trusted, since they name commands to run: a file that others than its owner may
write, or that somebody else owns, is refused. One bad entry costs only itself; each fault is kept
and becomes one failing check.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from . import plain_yaml, strict_json
from .checks import BUILT_IN, CHECKS
from .checks.base import CheckSpec
from .checks.options import OptionError, build, nearest, option_names
from .errors import DefinitionError, ReportError
from .report import CheckResult, Health

__all__ = ['Definition', 'DefinitionError', 'Loaded', 'effective', 'fault_result', 'load']

_SUFFIXES = ('.yaml', '.yml', '.json')
_COMMON = ('kind', 'timeout', 'service', 'enabled')
_NAME = re.compile(r'[a-z0-9][a-z0-9._-]{0,99}')
_MOST_BYTES = 1024 * 1024
_LONGEST_TIMEOUT_SECONDS = 3600.0


@dataclass(frozen=True)
class Definition:
    """One entry of one file.

    Attributes:
        name: of the check.
        source: the file.
        services: for which services, as globs.
        spec: the check; `None` if the entry turns the check off.
    """

    name: str
    source: str
    services: Tuple[str, ...]
    spec: Optional[CheckSpec]

    def applies(self, service: str) -> bool:
        """Return whether it is for this service."""
        return any(fnmatch.fnmatchcase(service, pattern) for pattern in self.services)


@dataclass(frozen=True)
class Loaded:
    """What a directory holds.

    Attributes:
        definitions: the usable entries, in the order of the files.
        faults: what cannot be used, and why.
    """

    definitions: Tuple[Definition, ...] = ()
    faults: Tuple[DefinitionError, ...] = ()

    @property
    def specs(self) -> Tuple[CheckSpec, ...]:
        """Return the checks defined, whatever service they are for."""
        return tuple(one.spec for one in self.definitions if one.spec is not None)


def load(directory: Path) -> Loaded:
    """Return the definitions in the directory's files; none if there is no directory."""
    try:
        _check_trust(os.stat(directory), str(directory))
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return Loaded()
    except OSError as error:
        fault = DefinitionError(str(directory), '', f'cannot be listed: {error.strerror}')
        return Loaded(faults=(fault,))
    except DefinitionError as error:
        return Loaded(faults=(error,))
    definitions: List[Definition] = []
    faults: List[DefinitionError] = []
    # A name that starts with a dot or ends like a backup does not end in one of the suffixes.
    for name in names:
        if name.endswith(_SUFFIXES) and not name.startswith('.'):
            _load_file(directory / name, definitions, faults)
    faults += _idle_switches(definitions)
    return Loaded(tuple(definitions), tuple(faults))


def effective(loaded: Loaded, service_name: str) -> Tuple[CheckSpec, ...]:
    """Return the checks of a service: the built-in ones, retuned, switched off and added to.

    Of several entries with the same name that are for this service, the last one counts.
    """
    chosen = {name: CheckSpec(name, CHECKS[name]()) for name in BUILT_IN}
    for one in loaded.definitions:
        if not one.applies(service_name):
            continue
        if one.spec is None:
            chosen.pop(one.name, None)
        else:
            chosen[one.name] = one.spec
    return tuple(chosen.values())


def fault_result(fault: DefinitionError) -> CheckResult:
    """Return the failing check that a fault becomes; its message names file, key and reason."""
    where = f'{fault.source}: {fault.key}' if fault.key else fault.source
    return CheckResult(
        name=f'definition:{os.path.basename(fault.source)}',
        health=Health.FAIL,
        message=f'{where}: {fault.reason}',
        data={'file': fault.source, 'key': fault.key, 'reason': fault.reason},
    )


def _load_file(path: Path, definitions: List[Definition], faults: List[DefinitionError]) -> None:
    """Add the entries of one file, and its faults, to the lists."""
    source = str(path)
    try:
        document = _parse(source, _read(path))
    except DefinitionError as error:
        faults.append(error)
        return
    if document is None:
        return
    if not isinstance(document, dict):
        faults.append(DefinitionError(source, '', 'it is not a mapping with the key `checks`'))
        return
    for key in document:
        if key != 'checks':
            faults.append(DefinitionError(source, key, f'no such key{nearest(key, ["checks"])}'))
    entries = document.get('checks')
    if entries is not None and not isinstance(entries, dict):
        faults.append(DefinitionError(source, 'checks', 'it is not a mapping of names to checks'))
        return
    for name, entry in (entries or {}).items():
        try:
            definitions.append(_define(source, name, entry))
        except DefinitionError as error:
            faults.append(error)


def _read(path: Path) -> bytes:
    """Return the file's contents, if it is one that we trust."""
    try:
        # O_NONBLOCK so that a pipe of that name does not hold us.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, 'rb') as stream:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise DefinitionError(str(path), '', 'it is not a regular file')
            _check_trust(status, str(path))
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise DefinitionError(str(path), '', f'cannot be read: {error.strerror}') from error
    if len(data) > _MOST_BYTES:
        raise DefinitionError(str(path), '', f'larger than {_MOST_BYTES} bytes')
    if not data:
        raise DefinitionError(str(path), '', 'the file is empty')
    return data


def _check_trust(status: os.stat_result, source: str) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise DefinitionError(
            source, '', f'owned by user {status.st_uid}; root or the user who runs this has to'
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise DefinitionError(
            source, '', f'others may write it (mode {mode:04o}); run chmod go-w on it'
        )


def _parse(source: str, data: bytes) -> Any:
    try:
        if source.endswith('.json'):
            return strict_json.load(data)
        return plain_yaml.load(data.decode('utf-8'))
    except ReportError as error:
        raise DefinitionError(source, error.path, error.reason) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(source, '', f'not UTF-8 at byte {error.start}') from error
    except plain_yaml.PlainYamlError as error:
        raise DefinitionError(source, f'line {error.line}', error.reason) from error


def _define(source: str, name: str, entry: Any) -> Definition:
    """Return one entry of a file, checked.

    Raises:
        DefinitionError: it cannot be used.
    """
    at = f'checks.{name}'
    if not _NAME.fullmatch(name):
        rule = 'a name has up to 100 of a-z 0-9 . _ - and begins with a letter or digit'
        raise DefinitionError(source, at, rule)
    if not isinstance(entry, dict):
        raise DefinitionError(source, at, 'it is not a mapping with a kind and options')
    try:
        services = _services(entry)
        if not _enabled(entry):
            return Definition(name, source, services, None)
        timeout_seconds = _timeout(entry)
        kind = _kind(name, entry)
        options = {key: value for key, value in entry.items() if key not in _COMMON}
        check = _build(kind, options)
    except OptionError as error:
        where = f'{at}.{error.key}' if error.key else at
        raise DefinitionError(source, where, error.reason) from error
    return Definition(name, source, services, CheckSpec(name, check, timeout_seconds, source))


def _build(kind: str, options: Mapping[str, Any]) -> Any:
    for key in options:
        known = (*option_names(CHECKS[kind]), *_COMMON)
        if key not in known:
            raise OptionError(key, f'no such option of {kind}{nearest(key, known)}')
    return build(CHECKS[kind], options)


def _kind(name: str, entry: Mapping[str, Any]) -> str:
    """Return the kind; a built-in check that is retuned need not say its own."""
    kind = entry.get('kind', name if name in BUILT_IN else None)
    if kind is None:
        raise OptionError('kind', f'missing; known: {", ".join(sorted(CHECKS))}')
    if not isinstance(kind, str) or kind not in CHECKS:
        raise OptionError('kind', f'{kind!r} is not a kind{nearest(str(kind), CHECKS)}')
    return kind


def _services(entry: Mapping[str, Any]) -> Tuple[str, ...]:
    value = entry.get('service', '*')
    patterns = value if isinstance(value, list) else [value]
    if not patterns or not all(isinstance(one, str) and one for one in patterns):
        raise OptionError('service', 'it is not the name of an application, a glob or a list')
    return tuple(patterns)


def _enabled(entry: Mapping[str, Any]) -> bool:
    value = entry.get('enabled', True)
    if not isinstance(value, bool):
        raise OptionError('enabled', f'{value!r} where true or false belongs')
    return value


def _timeout(entry: Mapping[str, Any]) -> float:
    value = entry.get('timeout', CheckSpec.timeout_seconds)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _LONGEST_TIMEOUT_SECONDS:
        most = f'{_LONGEST_TIMEOUT_SECONDS:g}'
        raise OptionError('timeout', f'{value!r} is not a number of seconds, up to {most}')
    return float(value)


def _idle_switches(definitions: List[Definition]) -> List[DefinitionError]:
    """Return a fault for each entry that turns off a check which nothing defines.

    It is most likely a misspelt name, and the check that was meant still runs.
    """
    known: Set[str] = set(BUILT_IN)
    known.update(one.name for one in definitions if one.spec is not None)
    by_name: Dict[str, Definition] = {one.name: one for one in definitions if one.spec is None}
    return [
        DefinitionError(one.source, f'checks.{name}', f'no such check{nearest(name, known)}')
        for name, one in by_name.items()
        if name not in known
    ]
