"""The direct reach as the options tell it: its connections last as long as the program."""

from __future__ import annotations

import threading
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from reconciler.reach.base import Reach
from reconciler.reach.direct import DirectReach, places_of
from reconciler.reach.host_key_source import run_vouched
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.ssh.approach import SshSettings
from reconciler.reach.ssh.hostkeys import KnownHosts
from reconciler.reach.ssh.login import Logins, through
from reconciler.reach.ssh.pool import Pool
from reconciler.values.by_name import load
from reconciler.values.errors import UsageError
from reconciler.values.model import Model
from reconciler.values.paths import state_directory

if TYPE_CHECKING:
    from reconciler.reach.ssh.client import SshClient

# By model, since `juju ssh` vouches for the machines of the one that it is told. They are not
# closed: the next sweep needs them, and the kernel closes what is left with the program.
_POOLS: dict[tuple[str, ...], Pool] = {}
_LOCK = threading.Lock()
# The first that has the post-quantum key exchange of paramiko 5 without further libraries.
OLDEST_ASYNCSSH = [2, 24]


def direct_reach(model: Model, vouching: JujuSSH, jump: str, again: bool) -> Reach:
    """Return the direct reach to a model's machines.

    Every call for the same model shares the connections, which are kept where the first one says
    that machines are asked `again`.

    Raises:
        UsageError: the model has no machines, the jump is none, or nothing speaks ssh here.
    """
    places = places_of(model)
    juju = vouching.juju
    key = (model.controller, model.name, juju.binary, juju.model, jump)
    with _LOCK:
        if key not in _POOLS:
            _POOLS[key] = _pool(vouching, _jump_command(jump, model, vouching), again)
        return DirectReach(places, _POOLS[key])


def _pool(vouching: JujuSSH, jump: tuple[str, ...], again: bool) -> Pool:
    ways = SshSettings(
        Logins.of_this_user(jump),
        KnownHosts(state_directory() / 'known_hosts'),
        partial(run_vouched, vouching),
        _client(),
        vouching.connect_timeout_seconds,
        again,
    )
    return Pool(ways)


def _client() -> SshClient:
    """Return what speaks ssh: asyncssh where one is installed that is no less safe, else paramiko.

    Raises:
        UsageError: neither is there.
    """
    if _has_asyncssh():
        in_a_loop: SshClient = load('reconciler.reach.ssh.loop.link:LoopClient')()
        return in_a_loop
    try:
        kind = load('reconciler.reach.ssh.link:ParamikoClient')
    except ImportError as error:
        raise UsageError(f'cannot use --reach direct: {error}: pip install paramiko') from error
    in_threads: SshClient = kind()
    return in_threads


def _has_asyncssh() -> bool:
    try:
        words = version('asyncssh').split('.')[:2]
    except PackageNotFoundError:
        return False
    return [int(word) for word in words if word.isdecimal()] >= OLDEST_ASYNCSSH


def _jump_command(jump: str, model: Model, vouching: JujuSSH) -> tuple[str, ...]:
    """Return the command that goes through a jump host, with `%h` and `%p` in it."""
    if not jump:
        return ()
    if jump != 'controller':
        return through(jump)
    # As juju's own --proxy does, save that the controller's host key is checked as well.
    controller = f'{model.controller}:controller' if model.controller else 'controller'
    words = (vouching.juju.binary, 'ssh', '-m', controller, '--pty=false', '0')
    return (*words, '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-W', '[%h]:%p')
