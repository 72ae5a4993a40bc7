"""The examples for charm authors say how they are, on every Python that charms run on."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from charm.kernel import report_json
from charm.kernel.report import Health, Report, State, StateName
from charm.reporting.states import States
from tests.support.authors import CHARMHELPERS, PYTHONS, Unit, installed, python_of
from tests.support.tree import ROOT

EXAMPLES = ROOT / 'docs' / 'examples'
HERE = Path(sys.executable)
OPS = ('ops==3.9.0', 'PyYAML', 'websocket-client', 'opentelemetry-api')


def report(unit: Unit, *arguments: str) -> Report:
    done = unit.health(*arguments)
    assert (done.returncode, done.stderr) == (0, '')
    return report_json.decode(done.stdout.encode())


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


def shown(*marks: str) -> list[str]:
    """Return the first program in a step of the page for authors that holds each of the marks."""
    page = (ROOT / 'docs' / 'charm-authors.md').read_text()
    steps = [
        re.sub('^ {7}', '', text, flags=re.M)
        for text in re.findall('(?:^ {7}.*\n|^\n)+', page, re.M)
    ]
    return [next(f'{text.strip()}\n' for text in steps if mark in text) for mark in marks]


def test_the_hooks_on_the_page_for_authors_run_as_they_stand_there(
    shop: Unit, worker: Unit
) -> None:
    manager, asked, of_ops = shown(
        'ServiceManager(SERVICES)', 'cli.main(services', 'cli.main(callbacks'
    )
    begin = manager.partition('from charm')[0]
    (shop.charm / 'hooks' / 'run').write_text(manager)
    (shop.charm / 'hooks' / 'health').write_text(begin + asked)
    (worker.charm / 'hooks' / 'health').write_text(of_ops)
    run(shop, 'install')
    assert state(shop).name is StateName.BLOCKED
    assert [one.name for one in report(shop, '--check', 'db-cxn').checks] == ['db-cxn']
    assert [one.name for one in report(worker, '--check', 'heartbeat').checks] == ['heartbeat']


def test_asking_for_health_needs_neither_charmhelpers_nor_juju(shop: Unit) -> None:
    run(shop, 'install')
    before = shop.calls
    (shop.charm / 'lib').unlink()
    names = {check.name for check in report(shop).checks}
    assert {'db-cxn', 'settings_present', 'load'} <= names
    assert shop.calls == before


@pytest.fixture
def worker(tmp_path: Path) -> Unit:
    unit = Unit(tmp_path / 'worker', 'worker/1', HERE)
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


@pytest.mark.slow
def test_the_ops_example_says_how_it_is(worker: Unit) -> None:
    done = dispatch(worker, 'config-changed')
    assert done.returncode == 0, done.stderr
    assert (state(worker).name, state(worker).blockers) == (StateName.BLOCKED, ('queue',))
    made = report(worker, '--check', 'heartbeat')
    assert (made.unit, made.health) == ('worker/1', Health.FAIL)
    assert made.state is not None
    assert made.state.blockers == ('queue',)


@pytest.mark.slow
def test_the_ops_example_reports_a_hook_that_failed(worker: Unit) -> None:
    worker.answer('config-get', '{"broken": true}')
    done = dispatch(worker, 'config-changed')
    assert done.returncode != 0
    assert (state(worker).name, state(worker).message) == (
        StateName.ERROR,
        'RuntimeError: told to break',
    )
