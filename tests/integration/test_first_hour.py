"""docs/first-hour.md to the letter: its commands, in their order, on a machine as it is then."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Hosts
from tests.standin.builder import Application, Machine, Relation, Unit, World
from tests.support.patience import PATIENCE
from tests.support.tree import DOCS, ROOT

from .probing import run_agents
from .test_charm_on_hosts import deployed

PAGE = (DOCS / 'first-hour.md').read_text()
# What is typed, of what kind it is, and what is then shown.
_STEP = re.compile(
    r'^```sh(?: (\w+))?\n(.*?)^```$(?:\n\n((?: {4}[^\n]*\n|\n)+))?', re.M | re.DOTALL
)
STEPS = [tuple(step) for step in _STEP.findall(PAGE)]
# Of the steps that are typed here: to sweep, to ask the doctor, and so on.
CODES = [0] * 8
BIN = Path(sys.executable).parent
ANY_LOAD = 'probe: {checks: {load: {enabled: false}}}\n'
BESIDE = Relation('juju-info', 'juju-health', 'juju-info', 'container')


def world(machine: Machine, deployed: bool) -> World:
    """Return mysql and ntp on a machine, with or without our charm beside mysql."""
    beside = (Unit('juju-health/0'),) if deployed else ()
    mysql = Application(
        'mysql',
        (Unit('mysql/0', '0', leader=True, subordinates=beside),),
        relations=(BESIDE,) if deployed else (),
    )
    ours = (Application('juju-health', subordinate_to=('mysql',)),) if deployed else ()
    return World((machine,), (mysql, Application('ntp', (Unit('ntp/0', '0'),)), *ours))


@pytest.mark.hosts
def test_whoever_types_what_it_says_gets_what_it_shows(hosts: Hosts, tmp_path: Path) -> None:
    (host,) = hosts(1)
    run_agents(host, 'mysql/0', 'ntp/0')
    # The load of the machine is that of whatever else runs here, until what we type says more.
    (tmp_path / '.config/juju-health').mkdir(parents=True)
    (tmp_path / '.config/juju-health/health.yaml').write_text(ANY_LOAD)
    machine = Machine.of(host, '0')
    environment = {**os.environ, 'HOME': str(tmp_path), 'COLUMNS': '100', 'XDG_STATE_HOME': ''}
    environment.update(world(machine, False).write(tmp_path / 'juju', host.identity))

    def typed(commands: str) -> tuple[int, str]:
        done = subprocess.run(
            ['bash', '-c', commands],
            cwd=ROOT,
            env={**environment, 'PATH': f'{BIN}{os.pathsep}{environment["PATH"]}'},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert 'not found' not in done.stderr
        return done.returncode, done.stdout

    codes = []
    for kind, commands, shown in STEPS:
        if kind == 'juju':
            deployed(host)
            environment.update(world(machine, True).write(tmp_path / 'juju', host.identity))
        elif not kind:
            code, printed = typed(commands)
            codes.append(code)
            assert_shows(printed, shown)
    assert codes == CODES


def assert_shows(printed: str, shown: str) -> None:
    """See that all lines shown are there, but for figures; dots stand for the rest of them."""
    lines = [plain(line) for line in printed.splitlines()]
    for line in filter(None, map(plain, shown.splitlines())):
        begin = line.removesuffix('...')
        assert any(one.startswith(begin) for one in lines), f'{line!r} is not in {printed}'


def plain(line: str) -> str:
    """Return the line without what differs from run to run."""
    return re.sub(r'\b\d[\dsmhd]*\b', '0', ' '.join(line.split()))


def test_what_is_not_typed_here_is_told_elsewhere_alike() -> None:
    told = (ROOT / 'README.md').read_text() + (DOCS / 'deploy.md').read_text()
    kinds = {kind: text for kind, text, _ in STEPS if kind}
    assert set(kinds) == {'here', 'juju', 'terminal'}
    for line in (*kinds['here'].splitlines()[:1], *kinds['juju'].splitlines()):
        begin = line.partition(' #')[0].replace(' -m prod', '').strip()
        assert begin.removesuffix(' mysql') in told, begin
