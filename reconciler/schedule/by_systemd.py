"""Schedules that systemd keeps: as timers of the system, or of a user's own manager."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError, FileError
from charm.kernel.files import write_whole
from charm.kernel.lines import lines
from reconciler.values.advice import Advice
from reconciler.values.errors import ScheduleError

from .commands import run_to_end
from .place import Place
from .schedule import Schedule, marked
from .systemd_units import service_text, timer_text

# How long the user's manager may take to start, once it is wanted.
_MANAGER_SECONDS = 20.0
_POLL_SECONDS = 0.1
# What a sweep exits with; all else is about the command itself, such as 203 for one that is gone.
_OWN_EXITS = ('0', '1', '2', '3')

# Runs a command, and returns its exit code, stdout and stderr.
Runner = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str, str]]


def run_here(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command of this machine to its end.

    Raises:
        ScheduleError: there is none such, or it does not end.
    """
    try:
        done = run_to_end(argv, environment=environment)
    except CommandError as error:
        raise ScheduleError(str(error)) from error
    return (
        done.exit_code,
        done.stdout.decode(errors='replace'),
        done.stderr.decode(errors='replace'),
    )


@dataclass(frozen=True)
class BySystemd:
    """The timers of a place."""

    place: Place
    runner: Runner = run_here
    kind: str = 'systemd'

    def files(self, schedule: Schedule) -> Mapping[Path, str]:
        """Return the files of a schedule."""
        base = self.place.units / schedule.name
        return {
            base.with_suffix('.service'): service_text(schedule),
            base.with_suffix('.timer'): timer_text(schedule),
        }

    def found(self) -> Iterator[Schedule]:
        """Yield the schedules that are installed.

        Raises:
            ScheduleError: the files cannot be read.
        """
        for path in sorted(self.place.units.glob('juju-health-*.timer')):
            try:
                yield from marked(path.read_text('utf-8', 'replace'))
            except OSError as error:
                raise ScheduleError(f'cannot read {path}: {error.strerror}') from error

    def install(self, schedule: Schedule) -> Iterator[str]:
        """Write the units and start the timer, and yield what is done.

        Raises:
            ScheduleError: it cannot be; nothing of it is left.
        """
        self._reach_manager()
        try:
            for path, text in self.files(schedule).items():
                write_whole(path, text.encode())
                yield f'wrote {path}'
            self._systemctl('daemon-reload')
            self._systemctl('enable', '--quiet', f'{schedule.name}.timer')
            self._systemctl('restart', f'{schedule.name}.timer')
        except FileError as error:
            raise ScheduleError(str(error)) from error
        except ScheduleError:
            for path in self.files(schedule):
                path.unlink(missing_ok=True)
            raise
        yield f'started {schedule.name}.timer'

    def remove(self, schedule: Schedule) -> Iterator[str]:
        """Stop the timer, and a sweep that runs; remove the units, and yield what is done.

        Raises:
            ScheduleError: it cannot be.
        """
        timer, service = f'{schedule.name}.timer', f'{schedule.name}.service'
        self._reach_manager()
        self._systemctl('disable', '--now', '--quiet', timer)
        self._systemctl('stop', service)
        yield f'stopped {timer}'
        # When it last ran stands in a file that systemd itself would keep for ever.
        for path in (*self.files(schedule), self.place.stamps / f'stamp-{timer}'):
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ScheduleError(f'cannot remove {path}: {error.strerror}') from error
            yield f'removed {path}'
        self._systemctl('daemon-reload')
        self._try('reset-failed', service)

    def linger(self) -> tuple[bool, str]:
        """Let the user's timers run without a login; return whether that changed, and why not.

        The reason is empty if they do.
        """
        if self.place.system or self.place.lingering.exists():
            return False, ''
        try:
            code, _out, said = self.runner(
                ['loginctl', '--no-ask-password', 'enable-linger', self.place.user], {}
            )
        except ScheduleError as error:
            return False, str(error)
        return code == 0, said.strip() if code else ''

    def end_lingering(self) -> None:
        """Let the user's manager end with the last login again.

        Raises:
            ScheduleError: it will not.
        """
        words = ['loginctl', '--no-ask-password', 'disable-linger', self.place.user]
        code, _out, said = self.runner(words, {})
        if code != 0:
            raise ScheduleError(f'cannot end lingering: {said.strip() or code}')

    def next_run(self, schedule: Schedule) -> datetime | None:
        """Return when the next sweep starts (UTC); `None` if none is to."""
        name = f'{schedule.name}.timer'
        told = self._try('show', '--property=NextElapseUSecRealtime', '--value', name).split()
        try:
            # Such as `Mon 2026-11-30 22:59:05 UTC`; words of other kinds are for no moment.
            moment = datetime.fromisoformat(' '.join(told[1:3]))
        except ValueError:
            return None
        return moment.replace(tzinfo=timezone.utc)

    def trouble(self, schedule: Schedule) -> str:
        """Return why no sweep runs, as systemd knows it; empty if it knows nothing."""
        timer = f'{schedule.name}.timer'
        if self._try('show', '--property=ActiveState', '--value', timer).strip() != 'active':
            return f'{timer} is not active'
        names = ('Result', 'ExecMainStatus')
        told = self._try('show', *(f'--property={name}' for name in names), schedule.name)
        known = dict(line.split('=', 1) for line in lines(told) if '=' in line)
        result, status = (known.get(name, '') for name in names)
        if result in ('', 'success') or (result == 'exit-code' and status in _OWN_EXITS):
            return ''
        return f'systemd could not run the last one: {result} {status}'

    def output(self, schedule: Schedule) -> str:
        """Return the command that shows what its sweeps print."""
        user = '' if self.place.system else '--user '
        return f'journalctl {user}-u {schedule.name}'

    def _reach_manager(self) -> None:
        """Wait until the user's manager runs, which a login or lingering starts.

        Raises:
            ScheduleError: it does not.
        """
        if self.place.system:
            return
        deadline = Deadline.after(_MANAGER_SECONDS if self.place.lingering.exists() else 0)
        while not (self.place.runtime / 'systemd' / 'private').exists():
            if deadline.passed:
                user = self.place.user
                raise ScheduleError(
                    f'cannot reach the systemd of {user}: it runs where one is logged in',
                    Advice(
                        'have it run always',
                        ('sudo', 'loginctl', 'enable-linger', user),
                        remark='or use cron: --with cron',
                    ),
                )
            time.sleep(_POLL_SECONDS)

    def _systemctl(self, *words: str) -> None:
        code, _out, said = self.runner(self._argv(words), self._environment)
        if code != 0:
            told = said.strip() or f'exit code {code}'
            raise ScheduleError(f'cannot have systemd {" ".join(words)}: {told}')

    def _try(self, *words: str) -> str:
        try:
            return self.runner(self._argv(words), self._environment)[1]
        except ScheduleError:
            return ''

    def _argv(self, words: Sequence[str]) -> list[str]:
        return ['systemctl', *([] if self.place.system else ['--user']), *words]

    @property
    def _environment(self) -> Mapping[str, str]:
        said_in = {'TZ': 'UTC', 'LC_ALL': 'C'}
        if self.place.system:
            return said_in
        # Where `su` or cron left it out, systemctl does not find the user's manager.
        return {**said_in, 'XDG_RUNTIME_DIR': str(self.place.runtime)}
