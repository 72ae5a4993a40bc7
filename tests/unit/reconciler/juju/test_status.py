"""Any version's status in, one model out; what cannot be read is named and costs nothing else."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju.charms import charm_name
from reconciler.juju.status import decode, machine_order
from reconciler.juju.timestamps import parse_since
from reconciler.values.errors import StatusError
from tests.support.tree import TESTS

DATA = TESTS / 'data' / 'juju-status'
# Those here, and all in a directory of real dumps that you may name.
SAMPLES = sorted(
    path
    for directory in (str(DATA), os.environ.get('JUJU_STATUS_SAMPLES', ''))
    for path in (Path(directory).glob('*.json') if directory else ())
)


def model_of(**applications: Any) -> bytes:
    return json.dumps({'model': {'name': 'm'}, 'applications': applications}).encode()


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def test_a_subordinate_is_found_under_its_principal_and_has_its_machine() -> None:
    model = decode(sample('machines-2.9.json'))
    health = model.applications['health'].units[0]
    assert (health.name, health.machine, health.principal) == ('health/0', '1/lxd/0', 'mysql/0')
    assert model.applications['health'].subordinate_to == ('mysql',)
    assert model.faults == ()


def test_machines_and_containers_are_in_order_with_zone_and_parent() -> None:
    model = decode(sample('machines-2.9.json'))
    assert list(model.machines) == ['1', '1/lxd/0', '2', '10']
    assert model.machines['1/lxd/0'].parent == '1'
    assert model.machines['1'].zone == 'az2'
    assert model.machines['10'].agent.current == 'down'


@pytest.mark.parametrize('name', ['machines-2.9.json', 'machines-3.6.json'])
def test_relations_are_read_in_both_shapes(name: str) -> None:
    relations = decode(sample(name)).applications['wordpress'].relations
    assert [(one.endpoint, one.application) for one in relations] == [('db', 'mysql')]


@pytest.mark.slow
@pytest.mark.parametrize('scale', [150_001, 10**12, 10**4000])
def test_an_absurd_scale_is_bounded_and_named(scale: int) -> None:
    model = decode(model_of(web={'scale': scale}, db={'scale': 3}))
    assert [one.scale for one in model.applications.values()] == [150_000, 3]
    (fault,) = model.faults
    assert fault.startswith('juju status: applications.web.scale: over 150000 units')
    snapshot = conclude(Evidence(model, {}, datetime.now(timezone.utc), 0.0))
    assert snapshot.health is Health.UNKNOWN
    assert max(one.coverage.missing for one in snapshot.services) == 150_000


def test_k8s_units_have_no_machine_and_a_scale_and_saas_is_read() -> None:
    model = decode(sample('k8s-4.0.json'))
    assert model.is_k8s
    assert model.applications['web'].scale == 3
    assert [unit.name for unit in model.units()] == ['web/0', 'web/1']
    assert model.saas['postgres'].url == 'lab:admin/data.postgres'
    (endpoint,) = model.saas['postgres'].endpoints
    assert (endpoint.name, endpoint.interface, endpoint.role) == ('db', 'pgsql', 'provider')


def test_a_status_error_stands_for_what_juju_could_not_tell() -> None:
    model = decode(sample('machines-3.6.json'))
    assert model.applications['broken'].status.failed
    assert model.applications['broken'].status.message == 'cannot read charm'


def test_what_cannot_be_read_is_named_and_the_rest_is_read() -> None:
    model = decode(
        model_of(
            a=7, b={'units': {'b/0': {}, '../etc': {}, 'b/1': [1]}}, c={'relations': {'x': 3}}
        )
    )
    assert [unit.name for unit in model.units()] == ['b/0', 'b/1']
    said = '\n'.join(model.faults)
    for path in ('applications.a:', 'applications.b.units', 'applications.c.relations.x:'):
        assert f'juju status: {path}' in said


@pytest.mark.parametrize(
    ('document', 'said'),
    [
        (b'', 'not JSON'),
        (b'{}', 'model: it is missing'),
        (b'[]', 'a list where an object belongs'),
        (b'[' * 100_000, 'not JSON'),
        (b'\xff\xfe', 'not JSON'),
    ],
    ids=['empty', 'braces', 'list', 'deep', 'bytes'],
)
def test_a_hopeless_document_is_one_clear_error(document: bytes, said: str) -> None:
    with pytest.raises(StatusError, match=said):
        decode(document)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
KEYS = st.sampled_from(
    (
        *('units', 'subordinates', 'relations', 'machine', 'current', 'status-error', 'since'),
        *('x/0', 'x', 'y/1', 'workload-status', 'juju-status', 'containers', '0', '0/lxd/1'),
        *('subordinate-to', 'scale', 'ip-addresses', 'charm', 'leader', 'application-status'),
    )
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)


@given(JSON, JSON, JSON, JSON)
def test_no_shape_makes_the_reader_crash(about: Any, machines: Any, apps: Any, saas: Any) -> None:
    document = {
        'model': about,
        'machines': machines,
        'applications': apps,
        'application-endpoints': saas,
    }
    model = decode(json.dumps(document).encode())
    assert all('/' in unit.name for unit in model.units())


@pytest.mark.parametrize('path', SAMPLES, ids=lambda path: path.name)
def test_dumps_are_read_whole_and_without_a_fault(path: Path) -> None:
    document = json.loads(path.read_bytes())
    model = decode(path.read_bytes())
    # What Juju itself could not tell is named.
    assert [fault for fault in model.faults if ': status-error: ' not in fault] == []
    assert set(document['applications']) <= set(model.applications)
    names = {name for one in document['applications'].values() for name in one.get('units') or {}}
    assert names <= {unit.name for unit in model.units()}
    if not model.is_k8s:
        assert all(unit.machine in model.machines for unit in model.units())


@pytest.mark.parametrize(
    'text',
    [
        '2025-02-23 23:03:17Z',
        '2025-02-23T23:03:17Z',
        '24 Feb 2025 12:03:17+13:00',
        '23 Feb 2025 23:03:17Z',
        '23 Feb 2025 18:33:17-04:30',
    ],
)
def test_every_way_juju_writes_a_time_is_the_same_time(text: str) -> None:
    assert parse_since(text) == datetime(2025, 2, 23, 23, 3, 17, tzinfo=timezone.utc)


@given(st.text() | st.from_regex(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d'))
def test_a_time_that_cannot_be_read_is_none(text: str) -> None:
    found = parse_since(text)
    assert found is None or found.tzinfo is timezone.utc


@pytest.mark.parametrize(
    'url',
    ['mysql', 'cs:mysql-58', 'cs:~openstack/mysql-5', 'ch:amd64/jammy/mysql-1', 'local:mysql-0'],
)
def test_a_charms_name_is_found_in_every_url(url: str) -> None:
    assert charm_name(url) == 'mysql'


def test_machines_sort_by_number() -> None:
    ids = ['10', '2', '1/lxd/10', '1/lxd/2', '1']
    assert sorted(ids, key=machine_order) == ['1', '1/lxd/2', '1/lxd/10', '2', '10']


@pytest.mark.parametrize('name', ['²', '٢', '9' * 5000])
def test_what_only_looks_like_a_number_is_no_part_of_a_name(name: str) -> None:
    machines: dict[str, Any] = {'1': {}, name: {}}
    status = {
        'model': {},
        'machines': machines,
        'applications': {'a': {'units': {f'a/{name}': {}}}},
    }
    model = decode(json.dumps(status).encode())
    assert set(model.machines) == {'1'}
    assert [fault.rpartition(' is ')[2] for fault in model.faults] == [
        'not the name of a machine',
        'not the name of a unit',
    ]


def test_what_a_unit_opened_and_what_it_is_upgraded_from_are_read() -> None:
    ports = ['80/tcp', '8000-8010/tcp', '53/udp', 'icmp', '0/tcp', '99999/tcp', '443/tcp', 7]
    unit = {'open-ports': ports, 'upgrading-from': 'ch:web-57'}
    status = {'model': {}, 'applications': {'web': {'units': {'web/0': unit, 'web/1': {}}}}}
    first, second = decode(json.dumps(status).encode()).units()
    assert (first.tcp_ports, first.upgrading_from) == ((80, 443), 'ch:web-57')
    assert (second.tcp_ports, second.upgrading_from) == ((), '')
