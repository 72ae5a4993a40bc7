"""`reconcile-health history`: look after what is recorded."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import chain

import click
from sqlalchemy import Connection

from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean
from reconciler.config.settings import Config
from reconciler.history.database import Database
from reconciler.history.errors import HistoryError
from reconciler.history.examine import examine
from reconciler.history.export import (
    EXPORTS,
    Period,
    documents,
    documents_of_no_model,
    said_documents,
)
from reconciler.history.find import KnownModel
from reconciler.history.models_meant import models_meant
from reconciler.history.moments import now_number, to_number
from reconciler.history.prune import Pruned, Work, before, of_no_model_before
from reconciler.history.prune import future as of_the_future
from reconciler.render.people.history import examined_text, pruned_text

from ..options.history import open_history
from ..options.output import print_document, write_document
from ..options.span import moment_of

SOUND, WRONG = 0, 2
_WRITE_SECONDS = 60.0


def check(history: str, config: Config) -> int:
    """Print what is in the history, and return the exit code that tells whether it is sound."""
    found = examine(open_history(history, config), now_number())
    print_document(examined_text(found))
    return WRONG if found.faults else SOUND


def prune(
    older_than: float, future: bool, model: str, dry_run: bool, history: str, config: Config
) -> None:
    """Remove what is long past, model by model, so that others who write hardly wait."""
    database = open_history(history, config)
    with database.reading() as connection:
        known = models_meant(connection, model)
    total = Pruned()
    for one in known:
        total += _prune(database, _work(one, older_than, future), dry_run)
    if not model and not future:
        # What operators said ends by itself: nothing of it is of the future.
        work = of_no_model_before(now_number() - round(older_than * 1000))
        total += _prune(database, work, dry_run)
    print_document(pruned_text(total, database.name, dry_run))
    if total and not dry_run:
        try:
            database.compact()
        except HistoryError as error:
            # It is pruned all the same, and new rows use the space.
            click.echo(f'reconcile-health: {clean(str(error))}', err=True)


def _work(model: KnownModel, older_than: float, ahead: bool) -> Work:
    now = now_number()
    return (
        of_the_future(model, now) if ahead else before(model, now - round(older_than * 1000), now)
    )


def _prune(database: Database, work: Work, dry_run: bool) -> Pruned:
    def tried(connection: Connection) -> Pruned:
        savepoint = connection.begin_nested()
        pruned = work(connection)
        if dry_run:
            savepoint.rollback()
        return pruned

    return database.write(tried, Deadline.after(_WRITE_SECONDS))


def export(
    since: str, until: str, model: str, form: str, output: str, history: str, config: Config
) -> None:
    """Print every document of the history, or of a time of it."""
    period = Period(_moment(since), _moment(until))
    with open_history(history, config).reading() as connection:
        known = models_meant(connection, model)
        said = said_documents(connection, known if model else None, period)
        beside = () if model else documents_of_no_model(connection, period)
        found = chain(documents(connection, known, period), beside, said)
        write_document(EXPORTS[form](found), output, utf8=True)


def upgrade(history: str, config: Config) -> None:
    """Bring the tables up to date."""
    database = open_history(history, config)
    old, new = database.upgrade()
    if old == new:
        told = f'is of version {new}, which is the latest'
    else:
        told = (
            f'was of version {old}, and now is of {new}' if old else f'is made, of version {new}'
        )
    print_document(clean(f'{database.name} {told}'))


def _moment(text: str) -> int | None:
    return to_number(moment_of(text, datetime.now(timezone.utc))) if text else None
