"""A machine with `reconcile-health` on it, installed below /opt for all of its users."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

from tests.hosts.host import Host
from tests.hosts.layout import take_any_load
from tests.support.tree import ROOT

from .agents import until

_LIBRARY = '/opt/juju-health/lib'
COMMAND = '/opt/juju-health/bin/reconcile-health'
# What a sweep of the machine itself takes of others' code; the machine's Python is Debian's.
_LIBRARIES = (
    *(
        'alembic',
        'click',
        'mako',
        'markdown_it',
        'markupsafe',
        'mdurl',
        'msgspec',
        'pygments',
        'rich',
        'sqlalchemy',
        'tenacity',
        'yaml',
        'tzdata',
    ),
    'typing_extensions',
)
_LAUNCHER = """\
#!/usr/bin/python3
from reconciler.cli import main
main()
"""


def install_reconcile_health(host: Host) -> None:
    """Put the command on a machine."""
    take_any_load(host)
    library = host.root / _LIBRARY.lstrip('/')
    library.mkdir(parents=True)
    places = [ROOT / 'charm', ROOT / 'reconciler']
    for name in _LIBRARIES:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        places.append(origin.parent if origin.name == '__init__.py' else origin)
    for place in places:
        if place.is_dir():
            ignored = shutil.ignore_patterns('__pycache__')
            shutil.copytree(place, library / place.name, ignore=ignored)
        else:
            shutil.copy(place, library)
    # Hooks of this machine are run by its Python as well.
    (host.root / 'usr/lib/python3/dist-packages/juju-health.pth').write_text(f'{_LIBRARY}\n')
    launcher = host.root / COMMAND.lstrip('/')
    launcher.parent.mkdir()
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)


def schedules(host: Host, user: str = 'root') -> dict[str, dict[str, Any]]:
    """Return what `schedule show` tells a user, by name."""
    argv = ['runuser', '-u', user, '--', COMMAND, 'schedule', 'show', '--format', 'json']
    done = host.run(argv)
    assert done.returncode in (0, 1), done.stderr
    return {one['name']: one for one in json.loads(done.stdout)}


def wait_for_run(host: Host, name: str, user: str = 'root', after: str = '') -> dict[str, Any]:
    """Return a run that has ended, and that began after another one; times are RFC 3339."""

    command = schedules(host, user)[name]['command']
    told = host.root / command[command.index('--last-run') + 1].lstrip('/')

    def ended() -> bool:
        last = json.loads(told.read_text()) if told.exists() else {}
        return bool(last.get('ended')) and last['began'] > after

    until(ended)
    found: dict[str, Any] = schedules(host, user)[name]['last_run']
    return found


def reboot(host: Host, clean: bool) -> None:
    """Switch a machine off, as by a pulled plug or not, and on again."""
    host.power_off(clean=clean)
    host.power_on()
