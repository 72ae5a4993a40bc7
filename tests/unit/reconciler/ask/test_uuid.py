"""Which model a push is of: juju status does not tell its UUID, juju models does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from reconciler.juju.command import Juju
from reconciler.values.errors import JujuError, ModelNotFound
from tests.support.patience import PATIENCE

MODELS = [
    {'name': 'ann/prod', 'short-name': 'prod', 'model-uuid': 'uuid-of-ann'},
    {'name': 'bob/prod', 'short-name': 'prod', 'model-uuid': 'uuid-of-bob'},
    {'name': 'bob/test', 'short-name': 'test', 'model-uuid': 'uuid-of-test'},
]


def juju(directory: Path, printed: Any, model: str = '') -> Juju:
    """Return a juju that prints this, if it is asked for the models of the controller lab."""
    path = directory / 'juju'
    (directory / 'printed').write_text(json.dumps(printed))
    path.write_text(
        f'#!/bin/sh\n[ "$*" = "models -c lab --format json" ] && exec cat {directory}/printed\n'
        'echo "ERROR unexpected: $*" >&2; exit 1\n'
    )
    path.chmod(0o755)
    return Juju(str(path), model)


def uuid(door: Juju, model: str) -> str:
    return door.model_uuid('lab', model, Deadline.after(PATIENCE))


def test_a_model_is_found_by_its_name(tmp_path: Path) -> None:
    assert uuid(juju(tmp_path, {'models': MODELS}), 'test') == 'uuid-of-test'


def test_of_two_with_the_same_name_the_owner_tells_which(tmp_path: Path) -> None:
    for owner in ('ann', 'bob'):
        door = juju(tmp_path, {'models': MODELS}, f'lab:{owner}/prod')
        assert uuid(door, 'prod') == f'uuid-of-{owner}'
    with pytest.raises(ModelNotFound, match='cannot tell the UUID of model prod'):
        uuid(juju(tmp_path, {'models': MODELS}), 'prod')


@pytest.mark.parametrize(
    'printed',
    [{}, {'models': None}, {'models': [7]}, {'models': [{'short-name': 'test'}]}, {'models': []}],
)
def test_what_juju_does_not_tell_is_an_error(tmp_path: Path, printed: Any) -> None:
    with pytest.raises(ModelNotFound):
        uuid(juju(tmp_path, printed), 'test')


def test_another_controllers_models_are_not_asked_for(tmp_path: Path) -> None:
    with pytest.raises(JujuError, match='unexpected: models -c other'):
        juju(tmp_path, {'models': MODELS}).model_uuid('other', 'test', Deadline.after(PATIENCE))
