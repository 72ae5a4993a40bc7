"""`reconcile-health maintain`, `ack`, `suppressions`: say what is planned, and what is known."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import click

from charm.kernel.deadline import Deadline
from charm.kernel.fields import format_time
from charm.kernel.safe_text import clean
from reconciler.config.settings import Config
from reconciler.config.suppression_request import SuppressionRequest, model_name
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.values.words import duration_text

from ..options.juju_door import door
from ..options.output import print_document
from ..options.said import said_store
from ..options.told import told_by

_WAIT_SECONDS = 10.0


def maintain(targets: Sequence[str], start: str | None, **given: Any) -> None:
    """Note that what is wrong with the targets until it ends is expected."""
    _say(MAINTENANCE, targets, start, given)


def ack(targets: Sequence[str], **given: Any) -> None:
    """Note that a trouble of the targets is known."""
    _say(ACKNOWLEDGED, targets, None, given)


def _say(kind: str, targets: Sequence[str], start: str | None, given: dict[str, Any]) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    by = given['by'] or getpass.getuser()
    said = {**given, 'kind': kind, 'targets': targets, 'start': start, 'by': by}
    entries = told_by(SuppressionRequest, said).entries(now)
    model = '' if given['any_model'] else model_name(given['model'], door(given['juju']))
    store = said_store(given['config'])
    for entry in entries:
        added = store.add(replace(entry, model=model), Deadline.after(_WAIT_SECONDS))
        _talk(added.faults)
        print_document(_line(added.entry, now))
        for older in added.replaced:
            click.echo(f'reconcile-health: it replaces {_line(older, now)}', err=True)


def listing(form: str, config: Config) -> None:
    """List what was said; what ended is forgotten after a week."""
    said = said_store(config).read(Deadline.after(_WAIT_SECONDS))
    _talk((*said.faults, *said.notes))
    now = datetime.now(timezone.utc)
    if form == 'json':
        print_document(json.dumps([_document(entry, now) for entry in said.entries], indent=2))
        return
    for entry in said.entries:
        print_document(_line(entry, now))
    if not said.entries:
        click.echo('reconcile-health: nothing is planned or acknowledged', err=True)


def clearing(names: tuple[str, ...], config: Config) -> None:
    """Take back what was said, by the number or the target that the list shows."""
    cleared = said_store(config).clear(names, Deadline.after(_WAIT_SECONDS))
    _talk(cleared.faults)
    for entry in cleared.entries:
        print_document(f'cleared {_line(entry, datetime.now(timezone.utc))}')


def _talk(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(f'reconcile-health: {clean(line)}', err=True)


def _line(entry: SuppressionEntry, now: datetime) -> str:
    start = f' from {format_time(entry.start)}' if entry.start and entry.start > now else ''
    left = (entry.until - now).total_seconds()
    rest = f' ({duration_text(left)} left)' if left > 0 and not start else ''
    where = f' in {entry.model}' if entry.model else ' in any model'
    return clean(
        f'{entry.id} {entry.state(now)} {entry.kind} {entry.written}{where}{start} '
        f'until {format_time(entry.until)}{rest}: {entry.reason} ({entry.by or "unsaid by whom"})'
    )


def _document(entry: SuppressionEntry, now: datetime) -> dict[str, Any]:
    told = {key: getattr(entry, key) for key in ('id', 'kind', 'target', 'check', 'model')}
    told |= {'state': entry.state(now), 'start': format_time(entry.start)}
    return {**told, 'until': format_time(entry.until), 'reason': entry.reason, 'by': entry.by}
