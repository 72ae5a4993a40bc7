"""From the options to who asks, and to where pushed reports are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from reconciler.ask.base import Asker
from reconciler.ask.log import LogAsker
from reconciler.ask.log_chunk import BY_LOG
from reconciler.ask.log_store import LogStore
from reconciler.ask.modes import AUTO, PUSH, AskMode
from reconciler.ask.probe import ProbeOptions
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import CollectPlan, Progress
from reconciler.config.suppressions import SuppressionEntry
from reconciler.inbox.keys import read_word
from reconciler.sweeps.one_model import SweepPlan
from reconciler.values.by_name import load
from reconciler.values.errors import JujuError, UsageError
from reconciler.values.model import Model
from reconciler.values.readings import Snapshot

from .sweeping import SweepOptions

if TYPE_CHECKING:
    from reconciler.history.between import Reports
    from reconciler.inbox.store import Inbox, PushedReports


def asker_of(asking: SweepOptions, model: Model) -> Asker:
    """Return who asks the model's units.

    Raises:
        UsageError: what the options say does not go together.
    """
    scripted = ScriptAsker(asking.way(model), asking.time)
    if asking.agent_token_file or asking.agent_ca:
        return _over_tls(asking, model)
    if asking.ask == 'log':
        return LogAsker(scripted, _log_store(asking, model))
    return scripted


def _log_store(asking: SweepOptions, model: Model) -> LogStore:
    return LogStore(asking.state / 'reaped', model.controller, model.name)


def _over_tls(asking: SweepOptions, model: Model) -> Asker:
    if asking.ask != 'agent':
        raise UsageError(f'cannot use TLS with --ask {asking.ask}: only --ask agent can')
    if not (asking.agent_token_file and asking.agent_ca):
        raise UsageError('cannot ask over TLS without both --agent-token-file and --agent-ca')
    # By their names, so that ssh and hooks do not need httpx.
    try:
        asker, trusting = load('reconciler.ask.tls:TLSAsker'), load('reconciler.ask.tls:trusting')
    except ImportError as error:
        raise UsageError(
            f"cannot ask agents over TLS: {error}: pip install 'juju-health[agent]'"
        ) from error
    over_tls: Asker = asker(
        {unit.name: _addresses(model, unit.machine) for unit in model.units()},
        trusting(Path(asking.agent_ca)),
        read_word(Path(asking.agent_token_file), '--agent-token-file'),
        asking.agent_port,
        asking.time.connect_timeout_seconds,
    )
    return over_tls


def _addresses(model: Model, machine: str) -> tuple[str, ...]:
    known = model.machines.get(machine)
    if known is None:
        return ()
    return tuple(dict.fromkeys(filter(None, (known.dns_name, *known.addresses))))


def pushed_of(asking: SweepOptions, model: Model) -> PushedReports | None:
    """Return where the model's pushed reports are; `None` if they are not to be looked for.

    Raises:
        JujuError: only they are wanted, and juju does not tell the model's UUID.
    """
    if asking.ask not in (AUTO, PUSH):
        return None
    of_inbox: type[PushedReports] = load('reconciler.inbox.store:PushedReports')
    inbox: Inbox = load('reconciler.inbox.store:Inbox')(asking.inbox_path)
    if asking.is_local or not _tells_models_apart(inbox):
        return of_inbox(inbox)
    until = Deadline.after(asking.time.uuid_seconds)
    try:
        uuid = asking.door.model_uuid(model.controller, model.name, until)
    except JujuError:
        if asking.ask == PUSH:
            raise
        return None
    return of_inbox(inbox, uuid)


def earlier_of(asking: SweepOptions, snapshot: Snapshot, uuid: str) -> Mapping[str, Reports]:
    """Return where units' earlier reports are, by how the newest ones were got.

    Nothing, and nothing is loaded for it, where none came by a log or the inbox.
    """
    ways = {reading.via.rpartition(', ')[2] for reading in snapshot.readings()}
    if BY_LOG in ways and asking.ask == 'log':
        return {BY_LOG: _log_store(asking, snapshot.model).reports}
    if PUSH not in ways:
        return {}
    inbox: Inbox = load('reconciler.inbox.store:Inbox')(asking.inbox_path)
    of_inbox: type[PushedReports] = load('reconciler.inbox.store:PushedReports')
    own = '' if asking.is_local or not _tells_models_apart(inbox) else uuid
    return {PUSH: of_inbox(inbox, own).reports}


def _tells_models_apart(inbox: Inbox) -> bool:
    """Return whether any report says of which model it is; one that cannot be read may."""
    try:
        return any(model_id for model_id, _unit in inbox.units())
    except FileError:
        return True


def sweep_of(
    asking: SweepOptions, model: Model, progress: Progress, said: Sequence[SuppressionEntry]
) -> SweepPlan:
    """Return the sweep of a model as the options want it; `said` is what operators said."""
    asker, pushed = asker_of(asking, model), pushed_of(asking, model)
    way = CollectPlan(
        asker,
        asking.limits,
        _mode(asking, model),
        pushed,
        asking.is_local,
        pace=asking.pace(model),
        cost=asking.cost,
    )
    return SweepPlan(model, way, progress, asking.config, said)


def _mode(asking: SweepOptions, model: Model) -> AskMode:
    if not asking.looks:
        return asking.mode
    checks = asking.config.for_model(model).probe
    return replace(asking.mode, probe=ProbeOptions(checks, asking.config.spared(model)))
