"""The history, as options and configuration name it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean
from reconciler.config.settings import Config
from reconciler.history.moments import now_number
from reconciler.history.where import database_url, is_missing
from reconciler.juju.identity import identity
from reconciler.sweeps.fleet import Fleet
from reconciler.values.by_name import load
from reconciler.values.errors import JujuError, ReconcilerError
from reconciler.values.model import Model
from reconciler.values.readings import Snapshot
from reconciler.values.words import duration_text

from .configurations import with_configurations

if TYPE_CHECKING:
    from reconciler.history.before_trouble import PastTrouble
    from reconciler.history.database import Database
    from reconciler.history.record import Recorded
    from reconciler.notify.incidents.keep import Kept

    from .sweeping import SweepOptions

_WRITE_SECONDS = 30.0
_IDENTITY_SECONDS = 15.0


def open_history(option: str, config: Config) -> Database:
    """Return the door to the history.

    Raises:
        ReconcilerError: it is not named by a path or URL, or what a server needs is not installed.
    """
    kind: Callable[[str], Database] = load('reconciler.history.database:Database')
    return kind(database_url(option, config.history.database))


def past_troubles(
    option: str, config: Config, model: Model, names: Sequence[str]
) -> tuple[PastTrouble, ...]:
    """Return what the history tells of troubles of now; say so where it cannot be read.

    Nothing, and nothing is loaded for it, where no history is.
    """
    if is_missing(database_url(option, config.history.database)):
        return ()
    try:
        with open_history(option, config).reading() as connection:
            find = load('reconciler.history.before_trouble:before_trouble')
            found: tuple[PastTrouble, ...] = find(connection, model, names)
    except ReconcilerError as error:
        for line in error.lines:
            click.echo(f'reconcile-health: {clean(line)}', err=True)
        return ()
    return found


@dataclass(frozen=True)
class RecordedSweep:
    """A sweep that is in the history.

    Attributes:
        database: the door to it.
        added: what it added, by model.
        kept: how incidents go on.
    """

    database: Database
    added: Mapping[str, Recorded]
    kept: Kept


def record_sweep(
    option: str, asking: SweepOptions, found: Snapshot | Fleet, whole: bool
) -> RecordedSweep:
    """Write down what a sweep found, and how incidents go on.

    Raises:
        ReconcilerError: it cannot be written; of several models, some may be.
    """
    database = open_history(option, asking.config)
    added: dict[str, Recorded] = {}
    ids: dict[str, int] = {}
    for place, name, recorded in _record(database, asking, found, whole):
        added[name] = recorded
        ids[place] = recorded.model_id
        if recorded.set_back:
            behind = duration_text(recorded.set_back / 1000)
            told = f'the clock is {behind} behind the last sweep of {name}'
            click.echo(f'reconcile-health: {clean(told)}', err=True)
    at = max((one.at for one in added.values()), default=now_number())
    sweep = load('reconciler.notify.incidents.keep:SweepKept')(found, whole, at, ids)
    keep = load('reconciler.notify.incidents.keep:keep')
    kept = keep(database, sweep, asking.config, Deadline.after(_WRITE_SECONDS))
    return RecordedSweep(database, added, kept)


def _record(
    database: Database, asking: SweepOptions, found: Snapshot | Fleet, whole: bool
) -> Iterator[tuple[str, str, Recorded]]:
    """Yield by which name `found` has each model, its full name, and what it added."""
    identities = _Identities(asking)
    until = Deadline.after(_WRITE_SECONDS)
    gap = asking.config.history.gap_seconds
    rules = load('reconciler.history.record:HistoryRules')(
        asking.config.history.looks, None if gap is None else round(gap * 1000)
    )
    parts = found.snapshots if isinstance(found, Fleet) else {'': found}
    for place, snapshot in parts.items():
        name, uuid = identities.of(snapshot)
        looks = load('reconciler.history.looks:looks_of')(snapshot, name, uuid, whole)
        earlier = load('reconciler.cli.options.askers:earlier_of')(asking, snapshot, uuid)
        if earlier:
            with_them = load('reconciler.history.between:with_between')
            looks = with_them(database, looks, snapshot, earlier)
        recorded = load('reconciler.history.record:record')(database, looks, until, rules)
        if whole and uuid and looks.seen:
            juju = replace(asking.door, model=name)
            recorded = with_configurations(database, juju, uuid, recorded, until)
        yield place, name, recorded


class _Identities:
    """The full names and UUIDs of models, which juju status does not tell."""

    def __init__(self, asking: SweepOptions) -> None:
        self._asking = asking
        self._listings: dict[str, Sequence[Mapping[str, Any]]] = {}

    def of(self, snapshot: Snapshot) -> tuple[str, str]:
        """Return a model's `controller:owner/name` and UUID; the latter empty if unknown."""
        model = snapshot.model
        plain = model.full_name or model.title or self._asking.model
        if self._asking.is_local or self._asking.status_file or not model.controller:
            return plain, ''
        listing = self._listing(model.controller)
        found = identity(listing, f'{model.owner}/{model.name}', model.name)
        return (f'{model.controller}:{found[0]}', found[1]) if found else (plain, '')

    def _listing(self, controller: str) -> Sequence[Mapping[str, Any]]:
        if controller not in self._listings:
            until = Deadline.after(_IDENTITY_SECONDS)
            try:
                self._listings[controller] = self._asking.door.listing(controller, until)
            except JujuError:
                # By its name it goes on with the history of the model that had it last.
                self._listings[controller] = ()
        return self._listings[controller]
