"""`reconcile-health maintain`, `ack`, `suppressions`: say what is planned, and what is known."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import click

from charm.kernel.deadline import Deadline
from charm.kernel.fields import format_time
from reconciler.config import suppressions_file
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, NO_REPORT, SuppressionEntry
from reconciler.config.times import parse_moment, parse_zone
from reconciler.juju.command import Juju
from reconciler.values.errors import JujuError, UsageError
from reconciler.values.words import clean, duration_text

from ..options.durations import duration
from ..options.output import print_document

Function = TypeVar('Function', bound=Callable[..., Any])
_TARGET = re.compile(r'(machine )?[\w*?\[][\w*?\[\]!.-]*(/[\w*?\[\]!.-]+)*', re.ASCII)
_MOST_TEXT = 500
_LONGEST = timedelta(days=3660)
_WHOAMI_SECONDS = 20.0


def _saying_options(function: Function) -> Function:
    options = (
        click.option(
            '--for',
            'lasts',
            type=duration,
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
            help='The model where it holds; by default, the current one.',
        ),
        click.option('--any-model', is_flag=True, help='It holds in every model.'),
        click.option('--juju', default='juju', metavar='PATH', help='The juju command.'),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command('maintain', short_help='Announce planned maintenance.')
@click.argument('targets', nargs=-1, required=True, metavar='APP|UNIT|MACHINE[:CHECK]...')
@click.option('--from', 'start', metavar='TIME', help='When it begins; by default, now.')
@_saying_options
def maintain(targets: tuple[str, ...], start: str | None, **given: Any) -> None:
    """Announce planned maintenance: what is wrong with the target until it ends is expected.

    It is shown and stays as it is; `--maintenance-is-ok` leaves it out of exit codes.
    """
    _say(MAINTENANCE, targets, start, given)


@click.command('ack', short_help='Acknowledge a trouble that is known.')
@click.argument('targets', nargs=-1, required=True, metavar='APP|UNIT|MACHINE:CHECK...')
@_saying_options
def ack(targets: tuple[str, ...], **given: Any) -> None:
    """Acknowledge a trouble that is known; any other stays unacknowledged.

    CHECK is the name or a glob of the checks that fail, or no-report where a unit is silent,
    and juju-status as well where juju says that it failed.
    """
    for target in targets:
        if not target.partition(':')[2]:
            raise UsageError(
                f'cannot acknowledge {target!r} as a whole, which would hide what fails next: '
                f'name the check, such as {target}:disk or {target}:{NO_REPORT}; '
                f"'{target}:*' is everything"
            )
    _say(ACKNOWLEDGED, targets, None, given)


def _say(kind: str, targets: Sequence[str], start: str | None, given: dict[str, Any]) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    begins = _moment(start, given['zone'], '--from') if start else None
    until = _end(given, begins or now)
    if until <= max(now, begins or now):
        reason = 'that is over' if until <= now else 'that is at or before it begins'
        raise UsageError(f'cannot end at {format_time(until)}: {reason}')
    if until - now > _LONGEST:
        raise UsageError('cannot last longer than ten years')
    model = '' if given['any_model'] else _model(given['model'], given['juju'])
    path = suppressions_file.default_path()
    for target, check in [_target(one) for one in targets]:
        entry = SuppressionEntry(
            kind,
            target,
            until,
            _bounded(given['reason'], '--reason'),
            check,
            begins,
            _bounded(given['by'] or getpass.getuser(), '--by'),
            model,
        )
        added, fault = suppressions_file.add(path, entry)
        if fault:
            click.echo(f'reconcile-health: {fault}', err=True)
        print_document(_line(added, now))


def _target(written: str) -> tuple[str, str]:
    target, _, check = written.partition(':')
    if not _TARGET.fullmatch(target) or len(written) > _MOST_TEXT or clean(check) != check:
        raise UsageError(
            f'cannot use {clean(written)[:80]!r}: write an application, a unit, a machine or a '
            'glob of these, and the check after a colon'
        )
    return target, check


def _bounded(text: str, option: str) -> str:
    safe = clean(text.encode('utf-8', 'replace').decode())
    if not safe or len(safe) > _MOST_TEXT:
        raise UsageError(f'cannot use {option}: it wants 1 to {_MOST_TEXT} characters')
    return safe


def _moment(text: str, zone: str | None, option: str) -> datetime:
    try:
        return parse_moment(text, parse_zone(zone) if zone else None)
    except ValueError as error:
        raise UsageError(f'cannot use {option}: {error}') from error


def _end(given: dict[str, Any], begins: datetime) -> datetime:
    if (given['lasts'] is None) == (given['until'] is None):
        raise UsageError('cannot tell when it ends: give either --for 2h or --until TIME')
    if given['lasts'] is None:
        return _moment(given['until'], given['zone'], '--until')
    return begins + timedelta(seconds=min(given['lasts'], _LONGEST.total_seconds() * 2))


def _model(named: str, juju: str) -> str:
    """Return `controller:model`, or `model`, as a sweep knows it: without the owner."""
    if not named:
        try:
            who = Juju(binary=juju).whoami(Deadline.after(_WHOAMI_SECONDS))
        except JujuError as error:
            reason = f'cannot tell which model is meant: {error}'
            raise UsageError(f'{reason}; name it with --model, or give --any-model') from error
        if not who.get('model'):
            raise UsageError('cannot tell which model is meant: name it with --model')
        named = f'{who.get("controller", "")}:{who["model"]}'
    controller, _, model = named.rpartition(':')
    name = model.rpartition('/')[2]
    return f'{controller}:{name}' if controller else name


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
        print_document(json.dumps([_document(one, now) for one in said.entries], indent=2))
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


def _state(entry: SuppressionEntry, now: datetime) -> str:
    if entry.until <= now:
        return 'ended'
    return 'active' if entry.is_active(now) else 'planned'


def _line(entry: SuppressionEntry, now: datetime) -> str:
    start = f' from {format_time(entry.start)}' if entry.start and entry.start > now else ''
    left = (entry.until - now).total_seconds()
    rest = f' ({duration_text(left)} left)' if left > 0 and not start else ''
    where = f' in {entry.model}' if entry.model else ' in any model'
    return clean(
        f'{entry.id} {_state(entry, now)} {entry.kind} {entry.written}{where}{start} '
        f'until {format_time(entry.until)}{rest}: {entry.reason} ({entry.by or "unsaid by whom"})'
    )


def _document(entry: SuppressionEntry, now: datetime) -> dict[str, Any]:
    told = {key: getattr(entry, key) for key in ('id', 'kind', 'target', 'check', 'model')}
    return {
        **told,
        'state': _state(entry, now),
        'start': format_time(entry.start),
        'until': format_time(entry.until),
        'reason': entry.reason,
        'by': entry.by,
    }
