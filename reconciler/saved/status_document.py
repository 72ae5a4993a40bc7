"""A saved `juju status`, JSON or YAML: the one reader of YAML that others wrote.

Juju writes it with go-yaml (`juju status --format yaml`), without anchors, aliases and documents
beside the one. Whatever has these was not written by it, and a few hundred bytes of aliases stand
for gigabytes once they are JSON, so they are refused before anything is made of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import yaml

from charm.kernel.safe_text import clean

from ..juju import status
from ..values.errors import StatusError
from ..values.model import Model

# How a saved sweep of ours begins, without the blanks before it.
_SWEEP = re.compile(rb'(?:\{\s*)?"?schema"?:')
_HEAD_BYTES = 200
# The keys of a status (cmd/juju/status/formatted.go).
_KEY_OF_STATUS = re.compile(
    rb'(?:model|machines|applications|application-endpoints|offers|relations|storage|controller):'
)
# No key begins so.
_TALK = re.compile(rb'[A-Z]|[0-9]{4}')
_MARK = re.compile(rb'[ \t]*(?:#.*|-{3}.*)?\r?$')
_LONGEST_TALK = 80
_NULL = re.compile(r'(?:~|null)?$')
_BOOL = re.compile(r'(?:true|false)$')
_INT = re.compile(r'-?(?:0|[1-9][0-9]{0,17})$')
_TAG = 'tag:yaml.org,2002:'
# go-yaml tags what is not UTF-8, and nothing else.
_TAGS = (None, '!', f'{_TAG}binary', f'{_TAG}str')


class _Loader(yaml.CSafeLoader if hasattr(yaml, 'CSafeLoader') else yaml.SafeLoader):  # type: ignore[misc]
    """YAML of which only null, true, false and whole numbers are no text, as in a status.

    So times stay text, and no number is so long, or in base 60, that it holds us up.
    """


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(f'{_TAG}null', _NULL, ['~', 'n', ''])
_Loader.add_implicit_resolver(f'{_TAG}bool', _BOOL, ['t', 'f'])
_Loader.add_implicit_resolver(f'{_TAG}int', _INT, [*'-0123456789'])


def decode(data: bytes, name: str) -> Model:
    """Return the model in the text of a status document, JSON or YAML.

    Args:
        data: the text.
        name: of the file, for what is said of it.

    Raises:
        StatusError: it is none; the error names the file, the line where there is one, and why.
    """
    document, beside = _without_talk(data)
    try:
        if _SWEEP.match(data[:_HEAD_BYTES].lstrip()):
            raise StatusError('schema', 'this is a saved sweep, and no juju status')
        in_json = document.lstrip()[:1] == b'{'
        model = status.decode(document if in_json else _as_json(document))
    except StatusError as error:
        raise StatusError(error.path, error.reason, name) from error
    if not beside:
        return model
    first = clean(beside[0].decode(errors='replace'), _LONGEST_TALK)
    count = f'{len(beside)} line{"" if len(beside) == 1 else "s"}'
    fault = f'{name}: {count} beside the status left out, such as {first!r}'
    return replace(model, faults=(*model.faults, fault))


def _without_talk(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return the document, and the lines beside it, such as a warning that a client wrote.

    Whoever keeps stderr in the same file, as sos does, has them before it or after it.
    """
    lines = data.split(b'\n')
    if any(line.startswith(b'{') for line in lines):
        document, beside = _json_in(lines)
    elif any(_KEY_OF_STATUS.match(line) for line in lines):
        document, beside = _yaml_in(lines)
    else:
        document, beside = lines, []
    return b'\n'.join(document), [line for line in beside if line.strip()]


def _json_in(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the lines of the first document with a model, else of whatever begins as one."""
    begins = [number for number, line in enumerate(lines) if line.startswith(b'{')]
    for first in begins:
        text = b'\n'.join(lines[first:]).decode(errors='replace')
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and 'model' in value:
            last = first + text.count('\n', 0, end) + 1
            return lines[first:last], lines[:first] + lines[last:]
    return lines[begins[0] :], lines[: begins[0]]


def _yaml_in(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the lines of the document; talk stands before its first key, or begins as none."""
    first = next(number for number, line in enumerate(lines) if _KEY_OF_STATUS.match(line))
    talks = [
        bool(_TALK.match(line)) or (number < first and not _MARK.match(line))
        for number, line in enumerate(lines)
    ]
    pairs = list(zip(lines, talks, strict=True))
    return [line for line, talk in pairs if not talk], [line for line, talk in pairs if talk]


def _as_json(data: bytes) -> bytes:
    """Return a document in YAML as JSON, so that one reader reads them all."""
    try:
        for event in yaml.parse(data, Loader=_Loader):
            _refuse(event)
        value = yaml.load(data, Loader=_Loader)  # noqa: S506 - a safe one
        return json.dumps(value, default=_text).encode()
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = getattr(error, 'problem', None) or getattr(error, 'reason', None) or str(error)
        told = ' '.join(str(reason).split())
        raise StatusError(_line(error, data), f'it is neither JSON nor YAML: {told}') from error


def _refuse(event: yaml.Event) -> None:
    line = f'line {event.start_mark.line + 1}' if event.start_mark else ''
    if isinstance(event, yaml.AliasEvent) or getattr(event, 'anchor', None) is not None:
        raise StatusError(line, 'an anchor or alias of YAML, which juju never prints')
    if getattr(event, 'tag', None) not in _TAGS:
        raise StatusError(line, 'a tag of YAML, which juju never prints')


def _line(error: Exception, data: bytes) -> str:
    """Return `line 3` for where the YAML breaks off; empty where that is not known."""
    mark = getattr(error, 'problem_mark', None)
    if mark is not None:
        return f'line {mark.line + 1}'
    position = getattr(error, 'position', None)
    return '' if position is None else f'line {data[:position].count(bytes([10])) + 1}'


def _text(value: Any) -> str:
    """Return what YAML has and JSON has not, which is bytes, as text."""
    return value.decode(errors='replace') if isinstance(value, bytes) else str(value)
