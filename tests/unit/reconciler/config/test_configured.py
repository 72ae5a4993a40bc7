"""The command as a process: what is configured and said on the command line reaches a sweep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.standin.examples import model
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).with_name('reconcile-health')
# Knows the model; reaches no machine of it.
_JUJU = """
#!/bin/sh
case $1 in
status) cat "$STATUS" ;;
whoami) echo '{"controller": "lab", "model": "admin/prod", "user": "admin"}' ;;
*) echo 'ssh: connect to host 10.0.0.5 port 22: No route to host' >&2; exit 255 ;;
esac
"""
_CONFIG = """
services:
  mysql: {rollup: best}
views:
  shop: {services: ['word*', mysql], rollup: at-least 1}
  gone: {services: [elsewhere]}
defaults: {attempts: 1, format: json}
models:
  'lab:*': {services: {wordpress: {rollup: degraded 5}}}
"""


class Operator:
    """Someone with a model, a configuration, and a home of their own."""

    def __init__(self, home: Path) -> None:
        juju, status, config = home / 'juju', home / 'status.json', home / 'health.yaml'
        juju.write_text(_JUJU.lstrip())
        juju.chmod(0o755)
        document = model().status()
        document['model'].update(name='prod', controller='lab')
        status.write_text(json.dumps(document))
        config.write_text(_CONFIG)
        self.environment = {
            **os.environ,
            'PATH': f'{home}:{os.environ["PATH"]}',
            'STATUS': str(status),
            'JUJU_HEALTH_CONFIG': str(config),
            'XDG_STATE_HOME': str(home),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def sweep(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Return the exit code, and the services and views of the document by name."""
        done = self.run(*words)
        document = json.loads(done.stdout)
        return done.returncode, {
            one['name']: one for one in (*document['services'], *document['views'])
        }


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.mark.slow
def test_rules_and_views_are_those_of_the_configuration(operator: Operator) -> None:
    code, found = operator.sweep()
    assert code == 2
    rules = {name: one['rule'] for name, one in found.items()}
    assert rules == {
        'mysql': 'best (configured)',
        'wordpress': 'degraded 5 (configured)',
        'health': 'worst',
        'shop': 'at-least 1',
        'gone': 'worst',
    }
    assert found['shop']['because'].endswith('of 2; 1 needed')
    assert found['gone']['health'] == 'unknown'
    for form in ('table', 'tree'):
        assert (
            '1 unknown (no service elsewhere), by worst' in operator.run('--format', form).stdout
        )
    assert operator.sweep('wordpress')[1].keys() == {'wordpress', 'gone'}


@pytest.mark.slow
def test_what_is_said_covers_until_it_is_cleared_and_moves_the_exit_code_on_request(
    operator: Operator,
) -> None:
    for target in ('mysql', 'health', 'machine 1'):
        said = operator.run('maintain', target, '--for', '2h', '--reason', 'new racks')
        assert ' in lab:prod until ' in said.stdout, said.stderr
    code, found = operator.sweep()
    assert code == 2, 'it is as bad as before'
    for name, target in (('mysql', 'mysql'), ('wordpress', 'machine 1')):
        (shown,) = found[name]['suppressed']
        assert (shown['target'], shown['reason']) == (target, 'new racks')
    assert operator.sweep('--maintenance-is-ok')[0] == 0
    assert operator.sweep('--ack-is-ok')[0] == 2
    operator.run('suppressions', 'clear', 'machine 1')
    assert operator.sweep('--maintenance-is-ok')[0] == 2
    known = ('wordpress/0:no-report', 'wordpress/0:juju-status')
    operator.run('ack', *known, '--for', '2h', '--reason', 'known')
    assert operator.sweep('--maintenance-is-ok', '--ack-is-ok')[0] == 0


@pytest.mark.slow
def test_a_mistake_in_the_configuration_stops_a_sweep_before_it_asks(operator: Operator) -> None:
    config = Path(operator.environment['JUJU_HEALTH_CONFIG'])
    config.write_text('services: {mysql: {rollup: bets}}')
    done = operator.run()
    assert (done.returncode, done.stdout) == (3, '')
    assert (
        "line 1: services.mysql.rollup: 'bets' is not a rule; did you mean 'best'?" in done.stderr
    )


@pytest.mark.slow
def test_a_replay_is_judged_by_the_configuration_too(operator: Operator) -> None:
    _, found = operator.sweep('replay', operator.environment['STATUS'])
    assert found['mysql']['rule'] == 'best (configured)'
    assert found['shop']['health'] == 'unknown'


@pytest.mark.slow
def test_a_default_that_one_command_does_not_take_is_for_the_others(operator: Operator) -> None:
    config = Path(operator.environment['JUJU_HEALTH_CONFIG'])
    config.write_text('defaults: {attempts: 1, format: nagios}')
    assert operator.run().stdout.startswith('JUJU-HEALTH CRITICAL')
    assert operator.run('explain', 'mysql').stdout.startswith('lab:prod  mysql')
    config.write_text('defaults: {format: nagois}')
    refused = operator.run('explain', 'mysql')
    assert (refused.returncode, refused.stdout) == (3, '')
    assert 'line 1: defaults.format: ' in refused.stderr
