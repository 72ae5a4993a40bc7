"""The direct reach as the options tell it: its connections last as long as the command."""

from __future__ import annotations

import click

from reconciler.errors import UsageError
from reconciler.model import Model
from reconciler.places import state_directory
from reconciler.reach.base import Reach
from reconciler.reach.juju_ssh import JujuSSH

_POOL = 'reconciler.reach.pool'


def direct_reach(model: Model, vouching: JujuSSH, jump: str) -> Reach:
    """Return the direct reach to a model's machines.

    Every call within one command shares the connections; they end with the command.

    Raises:
        UsageError: the model has no machines, or paramiko is missing.
    """
    # Here, so that the other reaches neither need paramiko nor wait for it to be read.
    try:
        from reconciler.reach.direct import Direct, places_of
        from reconciler.reach.hostkeys import KnownHosts
        from reconciler.reach.pool import Pool, Ways
        from reconciler.reach.sshconfig import Logins
    except ImportError as error:
        raise UsageError(f'cannot use --reach direct: {error}: pip install paramiko') from error
    places = places_of(model)
    context = click.get_current_context()
    pool = context.meta.get(_POOL)
    if pool is None:
        ways = Ways(
            Logins.of_this_user(_jump_command(jump, model, vouching)),
            KnownHosts(state_directory() / 'known_hosts'),
            vouching,
            float(vouching.connect_timeout_seconds),
        )
        pool = context.meta[_POOL] = Pool(ways)
        context.call_on_close(pool.close)
    return Direct(places, pool)


def _jump_command(jump: str, model: Model, vouching: JujuSSH) -> tuple[str, ...]:
    """Return the command that goes through a jump host, with `%h` and `%p` in it."""
    from reconciler.reach.sshconfig import through

    if not jump:
        return ()
    if jump != 'controller':
        return through(jump)
    # As juju's own --proxy does, save that the controller's host key is checked as well.
    controller = f'{model.controller}:controller' if model.controller else 'controller'
    words = (vouching.juju.binary, 'ssh', '-m', controller, '--pty=false', '0')
    return (*words, '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-W', '[%h]:%p')
