"""The stand-in beside what was seen of a running Juju 4.0.15, one difference after the other."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.standin.builder import Application, Info, Machine, Offer, Relation, Saas, Unit, World
from tests.standin.examples import Juju, model, said
from tests.standin.values import LOST
from tests.support.tree import TESTS

OBSERVED = TESTS / 'data' / 'juju-status'
FOUR = '4.0.15'
# Names that stand for themselves, so that two documents are alike in shape whatever is in them.
_NAMED = (
    re.compile(r'(?P<of>applications|machines|units|subordinates|offers|containers)\.[^.]+'),
    re.compile(r'(?P<of>relations|endpoints|endpoint-bindings|network-interfaces)\.[^.]*'),
    re.compile(r'(?P<of>application-endpoints)\.[^.]+'),
)
# What a charm or an operator adds, whatever Juju's version is.
_OPTIONAL = {
    'message',
    'version',
    'leader',
    'constraints',
    'open-ports',
    'controller-cluster-role',
}
_OPTIONAL |= {'controller-member-status', 'charm-channel', 'region'}
HOME = ('machines', 'applications', 'storage', 'controller', 'offers', 'application-endpoints')


def shape(value: Any, path: str = '') -> Iterator[tuple[str, str]]:
    """Yield each place in a document, names left out, and the type of what is there."""
    if isinstance(value, dict):
        if not value:
            yield _plain(path), '{}'
        for key, one in value.items():
            if key not in _OPTIONAL:
                yield from shape(one, f'{path}.{key}')
    elif isinstance(value, list):
        for one in value:
            yield from shape(one, f'{path}[]')
    else:
        yield _plain(path), type(value).__name__


def _plain(path: str) -> str:
    for pattern in _NAMED:
        path = pattern.sub(r'\g<of>.*', path)
    return path


def observed(name: str) -> Any:
    return json.loads((OBSERVED / f'observed-{name}-4.0.15.json').read_text())


def like_prod(**changes: Any) -> World:
    """Return a world that has of everything what the observed model had."""
    beside = Relation('juju-info', 'juju-health', 'juju-info', 'container')
    others = Relation('juju-info', 'db', 'juju-info', 'container')
    world = World(
        (
            Machine('0', ('10.214.0.11',), hostname='juju-1'),
            Machine('1', ('10.214.0.12',), hostname='juju-2'),
        ),
        (
            Application(
                'db',
                (Unit('db/0', '0', leader=True, subordinates=(Unit('juju-health/4'),)),),
                relations=(Relation('db', 'front', 'tinydb'), beside),
                charm='tiny',
                origin='local',
            ),
            Application('front', relations=(Relation('backend', 'db', 'tinydb'),), origin='local'),
            Application(
                'juju-health', relations=(others,), subordinate_to=('db',), origin='local'
            ),
        ),
        version=FOUR,
        cloud='unmanaged',
        offers=(Offer('dboffer', 'db', 'db', 'tinydb', connected=0),),
    )
    return replace(world, **changes)


@pytest.mark.parametrize('name', ['prod', 'blocked', 'error-lost-down'])
def test_status_has_the_shape_of_the_observed_one(juju: Juju, name: str) -> None:
    done = juju(like_prod(), 'status', '--format', 'json', '--utc')
    mine, real = set(shape(json.loads(done.stdout))), set(shape(observed(name)))
    if name != 'prod':
        mine = {one for one in mine if not one[0].startswith('.offers')}
    assert mine == {one for one in real if not one[0].startswith('.offers') or name == 'prod'}


def test_saas_and_an_empty_model_have_the_shape_of_the_observed_one(juju: Juju) -> None:
    saas = Saas('remotedb', 'admin/prod.dboffer', 'db', 'tinydb')
    world = World(version=FOUR, name='cons', cloud='unmanaged', saas=(saas,))
    mine = json.loads(juju(world, 'status', '--format', 'json', '--utc').stdout)
    assert set(shape(mine)) == set(shape(observed('cons')))


def test_a_controllers_model_has_the_shape_of_the_observed_one(juju: Juju) -> None:
    unit = Unit('controller/0', '0', leader=True)
    world = World(
        (Machine('0', ('10.214.0.10',), hostname='juju-0'),),
        (Application('controller', (unit,), charm='juju-controller', origin='local'),),
        version=FOUR,
        name='controller',
        cloud='unmanaged',
    )
    mine = json.loads(juju(world, 'status', '--format', 'json', '--utc').stdout)
    assert set(shape(mine)) == set(shape(observed('controller')))


def test_the_words_of_error_lost_and_down_are_the_observed_ones() -> None:
    found = json.dumps(observed('error-lost-down'))
    assert json.dumps(LOST)[1:-1] in found
    assert '"current": "lost"' in found
    error = re.search(r'"current": "error", "message": "(hook failed: [^}]*?)", "since"', found)
    assert error is not None


@pytest.mark.parametrize('command', ['status', 'ssh'])
@pytest.mark.parametrize(
    ('changes', 'words', 'complaint'),
    [
        ({'controller': ''}, (), 'No controllers registered.'),
        ({}, ('-m', 'X:m'), 'controller X not found'),
    ],
)
def test_a_controller_that_is_missing_is_said_early(
    juju: Juju, command: str, changes: dict[str, str], words: tuple[str, ...], complaint: str
) -> None:
    world = model(version=FOUR)
    rest = ('0', 'true') if command == 'ssh' else ('--format', 'json')
    done = juju(world, command, *words, *rest, no_controllers=bool(changes))
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr.startswith(f'ERROR {complaint}')


def test_models_without_a_controller_is_an_empty_document(juju: Juju) -> None:
    done = juju(model(version=FOUR), 'models', '--format', 'json', no_controllers=True)
    assert (done.returncode, done.stdout) == (1, '{}\n')
    who = juju(model(version=FOUR), 'whoami', '--format', 'json', no_controllers=True)
    assert who.stderr == (
        'There is no current controller.\nRun juju controllers to see available controllers.\n'
    )


@pytest.mark.parametrize(
    ('words', 'code', 'printed', 'complaint'),
    [
        (('ssh', '-m', 'nosuch', '0'), 2, '', 'model lab:nosuch not found'),
        (('ssh', '-m', 'bob/prod', '0'), 2, '', 'model lab:bob/prod not found'),
        (('status', '-m', 'nosuch', '--format', 'json'), 1, '{}\n', 'model lab:nosuch not found'),
        (('stauts',), 1, '', 'juju: "stauts" is not a juju command. See "juju --help".'),
        (('ssh', 'nosuch/leader', 'true'), 1, '', 'leader for application-nosuch not found'),
        (('ssh', 'db/9', 'true'), 1, '', 'unit "db/9" not found'),
        (
            ('ssh', '9', 'true'),
            1,
            '',
            'getting UUID for machine "9": machine "9": machine not found',
        ),
    ],
)
def test_what_is_not_there_is_said_in_4_s_words(
    juju: Juju, words: tuple[str, ...], code: int, printed: str, complaint: str
) -> None:
    done = juju(model(version=FOUR), *words)
    assert (done.stdout, *said(done)) == (printed, code, f'ERROR {complaint}')


@pytest.mark.parametrize('version', ['3.6.5', FOUR])
@pytest.mark.parametrize(
    ('words', 'complaint'),
    [
        ((), 'controller "lab": not logged'),
        (('-m', 'admin/prod'), 'controller "lab": not logged'),
        (('-m', 'prod'), 'refreshing models: controller "lab": not logged'),
    ],
)
def test_logged_out_is_said_in_two_ways(
    juju: Juju, version: str, words: tuple[str, ...], complaint: str
) -> None:
    world = replace(model(version=version), fault='logged-out')
    done = juju(world, 'status', *words, '--format', 'json')
    assert said(done) == (1, f'ERROR {complaint}')


def test_without_a_password_it_is_asked_for_four_times(juju: Juju) -> None:
    world = replace(model(version=FOUR), fault='no-password', user='bob')
    done = juju(world, 'status', '--format', 'json')
    *asked, error = done.stderr.splitlines()
    assert asked == ['please enter password for bob on lab:'] * 4
    assert error == 'ERROR cannot get discharge from "https://10.0.0.1:17070/auth": EOF'


def test_a_dead_machine_of_one_address_is_looked_for_as_well(juju: Juju) -> None:
    world = model(Machine('0', ('127.0.0.9',), ('ssh-ed25519 AAAA',)), version=FOUR)
    words = ('ssh', '0', '-o', 'ConnectTimeout=1', '-p', '9', '--', 'true')
    assert said(juju(world, *words)) == (
        1,
        'ERROR cannot connect to any address: [127.0.0.9:9]',
    )


def test_it_takes_as_long_as_juju_does_at_its_own_patience(juju: Juju) -> None:
    world = replace(model(version=FOUR), patience=0.05)
    began = time.monotonic()
    juju(world, 'ssh', 'db/9', 'true')
    assert time.monotonic() - began >= 0.05 * 18


def test_container_is_ignored_on_machines(juju: Juju) -> None:
    world = model(Machine('0', ('127.0.0.9',), ('ssh-ed25519 AAAA',)), version=FOUR)
    words = ('ssh', '--container', 'charm', '0', '-p', '9', '--', 'true')
    assert 'cannot connect to any address' in juju(world, *words).stderr


def test_selectors_drop_relations_with_what_they_leave_out(juju: Juju) -> None:
    done = juju(like_prod(), 'status', 'db', '--format', 'json', '--utc')
    found = json.loads(done.stdout)
    assert set(found['applications']) == {'db', 'juju-health'}
    assert set(found['machines']) == {'0'}
    assert set(found['applications']['db']['relations']) == {'juju-info'}
    front = json.loads(juju(like_prod(), 'status', 'front', '--format', 'json').stdout)
    assert set(front['applications']) == {'front'}
    assert 'relations' not in front['applications']['front']
    done = juju(like_prod(), 'status', 'nosuch', '--format', 'json')
    assert (done.returncode, done.stderr) == (0, 'Nothing matched specified filter.\n')


@pytest.mark.parametrize(
    ('version', 'utc', 'local'),
    [
        ('3.6.5', r'\d\d:\d\d:\d\dZ', r'.*Z'),
        (FOUR, r'\d\d:\d\d:\d\d', r'\d\d:\d\d:\d\d(Z|\+..:..)'),
    ],
)
def test_the_controllers_time_has_a_zone_only_where_it_is_local(
    juju: Juju, version: str, utc: str, local: str
) -> None:
    def at(*words: str) -> str:
        done = juju(model(version=version), 'status', '--format', 'json', *words)
        return str(json.loads(done.stdout)['controller']['timestamp'])

    assert re.fullmatch(utc, at('--utc'))
    assert re.fullmatch(local, at())


def test_models_and_controllers_have_4_s_keys(juju: Juju) -> None:
    (one,) = json.loads(juju(model(version=FOUR), 'models', '--format', 'json').stdout)['models']
    assert not {'owner', 'users'} & one.keys()
    assert {'access', 'last-connection', 'type'} <= one.keys()
    (old,) = json.loads(juju(model(), 'models', '--format', 'json').stdout)['models']
    assert {'owner', 'users'} <= old.keys()
    found = json.loads(juju(model(version=FOUR), 'controllers', '--format', 'json').stdout)
    assert found['controllers']['lab']['current-model'] == 'prod'
    assert {'access', 'recent-server', 'model-count'} <= found['controllers']['lab'].keys()


@pytest.mark.parametrize(('proxied', 'printed'), [(True, 'True\n'), (False, 'False\n')])
def test_the_models_configuration_tells_of_the_proxy(
    juju: Juju, proxied: bool, printed: str
) -> None:
    world = replace(model(version=FOUR), proxy_ssh=proxied)
    done = juju(world, 'model-config', '-m', 'lab:prod', 'proxy-ssh')
    assert (done.returncode, done.stdout) == (0, printed)


def test_a_reader_may_not_run_anything(juju: Juju) -> None:
    world = replace(model(version=FOUR), access='read')
    for words in (('ssh', '0', 'true'), ('exec', '--unit', 'mysql/0', '--', 'true')):
        assert said(juju(world, *words)) == (
            1,
            'ERROR permission denied (unauthorized access)',
        )


def test_since_of_a_hook_error_is_that_of_the_status_before(juju: Juju) -> None:
    # The world says what Juju said: the product must not take it for when the hook failed.
    before = Info('active', since='2026-11-25 20:11:56Z')
    failed = replace(before, current='error', message='hook failed: "update-status"')
    assert failed.document()['since'] == before.document()['since']
    real = observed('error-lost-down')['applications']
    units = [unit for one in real.values() for unit in one.get('units', {}).values()]
    (error,) = [one for one in units if one['workload-status']['current'] == 'error']
    assert error['juju-status']['current'] == 'idle'
    assert error['workload-status']['since'] < error['juju-status']['since']
