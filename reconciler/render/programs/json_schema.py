"""The published JSON Schemas, made of the structs by which documents are written and read.

`make schema` writes the files anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.json import schema_components

from reconciler.saved.schema import OPTIONAL, SCHEMA_VERSION, FleetDocument, SweepDocument

PLACE = Path(__file__).parents[1]
_SWEEP, _FLEET = 'sweep.schema.json', 'fleet.schema.json'
_WIDTH = 120


def schemas() -> dict[str, str]:
    """Return the text of each schema by its file's name."""
    sweep = {'$ref': f'#/$defs/{SweepDocument.__name__}', '$defs': _definitions(SweepDocument)}
    fleet = _definitions(FleetDocument, _SWEEP)[FleetDocument.__name__]
    return {
        _SWEEP: _text(_SWEEP, 'sweep', sweep),
        _FLEET: _text(_FLEET, 'sweep of several models', fleet),
    }


def _definitions(document: type[Any], file: str = '') -> dict[str, dict[str, Any]]:
    """Return each object's schema by its name; they refer to each other as to those of `file`."""
    _, found = schema_components([document], ref_template=f'{file}#/$defs/{{name}}')
    for definition in found.values():
        properties = definition['properties']
        # A reader's default stands for what an old sweep lacks: whatever is written has its keys.
        for held in properties.values():
            held.pop('default', None)
            # Versions of msgspec differ in where null stands: here it is last.
            held.get('anyOf', []).sort(key={'type': 'null'}.__eq__)
        definition['required'] = [key for key in properties if key not in OPTIONAL]
        definition['description'] = ' '.join(definition['description'].split())
        del definition['title']
    return found


def _text(file: str, of: str, schema: Mapping[str, Any]) -> str:
    about = {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        '$id': f'https://juju-health.invalid/{file}',
        'title': f'juju-health {of}, schema {SCHEMA_VERSION}',
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
