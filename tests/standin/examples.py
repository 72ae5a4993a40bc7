"""Example worlds, and a way to ask the stand-in about one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.hosts.host import Host
from tests.support.patience import PATIENCE

from .builder import Application, Info, Machine, Relation, Unit, World
from .world import FILE

# What the orchestrator gives to ssh, after the target.
OPTIONS = (
    *('-o', 'BatchMode=yes', '-o', 'ConnectTimeout=1', '-o', 'ServerAliveCountMax=2'),
    *('-o', 'LogLevel=ERROR', '--'),
)
Completed = subprocess.CompletedProcess[str]
# `juju(world, 'status', …, identity=KEY)`
Juju = Callable[..., Completed]


def caller(directory: Path) -> Juju:
    """Return a function that runs the stand-in in a world, kept in `directory`."""

    def run(
        world: World, *words: str, identity: Path | None = None, no_controllers: bool = False
    ) -> Completed:
        environment = {**os.environ, **world.write(directory, identity), 'TZ': 'UTC'}
        if no_controllers:
            forget_controllers(directory)
        done = subprocess.run(
            ['juju', *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        # Decoded here, since text mode would hide the line ends of a terminal.
        return Completed(words, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def forget_controllers(directory: Path) -> None:
    """Let juju know of no controller, as a new user's does not."""
    path = directory / FILE
    document = json.loads(path.read_text())
    document.update({'controllers': {}, 'current-controller': ''})
    path.write_text(json.dumps(document))


def said(done: Completed) -> tuple[int, str]:
    """Return the exit code and the complaint."""
    return done.returncode, done.stderr.strip()


def model(*machines: Machine, version: str = '3.6.5') -> World:
    """Return mysql on machine 0, wordpress on machine 1, and a subordinate beside both."""
    beside = Relation('juju-info', 'health', 'juju-info', 'container')
    return World(
        machines or (Machine('0', ('10.0.0.5',)), Machine('1', ('10.0.0.6',))),
        (
            Application(
                'mysql',
                (Unit('mysql/0', '0', leader=True, subordinates=(Unit('health/0'),)),),
                relations=(Relation('db', 'wordpress', 'mysql'), beside),
            ),
            Application(
                'wordpress',
                (Unit('wordpress/0', '1', Info('blocked', 'no db'), leader=True),),
                relations=(Relation('db', 'mysql', 'mysql'),),
            ),
            Application('health', subordinate_to=('mysql',)),
        ),
        version=version,
    )


def of(hosts: tuple[Host, ...], **changes: Any) -> World:
    """Return the model with the first machines as its own."""
    world = model(*(Machine.of(host, str(index)) for index, host in enumerate(hosts)))
    return replace(world, **changes)


def pods(host: Host, **changes: Any) -> World:
    """Return a k8s model with one pod that is a machine, and one that is not ready."""
    ready = Unit('web/0', leader=True, pod=Machine.of(host, ''), containers=('nginx',))
    units = (ready, Unit('web/1', workload=Info('waiting')))
    return replace(World((), (Application('web', units),), type='caas'), **changes)
