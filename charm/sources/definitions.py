"""The checks that an operator defines, in files of /etc/juju-health/checks.d.

Definitions are trusted, since they name commands to run: a file that others than its owner may
write, or that somebody else owns, is refused. One bad entry costs only itself; each fault is kept
and becomes one check that is `unknown`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, List, Tuple

from ..kernel import strict_json
from ..kernel.errors import DefinitionError, ReportError
from ..kernel.facts import dataclass
from ..kernel.names import nearest
from ..kernel.report import CheckResult, Health
from . import plain_yaml
from .entries import Definition, read_entry
from .trust import list_trusted, read_trusted

__all__ = ['Definition', 'DefinitionError', 'DefinitionsRead', 'fault_result', 'load']

_MOST_QUOTED = 1000
_SUFFIXES = ('.yaml', '.yml', '.json')


@dataclass(frozen=True)
class DefinitionsRead:
    """The usable entries of a directory, in the order of its files, and what cannot be used."""

    definitions: Tuple[Definition, ...] = ()
    faults: Tuple[DefinitionError, ...] = ()


def load(directory: Path) -> DefinitionsRead:
    """Return the definitions in the directory's files; none if there is no directory."""
    try:
        names = list_trusted(directory)
    except FileNotFoundError:
        return DefinitionsRead()
    except DefinitionError as error:
        return DefinitionsRead(faults=(error,))
    definitions: List[Definition] = []
    faults: List[DefinitionError] = []
    # A name that starts with a dot or ends like a backup does not end in one of the suffixes.
    for name in names:
        if name.endswith(_SUFFIXES) and not name.startswith('.'):
            _load_file(directory / name, definitions, faults)
    return DefinitionsRead(tuple(definitions), tuple(faults))


def fault_result(fault: DefinitionError) -> CheckResult:
    """Return the check that a fault becomes; its message names file, key and reason.

    It is `unknown`: nobody looked where the definition would have had us look.
    """
    key, reason = _shorten(fault.key), _shorten(fault.reason)
    where = f'{fault.source}: {key}' if key else fault.source
    return CheckResult(
        name=f'definition:{os.path.basename(fault.source)}',
        health=Health.UNKNOWN,
        message=f'{where}: {reason}',
        data={'file': fault.source, 'key': key, 'reason': reason},
    )


def _shorten(text: str) -> str:
    """Return the text as it fits into a report, whatever a file holds: a fault quotes from it."""
    text = text if len(text) <= _MOST_QUOTED else f'{text[: _MOST_QUOTED - 1]}…'
    return text.encode('utf-8', 'replace').decode()


def _load_file(path: Path, definitions: List[Definition], faults: List[DefinitionError]) -> None:
    """Add the entries of one file, and its faults, to the lists."""
    source = str(path)
    try:
        document = _parse(source, path)
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
            definitions.append(read_entry(source, name, entry))
        except DefinitionError as error:
            faults.append(error)


def _parse(source: str, path: Path) -> Any:
    """Return what is in the file, if it is one that we trust."""
    try:
        data = read_trusted(path)
        if not data:
            raise DefinitionError(source, '', 'the file is empty')
        if source.endswith('.json'):
            return strict_json.load(data)
        return plain_yaml.load(data.decode('utf-8'))
    except FileNotFoundError as error:
        raise DefinitionError(source, '', f'cannot be read: {error.strerror}') from error
    except ReportError as error:
        raise DefinitionError(source, error.path, error.reason) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(source, '', f'not UTF-8 at byte {error.start}') from error
    except plain_yaml.PlainYamlError as error:
        raise DefinitionError(source, f'line {error.line}', error.reason) from error
