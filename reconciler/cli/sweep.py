"""`reconcile-health`: one sweep, one document on stdout; the talk goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import click

from charm.deadline import Deadline
from charm.report import Health
from reconciler.errors import ReconcilerError
from reconciler.model import Model
from reconciler.readings import Snapshot
from reconciler.render.cases import verdict
from reconciler.survey import Sweep, survey

from .options import Asking, asking_options
from .printing import Printing, printing_options
from .progress import Progress
from .told import told_by as told_by
from .wait import Gate, Waiting, reasons, waiting_options


@click.command('sweep')
@click.argument('names', nargs=-1, metavar='[APP|UNIT|MACHINE|GLOB]...')
@click.option('--unit', 'units', multiple=True, metavar='UNIT', help='Show every check of a unit.')
@printing_options
@waiting_options
@asking_options
def sweep(names: tuple[str, ...], units: tuple[str, ...], **given: Any) -> int:
    """Ask every unit of a Juju model how it is, and print what is wrong per service."""
    asking, printing = told_by(Asking, given), told_by(Printing, given)
    waiting = told_by(Waiting, given)
    patterns = [*names, *units]
    try:
        if waiting.wait_for:
            snapshot = _wait(asking, waiting, Health.parse(waiting.wait_for), patterns)
        else:
            snapshot = once(asking, patterns, Deadline.after(asking.deadline))
    except ReconcilerError as error:
        if printing.is_for_programs:
            printing.show(failure(asking.model, error))
        raise
    code = printing.show(snapshot, unit_detail=bool(units))
    if waiting.wait_for and verdict(snapshot).rank <= Health.parse(waiting.wait_for).rank:
        return 0
    return code


def once(asking: Asking, patterns: Sequence[str], until: Deadline) -> Snapshot:
    """Return what one sweep found, by `until` at the latest."""
    model = asking.inventory(until)
    with Progress(enabled=not asking.quiet and sys.stderr.isatty()) as progress:
        return survey(
            Sweep(
                model,
                asking.way(model),
                asking.limits,
                asking.is_local,
                progress.update,
                asking.config,
                asking.suppressions(),
            ),
            patterns,
            until,
        )


def _wait(asking: Asking, waiting: Waiting, goal: Health, patterns: Sequence[str]) -> Snapshot:
    def say(line: str) -> None:
        if not asking.quiet:
            click.echo(line, err=True)

    def attempt(until: Deadline) -> Snapshot:
        return once(asking, patterns, until.within(asking.deadline))

    snapshot = Gate(goal, waiting.every, say).wait(attempt, Deadline.after(waiting.within))
    if verdict(snapshot).rank > goal.rank:
        click.echo(f'reconcile-health: still not {goal.value}:', err=True)
        for line in reasons(snapshot, goal):
            click.echo(f'  {line}', err=True)
    return snapshot


def failure(model: str, error: ReconcilerError) -> Snapshot:
    """Return the snapshot of a sweep that could not begin: nothing is known, and it says why."""
    controller, _, name = model.rpartition(':')
    return Snapshot(
        model=Model(name, controller),
        services=(),
        health=Health.UNKNOWN,
        started_at=datetime.now(timezone.utc),
        duration_seconds=0.0,
        complete=False,
        faults=(str(error), *([error.advice] if error.advice else [])),
    )
