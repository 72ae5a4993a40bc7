"""Read what stands on one line of plain YAML: keys, scalars, quotes and flow collections.

Functions take the line and a place in it, and return a value with the place where it ends.
"""

from __future__ import annotations

import math

from ...kernel.hints import Any, Dict, List, Optional, Tuple
from ...kernel.pattern import pattern

MAX_DEPTH = 32
_MAX_KEY = 1000

_DOCUMENT_MARK = pattern(r'(?:---|\.\.\.)(?: |$)')
_END_OF_BLOCK_PLAIN = pattern(r':(?= |$)| #')
_END_OF_FLOW_PLAIN = pattern(r':(?=[ ,\[\]{}]|$)| #|[,?\[\]{}]')
_NULLS = ('', '~', 'null', 'Null', 'NULL')
_TRUTHS = {
    spelling: truth
    for words, truth in ((('yes', 'true', 'on'), True), (('no', 'false', 'off'), False))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
_INTEGER = pattern(r'[-+]?(?:0|[1-9][0-9]{0,18})')
_FLOAT = pattern(r'(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?')
# What YAML 1.1 takes for a number of another base, with underscores or of sixties, for an infinity
# or a date. The patterns are a little wider than PyYAML's, so that none of it slips through.
_SURPRISING = pattern(
    r'[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-9]+)*(?:\.[0-9_]*(?:[eE][-+][0-9]+)?)?)'
    r'|[-+]?\.(?:[0-9_]+(?:[eE][-+][0-9]+)?|inf|Inf|INF|nan|NaN|NAN)'
    r'|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?'
)
_SPECIAL = {
    '&': 'anchors are not read',
    '*': 'aliases are not read',
    '!': 'tags are not read',
    '%': 'a plain value cannot begin with %; quote it',
    '@': 'a plain value cannot begin with @; quote it',
    '`': 'a plain value cannot begin with `; quote it',
    '?': 'complex keys are not read; quote it if it is text',
    ':': 'a plain value cannot begin with a colon; quote it',
    '|': 'a block of text is read only as the value of a key or an item, as | |- > or >-',
    '>': 'a block of text is read only as the value of a key or an item, as | |- > or >-',
    ',': 'a plain value cannot begin with a comma; quote it',
    ']': 'a bracket without its partner',
    '}': 'a brace without its partner',
    '#': 'a comment needs a space before it; quote it if it is text',
}
_ESCAPES = dict(zip('0abtnvfre "\\/N_LP', '\0\a\b\t\n\v\f\r\x1b "\\/\x85\xa0\u2028\u2029'))
_HEX_DIGITS = {'x': 2, 'u': 4, 'U': 8}
_HEX = pattern('[0-9a-fA-F]+')


class Refused(ValueError):
    """The line is not YAML, or not plain; `str()` of it is the reason."""


def key_at(line: str, start: int) -> Optional[Tuple[str, int]]:
    """Return the key that begins here and where its value may; `None` if it is no key."""
    if _DOCUMENT_MARK.match(line):
        raise Refused('only one document is read')
    if line[start] in '\'"':
        key, at = _quoted(line, start)
        at += spaces_at(line, at)
        if line[at : at + 1] != ':' or line[at + 1 : at + 2] not in ('', ' '):
            return None
    elif line[start] in '[{':
        return None
    else:
        _check_begin(line, start)
        found = _END_OF_BLOCK_PLAIN.search(line, start)
        if found is None or found[0] != ':':
            return None
        at = found.start()
        key = _plain_key(line[start:at].rstrip(' '))
    if at - start > _MAX_KEY:
        raise Refused(f'a key of more than {_MAX_KEY} characters')
    return key, at + 1


def _plain_key(word: str) -> str:
    if word == '<<':
        raise Refused('merge keys are not read')
    key = resolve(word)
    if not isinstance(key, str):
        raise Refused(f'the key {word} is not text to YAML; quote it')
    return key


def add_key(pairs: Dict[str, Any], key: str) -> None:
    """Refuse a key that is there already, where YAML would let the last one win."""
    if key in pairs:
        raise Refused(f'duplicate key {key[:80]!r}')


def value_at(line: str, start: int) -> Any:
    """Return the value that takes the rest of the line."""
    if line[start] in '[{':
        value, at = _flow(line, start, 0)
    elif line[start] in '\'"':
        value, at = _quoted(line, start)
    else:
        _check_begin(line, start)
        found = _END_OF_BLOCK_PLAIN.search(line, start)
        at = len(line) if found is None else found.start()
        if found is not None and found[0] == ':':
            raise Refused('a colon and a space in a plain value; quote it')
        value = resolve(line[start:at].rstrip(' '))
    end_of_line(line, at)
    return value


def end_of_line(line: str, at: int) -> None:
    """Refuse anything but spaces and a comment from here on."""
    rest = line[at:].strip(' ')
    if rest and not (rest.startswith('#') and line[at] == ' '):
        raise Refused(f'{rest[:40]!r} follows the value')


def _check_begin(line: str, start: int) -> None:
    if line[start] in _SPECIAL:
        raise Refused(_SPECIAL[line[start]])
    if line[start] == '-' and line[start + 1 : start + 2] in ('', ' '):
        raise Refused('an item of a sequence has to begin a line of its own')


def _flow(line: str, start: int, depth: int) -> Tuple[Any, int]:
    """Return the flow value that begins here and where it ends."""
    if depth > MAX_DEPTH:
        raise Refused(f'nested deeper than {MAX_DEPTH} levels')
    if line[start] == '[':
        return _flow_sequence(line, start + 1, depth)
    if line[start] == '{':
        return _flow_mapping(line, start + 1, depth)
    if line[start] in '\'"':
        return _quoted(line, start)
    word, at = _flow_plain(line, start)
    return resolve(word), at


def _flow_plain(line: str, start: int) -> Tuple[str, int]:
    _check_begin(line, start)
    found = _END_OF_FLOW_PLAIN.search(line, start)
    at = len(line) if found is None else found.start()
    return line[start:at].rstrip(' '), at


def _flow_sequence(line: str, at: int, depth: int) -> Tuple[List[Any], int]:
    items: List[Any] = []
    at = _flow_next(line, at)
    while line[at] != ']':
        value, at = _flow(line, at, depth + 1)
        items.append(value)
        at = _flow_separator(line, at, ']')
    return items, at + 1


def _flow_mapping(line: str, at: int, depth: int) -> Tuple[Dict[str, Any], int]:
    pairs: Dict[str, Any] = {}
    at = _flow_next(line, at)
    while line[at] != '}':
        begin = at
        if line[at] in '\'"':
            key, at = _quoted(line, at)
        elif line[at] in '[{':
            raise Refused('complex keys are not read')
        else:
            word, at = _flow_plain(line, at)
            key = _plain_key(word)
        at = _flow_next(line, at)
        if line[at] != ':' or line[at + 1 : at + 2] != ' ' or at - begin > _MAX_KEY:
            raise Refused('`key: value` belongs between braces')
        add_key(pairs, key)
        pairs[key], at = _flow(line, _flow_next(line, at + 1), depth + 1)
        at = _flow_separator(line, at, '}')
    return pairs, at + 1


def _flow_next(line: str, at: int) -> int:
    at += spaces_at(line, at)
    if at >= len(line):
        raise Refused('brackets and braces have to close on the same line')
    return at


def _flow_separator(line: str, at: int, close: str) -> int:
    """Return where the next item, or the closing bracket, is."""
    at = _flow_next(line, at)
    if line[at] == ',':
        return _flow_next(line, at + 1)
    if line[at] != close:
        raise Refused(f'a comma or {close} belongs before {line[at:][:20]!r}')
    return at


def _quoted(line: str, start: int) -> Tuple[str, int]:
    """Return the text in quotes that begins here and where it ends."""
    quote, at = line[start], start + 1
    text: List[str] = []
    while at < len(line):
        if line[at] == quote and quote == "'" and line[at + 1 : at + 2] == quote:
            text.append(quote)
            at += 2
        elif line[at] == quote:
            return ''.join(text), at + 1
        elif line[at] == '\\' and quote == '"':
            character, at = _escape(line, at + 1)
            text.append(character)
        else:
            text.append(line[at])
            at += 1
    raise Refused('quotes have to close on the same line')


def _escape(line: str, at: int) -> Tuple[str, int]:
    letter = line[at : at + 1]
    if letter in _ESCAPES:
        return _ESCAPES[letter], at + 1
    count = _HEX_DIGITS.get(letter, 0)
    digits = line[at + 1 : at + 1 + count]
    if not count or len(digits) != count or not _HEX.fullmatch(digits):
        raise Refused(f'the escape \\{letter} is not one')
    number = int(digits, 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise Refused(f'\\{letter}{digits} is not a character')
    return chr(number), at + 1 + count


def resolve(word: str) -> Any:
    """Return what a plain scalar means in YAML 1.1."""
    if word in _NULLS:
        return None
    if word in _TRUTHS:
        return _TRUTHS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word) and math.isfinite(float(word)):
        return float(word)
    if word in ('=', '<<') or _SURPRISING.fullmatch(word):
        raise Refused(f'{word[:40]} means something else to YAML; quote it if it is text')
    return word


def spaces_at(line: str, at: int) -> int:
    """Return how many spaces stand there."""
    end = at
    while line.startswith(' ', end):
        end += 1
    return end - at
