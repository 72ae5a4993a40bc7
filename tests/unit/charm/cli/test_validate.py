"""Whether what is configured on a unit can be used: in words, and in exit codes, for CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from charm.agent.units import Unit, enrol
from charm.kernel.exit_codes import CONFIG_EXIT, USAGE_EXIT
from tests.support.called_apart import write_launcher
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

GOOD = {
    'checks.d/a.yaml': 'checks:\n  web: {kind: tcp, port: 80}\n',
    'callbacks.d/a.py': 'def mine(name): return {"health": "fail"}\nCALLBACKS = [mine]\n',
}
# What makes each place where something is configured unusable, and what is said of it.
BAD = {
    'checks.d/b.yaml': (
        'checks:\n  web: {kind: htpp}\n',
        "b.yaml: checks.web.kind: 'htpp' is not",
    ),
    'checks.d/c.json': ('{', 'c.json'),
    'checks.d/d.yaml': ('checks:\n  dsik: {warn_used_percent: 5}\n', "did you mean 'disk'?"),
    'callbacks.d/b.py': ('CALLBACKS = [3]\n', 'b.py: CALLBACKS: 3 is not a function'),
    'callbacks.d/c.py': ('import os\nos._exit(0)\n', 'c.py: its answer broke off'),
    'callbacks.d/d.py': ('1 +\n', 'd.py: line 1'),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ('checks.d', 'callbacks.d'):
        (tmp_path / name).mkdir()
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(place: Path, launcher: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-I', str(ROOT / 'hooks' / launcher), *arguments],
        env={'PATH': os.environ['PATH'], 'JUJU_HEALTH_STATE': str(place / 'state')},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def health(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = ('--definitions', str(place / 'checks.d'), '--callbacks', str(place / 'callbacks.d'))
    return run(place, 'health', *given, '--unit', 'web/0', *arguments)


def test_what_can_be_used_is_fine_however_bad_the_news_would_be(place: Path) -> None:
    done = health(place, '--validate')
    assert (done.returncode, done.stderr) == (0, '')
    listed = health(place, '--list')
    assert (listed.returncode, listed.stderr) == (0, '')
    names = listed.stdout.splitlines()
    assert {'web', 'mine', 'disk'} <= set(names)
    assert done.stdout == f'checks: {len(names)}, all of them fine\n'


@pytest.mark.parametrize('name', BAD)
def test_what_cannot_be_used_is_said_and_the_exit_code_says_so(place: Path, name: str) -> None:
    text, said = BAD[name]
    (place / name).write_text(text)
    done = health(place, '--validate')
    assert (done.returncode, done.stderr) == (CONFIG_EXIT, '')
    (line,) = done.stdout.splitlines()
    assert line.startswith(f'cannot use {place / name}')
    assert said in line
    listed = health(place, '--list')
    assert listed.returncode == CONFIG_EXIT
    assert {'mine', 'disk'} <= set(listed.stdout.splitlines())
    assert listed.stderr == f'health: {line}\n'
    for_people = health(place, '--list', '--pretty')
    assert (for_people.returncode, for_people.stderr) == (CONFIG_EXIT, '')
    assert said in for_people.stdout.splitlines()[-1]
    # Bad news about the files are in the report, and no reason to print none.
    assert health(place, '--deadline', '9').returncode == 0


def test_all_that_cannot_be_used_is_said(place: Path) -> None:
    for name, (text, _said) in BAD.items():
        (place / name).write_text(text)
    assert len(health(place, '--validate').stdout.splitlines()) == len(BAD)


def test_what_a_charm_gives_for_its_services_is_configured_too(place: Path) -> None:
    launcher = write_launcher(
        place / 'hooks' / 'health',
        'from charm import cli\nsys.exit(cli.main(services=[{"service": "web", "health": 3}]))\n',
    )
    for arguments in (['--validate'], ['--list'], []):
        done = run(place, str(launcher), *arguments)
        assert (done.returncode, done.stdout) == (CONFIG_EXIT, '')
        assert 'web.health' in done.stderr


@pytest.mark.parametrize(
    'arguments',
    [
        ('--check', 'disk'),
        ('--list',),
        ('--definitions', '/no/such/directory'),
        ('--callbacks', '/no/such/directory'),
    ],
)
def test_nothing_is_called_fine_that_was_not_looked_at(
    place: Path, arguments: tuple[str, ...]
) -> None:
    done = run(place, 'health', '--unit', 'web/0', '--validate', *arguments)
    assert (done.returncode, done.stdout) == (USAGE_EXIT, '')


def configured(place: Path, more: str = '') -> tuple[str, str]:
    (place / 'agent.yaml').write_text(
        f'definitions: {place}/checks.d\nunits: {place}/units.d\n{more}'
    )
    return '--config', str(place / 'agent.yaml')


def test_the_agent_s_check_ends_so_too(place: Path) -> None:
    good = run(place, 'health-agent', 'check', *configured(place))
    assert (good.returncode, good.stderr) == (0, '')
    assert len(good.stdout.splitlines()) == 1
    (place / 'checks.d/b.yaml').write_text(BAD['checks.d/b.yaml'][0])
    (place / 'units.d').mkdir()
    for unit in ('web/0', 'db/0'):
        enrol(place / 'units.d', Unit(unit, unit))
    bad = run(place, 'health-agent', 'check', *configured(place))
    assert (bad.returncode, bad.stderr) == (CONFIG_EXIT, '')
    assert [line.split(':')[0] for line in bad.stdout.splitlines()[:2]] == ['db/0', 'web/0']
    # A file that is wrong for both is said once.
    (fault,) = bad.stdout.splitlines()[2:]
    assert BAD['checks.d/b.yaml'][1] in fault


@pytest.mark.parametrize(('where', 'text'), [('agent.yaml', ''), ('units.d/x.json', '{')])
def test_the_agent_s_own_files_are_configured_too(place: Path, where: str, text: str) -> None:
    arguments = configured(place, '' if text else 'sockte: 3\n')
    if text:
        (place / 'units.d').mkdir()
        (place / where).write_text(text)
    done = run(place, 'health-agent', 'check', *arguments)
    assert done.returncode == CONFIG_EXIT
    assert where in done.stdout + done.stderr
