"""The services framework of charmhelpers records by itself how its services are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.report import State, StateName
from charm.reporting.states import States
from tests.support.authors import CHARMHELPERS, Unit, installed
from tests.support.tree import ROOT

HERE = Path(sys.executable)


def state(unit: Unit) -> State:
    found = States(unit.name, unit.states).state()
    assert found is not None
    return found


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_error_is_forgotten_with_its_message_once_all_is_well(unit: Unit) -> None:
    manage(unit, "ServiceManager([{'service': 'shop', 'start': lambda name: 1 / 0}]).manage()")
    assert state(unit).message
    manage(unit, "ServiceManager([{'service': 'shop', 'start': []}]).manage()")
    assert (state(unit).name, state(unit).message) == (StateName.UP, '')


@pytest.mark.slow
def test_a_service_at_work_is_installing_first_and_churning_later(unit: Unit) -> None:
    body = (
        'from charm.reporting.states import States\n'
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_hooks_do_what_they_do_without_us(unit: Unit) -> None:
    """The same definitions under charmhelpers' own manager make the same calls and files."""
    found: list[Any] = []
    for name in ('ServiceManager', '_services.ServiceManager'):
        body = (
            'from charm.framework import services\n'
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
    assert manage(unit, body).stdout == 'charm.framework.services start\n'


@pytest.mark.slow
def test_a_bad_health_key_fails_the_hook_at_once(unit: Unit) -> None:
    done = manage(unit, 'ServiceManager([{"service": "shop", "health": "db"}])')
    assert done.returncode == 1
    assert "cannot use the services: shop.health: 'db' is not a function" in done.stderr


def test_a_state_that_cannot_be_written_is_said_and_fails_no_hook(unit: Unit) -> None:
    unit.states.write_text('not a directory')
    done = manage(unit, 'ServiceManager([{"service": "shop", "start": []}]).manage()')
    assert done.returncode == 0
    assert 'health: cannot lock' in done.stderr
