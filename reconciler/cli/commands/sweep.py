"""`reconcile-health`: one sweep, one document on stdout; the talk goes to stderr."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from charm.kernel.deadline import Deadline
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
from reconciler.values.errors import NothingSelected, ReconcilerError, UsageError
from reconciler.values.model import Model
from reconciler.values.readings import Snapshot

from ..options.askers import sweep_of
from ..options.history import RecordedSweep, record_sweep
from ..options.output import write_document
from ..options.printing import PrintOptions, view
from ..options.progress import progress_bar
from ..options.sweeping import SweepOptions
from ..options.telling import tell
from ..options.told import told_by
from ..options.unattended import UnattendedOptions, asked_for
from ..options.waiting import GateOptions, noting_interrupts
from .all_models import FleetOptions
from .all_models import once as all_once

if TYPE_CHECKING:
    from reconciler.history.record import Recorded


def sweep(
    names: tuple[str, ...],
    units: tuple[str, ...],
    timing: bool,
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

    swept = asked_for(asking, many.all_models, many.controllers)
    unattended = told_by(UnattendedOptions, given)
    with unattended.watched(asking.state, swept) as watched:
        try:
            if waiting.goal is None:
                found = attempt(Deadline.after(asking.deadline))
            else:
                found = _wait(waiting, waiting.goal, attempt, asking.quiet, printing.counted)
        except ReconcilerError as error:
            nothing = _nothing(asking, many, error)
            if printing.is_for_programs:
                printing.show(nothing)
            watched.measured(nothing)
            if unattended.record and not isinstance(error, UsageError):
                # Why nothing could be asked is what there is to say; a wrong word says nothing.
                with suppress(ReconcilerError):
                    kept = record_sweep(unattended.history, asking, nothing, whole=False)
                    tell(asking, kept)
            raise
        code = _conclude(asking, printing, unattended, found, units, names)
        if waiting.goal and overall_health(printing.counted(found)).rank <= waiting.goal.rank:
            code = 0
        watched.concluded(found, code)
    if timing:
        click.echo('\n'.join(cost_lines(asking.cost)), err=True)
    return code


def _conclude(
    asking: SweepOptions,
    printing: PrintOptions,
    unattended: UnattendedOptions,
    found: Snapshot | Fleet,
    units: Sequence[str],
    names: Sequence[str],
) -> int:
    """Keep what was found if that is wanted, print it, and return its exit code.

    Raises:
        ReconcilerError: it cannot be kept; it was printed all the same.
    """
    recorded: RecordedSweep | None = None
    unkept: ReconcilerError | None = None
    if unattended.record:
        try:
            recorded = record_sweep(unattended.history, asking, found, whole=not (units or names))
            found = load('reconciler.notify.incidents.lines:annotated')(found, recorded.kept.lines)
        except ReconcilerError as error:
            unkept = error
    with asking.cost.step(WORDS):
        if recorded is not None and asking.quiet and printing.is_default:
            code = _show_news(printing, found, recorded.added)
        else:
            code = printing.show(found, unit_detail=bool(units))
    if unkept is not None:
        raise unkept
    if recorded is not None:
        tell(asking, recorded)
    return code


def _show_news(
    printing: PrintOptions, found: Snapshot | Fleet, added: Mapping[str, Recorded]
) -> int:
    """Print what is new in the history, if anything is, and return the sweep's exit code."""
    news: str = load('reconciler.render.people.news:render')(added, view())
    if news:
        write_document(news)
    return printing.exit_code(found)


def _nothing(asking: SweepOptions, many: FleetOptions, error: ReconcilerError) -> Snapshot | Fleet:
    """Return what there is to print where nothing could be asked; the error gets its advice."""
    if isinstance(error, NothingSelected):
        error.advice = _command_meant(error.pattern)
    none = failure(asking.model, datetime.now(timezone.utc), error)
    return Fleet({}, none.started_at, 0.0, none.faults) if many.all_models else none


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
    plan = sweep_of(asking, model, progress, asking.suppressions(until))
    return survey(plan, patterns, until)


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
