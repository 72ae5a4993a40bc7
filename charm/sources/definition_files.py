"""One file of definitions: YAML or JSON, with the key `checks`."""

from __future__ import annotations

from pathlib import Path

from ..kernel import strict_json
from ..kernel.errors import DefinitionError, ReportError
from ..kernel.hints import Any, List
from ..kernel.names import nearest
from . import plain_yaml
from .entries import Definition, read_entry
from .trust import read_trusted


def load_file(path: Path, definitions: List[Definition], faults: List[DefinitionError]) -> None:
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
