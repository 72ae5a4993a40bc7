"""From the options to who asks, and to where pushed reports are looked for."""

from __future__ import annotations

from pathlib import Path

from charm.deadline import Deadline
from reconciler.ask.base import Asker
from reconciler.ask.log import Reaping
from reconciler.ask.reaped import Reaped
from reconciler.ask.roads import AUTO, PUSH
from reconciler.ask.script import Scripted
from reconciler.errors import JujuError, UsageError
from reconciler.inbox import Inbox, Pushed
from reconciler.model import Model
from reconciler.reach.base import Reach

from .options import Asking

_UUID_SECONDS = 30.0


def asker_of(asking: Asking, model: Model, reach: Reach) -> Asker:
    """Return who asks the model's units.

    Raises:
        UsageError: what the options say does not go together.
    """
    scripted = Scripted(reach, asking.limits.timeout_seconds)
    if asking.agent_token_file or asking.agent_ca:
        return _over_tls(asking, model)
    if asking.ask == 'log':
        return Reaping(scripted, Reaped(asking.state / 'reaped', model.controller, model.name))
    return scripted


def _over_tls(asking: Asking, model: Model) -> Asker:
    if asking.ask != 'agent':
        raise UsageError(f'cannot use TLS with --ask {asking.ask}: only --ask agent can')
    if not (asking.agent_token_file and asking.agent_ca):
        raise UsageError('cannot ask over TLS without both --agent-token-file and --agent-ca')
    # Here, so that ssh and hooks do not need httpx.
    try:
        from reconciler.ask.tls import OverTLS, trusting
    except ImportError as error:
        raise UsageError(
            f"cannot ask agents over TLS: {error}: pip install 'juju-health[agent]'"
        ) from error
    return OverTLS(
        {unit.name: _addresses(model, unit.machine) for unit in model.units()},
        trusting(Path(asking.agent_ca)),
        read_word(Path(asking.agent_token_file), '--agent-token-file'),
        asking.agent_port,
        float(asking.connect_timeout),
    )


def _addresses(model: Model, machine: str) -> tuple[str, ...]:
    known = model.machines.get(machine)
    if known is None:
        return ()
    return tuple(dict.fromkeys(filter(None, (known.dns_name, *known.addresses))))


def read_word(path: Path, option: str) -> str:
    """Return the first word of a file that holds a secret.

    Raises:
        UsageError: there is none, or everybody may read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(
                f'cannot use {path} as {option}: others may read it: chmod 600 {path}'
            )
        words = path.read_text().split()
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise UsageError(f'cannot read {path} ({option}): {reason}') from error
    if not words:
        raise UsageError(f'cannot use {path} as {option}: it is empty')
    return words[0]


def pushed_of(asking: Asking, model: Model) -> Pushed | None:
    """Return where the model's pushed reports are; `None` if they are not to be looked for.

    Raises:
        JujuError: only they are wanted, and juju does not tell the model's UUID.
    """
    if asking.ask not in (AUTO, PUSH):
        return None
    inbox = Inbox(asking.inbox_path)
    if asking.is_local or not any(model_id for model_id, _unit in inbox.units()):
        return Pushed(inbox)
    try:
        uuid = asking.door.model_uuid(model.controller, model.name, until=_uuid_deadline())
    except JujuError:
        if asking.ask == PUSH:
            raise
        return None
    return Pushed(inbox, uuid)


def _uuid_deadline() -> Deadline:
    return Deadline.after(_UUID_SECONDS)
