"""What a charm author's hooks run in: any Python here, the libraries they use, and hook tools.

The hook tools are real programs on PATH that answer from files and write every call down.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

CHARMHELPERS = ('charmhelpers==1.2.1', 'PyYAML')
_CACHE = Path(tempfile.gettempdir()) / f'juju-health-authors-{os.getuid()}'
JUJU_TOOLS = (
    *('relation-ids', 'relation-list', 'relation-get', 'relation-set', 'juju-log', 'config-get'),
    *('open-port', 'close-port', 'status-set', 'status-get', 'is-leader', 'state-get'),
    *('state-set', 'state-delete', 'goal-state', 'network-get', 'application-version-set'),
)
# What would reach past the test, into this machine.
_SYSTEM_TOOLS = ('service', 'systemctl', 'update-rc.d')
TOOL = """\
#!/bin/sh
name=${0##*/}
printf '%s' "$name" >> "$HOOK_CALLS"
for last; do printf ' %s' "$last" >> "$HOOK_CALLS"; done
echo >> "$HOOK_CALLS"
answer="$HOOK_ANSWERS/$name.$(echo "$last" | tr / _)"
[ -f "$answer" ] || answer="$HOOK_ANSWERS/$name"
[ ! -f "$answer" ] || cat "$answer"
"""


def _pythons() -> dict[str, Path]:
    """Return every Python from 3.8 on that is here, by version: this one, and those of pyenv."""
    found = {platform.python_version(): Path(sys.executable)}
    for python in Path.home().glob('.pyenv/versions/3.*/bin/python'):
        version = python.parts[-3]
        if int(version.split('.')[1]) >= 8:
            found.setdefault(version, python)
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in item[0].split('.')]))


_PYTHONS = _pythons()
VERSIONS = tuple(_PYTHONS)
# To parametrize a test with, whose marker leaves it to `make pythons`.
PYTHONS = tuple(pytest.param(version, marks=pytest.mark.pythons) for version in VERSIONS)


def python_of(version: str) -> Path:
    """Return the Python of that version, one of `VERSIONS`."""
    return _PYTHONS[version]


def minor_of(python: Path) -> int:
    """Return the minor version of one of these Pythons, such as 8 of 3.8.18."""
    version = next(version for version, path in _PYTHONS.items() if path == python)
    return int(version.split('.')[1])


def installed(python: Path, requirements: tuple[str, ...]) -> Path:
    """Return a directory that pip installed the requirements into, without what they require.

    It is kept for later test runs; one run at a time installs.
    """
    key = hashlib.sha256(' '.join([str(python), *requirements]).encode()).hexdigest()[:16]
    place = _CACHE / key
    _CACHE.mkdir(mode=0o700, exist_ok=True)
    with (_CACHE / f'{key}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            half = Path(tempfile.mkdtemp(dir=_CACHE))
            options = ('--quiet', '--no-deps', '--disable-pip-version-check')
            subprocess.run(
                [str(python), '-m', 'pip', 'install', *options, '--target', half, *requirements],
                check=True,
                timeout=300,
                env={**os.environ, 'PIP_ROOT_USER_ACTION': 'ignore'},
            )
            half.rename(place)
    return place


class Unit:
    """A unit whose charm is laid out as Juju does, and whose hooks a test runs.

    Args:
        root: an empty directory.
        name: of the unit, such as `shop/0`.
        python: runs its hooks.
    """

    def __init__(self, root: Path, name: str, python: Path) -> None:
        self.name = name
        self.python = python
        self.charm = root / 'agents' / f'unit-{name.replace("/", "-")}' / 'charm'
        self.states = root / 'states'
        self._tools, self._answers, self._calls = root / 'bin', root / 'answers', root / 'calls'
        self._tools.mkdir(parents=True)
        self._answers.mkdir()
        self._calls.touch()
        for tool in (*JUJU_TOOLS, *_SYSTEM_TOOLS):
            (self._tools / tool).write_text(TOOL)
            (self._tools / tool).chmod(0o755)

    def lay(self, source: Path, package: str = '.') -> None:
        """Copy a charm's files, and juju-health's into its directory `package`."""
        shutil.copytree(source, self.charm, symlinks=True)
        ignore = shutil.ignore_patterns('__pycache__')
        shutil.copytree(ROOT / 'charm', self.charm / package / 'charm', ignore=ignore)
        (self.charm / package / 'hooks').mkdir(exist_ok=True)
        status = self.charm / package / 'hooks' / 'health-status'
        shutil.copy(ROOT / 'hooks' / 'health-status', status)
        # The machine's own python3 may be of any version: this test's is meant.
        status.write_text(status.read_text().replace('/usr/bin/python3', str(self.python)))

    def answer(self, call: str, text: str) -> None:
        """Have a tool answer so; `call` is `relation-ids.db` for the last argument `db`."""
        (self._answers / call).write_text(text)

    def forget(self, call: str) -> None:
        """Have a tool answer nothing to such a call again."""
        (self._answers / call).unlink()

    @property
    def calls(self) -> list[str]:
        """Return every call of a hook tool so far."""
        return self._calls.read_text().splitlines()

    def hook(self, name: str, program: str = '', **more: str) -> subprocess.CompletedProcess[str]:
        """Run a hook of the charm, within what Juju gives it."""
        environment = {
            'PATH': f'{self._tools}:{os.environ["PATH"]}',
            'HOOK_CALLS': str(self._calls),
            'HOOK_ANSWERS': str(self._answers),
            'JUJU_CHARM_DIR': str(self.charm),
            'JUJU_UNIT_NAME': self.name,
            'JUJU_HOOK_NAME': name,
            'JUJU_HEALTH_STATE': str(self.states),
            'PYTHONDONTWRITEBYTECODE': '1',
            **more,
        }
        return self._run(program or f'hooks/{name}', environment)

    def health(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the health hook as ssh does: outside any hook, with no hook tools in sight."""
        environment = {
            'PATH': os.environ['PATH'],
            'JUJU_HEALTH_STATE': str(self.states),
            'PYTHONDONTWRITEBYTECODE': '1',
        }
        return self._run('hooks/health', environment, *arguments)

    def _run(
        self, program: str, environment: dict[str, str], *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), str(self.charm / program), *arguments],
            env=environment,
            cwd=self.charm,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


def pretended(python: str) -> str:
    """Return a shell script that is a Python 3.6 to what `python3 -I -S -B -c TEXT` runs."""
    older = 'import sys; sys.version_info = (3, 6, 15); exec(sys.argv.pop(1))'
    return f'#!/bin/sh\nshift 4\nexec {python} -I -c "{older}" "$@"\n'
