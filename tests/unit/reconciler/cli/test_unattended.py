"""A sweep that nobody watches: it leaves what others look at, and never overlaps itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.options import unattended
from reconciler.cli.options.unattended import UnattendedOptions
from reconciler.schedule.only_one import lock_path, only_one
from reconciler.values.errors import UsageError
from tests.support.command_line import Done, run

Swept = Callable[..., Done]
STATUS = '{"model": {"name": "prod", "controller": "lab"}, "machines": {}, "applications": {}}'


@pytest.fixture
def swept(tmp_path: Path) -> Swept:
    """Sweep a model, with its state in a directory of the test."""
    juju = tmp_path / 'juju'
    juju.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho '{STATUS}'\n")
    juju.chmod(0o755)

    def sweep(*words: str) -> Done:
        environment = {'XDG_STATE_HOME': str(tmp_path / 'state'), 'XDG_CONFIG_HOME': '/none'}
        base = ('sweep', '--juju', str(juju), '-m', 'lab:prod')
        return run(*base, *words, environment=environment)

    return sweep


@pytest.mark.slow
def test_what_others_look_at_is_left_beside_the_document(swept: Swept, tmp_path: Path) -> None:
    metrics, touched, last = (tmp_path / name for name in ('a.prom', 'touched', 'last.json'))
    done = swept(
        *('--metrics-file', str(metrics), '--touch', str(touched), '--last-run', str(last)),
        *('--format', 'json'),
    )
    assert json.loads(done.stdout)['model']['name'] == 'prod'
    assert 'juju_health_sweep_complete{controller="lab",model="prod"} 1.0' in metrics.read_text()
    assert touched.read_bytes() == b''
    told = json.loads(last.read_text())
    assert (told['exit_code'], told['said']) == (done.returncode, '')
    assert told['ended'] >= told['began']


@pytest.mark.slow
def test_of_a_sweep_that_could_not_be_made_the_metrics_tell_too(
    swept: Swept, tmp_path: Path
) -> None:
    (tmp_path / 'juju').write_text('#!/bin/sh\necho "ERROR not logged in" >&2; exit 1\n')
    metrics, touched, last = (tmp_path / name for name in ('a.prom', 'touched', 'last.json'))
    done = swept('--metrics-file', str(metrics), '--touch', str(touched), '--last-run', str(last))
    assert done.returncode == 3
    text = metrics.read_text()
    assert 'juju_health_sweep_complete{controller="lab",model="prod"} 0.0' in text
    assert 'juju_health_model_health="unknown",model="prod"} 1.0' in text
    assert not touched.exists()
    assert json.loads(last.read_text())['said'].endswith('juju status: not logged in')


@pytest.mark.slow
@pytest.mark.parametrize('option', ['--only-one', '--record'])
def test_while_one_runs_the_next_asks_writes_and_tells_nothing(
    swept: Swept, tmp_path: Path, option: str
) -> None:
    metrics, last, output = (tmp_path / name for name in ('a.prom', 'last.json', 'out.json'))
    words = [option, '--metrics-file', str(metrics), '--last-run', str(last)]
    # Nobody listens there, so that a signal would be told as one that was not taken.
    words += ['--ping', 'http://127.0.0.1:1/secret', '--format', 'json', '-o', str(output)]
    with only_one(lock_path(tmp_path / 'state/juju-health', 'model:lab:prod')):
        done = swept(*words)
        assert (done.returncode, done.stdout) == (3, b'')
        assert b'cannot sweep: the sweep that began 2' in done.stderr
        assert done.stderr.count(b'\n') == 1
        assert not any(path.exists() for path in (metrics, last, output, tmp_path / 'asked'))
        assert swept().returncode != 2, 'who does not ask for it is not held up'
    assert swept(*words).stderr.count(b'cannot tell http://127.0.0.1:1/') == 2
    assert metrics.exists()


@pytest.mark.slow
def test_a_signal_that_nobody_takes_changes_nothing_but_stderr(swept: Swept) -> None:
    without, told = swept(), swept('--ping', 'http://127.0.0.1:1/secret')
    assert (told.returncode, told.stdout) == (without.returncode, without.stdout)
    assert b'secret' not in told.stderr


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (UnattendedOptions(metrics_file='/tmp/x.txt'), r'only names ending in \.prom'),
        (UnattendedOptions(metrics_file='/none/x.prom'), 'there is no directory /none'),
        (UnattendedOptions(touch='/none/x'), 'there is no directory /none'),
        (UnattendedOptions(ping='https:///x'), 'wants an https://'),
    ],
)
def test_what_could_never_be_written_is_refused_before_anything_is_asked(
    options: UnattendedOptions, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said), options.watched(tmp_path, 'x'):
        pytest.fail('it has begun')


def test_where_httpx_is_not_installed_it_is_said_which_extra_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError("No module named 'httpx'")

    monkeypatch.setattr(unattended, 'load', missing)
    options = UnattendedOptions(ping='https://hc-ping.com/x')
    extra = r"cannot ping: .*: pip install 'juju-health\[agent\]'"
    with pytest.raises(UsageError, match=extra), options.watched(tmp_path, 'x'):
        pytest.fail('it has begun')
