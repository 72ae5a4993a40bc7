"""The only reader of `juju status --format json`: any version's shape in, one `Model` out.

The client makes the shape, not the controller (cmd/juju/status/formatted.go, Juju 2.9 to 4.1):
every key may be absent, any object or status may be a `status-error` instead, a subordinate is
found only under its principal and has no machine of its own. What cannot be read is named in
`Model.faults` and left out, and so is what is no name (`safe_names`): names go on to shells,
command lines and files. The rest is read all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from charm.kernel.names import service_of

from ..values import safe_names as named
from ..values.errors import StatusError
from ..values.model import (
    Application,
    Machine,
    Model,
    Relation,
    Saas,
    SaasEndpoint,
    StatusInfo,
    Unit,
)
from .assemble import with_units
from .bridges import bridge_addresses
from .charms import charm_name, revision_of
from .life import is_leaving
from .timestamps import parse_since

_ZONE = re.compile(r'(?:^|\s)availability-zone=(\S+)')
_NUMBER = re.compile(r'[0-9]{1,18}')
# What the controller makes up when it is asked: its `since` is that of the status that is stored,
# from before (observed on 4.0.15), so "error since noon" may have failed a minute ago. What the
# cloud says of an instance is stored as it is.
_MADE_UP = frozenset({'error', 'lost', 'down'})
# What Juju gives in the place of what it could not tell.
_ERROR = 'status-error'
# Kubernetes is made for 150000 pods in a cluster.
_MOST_SCALE = 150_000


def decode(document: bytes) -> Model:
    """Return the model that a status document describes.

    Raises:
        StatusError: it is not a status document at all.
    """
    try:
        value = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise StatusError('', f'it is not JSON: {error}') from error
    if not isinstance(value, dict):
        raise StatusError('', f'it is {_kind(value)} where an object belongs')
    if 'model' not in value:
        raise StatusError('model', 'it is missing: is this the output of juju status?')
    return _Reader().model(value)


def _kind(value: Any) -> str:
    names = {dict: 'an object', list: 'a list', str: 'a string', bool: 'true or false'}
    return 'null' if value is None else names.get(type(value), 'a number')


def machine_order(machine: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key for machine ids: `2` before `10`, `1/lxd/0` after `1`."""
    return tuple((0, int(p)) if _NUMBER.fullmatch(p) else (1, p) for p in machine.split('/'))


class _Reader:
    """One document's reader; it keeps what it could not read."""

    def __init__(self) -> None:
        self._faults: list[str] = []

    def model(self, top: dict[str, Any]) -> Model:
        about = self._object(top.get('model'), 'model')
        machines = dict(self._machines(top.get('machines'), 'machines', ''))
        applications: dict[str, dict[str, Any]] = {}
        bare: dict[str, Application] = {}
        deployed = top.get('applications')
        for name, value in self._named(deployed, 'applications', named.is_application):
            applications[name] = value
            bare[name] = self._application(name, value, f'applications.{name}')
        units = list(self._units(applications))
        consumed = top.get('application-endpoints')
        saas = {
            name: self._saas(name, value, f'application-endpoints.{name}')
            for name, value in self._named(consumed, 'application-endpoints', named.is_name)
        }
        return Model(
            name=self._name(about, 'name', 'model', named.is_name),
            controller=self._name(about, 'controller', 'model', named.is_controller),
            type=self._text(about, 'type') or 'iaas',
            version=self._text(about, 'version'),
            machines=dict(sorted(machines.items(), key=lambda item: machine_order(item[0]))),
            applications=with_units(bare, units, machines),
            saas=saas,
            offers={
                name: self._name(value, 'application', f'offers.{name}', named.is_application)
                for name, value in self._named(top.get('offers'), 'offers', named.is_name)
            },
            faults=tuple(self._faults),
            status=self._info(about, 'model-status', 'model'),
        )

    def _fault(self, path: str, reason: str) -> None:
        self._faults.append(f'juju status: {path}: {" ".join(reason.split())}')

    def _object(self, value: Any, path: str) -> dict[str, Any]:
        """Return the object there, an empty one for nothing or nonsense."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._fault(path, f'{_kind(value)} where an object belongs')
            return {}
        return value

    def _items(self, value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, inner in self._object(value, path).items():
            fields = self._object(inner, f'{path}.{name}')
            if _ERROR in fields:
                # Whatever else is in it, such as subordinates and containers, is not told.
                self._fault(f'{path}.{name}', f'{_ERROR}: {self._text(fields, _ERROR)}')
            yield name, fields

    def _named(
        self, value: Any, path: str, may_be: Callable[[str], bool]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the items whose keys are names."""
        for name, inner in self._items(value, path):
            if self._is(name, path, may_be):
                yield name, inner

    def _name(
        self, values: dict[str, Any], key: str, path: str, may_be: Callable[[str], bool]
    ) -> str:
        """Return the name there; an empty text for none, and for what is none."""
        name = self._text(values, key)
        return name if not name or self._is(name, f'{path}.{key}', may_be) else ''

    def _is(self, name: str, path: str, may_be: Callable[[str], bool]) -> bool:
        if may_be(name):
            return True
        self._fault(path, f'{name!r} is not the name of {named.WHAT[may_be]}')
        return False

    def _list(self, value: Any, path: str) -> list[Any]:
        if value is not None and not isinstance(value, list):
            self._fault(path, f'{_kind(value)} where a list belongs')
        return value if isinstance(value, list) else []

    def _texts(self, value: Any, path: str) -> tuple[str, ...]:
        return tuple(text for text in self._list(value, path) if isinstance(text, str))

    @staticmethod
    def _text(values: dict[str, Any], key: str) -> str:
        value = values.get(key)
        return value if isinstance(value, str) else ''

    def _info(self, values: dict[str, Any], key: str, path: str) -> StatusInfo:
        status = values if _ERROR in values else self._object(values.get(key), f'{path}.{key}')
        if _ERROR in status:
            told = ' '.join(self._text(status, _ERROR).split())
            return StatusInfo(_ERROR, told, failed=True)
        current = self._text(status, 'current')
        made_up = current in _MADE_UP and key != 'machine-status'
        return StatusInfo(
            current=current,
            message=' '.join(self._text(status, 'message').split()),
            since=None if made_up else parse_since(self._text(status, 'since')),
            version=self._text(status, 'version'),
        )

    def _machines(self, value: Any, path: str, parent: str) -> Iterator[tuple[str, Machine]]:
        for identity, fields in self._named(value, path, named.is_machine):
            here = f'{path}.{identity}'
            zone = _ZONE.search(self._text(fields, 'hardware'))
            listed = self._texts(fields.get('ip-addresses'), f'{here}.ip-addresses')
            yield (
                identity,
                Machine(
                    id=identity,
                    parent=parent,
                    agent=self._info(fields, 'juju-status', here),
                    instance=self._info(fields, 'machine-status', here),
                    hostname=self._text(fields, 'hostname'),
                    dns_name=self._name(fields, 'dns-name', here, named.is_host),
                    addresses=tuple(
                        text
                        for text in listed
                        if self._is(text, f'{here}.ip-addresses', named.is_host)
                    ),
                    instance_id=self._name(fields, 'instance-id', here, named.is_argument),
                    zone=zone[1] if zone else '',
                    bridged=bridge_addresses(fields.get('network-interfaces')),
                    leaving=is_leaving(fields),
                    base=self._base(fields, here),
                ),
            )
            yield from self._machines(fields.get('containers'), f'{here}.containers', identity)

    def _application(self, name: str, fields: dict[str, Any], path: str) -> Application:
        principals = self._texts(fields.get('subordinate-to'), f'{path}.subordinate-to')
        return Application(
            name=name,
            charm=self._text(fields, 'charm-name') or charm_name(self._text(fields, 'charm')),
            status=self._info(fields, 'application-status', path),
            scale=self._scale(fields.get('scale'), f'{path}.scale'),
            subordinate_to=principals,
            relations=tuple(self._relations(fields.get('relations'), f'{path}.relations')),
            leaving=is_leaving(fields),
            revision=revision_of(fields.get('charm-rev')),
            channel=self._text(fields, 'charm-channel'),
            version=self._text(fields, 'version'),
            base=self._base(fields, path),
            exposed=fields.get('exposed') is True,
        )

    def _base(self, fields: dict[str, Any], path: str) -> str:
        """Return such as `ubuntu@22.04`; the series where the client is too old for bases."""
        base = self._object(fields.get('base'), f'{path}.base')
        name, channel = (self._text(base, key) for key in ('name', 'channel'))
        return f'{name}@{channel}' if name and channel else self._text(fields, 'series')

    def _scale(self, value: Any, path: str) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        if value > _MOST_SCALE:
            # Each unit that is wanted and missing has a vote of its own.
            self._fault(path, f'over {_MOST_SCALE} units, which was taken instead')
        return min(value, _MOST_SCALE)

    def _saas(self, name: str, fields: dict[str, Any], path: str) -> Saas:
        endpoints = self._items(fields.get('endpoints'), f'{path}.endpoints')
        return Saas(
            name=name,
            url=self._text(fields, 'url'),
            status=self._info(fields, 'application-status', path),
            relations=tuple(self._relations(fields.get('relations'), f'{path}.relations')),
            endpoints=tuple(
                SaasEndpoint(endpoint, self._text(about, 'interface'), self._text(about, 'role'))
                for endpoint, about in endpoints
            ),
        )

    def _relations(self, value: Any, path: str) -> Iterator[Relation]:
        for endpoint, others in self._object(value, path).items():
            for index, other in enumerate(self._list(others, f'{path}.{endpoint}')):
                # Clients before 3.1.3 give names, later ones objects: tell by the element itself.
                about = {'related-application': other} if isinstance(other, str) else other
                here = f'{path}.{endpoint}[{index}]'
                if isinstance(about, dict):
                    application = self._name(about, 'related-application', here, named.is_name)
                    over = (self._text(about, word) for word in ('interface', 'scope'))
                    yield Relation(endpoint, application, *over)
                else:
                    self._fault(here, f'{_kind(other)} of no known shape')

    def _units(self, applications: dict[str, dict[str, Any]]) -> Iterator[Unit]:
        for application, fields in applications.items():
            path = f'applications.{application}.units'
            for name, values in self._named(fields.get('units'), path, named.is_unit):
                here = f'{path}.{name}'
                unit = self._unit(name, values, here)
                yield unit
                beside = f'{here}.subordinates'
                for other, inner in self._named(values.get('subordinates'), beside, named.is_unit):
                    found = self._unit(other, inner, f'{beside}.{other}')
                    yield replace(found, machine=found.machine or unit.machine, principal=name)

    def _unit(self, name: str, fields: dict[str, Any], path: str) -> Unit:
        return Unit(
            name=name,
            application=service_of(name),
            machine=self._name(fields, 'machine', path, named.is_machine),
            leader=fields.get('leader') is True,
            address=self._text(fields, 'address') or self._text(fields, 'public-address'),
            workload=self._info(fields, 'workload-status', path),
            agent=self._info(fields, 'juju-status', path),
            open_ports=self._texts(fields.get('open-ports'), f'{path}.open-ports'),
            upgrading_from=self._text(fields, 'upgrading-from'),
            leaving=is_leaving(fields),
        )
