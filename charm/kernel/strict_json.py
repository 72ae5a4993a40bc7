"""JSON from somebody we do not trust: bounded before it is parsed, and only what JSON defines."""

from __future__ import annotations

import json
import math
import re
from typing import Any, List, Tuple

from .errors import ReportError
from .report import JSONObject

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_STRING = 8192
MAX_INTEGER = 2**63 - 1
# A string that never ends is taken as far as it goes: to look for its end from each quote in it
# would take square time.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r'[][{}]')


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
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_parse_integer,
            parse_float=_parse_float,
            object_pairs_hook=_unique_pairs,
        )
    except ReportError:
        raise
    except (ValueError, RecursionError) as error:
        raise ReportError('', f'not JSON: {error}') from error


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
    if len(digits) > 20 or abs(int(digits)) > MAX_INTEGER:
        raise ReportError('', f'the integer {digits[:20]}… does not fit 64 bits')
    return int(digits)


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


def check_strings(value: Any, path: str) -> None:
    """Refuse strings that are too long or that no encoder can write (lone surrogates)."""
    if isinstance(value, str):
        if len(value) > MAX_STRING:
            raise ReportError(path, f'{len(value)} characters, the limit is {MAX_STRING}')
        if any('\ud800' <= character <= '\udfff' for character in value):
            raise ReportError(path, 'holds half of a surrogate pair')
    elif isinstance(value, dict):
        for key, item in value.items():
            check_strings(key, path)
            check_strings(item, f'{path}.{key[:80]}' if path else key[:80])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_strings(item, f'{path}[{index}]')
