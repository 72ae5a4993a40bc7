"""`reconcile-health schedule`: have sweeps made by the clock, see them, and end them."""

from __future__ import annotations

import json
import os
import pwd
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from charm.kernel.command import run
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError, FileError
from reconciler.schedule import keeping, last_run
from reconciler.schedule.by_cron import ByCron
from reconciler.schedule.by_systemd import BySystemd
from reconciler.schedule.keeping import Keeper
from reconciler.schedule.place import Place, carried
from reconciler.schedule.schedule import Schedule, full_name, name_for, refuse_unwritable
from reconciler.schedule.shown import ShownSchedule, lines
from reconciler.schedule.steps import step_of
from reconciler.values.advice import Advice
from reconciler.values.errors import ScheduleError, UsageError
from reconciler.values.words import duration_text

from ..options.output import print_document
from .scheduled import ScheduledSweep, scheduled_sweep

_TRY_SECONDS = 30.0
_BEGIN = ('--record', '--quiet')


def install(
    options: tuple[str, ...],
    model: str,
    all_models: bool,
    every: int,
    system: bool | None,
    kind: str | None,
    as_user: str,
    name: str,
    dry_run: bool,
) -> int:
    """Install a schedule, say what was done, and return the exit code."""
    place = _place(system, as_user)
    keeper, beside = _keepers(place, kind)
    own = [*(['-m', model] if model else []), *(['--all-models'] if all_models else [])]
    sweep = scheduled_sweep([*_BEGIN, *own, *options], click.get_current_context())
    called = full_name(name) if name else name_for(sweep.short)
    schedule, url = _schedule(called, sweep, place, step_of(every), keeper.kind)
    if dry_run:
        parts = [f'# {path}\n{text}' for path, text in keeper.files(schedule).items()]
        print_document('\n'.join(parts))
        return 0
    if not place.own:
        _try_as(place.user, schedule)
    warnings = list(_warnings(sweep, place, keeper))
    if isinstance(keeper, BySystemd):
        changed, refused = keeper.linger()
        lingers = changed or any(one.lingers for one in keeper.found())
        schedule = replace(schedule, lingers=lingers)
        if changed:
            print_document(f'timers of {place.user} now run without a login (loginctl)')
        if refused:
            advice = Advice('have root run', ('loginctl', 'enable-linger', place.user))
            warnings.append(f'sweeps end when {place.user} logs out: {refused}; {advice}')
    for done in keeping.install(schedule, keeper, beside, url):
        print_document(done)
    print_document('\n'.join(_told(schedule, keeper)))
    trouble = keeper.trouble(schedule)
    for warning in [*warnings, *([trouble] if trouble else [])]:
        click.echo(f'reconcile-health: {warning}', err=True)
    return 1 if warnings or trouble else 0


def _place(system: bool | None, as_user: str) -> Place:
    """Return where to install.

    Raises:
        UsageError: this user may not install there, or there is none such.
    """
    root = os.getuid() == 0
    for_system = root if system is None else system
    if for_system and not root:
        raise UsageError('cannot install for the system: run it with sudo, or say --user')
    if as_user and not for_system:
        raise UsageError('cannot use --as without --system: run it as that user instead')
    return _place_of(for_system, as_user)


def _place_of(system: bool, user: str = '') -> Place:
    """Return where the files are, for the user of that name or for this one.

    Raises:
        UsageError: the password database has no such user.
    """
    try:
        who = pwd.getpwnam(user) if user else pwd.getpwuid(os.getuid())
    except KeyError as error:
        raise UsageError(f'cannot find the user {user or os.getuid()}') from error
    return Place(who.pw_name, Path(who.pw_dir), system)


def _keepers(place: Place, kind: str | None) -> tuple[Keeper, tuple[Keeper, ...]]:
    """Return who shall keep a schedule there, and who else may keep some."""
    systemd, cron = BySystemd(place), ByCron(place)
    if kind == 'systemd' and not place.has_systemd:
        raise UsageError('cannot use systemd: it does not run this machine; say --with cron')
    chosen = kind or ('systemd' if place.has_systemd else 'cron')
    return (systemd, (cron,)) if chosen == 'systemd' else (cron, (systemd,))


def _schedule(
    name: str, sweep: ScheduledSweep, place: Place, minutes: int, kind: str
) -> tuple[Schedule, str]:
    """Return the schedule, and the URL that is to be kept in a file rather than on a command."""
    words, url = list(sweep.words), ''
    ping_file = str(place.pings / f'{name}.ping')
    if '--ping' in words:
        at = words.index('--ping') + 1
        if '://' in words[at]:
            url, words[at] = words[at], ping_file
    runs = str((sweep.state or place.state) / 'schedules' / f'{name}.json')
    if '--last-run' not in words:
        words = ['--last-run', runs, *words]
    schedule = Schedule(
        name=name,
        asked=sweep.asked,
        argv=(_command(), 'sweep', *words),
        environment=carried(place),
        minutes=minutes,
        limit_seconds=sweep.limit_seconds,
        user=place.user,
        system=place.system,
        kind=kind,
        last_run=words[words.index('--last-run') + 1],
        ping_file=ping_file if url else '',
    )
    refuse_unwritable(schedule.argv + schedule.command)
    return schedule, url


def _command() -> str:
    """Return the path of this command, for whoever starts it from elsewhere.

    Raises:
        UsageError: it was not started as a command.
    """
    called = sys.argv[0] if '/' in sys.argv[0] else shutil.which(sys.argv[0])
    if not called or not os.access(called, os.X_OK):
        raise UsageError('cannot tell the path of reconcile-health: run it as a command')
    return str(Path(called).absolute())


def _try_as(user: str, schedule: Schedule) -> None:
    """See that another user can run the command at all.

    Raises:
        ScheduleError: he cannot; with what was said.
    """
    argv = ['runuser', '-u', user, '--', schedule.argv[0], '--version']
    try:
        done = run(argv, Deadline.after(_TRY_SECONDS))
    except CommandError as error:
        raise ScheduleError(f'cannot run the command as {user}: {error}') from error
    if done.exit_code != 0:
        said = done.stderr.decode(errors='replace').strip()[-500:] or f'{done.exit_code}'
        what = 'install juju-health where that user may read it, such as below /opt'
        raise ScheduleError(f'cannot run the command as {user}: {said}', Advice(what))


def _warnings(sweep: ScheduledSweep, place: Place, keeper: Keeper) -> Iterator[str]:
    """Yield what may keep sweeps from working, though they are installed."""
    juju = shutil.which('juju') or ''
    snap = '/snap/' in juju or os.path.realpath(juju) == '/usr/bin/snap'
    session = keeper.kind == 'systemd' and not place.system
    if sweep.by_juju and snap and place.user != 'root' and not session:
        what = f'the snap of juju may want a session of {place.user}'
        yield f'{what}: if so, install it as {place.user} with --user --with systemd'


def _told(schedule: Schedule, keeper: Keeper) -> Iterator[str]:
    at = keeper.next_run(schedule)
    every = duration_text(60.0 * schedule.minutes)
    yield ''
    yield f'{schedule.name} sweeps {schedule.asked} every {every}, as {schedule.user}'
    yield f'runs:   {shlex.join(schedule.argv)}'
    yield f'next:   {f"{at:%Y-%m-%d %H:%M:%SZ}" if at else "unknown"}'
    yield f'output: {keeper.output(schedule)}'
    yield 'see:    reconcile-health schedule show'
    yield f'end:    reconcile-health schedule remove {schedule.name}'


def show(form: str) -> int:
    """Print what is scheduled, and return 1 if any of it does not run or failed last time."""
    shown = [_shown(schedule, keeper) for keeper in _all_keepers() for schedule in keeper.found()]
    if form == 'json':
        print_document(json.dumps([one.document for one in shown], indent=2), utf8=True)
    elif shown:
        print_document('\n'.join(line for one in shown for line in lines(one)))
    else:
        click.echo('reconcile-health: nothing is scheduled', err=True)
    return 1 if any(one.is_unwell for one in shown) else 0


def _shown(schedule: Schedule, keeper: Keeper) -> ShownSchedule:
    run_of, fault = None, ''
    try:
        run_of = last_run.read(Path(schedule.last_run))
    except FileError as error:
        fault = str(error)
    return ShownSchedule(
        schedule,
        run_of,
        fault,
        keeper.next_run(schedule),
        keeper.trouble(schedule),
        keeper.output(schedule),
    )


def _all_keepers() -> tuple[Keeper, ...]:
    """Return who keeps schedules of this user and of the system."""
    places = [_place_of(system) for system in (True, False)]
    return tuple(keeper(place) for place in places for keeper in (BySystemd, ByCron))


def remove(names: Sequence[str], everything: bool) -> int:
    """Remove schedules, and say what was done."""
    if bool(names) == everything:
        raise UsageError('cannot remove: name schedules, or say --all')
    wanted = {full_name(name) for name in names}
    keepers = _all_keepers()
    there = [(found, keeper) for keeper in keepers for found in keeper.found()]
    mine = [one for one in there if not one[1].place.system or os.getuid() == 0]
    chosen = [one for one in mine if everything or one[0].name in wanted]
    missing = wanted - {found.name for found, _ in chosen}
    if missing:
        told = ', '.join(sorted(missing))
        if missing & {found.name for found, _ in there}:
            raise UsageError(f"cannot remove {told}: it is the system's; run it with sudo")
        raise UsageError(f'cannot remove {told}: `reconcile-health schedule show` has no such')
    for found, keeper in chosen:
        for done in keeping.remove(found, keeper):
            print_document(done)
        if isinstance(keeper, BySystemd) and found.lingers and not list(keeper.found()):
            keeper.end_lingering()
            print_document(f'timers of {found.user} no longer run without a login (loginctl)')
    return 0
