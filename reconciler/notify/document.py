"""A message as JSON: what webhooks and commands are given, and what is kept until it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ..values.advice import Advice
from ..values.errors import SavedError
from . import words
from .notice import SEVERITIES, Notice

SCHEMA_VERSION = 1
# What follows from a message and stands in its document too, as JSON Schema says it.
DERIVED: Mapping[type[Any], Mapping[str, Any]] = {
    Notice: {
        'schema': {'const': SCHEMA_VERSION},
        'subject': {'type': 'string'},
        'text': {'type': 'string'},
        'severity': {'enum': sorted(set(SEVERITIES.values()))},
        'labels': {'type': 'object', 'additionalProperties': {'type': 'string'}},
        'lasted_seconds': {'type': 'number', 'minimum': 0},
    },
    Advice: {'command': {'type': 'string'}},
}


def encode(notice: Notice) -> bytes:
    """Return the document as one line of JSON; half a surrogate pair becomes a question mark."""
    text = json.dumps(document(notice), ensure_ascii=False, allow_nan=False)
    return text.encode('utf-8', 'replace')


def document(notice: Notice) -> dict[str, Any]:
    """Return the message's own values, and before them what follows from them."""
    own: dict[str, Any] = msgspec.to_builtins(notice)
    for told, advice in zip(own['advice'], notice.advice, strict=True):
        told['command'] = advice.command
    return {
        'schema': SCHEMA_VERSION,
        'subject': words.subject(notice),
        'text': words.text(notice),
        'severity': notice.severity,
        'labels': dict(notice.labels),
        'lasted_seconds': notice.lasted_seconds,
        **own,
    }


def decode(content: bytes) -> Notice:
    """Return the message of a document; keys that are not known are passed over.

    Raises:
        SavedError: it is none, or a newer version wrote it.
    """
    try:
        found: Mapping[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        schema = found.get('schema')
        if schema != SCHEMA_VERSION:
            reason = f'{str(schema)[:20]} is not {SCHEMA_VERSION}, which this version reads'
            raise SavedError('schema', reason, 'a message')
        return msgspec.convert(found, Notice)
    except msgspec.MsgspecError as error:
        raise SavedError('', str(error), 'a message') from error
