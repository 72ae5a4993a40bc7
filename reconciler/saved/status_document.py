"""A saved `juju status`, JSON or YAML, with whatever else a client wrote to the same file."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from charm.kernel.safe_text import clean

from ..juju import status
from ..values.by_name import load
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
        if not in_json:
            document = load('reconciler.saved.status_yaml:as_json')(document)
        model = status.decode(document)
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
