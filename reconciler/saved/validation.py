"""A saved document is what its schema says, or is refused with the path of what is wrong.

Keys that are not known are ignored, and those that an older sweep lacks have their defaults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import ValidationError, convert

from charm.kernel.errors import ReportError

from ..sweeps.fleet import Fleet
from ..values.errors import SavedError
from ..values.readings import Snapshot
from .conversion import fleet_of, snapshot_of
from .schema import SCHEMA_VERSION, FleetDocument, SweepDocument

# What msgspec says, and how we do: of the value, and of what it names.
_REASONS = (
    (re.compile(r'Object missing .*|Expected `str` of length >= 1'), 'missing or empty'),
    (re.compile(r'Expected `int.*'), '{value} is not a count'),
    (re.compile(r'Expected `float` >= .*'), '{value} is less than none'),
    (re.compile(r'Expected `float` <= .*'), '{value} is not between 0.0 and 1.0'),
    (re.compile(r'Expected `array` of length <= (\d+)'), 'the limit is {0} items'),
    (re.compile(r'Expected `(\w+)(?:\W.*)?`, got `(\w+)`'), '{1} where {0} belongs'),
)
_KINDS = {'object': 'an object', 'array': 'an array', 'str': 'a string', 'bool': 'a boolean'}
_KINDS |= {'int': 'a number', 'float': 'a number'}

_Document = TypeVar('_Document')
_Value = TypeVar('_Value')


def load(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`, after looking at its schema.

    Raises:
        SavedError: it is no JSON object, or no sweep of a schema known here.
    """
    try:
        document = json.loads(data, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise SavedError('', f'it is not JSON: {error}') from error
    if not isinstance(document, dict):
        raise SavedError('', 'it is no JSON object')
    schema = document.get('schema')
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise SavedError('schema', 'missing, or not a number: is this `--format json`?')
    if schema > SCHEMA_VERSION:
        raise SavedError('schema', f'{schema} is newer than {SCHEMA_VERSION}: upgrade this reader')
    return document


def _refuse(word: str) -> Any:
    raise ValueError(f'{word} is not JSON')


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError('a key comes twice in one object')
    return found


def snapshot(document: Any, path: str = '') -> Snapshot:
    """Return the sweep of one model in a parsed document that stands at `path`.

    Raises:
        SavedError: with the path of the first thing that is wrong.
    """
    before = f'{path}.' if path else ''
    if isinstance(document, dict) and 'services' not in document:
        raise SavedError(f'{before}services', 'missing: is this the JSON of a sweep?')
    return _read(document, SweepDocument, snapshot_of, path)


def fleet(document: Any, snapshots: Mapping[str, Snapshot]) -> Fleet:
    """Return the sweep of several models in a parsed document, of which these are the models.

    Raises:
        SavedError: as for `snapshot`.
    """
    return _read(document, FleetDocument, lambda found: fleet_of(found, snapshots))


def _read(
    document: Any, kind: type[_Document], make: Callable[[_Document], _Value], path: str = ''
) -> _Value:
    try:
        return make(convert(document, kind))
    except ValidationError as error:
        where, reason = _told(str(error), document)
        raise SavedError(_joined(path, where), reason) from error
    except ReportError as error:
        raise SavedError(_joined(path, error.path), error.reason) from error
    except (UnicodeEncodeError, RecursionError) as error:
        # A key with half a surrogate pair, or a report without a bottom.
        raise SavedError(path, f'it cannot be taken in: {error}') from error


def _told(said: str, document: Any) -> tuple[str, str]:
    """Return the path and the reason in what msgspec says of the document."""
    complaint, _, place = said.partition(' - at `$')
    path = place.strip('.`')
    value = document
    for key, index in re.findall(r'(\w+)|\[(\d+)\]', path):
        value = value[key or int(index)]
    for pattern, reason in _REASONS:
        match = pattern.fullmatch(complaint)
        if match:
            words = [_KINDS.get(word, word) for word in match.groups()]
            complaint = reason.format(*words, value=f'{value!r:.20}')
            break
    missing = re.match(r'Object missing required field `(\w+)`', said)
    return _joined(path, missing[1] if missing else ''), complaint


def _joined(*steps: str) -> str:
    return '.'.join(filter(None, steps))
