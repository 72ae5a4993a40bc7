"""`hooks/health` as a process of its own, as ssh runs it: outside any hook, with no arguments."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from charm.kernel import report_json
from charm.kernel.report import Health, Report
from charm.kernel.strict_json import MAX_BYTES
from tests.hosts.shell import wait_until
from tests.support.patience import PATIENCE
from tests.support.processes import wait_gone
from tests.support.servers import web
from tests.support.tree import ROOT


def health(
    *arguments: str, charm: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-I', str(charm / 'hooks' / 'health'), *arguments],
        env={'PATH': os.environ['PATH'], **environment},
        cwd='/',
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def report(*arguments: str, charm: Path = ROOT, **environment: str) -> Report:
    done = health(*arguments, charm=charm, **environment)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.count('\n') == 1
    return report_json.decode(done.stdout.encode())


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """Lay the charm out where Juju would."""
    charm = tmp_path / 'agents' / 'unit-health-7' / 'charm'
    for part in ('charm', 'hooks'):
        shutil.copytree(ROOT / part, charm / part, ignore=shutil.ignore_patterns('__pycache__'))
    return charm


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    directory = tmp_path / 'checks.d'
    directory.mkdir()
    return directory


def test_with_no_arguments_it_reports_the_built_in_checks() -> None:
    found = report('--definitions', '/nonexistent')
    assert {'disk', 'memory', 'load'} <= {check.name for check in found.checks}
    assert found.boot_id == Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    assert found.reported_at is not None


def test_the_unit_is_known_from_the_path_that_juju_gives_a_charm(deployed: Path) -> None:
    found = report('--check', 'load', charm=deployed)
    assert (found.service, found.unit) == ('health', 'health/7')


def test_a_subordinate_reports_for_its_principal_and_says_so(deployed: Path) -> None:
    found = report('--unit', 'wordpress/0', '--check', 'load', charm=deployed)
    assert (found.service, found.unit) == ('wordpress', 'wordpress/0')
    assert found.reporter is not None
    assert found.reporter.unit == 'health/7'


def test_in_a_hook_the_environment_names_the_unit(deployed: Path) -> None:
    assert report('--check', 'load', charm=deployed, JUJU_UNIT_NAME='db/3').unit == 'db/3'


def test_sequence_grows_from_report_to_report() -> None:
    first, second = report('--check', 'load'), report('--check', 'load')
    assert first.sequence is not None
    assert second.sequence is not None
    assert first.sequence < second.sequence


@pytest.mark.slow
@pytest.mark.parametrize('text', ['0', '-1', 'nan', 'inf', '1e999', 'soon', ''])
def test_a_deadline_that_is_no_time_to_come_is_wrong_usage(text: str) -> None:
    done = health(f'--deadline={text}', '--check', 'load')
    assert (done.returncode, done.stdout) == (3, '')
    assert f'--deadline: {text!r} is not a number of seconds above 0' in done.stderr


def test_bad_news_exit_0_too(definitions: Path) -> None:
    (definitions / 'a.yaml').write_text(
        'checks:\n  old:\n    kind: file-age\n    path: /nonexistent\n'
    )
    found = report('--definitions', str(definitions), '--check', 'old')
    assert found.health is Health.FAIL


def test_a_bad_file_is_one_unknown_check_and_takes_no_other_down(definitions: Path) -> None:
    (definitions / 'bad.yaml').write_text('checks:\n  web:\n    kind: htpp\n')
    (definitions / 'good.yaml').write_text(
        'checks:\n  here:\n    kind: file-age\n    path: /proc/version\n    minimum_bytes: 0\n'
    )
    found = report('--definitions', str(definitions))
    by_name = {check.name: check for check in found.checks}
    faulty = [check for check in found.checks if 'bad.yaml' in check.message]
    assert len(faulty) == 1
    assert faulty[0].health is Health.UNKNOWN
    assert 'http' in faulty[0].message
    assert 'here' in by_name
    assert 'disk' in by_name


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['--chekc', 'x'], 'unrecognized arguments'),
        (['--check', 'dsik'], "did you mean 'disk'?"),
        (['--unit', 'Web'], 'not a unit name'),
        (['--deadline', 'soon'], 'not a number of seconds'),
    ],
)
def test_a_wrong_command_line_is_exit_3_with_advice(arguments: list[str], said: str) -> None:
    done = health(*arguments)
    assert done.returncode == 3
    assert said in done.stderr
    assert done.stdout == ''


def test_names_are_listed_one_a_line() -> None:
    assert 'disk' in health('--list').stdout.splitlines()


def test_pretty_is_for_people_and_without_colour_in_a_pipe() -> None:
    shown = health('--pretty', '--check', 'load').stdout
    assert 'load' in shown
    assert '\033' not in shown


def test_a_check_that_hangs_does_not_hold_the_report(definitions: Path) -> None:
    (definitions / 'a.yaml').write_text(
        'checks:\n  hung:\n    kind: nagios\n    command: [/bin/sleep, "60"]\n    timeout: 50\n'
    )
    found = report('--definitions', str(definitions), '--check', 'hung', '--deadline', '0.5')
    assert found.checks[0].health is Health.UNKNOWN


def test_the_worst_a_check_can_print_still_makes_a_report(definitions: Path) -> None:
    plugin = definitions / 'plugin'
    plugin.write_text(
        "#!/bin/sh\nhead -c 5000000 /dev/zero | tr '\\0' '\\377'; printf '\\033[31m'; exit 0\n"
    )
    plugin.chmod(0o755)
    (definitions / 'a.yaml').write_text(
        f'checks:\n  flood:\n    kind: nagios\n    command: [{plugin}]\n'
    )
    done = health('--definitions', str(definitions), '--check', 'flood')
    assert len(done.stdout) < MAX_BYTES
    json.loads(done.stdout)


def test_patterns_that_look_for_ever_cost_only_their_own_checks(definitions: Path) -> None:
    with web() as url:
        (definitions / 'a.json').write_text(
            json.dumps(
                {
                    'checks': {
                        'page': {
                            'kind': 'http',
                            'url': f'{url}/size/1000000',
                            'matches': 'x.*ok',
                            'timeout': 60,
                        },
                        'line': {
                            'kind': 'processes',
                            'cmdline': r'^(.*\W?)*\Wno$',
                            'timeout': 60,
                        },
                    }
                }
            )
        )
        done = report('--definitions', str(definitions), '--deadline', '4')
    checks = {check.name: check for check in done.checks}
    for name in ('page', 'line'):
        assert checks[name].health is Health.UNKNOWN
        assert checks[name].message == 'it did not end before the deadline of the whole run'
    assert checks['load'].health is not Health.UNKNOWN


def test_ending_it_ends_what_it_started(definitions: Path, tmp_path: Path) -> None:
    mark = tmp_path / 'pid'
    plugin = definitions / 'plugin'
    plugin.write_text(f'#!/bin/sh\necho $$ > {mark}.new; mv {mark}.new {mark}; exec sleep 60\n')
    plugin.chmod(0o755)
    (definitions / 'a.yaml').write_text(
        f'checks:\n  hung:\n    kind: nagios\n    command: [{plugin}]\n    timeout: 50\n'
    )
    process = subprocess.Popen(
        [sys.executable, str(ROOT / 'hooks/health'), '--definitions', str(definitions)],
        stdout=subprocess.DEVNULL,
    )
    wait_until(mark.exists, 'the plugin')
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert wait_gone(int(mark.read_text()))


@pytest.mark.parametrize(('length', 'said'), [(60, '/bin/echo'), (100_000, 'the limit is')])
def test_a_command_of_nrpe_of_many_names_holds_nothing_up(
    length: int, said: str, deployed: Path, tmp_path: Path
) -> None:
    # Each `A_` once doubled the time of looking for secrets.
    found = deployed / 'charm/sources/found.py'
    found.write_text(found.read_text().replace("'/etc/nagios", f"'{tmp_path}/nagios"))
    (tmp_path / 'nagios/nrpe.d').mkdir(parents=True)
    line = f'command[letters]=/bin/echo {"A_" * (length // 2)}'
    (tmp_path / 'nagios/nrpe.d/a.cfg').write_text(f'{line}\ncommand[next]=/bin/echo OK\n')
    checks = {check.name: check for check in report(charm=deployed).checks}
    assert checks.pop('nrpe-next').health is Health.PASSED
    assert [check for check in checks.values() if said in f'{check.data} {check.message}']
