"""The services framework of charmhelpers, with health, on every Python that charms run on."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from charm import wire
from charm.helpers_import import LooseVersion
from charm.report import Health, Report, State, StateName
from charm.states import States
from tests.authors import CHARMHELPERS, PYTHONS, ROOT, Unit, installed, minor_of, python_of

EXAMPLES = ROOT / 'docs' / 'examples'
HERE = Path(sys.executable)
OPS = ('ops==3.9.0', 'PyYAML', 'websocket-client', 'opentelemetry-api')


def report(unit: Unit, *arguments: str) -> Report:
    done = unit.health(*arguments)
    assert (done.returncode, done.stderr) == (0, '')
    return wire.decode(done.stdout.encode())


def state(unit: Unit) -> State:
    found = States(unit.name, unit.states).state()
    assert found is not None
    return found


def run(unit: Unit, hook: str, **more: str) -> None:
    done = unit.hook(hook, **more)
    assert done.returncode == 0, done.stderr


def connect_database(unit: Unit, port: int) -> None:
    unit.answer('relation-ids.db', '["db:0"]')
    unit.answer('relation-list.db:0', '["mysql/0"]')
    data = {'host': '127.0.0.1', 'port': str(port), 'user': 'u', 'password': 'p', 'database': 'd'}
    unit.answer('relation-get.mysql_0', json.dumps(data))


@pytest.fixture(scope='module', params=PYTHONS)
def libraries(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A Python, and where charmhelpers 1.2.1 as it is on PyPI is installed for it."""
    python = python_of(request.param)
    return python, installed(python, CHARMHELPERS)


@pytest.fixture
def shop(libraries: tuple[Path, Path], tmp_path: Path) -> Unit:
    python, place = libraries
    unit = Unit(tmp_path, 'shop/0', python)
    unit.lay(EXAMPLES / 'services-framework')
    (unit.charm / 'lib').symlink_to(place)
    unit.answer('relation-ids', '[]')
    return unit


def test_the_example_says_how_it_is_all_its_life(shop: Unit) -> None:
    run(shop, 'install')
    assert (state(shop).name, state(shop).blockers) == (StateName.BLOCKED, ('db',))
    with socket.create_server(('127.0.0.1', 0)) as database:
        connect_database(shop, database.getsockname()[1])
        run(shop, 'db-relation-changed')
        assert state(shop).name is StateName.UP
        since = state(shop).since
        run(shop, 'update-status')
        assert state(shop).since == since
        made = report(shop, '--check', 'db-cxn', '--check', 'settings_present')
    assert made.unit == 'shop/0'
    assert made.health is Health.PASSED
    assert made.rollup == {'rule': 'at-least', 'count': 2}
    assert made.state is not None
    assert made.state.name is StateName.UP
    assert 'settling' in made.checks[0].data
    shop.forget('relation-ids.db')
    run(shop, 'db-relation-departed')
    assert (state(shop).name, state(shop).blockers) == (StateName.BLOCKED, ('db',))
    run(shop, 'stop')
    assert States(shop.name, shop.states).state() is None


def test_asking_for_health_needs_neither_charmhelpers_nor_juju(shop: Unit) -> None:
    run(shop, 'install')
    before = shop.calls
    (shop.charm / 'lib').unlink()
    names = {check.name for check in report(shop).checks}
    assert {'db-cxn', 'settings_present', 'load'} <= names
    assert shop.calls == before


MANAGER = """
import json, os, sys
sys.path[:0] = [{root!r}, {place!r}]
from charm.services import ManagerCallback, ServiceManager
{body}
"""


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    unit = Unit(tmp_path, 'shop/0', HERE)
    unit.charm.mkdir(parents=True)
    unit.answer('relation-ids', '[]')
    return unit


def manage(unit: Unit, body: str) -> subprocess.CompletedProcess[str]:
    place = installed(HERE, CHARMHELPERS)
    script = unit.charm / 'run.py'
    script.write_text(MANAGER.format(root=str(ROOT), place=str(place), body=body))
    return unit.hook('config-changed', 'run.py')


BREAKING: dict[str, tuple[str, str, int]] = {
    'a callback raises': ("'data_ready': lambda name: 1 / 0", 'data_ready: ZeroDivisionError', 1),
    'a start raises': ("'start': lambda name: open('/nonexistent/x')", 'start: FileNotFound', 1),
    'a callback exits': ("'data_ready': lambda name: sys.exit(3)", 'data_ready: exit code 3', 0),
    'it says why': ("'start': lambda name: sys.exit('no disk')", 'start: no disk', 0),
    'required data raises': ("'required_data': [lambda: 1 / 0]", 'ZeroDivisionError', 1),
    'its truth raises': ("'required_data': [lambda: Sour()]", 'RuntimeError: sour', 1),
    'provided data raises': ("'provided_data': [Sour]", 'RuntimeError: sour', 1),
    'it has no such name': ("'start': 'restart'", "TypeError: 'str' object is not callable", 1),
}


@pytest.mark.parametrize('case', BREAKING)
def test_whatever_goes_wrong_is_an_error_with_its_message(unit: Unit, case: str) -> None:
    entry, said, code = BREAKING[case]
    done = manage(
        unit,
        'class Sour:\n'
        '    @property\n'
        '    def name(self): raise RuntimeError("sour")\n'
        '    def __bool__(self): raise RuntimeError("sour")\n'
        f'ServiceManager([{{"service": "shop", "start": [], "stop": [], {entry}}}]).manage()\n',
    )
    # charmhelpers ends a hook with 0 if a callback exits, whatever the code; that is kept.
    assert done.returncode == code, done.stderr
    assert state(unit).name is StateName.ERROR
    assert said in state(unit).message


def test_a_failure_outside_every_service_is_that_of_all(unit: Unit) -> None:
    done = manage(
        unit,
        'from charmhelpers.core import hookenv\n'
        'hookenv.atstart(lambda: 1 / 0)\n'
        'ServiceManager([{"service": "a"}, {"service": "b"}]).manage()\n',
    )
    assert done.returncode == 1
    names = {name: one.name for name, one in States(unit.name, unit.states).states().items()}
    assert names == {'a': StateName.ERROR, 'b': StateName.ERROR}


def test_an_error_is_forgotten_with_its_message_once_all_is_well(unit: Unit) -> None:
    manage(unit, "ServiceManager([{'service': 'shop', 'start': lambda name: 1 / 0}]).manage()")
    assert state(unit).message
    manage(unit, "ServiceManager([{'service': 'shop', 'start': []}]).manage()")
    assert (state(unit).name, state(unit).message) == (StateName.UP, '')


def test_a_service_at_work_is_installing_first_and_churning_later(unit: Unit) -> None:
    body = (
        'from charm.states import States\n'
        'def peek(name):\n'
        '    print(States("shop/0").states()[name].name.value)\n'
        'ServiceManager([{"service": "shop", "data_ready": peek, "start": []}]).manage()\n'
    )
    assert [manage(unit, body).stdout for _ in range(3)] == [
        'installing\n',
        'churning\n',
        'churning\n',
    ]
    assert state(unit).name is StateName.UP


def test_blockers_are_named_once_each_whatever_kind_they_are(unit: Unit) -> None:
    unit.answer('config-get', json.dumps({'key': '', 'colour': 'red'}))
    (unit.charm / 'config.yaml').write_text(
        'options:\n  key: {default: ""}\n  colour: {default: blue}\n'
    )
    body = (
        'from charmhelpers.core.services.helpers import MysqlRelation, RequiredConfig\n'
        'class Licence(dict): pass\n'
        'ServiceManager([{"service": "shop", "stop": [], "required_data": [\n'
        '    MysqlRelation, MysqlRelation(), lambda: MysqlRelation("backup"), {}, {"there": 1},\n'
        '    lambda: RequiredConfig("key", "colour"), Licence, Licence()]}]).manage()\n'
    )
    done = manage(unit, body)
    assert done.returncode == 0, done.stderr
    assert state(unit).blockers == ('Licence', 'backup', 'config:key', 'db', 'required_data[3]')


def test_hooks_do_what_they_do_without_us(unit: Unit) -> None:
    """The same definitions under charmhelpers' own manager make the same calls and files."""
    found: list[Any] = []
    for name in ('ServiceManager', '_services.ServiceManager'):
        body = (
            'from charm import services\n'
            'from charmhelpers.core.services.helpers import HttpRelation, MysqlRelation\n'
            f'services.{name}([\n'
            '    {"service": "web", "ports": [80], "provided_data": [HttpRelation()],\n'
            '     "data_ready": lambda name: print("ready", name), "health": [print]},\n'
            '    {"service": "worker", "required_data": [MysqlRelation()],\n'
            '     "rollup": "worst", "data_lost": lambda name: print("lost", name)},\n'
            ']).manage()\n'
        )
        before = len(unit.calls)
        done = manage(unit, body)
        calls = [call for call in unit.calls[before:] if not call.startswith('juju-log')]
        ready = json.loads((unit.charm / 'READY-SERVICES.json').read_text())
        found.append((done.returncode, done.stdout, calls, ready))
    assert found[0] == found[1]
    assert found[0][:2] == (0, 'ready web\n')
    assert 'open-port 80/TCP' in found[0][2]


def test_a_manager_gets_what_charmhelpers_gives_it(unit: Unit) -> None:
    body = (
        'class Start(ManagerCallback):\n'
        '    def __call__(self, manager, name, event): print(type(manager).__module__, event)\n'
        'ServiceManager([{"service": "shop", "start": Start()}]).manage()\n'
    )
    assert manage(unit, body).stdout == 'charm.services start\n'


def test_a_bad_health_key_fails_the_hook_at_once(unit: Unit) -> None:
    done = manage(unit, 'ServiceManager([{"service": "shop", "health": "db"}])')
    assert done.returncode == 1
    assert "cannot use the services: shop.health: 'db' is not a function" in done.stderr


def test_a_state_that_cannot_be_written_is_said_and_fails_no_hook(unit: Unit) -> None:
    unit.states.write_text('not a directory')
    done = manage(unit, 'ServiceManager([{"service": "shop", "start": []}]).manage()')
    assert done.returncode == 0
    assert 'health: cannot lock' in done.stderr


IMPORT = """
import sys
sys.path[:0] = {paths!r}
from charm import helpers_import
try:
    helpers_import.import_services()
except helpers_import.HelpersError as error:
    print(error)
import collections
print(hasattr(collections, 'Iterable'), 'distutils.version' in sys.modules)
"""


def test_what_was_lent_for_the_import_is_taken_back(libraries: tuple[Path, Path]) -> None:
    python, place = libraries
    script = IMPORT.format(paths=[str(ROOT), str(place)])
    done = subprocess.run(
        [str(python), '-IS', '-c', script], capture_output=True, text=True, check=True, timeout=60
    )
    minor = minor_of(python)
    # Up to 3.9 the name is Python's own, and up to 3.11 so is distutils.
    assert done.stdout == f'{minor < 10} {minor < 12}\n'


def test_without_pyyaml_nothing_is_installed_behind_our_back(tmp_path: Path) -> None:
    (tmp_path / 'charmhelpers').symlink_to(installed(HERE, CHARMHELPERS) / 'charmhelpers')
    script = IMPORT.format(paths=[str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, '-IS', '-c', script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert 'cannot import charmhelpers: PyYAML is not installed' in done.stdout


@pytest.mark.parametrize(
    ('older', 'newer'),
    [('2.9.44', '2.10.1'), ('3.0-beta1', '3.0.1'), ('3.0-beta2', '3.0-beta10'), ('2', '2.1')],
)
def test_versions_are_ordered_as_people_read_them(older: str, newer: str) -> None:
    assert LooseVersion(older) < LooseVersion(newer)
    assert LooseVersion(newer) > LooseVersion(older)
    assert LooseVersion(older) != LooseVersion(newer)
    assert LooseVersion(older) <= LooseVersion(older) >= LooseVersion(older)


@pytest.fixture
def worker(tmp_path: Path) -> Unit:
    unit = Unit(tmp_path, 'worker/1', HERE)
    unit.lay(EXAMPLES / 'ops', 'juju-health')
    (unit.charm / 'metadata.yaml').write_text((unit.charm / 'charmcraft.yaml').read_text())
    (unit.charm / 'config.yaml').write_text('options: {broken: {type: boolean}}\n')
    unit.answer('relation-ids', '[]')
    unit.answer('is-leader', 'false')
    unit.answer('config-get', '{"broken": false}')
    unit.answer('state-get', '{}')
    return unit


def dispatch(unit: Unit, hook: str) -> subprocess.CompletedProcess[str]:
    return unit.hook(
        hook,
        'src/charm.py',
        PYTHONPATH=str(installed(HERE, OPS)),
        JUJU_DISPATCH_PATH=f'hooks/{hook}',
        JUJU_MODEL_NAME='shop',
        JUJU_MODEL_UUID='7c1e1b1c-0000-4000-8000-000000000000',
        JUJU_VERSION='3.6.1',
    )


def test_the_ops_example_says_how_it_is(worker: Unit) -> None:
    done = dispatch(worker, 'config-changed')
    assert done.returncode == 0, done.stderr
    assert (state(worker).name, state(worker).blockers) == (StateName.BLOCKED, ('queue',))
    made = report(worker, '--check', 'heartbeat')
    assert (made.unit, made.health) == ('worker/1', Health.FAIL)
    assert made.state is not None
    assert made.state.blockers == ('queue',)


def test_the_ops_example_reports_a_hook_that_failed(worker: Unit) -> None:
    worker.answer('config-get', '{"broken": true}')
    done = dispatch(worker, 'config-changed')
    assert done.returncode != 0
    assert (state(worker).name, state(worker).message) == (
        StateName.ERROR,
        'RuntimeError: told to break',
    )
