"""The plugins of Debian's monitoring-plugins-basic, run as an operator's definitions run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from charm.kernel import report_json
from charm.kernel.report import CheckResult, Health
from tests.support.checking import free_port
from tests.support.patience import PATIENCE
from tests.support.servers import Authority, web
from tests.support.tree import ROOT


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / 'old').write_text('')
    day_ago = time.time() - 86400
    os.utime(tmp_path / 'old', (day_ago, day_ago))
    return tmp_path


def run(place: Path, **commands: Any) -> dict[str, CheckResult]:
    checks = {name: {'kind': 'nagios', 'command': line} for name, line in commands.items()}
    directory = place / 'checks.d'
    directory.mkdir(exist_ok=True)
    (directory / 'a.json').write_text(json.dumps({'checks': checks}))
    done = subprocess.run(
        [
            *(sys.executable, '-I', str(ROOT / 'hooks' / 'health')),
            *('--definitions', str(directory), '--check', *checks),
        ],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    return {one.name: one for one in report_json.decode(done.stdout).checks}


def test_each_of_the_four_exit_codes_of_a_real_plugin_is_a_health(place: Path) -> None:
    found = run(place, **{f'd{code}': f'check_dummy {code} words' for code in (0, 1, 2, 3)})
    assert [found[f'd{code}'].health for code in (0, 1, 2, 3)] == [
        Health.PASSED,
        Health.WARN,
        Health.FAIL,
        Health.UNKNOWN,
    ]
    assert found['d2'].message == 'CRITICAL: words'


def test_real_performance_data_is_read_to_its_end(place: Path) -> None:
    found = run(
        place,
        disk=f'check_disk -w 1% -c 1% -p {place}',
        load='check_load -w 999,999,999 -c 999,999,999',
        procs='check_procs -w 1: -c 1:',
        age=['check_file_age', '-f', str(place / 'old'), '-w', '60', '-c', '120', '-W', '0'],
        users='check_users -w 900 -c 999',
    )
    for name in ('disk', 'load', 'procs', 'users'):
        assert found[name].health is Health.PASSED, found[name]
    for name, one in found.items():
        assert one.data['perfdata'], name
        assert 'perfdata_rejected' not in one.data, name
    ((_label, disk),) = found['disk'].data['perfdata'].items()
    assert disk['unit'] == 'B'
    figures = os.statvfs(place)
    assert disk['max'] == pytest.approx(figures.f_blocks * figures.f_frsize, rel=0.01)
    assert found['load'].data['perfdata']['load15']['min'] == 0
    assert found['age'].health is Health.FAIL
    assert found['age'].data['perfdata']['age']['value'] == pytest.approx(86400, abs=600)


def test_plugins_and_our_own_checks_agree_on_a_web_server(place: Path) -> None:
    authority = Authority(place)
    with web() as plain, web(authority.sign('loopback', address='127.0.0.1', days=60)) as secure:
        port, tls = (url.rpartition(':')[2] for url in (plain, secure))
        found = run(
            place,
            good=f'check_http -I 127.0.0.1 -p {port} -u /body/hello -s hello',
            lacks=f'check_http -I 127.0.0.1 -p {port} -u /body/hello -s goodbye',
            missing=f'check_http -I 127.0.0.1 -p {port} -u /status/404',
            open=f'check_tcp -H 127.0.0.1 -p {port}',
            closed=f'check_tcp -H 127.0.0.1 -p {free_port()}',
            certificate=f'check_http -I 127.0.0.1 -p {tls} -S -C 30,7',
            expiring=f'check_http -I 127.0.0.1 -p {tls} -S -C 90,7',
        )
        ours = {
            'good': {'kind': 'http', 'url': f'{plain}/body/hello', 'contains': 'hello'},
            'lacks': {'kind': 'http', 'url': f'{plain}/body/hello', 'contains': 'goodbye'},
            'open': {'kind': 'tcp', 'port': int(port)},
            'closed': {'kind': 'tcp', 'port': free_port()},
            'certificate': {'kind': 'tls', 'host': '127.0.0.1', 'port': int(tls)},
            'expiring': {'kind': 'tls', 'host': '127.0.0.1', 'port': int(tls), 'warn_days': 90},
        }
        (place / 'ours').mkdir()
        (place / 'ours' / 'a.json').write_text(json.dumps({'checks': ours}))
        done = subprocess.run(
            [
                *(sys.executable, '-I', str(ROOT / 'hooks' / 'health')),
                *('--definitions', str(place / 'ours'), '--check', *ours),
            ],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    assert found['missing'].health is Health.WARN  # check_http takes 4xx for a warning; we fail.
    assert found['good'].data['perfdata']['time']['unit'] == 's'
    for one in report_json.decode(done.stdout).checks:
        assert one.health is found[one.name].health, (one, found[one.name])
