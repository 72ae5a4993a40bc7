"""The published JSON Schemas, made of the types by which documents are written and read.

`make schema` writes the files anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec.json import schema_components

from reconciler.notify import document
from reconciler.notify.notice import Notice
from reconciler.saved.schema import OPTIONAL, SCHEMA_VERSION, FleetDocument, SweepDocument

PLACE = Path(__file__).parents[1]
_SWEEP, _FLEET, _MESSAGE = 'sweep.schema.json', 'fleet.schema.json', 'message.schema.json'
_WIDTH = 120


def schemas() -> dict[str, str]:
    """Return the text of each schema by its file's name."""
    sweep = {'$ref': f'#/$defs/{SweepDocument.__name__}', '$defs': _definitions(SweepDocument)}
    fleet = _definitions(FleetDocument, _SWEEP)[FleetDocument.__name__]
    return {
        _SWEEP: _text(_SWEEP, 'sweep', sweep, SCHEMA_VERSION),
        _FLEET: _text(_FLEET, 'sweep of several models', fleet, SCHEMA_VERSION),
        _MESSAGE: _text(_MESSAGE, 'message', _message(), document.SCHEMA_VERSION),
    }


def _message() -> dict[str, Any]:
    """Return the schema of a message: what it is made of, and what follows from that."""
    found = _definitions(Notice, optional=())
    for kind, more in document.DERIVED.items():
        definition = found[kind.__name__]
        definition['properties'] = {**definition['properties'], **more}
        definition['required'] += more
    return {'$ref': f'#/$defs/{Notice.__name__}', '$defs': found}


def _definitions(
    document: type[Any], file: str = '', optional: Collection[str] = OPTIONAL
) -> dict[str, dict[str, Any]]:
    """Return each object's schema by its name; they refer to each other as to those of `file`."""
    _, found = schema_components([document], ref_template=f'{file}#/$defs/{{name}}')
    for definition in found.values():
        definition.pop('title')
        told = definition.get('description', '').partition('Raises:')[0]
        definition['description'] = ' '.join(told.split())
        if 'properties' not in definition:
            continue
        properties = definition['properties']
        # A reader's default stands for what an old sweep lacks: whatever is written has its keys.
        for held in properties.values():
            held.pop('default', None)
            # Versions of msgspec differ in where null stands: here it is last.
            held.get('anyOf', []).sort(key={'type': 'null'}.__eq__)
        definition['required'] = [key for key in properties if key not in optional]
    return found


def _text(file: str, of: str, schema: Mapping[str, Any], version: int) -> str:
    about = {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        '$id': f'https://juju-health.invalid/{file}',
        'title': f'juju-health {of}, schema {version}',
    }
    return _lines({**about, **schema}) + '\n'


def _lines(value: Any, indent: str = '') -> str:
    """Return the value as JSON: what fits into a line in one line, all else item by item."""
    line = json.dumps(value)
    if len(indent + line) <= _WIDTH or not isinstance(value, dict):
        return line
    deeper = f'{indent}  '
    items = [f'{deeper}"{key}": {_lines(item, deeper)}' for key, item in value.items()]
    return '{\n' + ',\n'.join(items) + f'\n{indent}}}'


if __name__ == '__main__':
    for name, text in schemas().items():
        (PLACE / name).write_text(text)
