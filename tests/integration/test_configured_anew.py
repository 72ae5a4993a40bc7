"""That an application was configured anew is seen, with its digest alone, and seldom asked."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.history.configuration import digests
from reconciler.values.errors import JujuError
from tests.standin.builder import JUJU, Application, Info, Machine, Unit, World
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).with_name('reconcile-health')
# Counts what is asked, and answers as the stand-in does.
COUNTING = '#!/bin/sh\necho "$1" >> {asked}\nexec {juju} "$@"\n'


@dataclass
class Model:
    """A model of one application whose options are set, swept by the real command."""

    place: Path
    access: str = 'admin'

    def __post_init__(self) -> None:
        self.juju = self.place / 'bin' / 'juju'
        self.juju.parent.mkdir()
        self.juju.write_text(COUNTING.format(asked=self.place / 'asked', juju=JUJU))
        self.juju.chmod(self.juju.stat().st_mode | stat.S_IXUSR)

    def sweep(self, options: dict[str, object], word: str = 'active') -> str:
        unit = Unit('mysql/0', '0', workload=Info(word), leader=True)
        own = Application('mysql', (unit,), options=tuple(options.items()))
        world = World((Machine('0'),), (own,), access=self.access)
        environment = {**os.environ, **world.write(self.place / 'data')}
        environment |= {'XDG_STATE_HOME': str(self.place / 'state'), 'JUJU_HEALTH_CONFIG': ''}
        words = ('sweep', '-m', 'lab:prod', '--record', '--quiet', '--connect-timeout', '1s')
        done = subprocess.run(
            [COMMAND, *words, '--juju', str(self.juju), '--deadline', '20s', '--attempts', '1'],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode in (0, 1, 2, 3), done
        return done.stdout

    def bundles(self) -> int:
        return (self.place / 'asked').read_text().split().count('export-bundle')

    def an_hour_later(self) -> None:
        """Forget when it was asked last."""
        shutil.rmtree(self.place / 'state' / 'juju-health' / 'history' / 'configurations')


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model(tmp_path)


def test_it_is_asked_once_an_hour_and_another_digest_is_a_change(model: Model) -> None:
    model.sweep({'buffer': 1, 'password': 's3cret'})
    assert model.bundles() == 1
    assert 'configured' not in model.sweep({'buffer': 2, 'password': 's3cret'})
    assert model.bundles() == 1
    model.an_hour_later()
    assert 'mysql: configured anew\n' in model.sweep({'buffer': 2, 'password': 's3cret'})
    model.an_hour_later()
    assert 'configured' not in model.sweep({'password': 's3cret', 'buffer': 2})
    for path in model.place.rglob('history.db*'):
        assert b's3cret' not in path.read_bytes()


def test_a_bundle_has_overlays_and_options_of_every_type() -> None:
    bundle = b"""\
applications:
  mysql:
    charm: mysql
    num_units: 1
    options:
      buffer: 1
      ratio: 0.5
      text: |-
        ---
        a: b
  web:
    charm: web
--- # overlay.yaml
applications:
  mysql:
    offers:
      db: {endpoints: [db]}
"""
    found = digests(bundle, 'one')
    assert set(found) == {'mysql', 'web'}
    assert digests(bundle.replace(b'buffer: 1', b'buffer: 2'), 'one')['mysql'] != found['mysql']
    assert digests(bundle.replace(b'num_units: 1', b'num_units: 3'), 'one') == found
    assert digests(bundle, 'two')['mysql'] != found['mysql']
    assert digests(b'', 'one') == {}


@pytest.mark.parametrize(
    'bundle', [b'- a', b'applications: 3', b'a: &b [1]\nc: *b', b'{', json.dumps([1]).encode()]
)
def test_what_is_no_bundle_is_refused(bundle: bytes) -> None:
    with pytest.raises(JujuError, match='cannot read juju export-bundle'):
        digests(bundle, 'one')
