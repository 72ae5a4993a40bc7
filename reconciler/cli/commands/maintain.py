"""`reconcile-health maintain`, `ack`, `suppressions`: say what is planned, and what is known."""

from __future__ import annotations

import getpass
import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import click

from charm.kernel.fields import format_time
from charm.kernel.safe_text import clean
from reconciler.config import suppressions_file
from reconciler.config.suppression_request import SuppressionRequest, model_name
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.values.words import duration_text

from ..options.completing import models, targets
from ..options.durations import Duration
from ..options.juju_door import door
from ..options.output import print_document
from ..options.sections import Sectioned
from ..options.sweeping import juju_option
from ..options.told import adding, told_by

_saying_options = adding(
    click.option(
        '--for',
        'lasts_seconds',
        type=Duration(),
        metavar='DURATION',
        help='How long it holds, such as 2h.',
    ),
    click.option(
        '--until',
        metavar='TIME',
        help='When it ends, such as "2026-11-25 18:00", or with an offset.',
    ),
    click.option(
        '--timezone',
        'zone',
        metavar='NAME',
        help='The time zone of TIME; by default, that of this machine.',
    ),
    click.option(
        '--reason', required=True, metavar='TEXT', help='Why, for those who will wonder.'
    ),
    click.option('--by', default='', metavar='NAME', help='Who says so; by default, you.'),
    click.option(
        '-m',
        '--model',
        default='',
        metavar='[CONTROLLER:]MODEL',
        shell_complete=models,
        help='The model where it holds; by default, the current one.',
    ),
    click.option('--any-model', is_flag=True, help='It holds in every model.'),
    juju_option,
)


@click.command('maintain', Sectioned, short_help='Announce planned maintenance.')
@click.argument(
    'targets',
    nargs=-1,
    required=True,
    metavar='APP|UNIT|MACHINE[:CHECK]...',
    shell_complete=targets,
)
@click.option('--from', 'start', metavar='TIME', help='When it begins; by default, now.')
@_saying_options
def maintain(targets: tuple[str, ...], start: str | None, **given: Any) -> None:
    """Announce planned maintenance: what is wrong with the target until it ends is expected.

    It is shown and stays as it is; `--maintenance-is-ok` leaves it out of exit codes.
    """
    _say(MAINTENANCE, targets, start, given)


@click.command('ack', Sectioned, short_help='Acknowledge a trouble that is known.')
@click.argument(
    'targets', nargs=-1, required=True, metavar='APP|UNIT|MACHINE:CHECK...', shell_complete=targets
)
@_saying_options
def ack(targets: tuple[str, ...], **given: Any) -> None:
    """Acknowledge a trouble that is known; any other stays unacknowledged.

    CHECK is the name or a glob of the checks that fail, or no-report where a unit is silent,
    and juju-status as well where juju says that it failed.
    """
    _say(ACKNOWLEDGED, targets, None, given)


def _say(kind: str, targets: tuple[str, ...], start: str | None, given: dict[str, Any]) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    by = given['by'] or getpass.getuser()
    said = {**given, 'kind': kind, 'targets': targets, 'start': start, 'by': by}
    entries = told_by(SuppressionRequest, said).entries(now)
    model = '' if given['any_model'] else model_name(given['model'], door(given['juju']))
    path = suppressions_file.default_path()
    for entry in entries:
        added = suppressions_file.add(path, replace(entry, model=model))
        if added.fault:
            click.echo(f'reconcile-health: {added.fault}', err=True)
        print_document(_line(added.entry, now))
        for older in added.replaced:
            click.echo(f'reconcile-health: it replaces {_line(older, now)}', err=True)


@click.group('suppressions', invoke_without_command=True)
@click.pass_context
def suppressions(context: click.Context) -> None:
    """List what was said by `maintain` and `ack`, or clear it."""
    if context.invoked_subcommand is None:
        context.invoke(listing)


@suppressions.command('list', short_help='List what was said on this machine.')
@click.option(
    '--format',
    'form',
    type=click.Choice(['table', 'json']),
    default='table',
    show_default=True,
    help='How to print it.',
)
def listing(form: str = 'table') -> None:
    """List what was said on this machine; what ended is forgotten after a week."""
    said = suppressions_file.read(suppressions_file.default_path())
    if said.fault:
        click.echo(f'reconcile-health: {said.fault}', err=True)
    now = datetime.now(timezone.utc)
    if form == 'json':
        print_document(json.dumps([_document(entry, now) for entry in said.entries], indent=2))
        return
    for entry in said.entries:
        print_document(_line(entry, now))
    if not said.entries:
        click.echo('reconcile-health: nothing is planned or acknowledged', err=True)


@suppressions.command('clear', short_help='Take back what was said.')
@click.argument('names', nargs=-1, required=True, metavar='ID|TARGET...')
def clearing(names: tuple[str, ...]) -> None:
    """Take back what was said, by the number or the target that the list shows."""
    removed, fault = suppressions_file.clear(suppressions_file.default_path(), names)
    if fault:
        click.echo(f'reconcile-health: {fault}', err=True)
    for entry in removed:
        print_document(f'cleared {_line(entry, datetime.now(timezone.utc))}')


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
