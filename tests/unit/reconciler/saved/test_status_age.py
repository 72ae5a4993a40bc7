"""A saved status has an age: told always, and a fault from some age on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju.status import decode
from reconciler.saved.status_age import dated
from reconciler.values.model import Model
from tests.standin.examples import model as example
from tests.standin.values import SINCE
from tests.support.patience import PATIENCE

NEWEST = datetime.fromisoformat(SINCE.replace('Z', '+00:00'))
NOW = NEWEST + timedelta(days=30)
DAY = 86400.0


@pytest.fixture
def saved() -> Model:
    return decode(json.dumps(example().status()).encode())


@pytest.mark.parametrize(
    ('written', 'age'),
    [
        (NOW - timedelta(hours=3), '3h'),
        (NOW - timedelta(days=1), '1d'),
        # A copy that pretends to be older than what is in it.
        (NEWEST - timedelta(days=9), '30d'),
    ],
)
def test_the_later_of_its_file_and_of_what_it_tells_is_its_age(
    written: datetime, age: str, saved: Model
) -> None:
    (note,) = dated(saved, 'a.json', written, NOW, 40 * DAY).notes
    assert note.endswith(f', {age} ago')


def test_from_a_day_on_it_is_a_fault_and_the_sweep_is_not_whole(saved: Model) -> None:
    for seconds, whole in ((DAY, True), (DAY + 1, False)):
        one = dated(saved, 'a.json', NOW - timedelta(seconds=seconds), NOW, DAY)
        found = conclude(Evidence(one, {}, NOW, 1.0))
        assert found.complete is whole
        assert ('lacks what came since' in ' '.join(found.faults)) is not whole


def test_one_from_the_future_is_of_no_known_age(saved: Model) -> None:
    one = dated(saved, 'a.json', NOW + timedelta(hours=1), NOW, DAY)
    assert one.outdated
    assert 'in the future' in one.faults[0]


def test_a_controller_whose_clock_is_ahead_makes_no_status_young(saved: Model) -> None:
    assert dated(
        saved, 'a.json', NEWEST - timedelta(days=9), NEWEST - timedelta(days=2), DAY
    ).outdated


@pytest.mark.slow
@pytest.mark.parametrize('by_name', [True, False])
def test_the_command_tells_the_age_however_the_file_is_given(
    by_name: bool, tmp_path: Path
) -> None:
    document = example().status()
    status = tmp_path / 'status.json'
    status.write_text(json.dumps(document))
    long_ago = time.time() - 400 * DAY
    os.utime(status, (long_ago, long_ago))
    juju = tmp_path / 'juju'
    juju.write_text(
        '#!/bin/sh\necho "connect to host 10.0.0.5 port 22: No route to host" >&2\nexit 255\n'
    )
    juju.chmod(0o755)
    command = Path(sys.executable).with_name('reconcile-health')
    given = [str(status)] if by_name else ['-']
    with open(status, 'rb') as stdin:
        done = subprocess.run(
            [command, '--juju', juju, '--format', 'json', '--attempts', '1', '--status', *given],
            stdin=stdin,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    told = json.loads(done.stdout)
    assert told['complete'] is False
    assert f'{given[0]}: this juju status is' in told['faults'][0]
