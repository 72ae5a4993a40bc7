"""Schedules that cron keeps: as files of cron.d for the system, or in a user's crontab."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from charm.kernel.errors import CommandError, FileError
from charm.kernel.files import read_told, write_whole
from reconciler.values.advice import Advice
from reconciler.values.errors import ScheduleError

from .commands import run_to_end
from .cron_lines import blocks, file_text, seed_of, with_block, without
from .place import Place
from .schedule import Schedule, marked
from .steps import next_by_cron

_NO_COMMAND = 127
_INSTALL = Advice('install cron', ('sudo', 'apt', 'install', 'cron'), remark='or --with systemd')
# What the kernel calls the daemons that read such files.
_DAEMONS = ('cron', 'crond')

# Runs a command with such a stdin, and returns its exit code, stdout and stderr.
Runner = Callable[[Sequence[str], bytes], tuple[int, str, str]]


def run_here(argv: Sequence[str], stdin: bytes) -> tuple[int, str, str]:
    """Run a command of this machine to its end; as in a shell, 127 tells that there is none.

    Raises:
        ScheduleError: it does not end.
    """
    try:
        done = run_to_end(argv, stdin)
    except CommandError as error:
        return _NO_COMMAND, '', str(error)
    # What others wrote goes back byte by byte.
    return (
        done.exit_code,
        done.stdout.decode(errors='surrogateescape'),
        done.stderr.decode(errors='replace'),
    )


@dataclass(frozen=True)
class ByCron:
    """The lines for cron of a place."""

    place: Place
    runner: Runner = run_here
    proc: Path = Path('/proc')
    kind: str = 'cron'

    def files(self, schedule: Schedule) -> Mapping[Path, str]:
        """Return the files of a schedule; that of a user's crontab is in cron's own keeping."""
        path = self._path(schedule) if self.place.system else Path(f'crontab of {schedule.user}')
        return {path: file_text(schedule, self._seed(schedule))}

    def found(self) -> Iterator[Schedule]:
        """Yield the schedules that are installed.

        Raises:
            ScheduleError: they cannot be read.
        """
        if not self.place.system:
            code, text, _said = self.runner(['crontab', '-l'], b'')
            yield from blocks(text if code == 0 else '')
            return
        for path in sorted(self.place.cron_d.glob('juju-health-*')):
            try:
                yield from marked(path.read_text('utf-8', 'replace'))
            except OSError as error:
                raise ScheduleError(f'cannot read {path}: {error.strerror}') from error

    def install(self, schedule: Schedule) -> Iterator[str]:
        """Write the line, and yield what is done.

        Raises:
            ScheduleError: it cannot be written.
            UsageError: it is too long.
        """
        if not self.place.system:
            self._write(with_block(self._crontab(), schedule, self._seed(schedule)))
            yield f'added a block to the crontab of {schedule.user} (crontab -l)'
            return
        if not self.place.cron_d.is_dir():
            raise ScheduleError(f'cannot use cron: there is no {self.place.cron_d}', _INSTALL)
        try:
            for path, text in self.files(schedule).items():
                write_whole(path, text.encode())
                yield f'wrote {path}'
        except FileError as error:
            raise ScheduleError(str(error)) from error

    def remove(self, schedule: Schedule) -> Iterator[str]:
        """Remove the line, and yield what is done; a sweep that runs comes to its end.

        Raises:
            ScheduleError: it cannot be.
        """
        if not self.place.system:
            self._write(without(self._crontab(), schedule.name))
            yield f'removed its block from the crontab of {schedule.user}'
            return
        path = self._path(schedule)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ScheduleError(f'cannot remove {path}: {error.strerror}') from error
        yield f'removed {path}'

    def next_run(self, schedule: Schedule) -> datetime | None:
        """Return when the next sweep starts (UTC), if a daemon runs."""
        now = datetime.now().astimezone()
        at = next_by_cron(schedule.minutes, self._seed(schedule), now)
        return at.astimezone(timezone.utc)

    def trouble(self, schedule: Schedule) -> str:
        """Return why no sweep runs; empty if nothing is known."""
        names = (read_told(path).strip() for path in self.proc.glob('[0-9]*/comm'))
        return '' if any(name in _DAEMONS for name in names) else 'no cron daemon runs here'

    def output(self, schedule: Schedule) -> str:
        """Return where one finds what its sweeps print."""
        return f'cron mails it to {schedule.user}'

    def _path(self, schedule: Schedule) -> Path:
        return self.place.cron_d / schedule.name

    def _seed(self, schedule: Schedule) -> int:
        return seed_of(schedule, platform.node())

    def _crontab(self) -> str:
        code, text, said = self.runner(['crontab', '-l'], b'')
        if code == 0:
            return text
        if code == _NO_COMMAND:
            raise ScheduleError('cannot use cron: there is no crontab command', _INSTALL)
        # Whatever else it says, what cannot be read is not written anew.
        if 'no crontab' in said:
            return ''
        raise ScheduleError(f'cannot read the crontab: {said.strip() or f"exit code {code}"}')

    def _write(self, text: str) -> None:
        words = ['crontab', '-'] if text.strip() else ['crontab', '-r']
        content = text.encode(errors='surrogateescape') if text.strip() else b''
        code, _out, said = self.runner(words, content)
        if code != 0:
            raise ScheduleError(f'cannot write the crontab: {said.strip() or code}')
