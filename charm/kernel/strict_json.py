"""JSON from somebody we do not trust: bounded before it is parsed, and only what JSON defines."""

from __future__ import annotations

import json
import math
import re

from .errors import ReportError
from .hints import Any, List, Tuple
from .pattern import pattern
from .report import JSONObject

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_STRING = 8192
MAX_INTEGER = 2**63 - 1
# A string that never ends is taken as far as it goes: to look for its end from each quote in it
# would take square time.
_STRING = pattern(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = pattern(r'[][{}]')
_SURROGATE = pattern('[\ud800-\udfff]')
_CONTAINERS = frozenset({dict, list})


def load(data: bytes) -> Any:
    """Return the JSON value in `data`, within this module's bounds.

    Raises:
        ReportError: too large, not UTF-8, not JSON, too deep, or with values JSON lacks.
    """
    if len(data) > MAX_BYTES:
        raise ReportError('', f'{len(data)} bytes, the limit is {MAX_BYTES}')
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as error:
        raise ReportError('', f'not UTF-8 at byte {error.start}') from error
    if _depth(text) > MAX_DEPTH:
        raise ReportError('', f'nested deeper than {MAX_DEPTH} levels')
    try:
        return _CAREFUL.decode(text)
    except ReportError:
        raise
    except (ValueError, RecursionError) as error:
        raise ReportError('', f'not JSON: {error}') from error


def load_plain(data: bytes) -> Any:
    """Return the object that `load` returns, if it is plain to see that it is within all bounds.

    Those of `check_strings` as well. `None` for what takes a closer look, which tells what is
    wrong, or that it is only unusual.
    """
    if len(data) > MAX_BYTES or is_unusual(data):
        return None
    try:
        value = _QUICK.decode(data.decode('utf-8'))
        if len(data) > MAX_STRING:
            check_strings(value, '')
    except (ValueError, RecursionError, ReportError):
        return None
    # Keys are counted by what ends each; in a string that may stand too, so there are never more.
    known = type(value) is dict and is_shallow([value], data.count(b'":'))
    return value if known else None


def is_unusual(data: bytes) -> bool:
    """Return whether there may be half a surrogate pair in it, or a blank before a colon."""
    escaped = b'\\' in data and (b'\\ud' in data or b'\\uD' in data)
    # For a single byte it takes a tenth of the time that it takes to look for two.
    return escaped or b'\n' in data or b'\t' in data or b'\r' in data or b' :' in data


def is_shallow(level: List[Any], keys: int, depth: int = MAX_DEPTH) -> bool:
    """Return whether these objects and arrays are no deeper, with so many keys in all."""
    for _ in range(depth):
        inside: List[Any] = []
        for item in level:
            if type(item) is dict:
                keys -= len(item)
                inside += item.values()
            else:
                inside += item
        level = [item for item in inside if type(item) in _CONTAINERS]
        if not level:
            break
    return not level and keys == 0


def _depth(text: str) -> int:
    """Return the deepest nesting of brackets outside strings, without recursion."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub('', text)):
        depth += 1 if bracket in '[{' else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_constant(word: str) -> Any:
    raise ReportError('', f'{word} is not JSON')


def _parse_integer(digits: str) -> int:
    # Long digit strings are refused before int() sees them: converting them takes square time.
    if len(digits) <= 20:
        number = int(digits)
        if -MAX_INTEGER <= number <= MAX_INTEGER:
            return number
    raise ReportError('', f'the integer {digits[:20]}… does not fit 64 bits')


def _parse_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ReportError('', f'the number {digits[:20]} is not finite')
    return number


def _unique_pairs(pairs: List[Tuple[str, Any]]) -> JSONObject:
    found: JSONObject = {}
    for key, value in pairs:
        if key in found:
            raise ReportError('', f'duplicate key {key[:80]!r}')
        found[key] = value
    return found


_CAREFUL = json.JSONDecoder(
    parse_constant=_refuse_constant,
    parse_int=_parse_integer,
    parse_float=_parse_float,
    object_pairs_hook=_unique_pairs,
)
_QUICK = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_int=_parse_integer, parse_float=_parse_float
)


def check_strings(value: Any, path: str) -> None:
    """Refuse strings that are too long or that no encoder can write (lone surrogates)."""
    if isinstance(value, str):
        if len(value) > MAX_STRING:
            raise ReportError(path, f'{len(value)} characters, the limit is {MAX_STRING}')
        if not value.isascii() and _SURROGATE.search(value):
            raise ReportError(path, 'holds half of a surrogate pair')
    elif isinstance(value, dict):
        for key, item in value.items():
            check_strings(key, path)
            check_strings(item, f'{path}.{key[:80]}' if path else key[:80])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_strings(item, f'{path}[{index}]')
