"""The stand-in's status and small commands are those of juju, version by version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from jubilant.statustypes import Status

from tests.standin.builder import Machine, World
from tests.standin.examples import Juju, model, said

VERSIONS = ('2.9.49', '3.6.5', '4.0.15')


@pytest.mark.parametrize('version', VERSIONS[1:])
def test_jubilant_reads_the_status(juju: Juju, version: str) -> None:
    done = juju(model(version=version), 'status', '--format', 'json', '--utc')
    status = Status._from_dict(json.loads(done.stdout))
    assert status.apps['wordpress'].units['wordpress/0'].is_blocked
    assert status.apps['mysql'].relations['db'][0].related_app == 'wordpress'
    assert set(status.get_units('health')) == {'health/0'}
    assert status.machines['0'].dns_name == '10.0.0.5'


def test_each_version_has_its_own_shape(juju: Juju) -> None:
    two, three, four = (
        json.loads(juju(model(version=version), 'status', '--format=json', '--utc').stdout)
        for version in VERSIONS
    )
    assert two['applications']['mysql']['relations']['db'] == ['wordpress']
    assert (two['machines']['0']['series'], two['applications']['mysql']['os']) == (
        'jammy',
        'ubuntu',
    )
    for later in (three, four):
        assert later['machines']['0']['base'] == {'name': 'ubuntu', 'channel': '22.04'}
        assert later['applications']['mysql']['relations']['db'] == [
            {'related-application': 'wordpress', 'interface': 'mysql', 'scope': 'global'}
        ]
    assert ['sla' in one['model'] for one in (two, three, four)] == [True, True, False]


def test_a_subordinate_is_found_only_below_its_principal_and_has_no_machine(juju: Juju) -> None:
    document = json.loads(juju(model(), 'status', '--format', 'json', '--utc').stdout)
    assert 'units' not in document['applications']['health']
    beside = document['applications']['mysql']['units']['mysql/0']['subordinates']['health/0']
    assert 'machine' not in beside
    assert beside['public-address'] == '10.0.0.5'


def test_containers_are_inside_their_machines(juju: Juju) -> None:
    machines = [Machine(one) for one in ('0', '0/lxd/0', '0/lxd/0/lxd/1', '0/lxd/2', '10')]
    document = json.loads(juju(World(tuple(machines)), 'status', '--format', 'json').stdout)
    assert set(document['machines']) == {'0', '10'}
    assert set(document['machines']['0']['containers']) == {'0/lxd/0', '0/lxd/2'}
    inner = document['machines']['0']['containers']['0/lxd/0']
    assert set(inner['containers']) == {'0/lxd/0/lxd/1'}


def test_times_are_local_unless_utc_is_asked_for(juju: Juju) -> None:
    def since(*words: str) -> str:
        document = json.loads(juju(model(), 'status', '--format', 'json', *words).stdout)
        return str(document['machines']['0']['juju-status']['since'])

    assert (since(), since('--utc')) == ('23 Nov 2026 08:00:00Z', '2026-11-23 08:00:00Z')


@pytest.mark.parametrize(
    ('world', 'complaint'),
    [
        (
            World(fault='logged-out', version='2.9.49'),
            'current model for controller lab not found',
        ),
        (
            World(fault='login-expired'),
            'invalid entity name or password (unauthorized access)',
        ),
        (
            World(fault='unreachable'),
            'unable to connect to API: dial tcp 10.0.0.1:17070: i/o timeout',
        ),
    ],
)
def test_a_failed_status_prints_an_empty_document(
    juju: Juju, world: World, complaint: str
) -> None:
    done = juju(world, 'status', '--format', 'json', '--utc')
    assert (done.stdout, *said(done)) == ('{}\n', 1, f'ERROR {complaint}')


@pytest.mark.parametrize(
    ('wanted', 'complaint'),
    [
        ('prod', ''),
        ('lab:prod', ''),
        ('lab:admin/prod', ''),
        ('dev', 'ERROR model lab:admin/dev not found'),
        ('other:prod', 'ERROR controller other not found'),
    ],
)
def test_a_model_is_found_by_its_name(juju: Juju, wanted: str, complaint: str) -> None:
    done = juju(model(), 'status', '-m', wanted, '--format', 'json')
    assert said(done) == (1 if complaint else 0, complaint)


def test_who_am_i_is_no_document_when_logged_out(juju: Juju) -> None:
    done = juju(World(), 'whoami', '--format', 'json')
    assert json.loads(done.stdout) == {'controller': 'lab', 'model': 'prod', 'user': 'admin'}
    done = juju(World(fault='logged-out'), 'whoami', '--format', 'json')
    assert (done.returncode, done.stdout) == (0, '')
    assert 'You are not logged in to controller "lab"' in done.stderr


def test_models_and_version_are_told(juju: Juju) -> None:
    found = json.loads(juju(World(), 'models', '--format', 'json').stdout)
    assert [one['name'] for one in found['models']] == ['admin/prod']
    assert found['current-model'] == 'prod'
    assert juju(World(), 'version').stdout == '3.6.5-ubuntu-amd64\n'


@pytest.mark.parametrize(
    ('version', 'words', 'complaint'),
    [
        ('3.6.5', ['ssh', '--nonsense', '0'], 'option provided but not defined: --nonsense'),
        ('4.0.15', ['ssh', '--remote', '0'], 'option provided but not defined: --remote'),
        ('3.6.5', ['ssh', '--container'], 'option needs an argument: --container'),
        ('3.6.5', ['ssh'], 'no target name specified'),
        ('3.6.5', ['stauts'], 'juju: "stauts" is not a juju command. See "juju --help".'),
    ],
)
def test_wrong_usage_is_exit_code_2(
    juju: Juju, version: str, words: Sequence[str], complaint: str
) -> None:
    assert said(juju(model(version=version), *words)) == (2, f'ERROR {complaint}')


def test_what_is_not_modelled_is_no_answer(juju: Juju) -> None:
    done = juju(World(), 'status')
    assert (done.returncode, done.stdout) == (70, '')
    assert 'not modelled' in done.stderr


@pytest.mark.parametrize(
    ('target', 'complaint'),
    [
        ('mysql/9', 'unit "mysql/9" not found'),
        ('7', 'machine 7 not found'),
        ('web/leader', 'could not determine leader for "web"'),
        ('mysql/0', 'retrieving SSH host keys for "mysql/0": keys not found'),
        ('wordpress/0', 'no available address(es)'),
    ],
)
def test_jujus_own_failures_are_exit_code_1(juju: Juju, target: str, complaint: str) -> None:
    world = model(Machine('0', ('10.0.0.5',)), Machine('1', (), ('ssh-ed25519 AAAA',)))
    assert said(juju(world, 'ssh', target, 'true')) == (1, f'ERROR {complaint}')


def test_a_reader_sees_the_status_and_may_not_ssh(juju: Juju) -> None:
    world = replace(model(), access='read')
    assert juju(world, 'status', '--format', 'json').returncode == 0
    assert said(juju(world, 'ssh', '0', 'true')) == (
        1,
        'ERROR permission denied (unauthorized access)',
    )
