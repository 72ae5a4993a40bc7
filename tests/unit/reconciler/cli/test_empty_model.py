"""A model without applications: said in words, and no good news in any format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.render import RENDERERS
from tests.standin.builder import Machine, World
from tests.standin.examples import model
from tests.support.command_line import run

SAID = b'reconcile-health: the model lab:prod has no applications: nothing to ask\n'


@pytest.mark.slow
@pytest.mark.parametrize('form', RENDERERS)
def test_an_empty_model_says_so_and_is_unknown_in_every_format(form: str, tmp_path: Path) -> None:
    status = tmp_path / 'status.json'
    world = World((Machine('0', ('10.0.0.5',)),))
    status.write_text(json.dumps(world.status()))
    for words in (('--status', str(status)), ('replay', str(status))):
        done = run(*words, '--format', form)
        assert (done.returncode, done.stderr) == (3, SAID)


@pytest.mark.slow
def test_one_that_is_not_empty_or_could_not_be_asked_is_not_said_to_be_so(tmp_path: Path) -> None:
    environment = model().write(tmp_path / 'juju')
    assert b'no applications' not in run('--deadline', '5', environment=environment).stderr
    absent = run('--format', 'json', '--juju', '/nonexistent/juju')
    assert b'no applications' not in absent.stderr


@pytest.mark.slow
def test_of_several_models_the_empty_ones_are_named(tmp_path: Path) -> None:
    world = World(name='prod', beside=(World(name='test'),))
    done = run('--all-models', environment=world.write(tmp_path / 'juju'))
    assert done.returncode == 0
    assert SAID in done.stderr
    assert SAID.replace(b'prod', b'test') in done.stderr
