"""`reconcile-health`: one sweep, one document on stdout; the talk goes to stderr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import click

from charm.kernel.deadline import Deadline
from charm.kernel.exit_codes import USAGE_EXIT
from charm.kernel.names import closest
from charm.kernel.report import Health
from reconciler.collect.collect import Progress
from reconciler.render.cases import overall_health, tally
from reconciler.render.people.cost import cost_lines
from reconciler.render.people.gate import reasons
from reconciler.sweeps.all_models import failure
from reconciler.sweeps.fleet import Fleet
from reconciler.sweeps.gate import Gate, JudgedSweep
from reconciler.sweeps.one_model import survey
from reconciler.values.advice import NO_ADVICE, Advice
from reconciler.values.by_name import load
from reconciler.values.cost import WORDS
from reconciler.values.errors import NothingSelected, ReconcilerError
from reconciler.values.model import Model
from reconciler.values.readings import Snapshot

from ..options.askers import sweep_of
from ..options.history import record_sweep
from ..options.output import write_document
from ..options.printing import PrintOptions, view
from ..options.progress import progress_bar
from ..options.sweeping import SweepOptions
from ..options.told import told_by
from ..options.waiting import GateOptions, noting_interrupts
from .all_models import FleetOptions
from .all_models import once as all_once


def sweep(
    names: tuple[str, ...],
    units: tuple[str, ...],
    timing: bool,
    record: bool,
    history: str,
    **given: Any,
) -> int:
    """Sweep once, or until the gate opens; print what was found, and return its exit code."""
    asking, printing = told_by(SweepOptions, given), told_by(PrintOptions, given)
    waiting, many = told_by(GateOptions, given), told_by(FleetOptions, given)
    many.check(asking)
    asking = replace(asking, again=waiting.goal is not None)
    patterns = [*names, *units]

    def attempt(until: Deadline) -> Snapshot | Fleet:
        own = until.within(asking.deadline)
        with progress_bar(asking.quiet) as update:
            return asked(asking, many, patterns, own, update)

    try:
        if waiting.goal is None:
            found = attempt(Deadline.after(asking.deadline))
        else:
            found = _wait(waiting, waiting.goal, attempt, asking.quiet, printing.counted)
    except ReconcilerError as error:
        if isinstance(error, NothingSelected):
            error.advice = _command_meant(error.pattern)
        if printing.is_for_programs:
            none = failure(asking.model, datetime.now(timezone.utc), error)
            fleet = Fleet({}, none.started_at, 0.0, none.faults)
            printing.show(fleet if many.all_models else none)
        raise
    kept = record_sweep(history, asking, found, whole=not patterns) if record else None
    with asking.cost.step(WORDS):
        if kept is not None and asking.quiet and printing.is_default:
            write_document(load('reconciler.render.people.news:render')(kept.added, view()))
            code = printing.exit_code(found)
        else:
            code = printing.show(found, unit_detail=bool(units))
    if kept is not None and not kept.whole:
        code = USAGE_EXIT
    if timing:
        click.echo('\n'.join(cost_lines(asking.cost)), err=True)
    reached = waiting.goal and overall_health(printing.counted(found)).rank <= waiting.goal.rank
    return 0 if reached else code


def _command_meant(word: str) -> Advice:
    """Return how to give the command that was meant by a name; false if none is like it."""
    parent = click.get_current_context().parent
    group = parent.command if parent else None
    known = list(group.commands) if isinstance(group, click.Group) else []
    name = closest(word, known)
    what = 'if you meant the command, it comes first'
    return Advice(what, ('reconcile-health', name)) if name else NO_ADVICE


def asked(
    asking: SweepOptions,
    many: FleetOptions,
    patterns: Sequence[str],
    until: Deadline,
    progress: Progress,
) -> Snapshot | Fleet:
    """Return what one sweep found, of one model or of all, by `until` at the latest."""
    if many:
        return all_once(asking, many, patterns, until, progress)
    return once(asking, patterns, until, progress)


def once(
    asking: SweepOptions,
    patterns: Sequence[str],
    until: Deadline,
    progress: Progress,
    check: Callable[[Model], None] = lambda model: None,
) -> Snapshot:
    """Return what one sweep found, by `until` at the latest; `check` may refuse the model."""
    model = asking.inventory(until)
    check(model)
    return survey(sweep_of(asking, model, progress), patterns, until)


def _wait(
    waiting: GateOptions,
    goal: Health,
    attempt: Callable[[Deadline], Snapshot | Fleet],
    quiet: bool,
    counted: Callable[[Snapshot | Fleet], Snapshot],
) -> Snapshot | Fleet:
    def say(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    with noting_interrupts() as interrupted:
        gate = Gate(goal, waiting.every, say, interrupted=interrupted)
        until = Deadline.after(waiting.within)
        found = gate.wait(attempt, until, lambda swept: judged(counted(swept)))
    if overall_health(counted(found)).rank > goal.rank:
        click.echo(f'reconcile-health: still not {goal.value}:', err=True)
        for line in reasons(counted(found), goal):
            click.echo(f'  {line}', err=True)
    return found


def judged(snapshot: Snapshot) -> JudgedSweep:
    """Return how good a sweep is for a gate: as its exit code and its first line say."""
    return JudgedSweep(overall_health(snapshot), snapshot.complete, tally(snapshot))
