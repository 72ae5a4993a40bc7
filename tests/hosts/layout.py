"""Lay units out on a machine as Juju's unit agents do (agent/agent.go, worker/uniter/charm).

The agent's directory, its charm and its tools are root's, with mode 0755; `agent.conf` is 0600.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.support.tree import ROOT

from .host import Host

PROJECT = ROOT
# What this project's charm is made of; the last three may be missing.
PARTS = ('charm', 'hooks', 'metadata.yaml', 'config.yaml', 'actions.yaml', 'dispatch')
# The load of a test machine is that of the computer that runs the tests, whatever that is.
_ANY_LOAD = 'checks:\n  load: {warn_per_cpu: 1000, fail_per_cpu: 1000}\n'
# Outside a hook every one of Juju's hook tools says this and fails.
_TOOL = b'#!/bin/sh\necho "ERROR JUJU_AGENT_SOCKET_ADDRESS not set" >&2\nexit 1\n'
# The machine's own agent, which runs those of its units, under the name that Juju gives it; the
# kernel calls a process by the file that was run.
MACHINE_AGENT = 'jujud-machine-0.service'
_MACHINE_AGENT = """\
[Service]
ExecStart=/var/lib/juju/tools/machine-0/jujud /var/lib/juju/tools/machine-0/jujud.py

[Install]
WantedBy=multi-user.target
"""
_TOOLS = ('config-get', 'juju-log', 'relation-get', 'relation-ids', 'status-set', 'unit-get')


def agent_directory(unit: str) -> Path:
    """Return a unit agent's directory on its machine: `a-b/1` is `…/unit-a-b-1`."""
    return Path('/var/lib/juju/agents') / f'unit-{unit.replace("/", "-")}'


def charm_directory(unit: str) -> Path:
    """Return a unit's charm directory on its machine."""
    return agent_directory(unit) / 'charm'


def add_machine_agent(host: Host) -> None:
    """Have a machine's own agent run on it, now and after each boot."""
    service = host.root / 'etc' / 'systemd' / 'system' / MACHINE_AGENT
    if service.exists():
        return
    service.write_text(_MACHINE_AGENT)
    _here(host, Path('/var/lib/juju/agents/machine-0')).mkdir(parents=True, exist_ok=True)
    tools = _here(host, Path('/var/lib/juju/tools/machine-0'))
    tools.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name('jujud.py'), tools)
    (tools / 'jujud').symlink_to('/usr/bin/python3')
    host.must(['systemctl', 'daemon-reload'])
    host.must(['systemctl', 'enable', '--now', '--quiet', MACHINE_AGENT])


def add_failed_service(host: Host, name: str) -> None:
    """Have a service on it that has failed."""
    service = host.root / 'etc' / 'systemd' / 'system' / f'{name}.service'
    service.write_text('[Service]\nType=oneshot\nExecStart=/bin/false\n')
    host.must(['systemctl', 'daemon-reload'])
    host.run(['systemctl', 'start', name])


def add_unit(host: Host, unit: str, hook: bytes | Path | None = None) -> Path:
    """Lay a unit out and return its charm directory, as a path from here.

    Args:
        host: the machine.
        unit: its name, such as `mysql/0`; a unit of that name that is there is replaced.
        hook: the content of an executable `hooks/health`; or a charm's directory, which is
            copied; or nothing for a charm without a health hook.
    """
    agent = _here(host, agent_directory(unit))
    if agent.exists():
        shutil.rmtree(agent)
    charm = _here(host, charm_directory(unit))
    (charm / 'hooks').mkdir(mode=0o755, parents=True)
    if isinstance(hook, Path):
        _copy(hook, [one.name for one in hook.iterdir()], charm)
    else:
        application = unit.split('/')[0]
        (charm / 'metadata.yaml').write_text(f'name: {application}\nsummary: for tests\n')
        if hook is not None:
            set_hook(host, unit, hook)
    conf = agent / 'agent.conf'
    conf.touch(mode=0o600)
    conf.write_text(f'# format 2.0\ntag: {agent.name}\ndatadir: /var/lib/juju\n')
    tools = _here(host, Path('/var/lib/juju/tools') / agent.name)
    tools.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name in _TOOLS:
        _executable(tools / name, _TOOL)
    return charm


def set_hook(host: Host, unit: str, hook: bytes, mode: int = 0o755) -> Path:
    """Write a unit's `hooks/health` and return it, as a path from here."""
    path = _here(host, charm_directory(unit)) / 'hooks' / 'health'
    _executable(path, hook, mode)
    return path


def take_any_load(host: Host) -> None:
    """Define that no load is too much on a machine, so that no test depends on its neighbours."""
    definitions = host.root / 'etc' / 'juju-health' / 'checks.d'
    definitions.mkdir(parents=True, exist_ok=True)
    (definitions / '00-any-load.yaml').write_text(_ANY_LOAD)


def add_juju_health(host: Host, unit: str, project: Path = PROJECT) -> Path:
    """Lay this project out as a subordinate unit; return its charm directory, from here."""
    take_any_load(host)
    charm = add_unit(host, unit)
    (charm / 'metadata.yaml').unlink()
    _copy(project, PARTS, charm)
    return charm


def remove_units(host: Host) -> None:
    """Remove all that Juju put on a machine."""
    shutil.rmtree(_here(host, Path('/var/lib/juju')), ignore_errors=True)


def _here(host: Host, path: Path) -> Path:
    return host.root / path.relative_to('/')


def _copy(source: Path, names: Iterable[str], into: Path) -> None:
    for name in names:
        original = source / name
        if original.is_dir():
            ignored = shutil.ignore_patterns('__pycache__', '*.pyc')
            shutil.copytree(original, into / name, ignore=ignored, dirs_exist_ok=True)
        elif original.exists():
            shutil.copy(original, into / name)


def _executable(path: Path, content: bytes, mode: int = 0o755) -> None:
    path.write_bytes(content)
    path.chmod(mode)
