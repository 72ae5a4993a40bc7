"""Status that is made to run something: what is no name is told and left out, the rest is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.juju.status import decode
from reconciler.values.model import Model
from tests.support.hostile_names import hostile_names

HOSTILE = hostile_names(Path('/tmp/proof'))


def read(**more: Any) -> Model:
    return decode(json.dumps({'model': {'name': 'prod', 'controller': 'lab'}, **more}).encode())


def told(model: Model, path: str, name: str) -> bool:
    return any(
        fault.startswith(f'juju status: {path}: {name!r} is not the name of')
        for fault in model.faults
    )


@pytest.mark.parametrize('name', HOSTILE)
def test_machines_keep_only_what_is_a_name(name: str) -> None:
    well = {'dns-name': '10.0.0.5', 'ip-addresses': ['10.0.0.5'], 'instance-id': 'i-1'}
    inside = {'0/lxd/0': well, name: well}
    ill = {'dns-name': name, 'ip-addresses': [name, '10.0.0.6'], 'containers': inside}
    model = read(machines={'0': ill, '1': well, name: well})
    assert list(model.machines) == ['0', '0/lxd/0', '1']
    assert (model.machines['0'].dns_name, model.machines['0'].addresses) == ('', ('10.0.0.6',))
    assert (model.machines['1'].dns_name, model.machines['1'].instance_id) == ('10.0.0.5', 'i-1')
    for path in (
        *('machines', 'machines.0.dns-name', 'machines.0.ip-addresses', 'machines.0.containers'),
    ):
        assert told(model, path, name)
    assert len(model.faults) == 4


@pytest.mark.parametrize('name', ['i-1\nlab:prod:1 ssh-rsa AAAA', '-x', 'a b', 'a\u202eb'])
def test_an_instance_id_is_one_word(name: str) -> None:
    model = read(machines={'0': {'instance-id': name}})
    assert model.machines['0'].instance_id == ''
    assert told(model, 'machines.0.instance-id', name)


@pytest.mark.parametrize('name', HOSTILE)
def test_what_is_deployed_keeps_only_what_is_a_name(name: str) -> None:
    units = {'web/0': {'machine': '0'}, 'web/1': {'machine': name}, name: {}}
    units['web/2'] = {'machine': '1', 'subordinates': {name: {}, 'sub/0': {}}}  # type: ignore[dict-item]
    related = {'db': [name, {'related-application': name}, {'related-application': 'db'}]}
    model = read(
        applications={'web': {'units': units, 'relations': related}, name: {'units': units}},
        offers={name: {'application': 'web'}, 'well': {'application': name}},
        **{'application-endpoints': {name: {}, 'db': {'url': 'lab:a/b.db'}}},
    )
    assert [(unit.name, unit.machine) for unit in model.units()] == [
        *(('web/0', '0'), ('web/1', ''), ('web/2', '1'), ('sub/0', '1')),
    ]
    assert list(model.saas) == ['db']
    assert dict(model.offers) == {'well': ''}
    assert {one.application for one in model.applications['web'].relations} == {'', 'db'}
    here = 'applications.web'
    for path in (
        *('applications', f'{here}.units', f'{here}.units.web/1.machine'),
        *(f'{here}.units.web/2.subordinates', f'{here}.relations.db[0].related-application'),
        *('application-endpoints', 'offers', 'offers.well.application'),
    ):
        assert told(model, path, name), path


@pytest.mark.parametrize('name', HOSTILE)
def test_a_model_whose_name_is_none_goes_without(name: str) -> None:
    model = decode(json.dumps({'model': {'name': name, 'controller': name}}).encode())
    assert (model.name, model.controller, model.full_name) == ('', '', '')
    assert told(model, 'model.name', name)
    assert told(model, 'model.controller', name)
