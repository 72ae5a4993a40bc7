"""The charm's hooks and actions on every Python that a unit may have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.authors import PYTHONS, python_of
from tests.support.local_unit import LocalUnit
from tests.support.patience import PATIENCE

# What a launcher does, with a root of its own and a machine without systemd.
LAUNCHER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from charm.juju import main as hooks
from charm.kernel.paths import Place
from charm.juju.systemd import Systemd
root = Path(sys.argv[2])
sys.exit(hooks.main(place=Place(root), systemd=Systemd(root / 'no-systemd')))
"""


@pytest.mark.parametrize('version', PYTHONS)
def test_a_unit_is_installed_asked_and_removed(version: str, tmp_path: Path) -> None:
    unit = LocalUnit(tmp_path / 'root')

    def run(name: str, **more: str) -> None:
        about = {'JUJU_HOOK_NAME': name, **more}
        context = unit.enter(name, about)
        environment = {**unit.environment(context, unit.charm, unit._tools), **about}
        environment.update(PYTHONDONTWRITEBYTECODE='1', PYTHONWARNINGS='error')
        command = [str(python_of(version)), '-c', LAUNCHER, str(unit.charm), str(unit.place.root)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        unit.leave(done.returncode == 0)
        assert (done.returncode, done.stderr) == (0, '')

    unit.configure(checks='checks: {load: {enabled: false}}', rollup='at-least 2')
    run('install')
    assert unit.status[0] in ('active', 'waiting', 'blocked')
    unit.relate('local-monitors:1', 'mysql', {'mysql/0': {'monitors': 'monitors: {}'}})
    run('local-monitors-relation-changed')
    assert (unit.place.monitors / 'local-monitors-1-mysql-0.json').exists()
    world = unit.world
    world['action'] = {'parameters': {'checks': 'memory'}, 'results': {}, 'failed': ''}
    unit.write(world)
    run('run-checks', JUJU_ACTION_NAME='run-checks')
    assert unit.world['action']['failed'] == ''
    assert unit.world['action']['results']['unit'] == 'mysql/0'
    run('stop')
    run('remove')
    assert unit.tree() == {}
