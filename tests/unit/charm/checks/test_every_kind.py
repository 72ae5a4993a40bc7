"""The whole hook, with a check of every kind and from every place, on every Python there is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from charm.checks.kinds import BUILT_IN, CHECKS
from charm.kernel import report_json
from charm.kernel.exit_codes import CONFIG_EXIT
from charm.kernel.report import Health
from tests.support.authors import PYTHONS, python_of
from tests.support.checking import program
from tests.support.patience import PATIENCE
from tests.support.servers import Authority, web
from tests.support.tree import ROOT

SCHEMA = json.loads((ROOT / 'charm' / 'report.schema.json').read_text())


@pytest.fixture(scope='module')
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with a check of every kind, each of which answers."""
    place = tmp_path_factory.mktemp('every')
    authority = Authority(place)
    plugin = program(place, 'echo "OK | t=3ms"', 'check_it')
    script = program(place, 'echo \'[{"health": "pass"}, {"health": "warn", "qos": 0.5}]\'')
    with web(authority.sign('loopback', address='127.0.0.1')) as url:
        port = int(url.rpartition(':')[2])
        checks: dict[str, dict[str, Any]] = {
            'systemd': {'units': ['no-such-unit']},
            'tcp': {'port': port},
            'http': {'url': f'{url}/body/hello', 'contains': 'hello', 'ca_file': 'ca'},
            'processes': {'cmdline': 'python'},
            'file-age': {'path': str(place / 'ca.pem'), 'warn_seconds': 86400},
            'tls': {'host': '127.0.0.1', 'port': port, 'verify': True, 'ca_file': 'ca'},
            'nagios': {'command': [plugin]},
            'script': {'command': [script], 'fail_after': 2},
        }
        assert {*checks, *BUILT_IN} == set(CHECKS)
        for kind, options in checks.items():
            options['kind'] = kind
            if 'ca_file' in options:
                options['ca_file'] = str(authority.ca)
        directory = place / 'checks.d'
        directory.mkdir()
        named = {f'x-{kind}': options for kind, options in checks.items()}
        (directory / 'a.yaml').write_text(json.dumps({'checks': named}))
        (directory / 'b.yaml').write_text('checks:\n  x-tcp: {rename: port}\n  dsik: {}\n')
        yield directory


@pytest.mark.parametrize('version', PYTHONS)
def test_every_kind_answers_on_every_python(
    definitions: Path, version: str, tmp_path: Path
) -> None:
    plug_ins = tmp_path / 'callbacks.d'
    plug_ins.mkdir()
    (plug_ins / 'a.py').write_text(
        'from charm.checks.settling_rule import settle\n'
        '@settle(fail_after=2)\n'
        'def called(service_name: str): return {"health": "passed", "qos": 0.75}\n'
        'CALLBACKS = [called]\n'
    )
    done = subprocess.run(
        [
            *(str(python_of(version)), '-I', '-X', 'dev', str(ROOT / 'hooks' / 'health')),
            *('--definitions', str(definitions), '--callbacks', str(plug_ins)),
        ],
        env={
            'PATH': os.environ['PATH'],
            'PYTHONWARNINGS': 'error',
            'PYTHONDONTWRITEBYTECODE': '1',
            'JUJU_HEALTH_STATE': str(tmp_path / 'states'),
        },
        cwd='/',
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b'')
    jsonschema.validate(json.loads(done.stdout), SCHEMA)
    report = report_json.decode(done.stdout)
    healths = {check.name: check.health for check in report.checks}
    # This machine may have NRPE, whose commands are checks too.
    ours = {name for name in healths if not name.startswith('nrpe-')}
    assert ours - set(BUILT_IN) == {
        *(f'x-{kind}' for kind in CHECKS if kind not in (*BUILT_IN, 'tcp')),
        *('called', 'port', 'definition:b.yaml'),
    }
    messages = {check.name: check.message for check in report.checks}
    for name in ('x-http', 'x-tls', 'x-processes', 'x-file-age', 'x-nagios', 'port', 'called'):
        assert healths[name] is Health.PASSED, (name, messages[name])
    assert healths['x-script'] is Health.WARN
    assert report.qos == 0.5
    by_name = {check.name: check for check in report.checks}
    for name in ('x-script', 'called'):
        assert by_name[name].data['settling']['raw'] == by_name[name].health.value


def test_where_it_may_write_nothing_it_reports_all_the_same(
    definitions: Path, tmp_path: Path
) -> None:
    (tmp_path / 'file').write_text('')
    done = subprocess.run(
        [
            *(sys.executable, '-I', str(ROOT / 'hooks' / 'health')),
            *('--definitions', str(definitions), '--check', 'x-script'),
        ],
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(tmp_path / 'file' / 'x')},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    (check,) = [one for one in report_json.decode(done.stdout).checks if one.name == 'x-script']
    assert 'cannot' in check.data['settling']['not_kept']


def test_names_and_sources_are_listed_for_people(definitions: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, '-I', str(ROOT / 'hooks' / 'health'), '--list', '--pretty'),
            *('--definitions', str(definitions)),
        ],
        env={'PATH': os.environ['PATH']},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == CONFIG_EXIT
    assert f'port               10 s  {definitions}/a.yaml' in done.stdout
    assert "b.yaml: checks.dsik: no such check; did you mean 'disk'?" in done.stdout


@pytest.mark.slow
def test_sixty_checks_of_a_hung_server_are_asked_at_once(tmp_path: Path) -> None:
    """One after the other, all but a few would meet the deadline instead."""
    with socket.create_server(('127.0.0.1', 0), backlog=200) as listener:
        port = listener.getsockname()[1]
        entry = {'kind': 'tcp', 'port': port, 'expect': 'never', 'timeout': 1}
        checks = {f'hung-{number}': entry for number in range(60)}
        (tmp_path / 'a.yaml').write_text(json.dumps({'checks': checks}))
        done = subprocess.run(
            [
                *(sys.executable, '-I', str(ROOT / 'hooks' / 'health')),
                *('--definitions', str(tmp_path), '--deadline', '20'),
            ],
            env={'PATH': os.environ['PATH']},
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    report = report_json.decode(done.stdout)
    hung = [check for check in report.checks if check.name.startswith('hung-')]
    assert len(hung) == 60
    assert all('did not end in time' in check.message for check in hung)
