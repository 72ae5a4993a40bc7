"""Read a saved sweep, the JSON document, back into a snapshot.

Keys that are not known are ignored, and those that an older sweep lacks have their defaults; words
that are not known read as what claims least. Everything else is refused with its path. The
document holds the conclusions, so they are read and not drawn anew; of the inventory it holds only
the model's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from charm.kernel import wire
from charm.kernel.errors import ReportError
from charm.kernel.fields import Fields
from charm.kernel.report import State, StateName

from ..sweeps.fleet import Fleet
from ..values.errors import SavedError
from ..values.model import Model, Unit
from ..values.node import Node
from ..values.readings import (
    Blame,
    Cause,
    Coverage,
    JujuWord,
    Outcome,
    Reading,
    Role,
    ServiceHealth,
    Snapshot,
    Suppression,
    ViewHealth,
)

SCHEMA_VERSION = 1
MAX_BYTES = 256 * 1024 * 1024
_MOST = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_Value = TypeVar('_Value')


def decode(data: bytes) -> Snapshot:
    """Return the snapshot that one saved JSON document holds; several models come merged.

    Raises:
        SavedError: it is not such a document; the error names the path and the reason.
    """
    found = decode_any(data)
    return found.merged() if isinstance(found, Fleet) else found


def decode_any(data: bytes) -> Snapshot | Fleet:
    """Return what one saved JSON document holds, of one model or of several.

    Raises:
        SavedError: as for `decode`.
    """
    found = load(data)
    models = found.get('models')
    if not isinstance(models, dict):
        return read(found)
    snapshots = {}
    for name, one in models.items():
        if not isinstance(one, dict):
            raise SavedError(f'models.{name}', 'no object')
        snapshots[name] = read(one, f'models.{name}')
    try:
        top = Fields(found, '')
        return Fleet(
            snapshots,
            top.time('started_at') or _EPOCH,
            top.seconds('duration') or 0.0,
            top.names('faults'),
        )
    except ReportError as error:
        raise SavedError(error.path, error.reason) from error


def load(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`, after looking at its schema.

    Raises:
        SavedError: it is too large, no JSON object, or no sweep of a schema known here.
    """
    if len(data) > MAX_BYTES:
        raise SavedError('', f'{len(data)} bytes, the limit is {MAX_BYTES}')
    try:
        found = json.loads(data, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise SavedError('', f'it is not JSON: {error}') from error
    if not isinstance(found, dict):
        raise SavedError('', 'it is no JSON object')
    schema = found.get('schema')
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise SavedError('schema', 'missing, or not a number: is this `--format json`?')
    if schema > SCHEMA_VERSION:
        raise SavedError('schema', f'{schema} is newer than {SCHEMA_VERSION}: upgrade this reader')
    return found


def _refuse(word: str) -> Any:
    raise ValueError(f'{word} is not JSON')


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError('a key comes twice in one object')
    return found


def read(document: dict[str, Any], path: str = '') -> Snapshot:
    """Return the snapshot in a parsed document that stands at `path`.

    Raises:
        SavedError: with the path of the first thing that is wrong.
    """
    try:
        return _snapshot(Fields(document, path), f'{path}.' if path else '')
    except ReportError as error:
        raise SavedError(error.path, error.reason) from error


def _snapshot(top: Fields, before: str) -> Snapshot:
    about = top.optional_object('model') or Fields({}, f'{before}model')
    if 'services' not in top.values:
        raise ReportError(f'{before}services', 'missing: is this the JSON of a sweep?')
    return Snapshot(
        model=Model(
            about.text('name'),
            about.text('controller'),
            about.text('type') or 'iaas',
            about.text('version'),
        ),
        services=_each(top, 'services', f'{before}services', _service),
        health=top.health('health'),
        started_at=top.time('started_at') or _EPOCH,
        duration_seconds=top.seconds('duration') or 0.0,
        complete=top.values.get('complete') is True,
        faults=top.names('faults'),
        causes=_each(top, 'causes', f'{before}causes', _cause),
        views=_each(top, 'views', f'{before}views', _view),
    )


def _each(
    fields: Fields, key: str, path: str, decode_one: Callable[[Fields, str], _Value]
) -> tuple[_Value, ...]:
    found = []
    for index, item in enumerate(fields.array(key, _MOST)):
        here = f'{path}[{index}]'
        found.append(decode_one(Fields(item, here), here))
    return tuple(found)


def _cause(fields: Fields, path: str) -> Cause:
    return Cause(
        Node.read(fields.text('name'), fields.text('kind')),
        fields.health('health'),
        fields.text('message'),
        fields.names('victims'),
    )


def _view(fields: Fields, path: str) -> ViewHealth:
    return ViewHealth(
        fields.text('name'),
        fields.health('health'),
        fields.text('rule'),
        fields.text('because'),
        fields.ratio('qos'),
        fields.names('members'),
    )


def _service(fields: Fields, path: str) -> ServiceHealth:
    coverage = fields.optional_object('coverage') or Fields({}, '')
    blame = fields.optional_object('blame')
    name = fields.text('name')
    return ServiceHealth(
        name=name,
        health=fields.health('health'),
        qos=fields.ratio('qos'),
        state=_state(fields.optional_object('state')),
        rule=fields.text('rule'),
        because=fields.text('because'),
        message=fields.text('message'),
        coverage=Coverage(**{key: coverage.count(key) or 0 for key in vars(Coverage())}),
        blame=None if blame is None else _blame(blame),
        suppressed=_each(fields, 'suppressed', f'{path}.suppressed', _suppression),
        readings=_each(fields, 'units', f'{path}.units', _Units(name).read),
    )


def _blame(fields: Fields) -> Blame:
    try:
        role = Role(fields.text('role'))
    except ValueError:
        role = Role.UNEXPLAINED
    return Blame(role, tuple(map(Node.read, fields.names('path'))), fields.text('reason'))


def _suppression(fields: Fields, path: str) -> Suppression:
    return Suppression(
        fields.text('kind'),
        fields.text('target'),
        fields.text('reason'),
        fields.time('until') or _EPOCH,
        fields.text('by'),
    )


def _state(fields: Fields | None) -> State | None:
    if fields is None:
        return None
    try:
        name = StateName(fields.text('name'))
    except ValueError:
        name = StateName.UNKNOWN
    return State(
        name,
        fields.seconds('duration'),
        fields.time('since'),
        fields.text('message'),
        fields.names('blockers'),
    )


class _Units:
    """Reads the units of one service, whose name a unit's own name need not hold."""

    def __init__(self, service: str) -> None:
        self._service = service

    def read(self, fields: Fields, path: str) -> Reading:
        """Return one unit's reading."""
        report, last = fields.values.get('report'), fields.values.get('last')
        unit = Unit(
            fields.text('unit', required=True),
            self._service,
            machine=fields.text('machine'),
            principal=fields.text('principal'),
            leader=fields.values.get('leader') is True,
        )
        reading = Reading(
            unit=unit,
            outcome=_outcome(fields.text('outcome', required=True), report is not None),
            health=fields.health('health'),
            qos=fields.ratio('qos'),
            state=_state(fields.optional_object('state')),
            report=None if report is None else _report(report, f'{path}.report'),
            message=fields.text('message'),
            hook=fields.text('hook'),
            received_at=fields.time('received_at'),
            duration_seconds=fields.seconds('duration'),
            attempts=fields.count('attempts') or 0,
            via=fields.text('via'),
            last=None if last is None else _report(last, f'{path}.last'),
            age_seconds=fields.seconds('age'),
            juju=_juju(fields.optional_object('juju')),
        )
        advice = fields.text('advice') or reading.advice
        return reading if advice == reading.advice else replace(reading, hint=advice)


def _juju(fields: Fields | None) -> JujuWord | None:
    if fields is None:
        return None
    return JujuWord(
        fields.text('says'),
        fields.health('ceiling'),
        fields.text('relaxed'),
        fields.health('seen'),
    )


def _outcome(word: str, reported: bool) -> Outcome:
    try:
        return Outcome(word)
    except ValueError:
        return Outcome.REPORTED if reported else Outcome.INVALID


def _report(document: Any, path: str) -> Any:
    try:
        return wire.from_json(document)
    except ReportError as error:
        where = f'{path}.{error.path}' if error.path else path
        raise ReportError(where, error.reason) from error
