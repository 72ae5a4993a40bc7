"""What is advised is run as it is printed, and gets to the model that it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.values.advice import Advice
from reconciler.values.model import Model
from reconciler.values.model import Unit as ModelUnit
from tests.standin.builder import Application, Machine, Unit, World
from tests.support.advising import every_advice

pytestmark = pytest.mark.slow
# Of these the stand-in prints nothing but JSON.
WITH_DOCUMENT = ('status', 'models', 'controllers', 'whoami')
MODEL = Model('prod', 'lab', version='4.0.15')
UNIT = ModelUnit('web/0', 'web', '0')
COMMAND = Path(sys.executable).with_name('reconcile-health')
KNOWN = ('ssh', 'version', *WITH_DOCUMENT)


def beside() -> World:
    """Return a world whose current model is another one, of another controller."""
    web = Application('web', (Unit('web/0', '0'),))
    wanted = World((Machine('0', ('10.0.0.5',)),), (web,), version='4.0.15')
    return World(version='4.0.15', name='other', controller='dev', beside=(wanted,))


def distinct() -> list[Advice]:
    found = {one.command: one for one in every_advice(MODEL, UNIT)}
    return [one for one in found.values() if one.argv[:1] == ('juju',) and one.argv[1] in KNOWN]


@pytest.mark.parametrize('advice', distinct(), ids=lambda one: one.command)
def test_it_reaches_the_model_that_it_names(advice: Advice, tmp_path: Path) -> None:
    name = advice.argv[1]
    form = ' --format json' if name in WITH_DOCUMENT else ''
    done = subprocess.run(
        ['sh', '-c', advice.command + form],
        env={**os.environ, **beside().write(tmp_path / 'juju')},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 'option provided but not defined' not in done.stderr
    assert 'this is not modelled' not in done.stderr
    if name == 'ssh':
        # The unit is of that model alone; what its machine lacks is a host key.
        assert 'retrieving SSH host keys for "web/0"' in done.stderr
    else:
        assert done.returncode == 0
        _is_of_it(name, done.stdout)


def _is_of_it(name: str, stdout: str) -> None:
    document = json.loads(stdout)
    if name == 'status':
        told = (document['model']['controller'], document['model']['name'])
        assert told == ('lab', 'prod')
    elif name == 'models':
        assert {one['controller-name'] for one in document['models']} == {'lab'}
    else:
        assert 'lab' in document['controllers']


def test_enough_of_it_is_tried() -> None:
    assert {one.argv[1] for one in distinct()} >= {'ssh', 'status', 'models', 'controllers'}
    assert len(distinct()) > 10


@pytest.mark.parametrize('asked', ['', 'lab:ann/prod'])
def test_it_names_the_model_as_that_was_asked_for(asked: str, tmp_path: Path) -> None:
    status = tmp_path / 'status.json'
    web = Application('web', (Unit('web/0', '0'),))
    status.write_text(json.dumps(World((Machine('0'),), (web,)).status()))
    none = ('--juju', str(tmp_path / 'juju'), '--status', str(status), '--format', 'json')
    done = subprocess.run(
        [COMMAND, *none, *(('-m', asked) if asked else ())],
        capture_output=True,
        timeout=60,
        check=False,
    )
    (service,) = json.loads(done.stdout)['services']
    (unit,) = service['units']
    assert unit['advice'].endswith(f': reconcile-health doctor -m {asked or "lab:prod"}')
