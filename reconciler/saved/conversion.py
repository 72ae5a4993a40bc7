"""From a sweep's document to its values; `writing` is the way there.

What has the same name in both goes over by itself. The document holds the conclusions, so they are
read and not drawn anew; of the inventory it holds only the model's name. Words that are not known
read as what claims least.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.fields import Fields
from charm.kernel.report import Health, Report, State, StateName

from ..judge.advice_by_word import ADVISED, advice_by_word
from ..sweeps.fleet import Fleet
from ..values import readings as values
from ..values.advice import Advice
from ..values.certainty import Certainty
from ..values.model import Model, Unit
from ..values.node import Node
from ..values.outcomes import Depth, advise
from ..values.readings import Outcome, Reading, Role, Snapshot
from . import schema
from .writing import DOCUMENTS, KEYS

_VALUES = {document: kind for kind, document in DOCUMENTS.items()}
# The fields that a document keeps, each with its key.
_FIELDS = {
    kind: [
        (field.name, key)
        for field in fields(kind)
        if (key := KEYS.get(field.name, field.name)) in document.__struct_fields__
    ]
    for kind, document in DOCUMENTS.items()
}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_Word = TypeVar('_Word')


def fleet_of(document: schema.FleetDocument, snapshots: Mapping[str, Snapshot]) -> Fleet:
    """Return the sweep of several models; the snapshots are theirs.

    Raises:
        ReportError: with the path of what is wrong.
    """
    began = _at('started_at', _moment, document.started_at)
    took = _read(document.duration) or 0.0
    return Fleet(snapshots, began, took, document.faults, document.notes)


def snapshot_of(document: schema.SweepDocument) -> Snapshot:
    """Return the sweep of one model.

    Raises:
        ReportError: with the path of the first time or report that is wrong.
    """
    snapshot: Snapshot = _read(document)
    models = (snapshot.model, replace(snapshot.model, controller=''))
    services = []
    for service in snapshot.services:
        readings = [_whole(reading, service.name, models) for reading in service.readings]
        services.append(replace(service, readings=tuple(readings)))
    seconds = _read(document.duration) or 0.0
    return replace(snapshot, services=tuple(services), duration_seconds=seconds)


def _whole(reading: Reading, service: str, models: tuple[Model, Model]) -> Reading:
    """Return a service's reading with the unit's application, which its name need not hold.

    Its advice becomes a value, where that is what its outcome has said. Sweeps that were saved by
    earlier versions did not name the model in it: so the second model has no controller.
    """
    unit = replace(reading.unit, application=service)
    reading = replace(reading, unit=unit)
    if not reading.advice:
        return reading
    own, other = (_advices(reading, model) for model in models)
    told = str(reading.advice)
    advice = next((new for new, old in zip(own, other) if told in (str(new), str(old))), None)
    return reading if advice is None else replace(reading, advice=advice)


def _advices(reading: Reading, model: Model) -> list[Advice]:
    """Return what may have been advised about it: by its outcome, or by Juju's word."""
    own = advise(reading.outcome, model, reading.unit, reading.hook)
    plain = replace(reading, advice=own)
    return [own, *(advice_by_word(plain, model, {word}) for word in ADVISED)]


def _read(document: Any) -> Any:
    """Return the value that a part of the document is of."""
    if isinstance(document, tuple):
        return tuple(_at(f'[{index}]', _read, item) for index, item in enumerate(document))
    if isinstance(document, float):
        # As it is written: milliseconds are kept, whoever wrote the file.
        return round(document, 3)
    kind = _VALUES.get(type(document))
    if kind is None:
        return document
    found = {}
    for name, key in _FIELDS[kind]:
        read = _state_name if (kind, key) == (State, 'name') else _READERS.get(key, _read)
        found[name] = _at(key, read, getattr(document, key))
    if kind is Reading:
        found.update(_unit(document))
    elif kind is values.Cause:
        found['node'] = Node.read(document.name, document.kind)
    return kind(**found)


def _at(step: str, read: Callable[[Any], Any], document: Any) -> Any:
    """Return what is read of this part; what is wrong in it tells where it stands."""
    try:
        return read(document)
    except ReportError as error:
        joint = '.' if error.path and error.path[0] != '[' else ''
        raise ReportError(f'{step}{joint}{error.path}', error.reason) from error


def _unit(document: schema.UnitDocument) -> dict[str, Any]:
    least = Outcome.INVALID if document.report is None else Outcome.REPORTED
    place = (document.machine, document.principal, document.leader)
    return {
        'unit': Unit(document.unit, '', *place),
        'outcome': _word(Outcome, least)(document.outcome),
        'evidence': document.evidence and _word(Depth, Depth.NONE)(document.evidence),
    }


def _word(kind: Callable[[str], _Word], least: _Word) -> Callable[[str], _Word]:
    def read(word: str) -> _Word:
        try:
            return kind(word)
        except ValueError:
            return least

    return read


def _time(text: str | None) -> datetime | None:
    return Fields({'': text}, '').time('')


def _moment(text: str | None) -> datetime:
    return _time(text) or _EPOCH


def _report(document: dict[str, Any] | None) -> Report | None:
    return None if document is None else report_json.from_json(document)


def _certainty(word: str | None) -> Certainty | None:
    return None if word is None else _word(Certainty, Certainty.POSSIBLE)(word)


_health = _word(Health.parse, Health.UNKNOWN)
_state_name = _word(StateName, StateName.UNKNOWN)
# How what stands under a key is read, where it is no part with keys of its own.
_READERS: Mapping[str, Callable[[Any], Any]] = {
    'health': _health,
    'ceiling': _health,
    'seen': _health,
    'advice': Advice,
    'qos': lambda value: value,
    'certainty': _certainty,
    'role': _word(Role, Role.UNEXPLAINED),
    'path': lambda texts: tuple(map(Node.read, texts)),
    'type': lambda word: word or 'iaas',
    'owner': lambda name: name or '',
    'started_at': _moment,
    'until': _moment,
    'since': _time,
    'received_at': _time,
    'made_at': _time,
    'report': _report,
    'last': _report,
}
