"""Read the `monitors` text of a relation: YAML, JSON, or what Python prints for a dictionary.

Charms have written all three; see cos-proxy's src/nrpe_exporter.py and its tests.
"""

from __future__ import annotations

import ast
import json

from ...kernel.errors import ReportError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Mapping
from ...kernel.strict_json import load
from .. import plain_yaml

_MOST_CHARACTERS = 65536
_MOST_DEPTH = 32
_ADDRESSES = ('target-address', 'target_address')
_OTHERS = ('version', 'target-id', 'target_id', *_ADDRESSES)


@dataclass(frozen=True)
class MonitorsText:
    """The parts of a `monitors` text.

    Attributes:
        monitors: of each part, `local` and `remote`, and in it of each kind, the monitors by name.
        address: where the unit says it is; empty if it does not.
    """

    monitors: Mapping[str, Any] = field(default_factory=dict)
    address: str = ''


def parse(text: str) -> MonitorsText:
    """Return what the text says; nothing if it is empty, as it is before a charm has set it.

    Raises:
        ValueError: it is none of the three, or no mapping.
    """
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f'{len(text)} characters, the limit is {_MOST_CHARACTERS}')
    document = _parse(text.strip())
    if document is None:
        return MonitorsText()
    if not isinstance(document, dict):
        raise ValueError('it is not a mapping with the key monitors')
    address = next((document[key] for key in _ADDRESSES if key in document), '')
    monitors = document.get('monitors', document if 'version' not in document else None) or {}
    if not isinstance(monitors, dict) or not isinstance(address, str):
        raise ValueError('monitors is not a mapping with the parts local and remote')
    return MonitorsText(
        {key: item for key, item in monitors.items() if key not in _OTHERS}, address
    )


def _parse(text: str) -> Any:
    if not text:
        return None
    if text[0] == '{':
        # No YAML that people write begins so, and the others always do.
        try:
            return load(text.encode('utf-8', 'replace'))
        except ReportError as error:
            return _parse_python(text, error.reason)
    return plain_yaml.load(text)


def _parse_python(text: str, reason: str) -> Any:
    """Return the dictionary that Python printed; `reason` is why it is not JSON."""
    depth = deepest = 0
    for character in text:
        depth += (character in '[{(') - (character in ')}]')
        deepest = max(deepest, depth)
    if deepest > _MOST_DEPTH:
        raise ValueError(f'nested deeper than {_MOST_DEPTH} levels')
    try:
        # Through JSON, so that keys are text and nothing is in it that JSON lacks.
        return json.loads(json.dumps(ast.literal_eval(text), allow_nan=False))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    try:
        return plain_yaml.load(text)
    except plain_yaml.PlainYamlError:
        raise ValueError(f'neither JSON ({reason}) nor a dictionary of Python nor YAML') from None
