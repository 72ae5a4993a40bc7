"""A `juju status` in YAML: the one reader of YAML that others wrote.

Juju writes it with go-yaml (`juju status --format yaml`), without anchors, aliases and documents
beside the one. Whatever has these was not written by it, and a few hundred bytes of aliases stand
for gigabytes once they are JSON, so they are refused before anything is made of them.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from ..values.errors import StatusError

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


def as_json(data: bytes) -> bytes:
    """Return a document in YAML as JSON, so that one reader reads them all.

    Raises:
        StatusError: it is neither, and in which line.
    """
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
