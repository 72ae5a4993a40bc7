"""A sweep that nobody watches: it runs once at a time, and leaves what others look at."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charm.kernel.errors import FileError
from charm.kernel.exit_codes import USAGE_EXIT
from charm.kernel.safe_text import clean
from reconciler.render.pieces import pieces
from reconciler.sweeps.fleet import Fleet
from reconciler.values.by_name import load
from reconciler.values.errors import UsageError
from reconciler.values.readings import Snapshot

from .output import write_document
from .printing import refuse_other_names, view
from .sweeping import SweepOptions

if TYPE_CHECKING:
    from reconciler.schedule.ping import Ping

_MOST_SAID = 500


@dataclass(frozen=True)
class UnattendedOptions:
    """The options of what others see of a sweep.

    Attributes:
        only_one: no two sweeps of the same run at once; `record` implies it.
        metrics_file: where metrics go beside the document; empty for nowhere.
        ping: the URL of a watcher, or a file that holds it; empty for none.
        touch: a file whose time tells of the last result; empty for none.
        record: the sweep is kept in the history.
        history: where that is; empty for where it is by default.
        last_run: where it is written how the sweep went; empty for nowhere.
    """

    only_one: bool = False
    metrics_file: str = ''
    ping: str = ''
    touch: str = ''
    record: bool = False
    history: str = ''
    last_run: str = ''

    def check_files(self) -> None:
        """Refuse files that could not be written, or that nobody would read.

        Raises:
            UsageError: one is such.
        """
        if self.metrics_file:
            refuse_other_names(self.metrics_file)
        for path in filter(None, (self.metrics_file, self.touch)):
            directory = Path(path).resolve().parent
            if not directory.is_dir():
                raise UsageError(f'cannot write {path}: there is no directory {directory}')

    @contextmanager
    def watched(self, state: Path, asked: str) -> Generator[Watched, None, None]:
        """Yield what is told how the sweep within the block went; an error tells that it failed.

        Args:
            state: the directory of what outlives one run.
            asked: what is swept: of that no other sweep runs, if only one may.

        Raises:
            StillRuns: another one runs. Nothing is asked, told or written then.
            UsageError: the options cannot be used, or what they name cannot be written.
        """
        self.check_files()
        ping = _ping(self.ping) if self.ping else None
        with ExitStack() as held:
            if self.only_one or self.record:
                lock = load('reconciler.schedule.only_one:lock_path')(state, asked)
                held.enter_context(load('reconciler.schedule.only_one:only_one')(lock))
            watched = Watched(self, ping)
            watched.begin()
            try:
                yield watched
            except BaseException as error:
                watched.fail(error)
                raise
            watched.succeed()


class Watched:
    """One sweep, as others see it."""

    def __init__(self, told: UnattendedOptions, ping: Ping | None) -> None:
        self._told = told
        self._ping = ping
        self._began = datetime.now(timezone.utc)
        self._code = USAGE_EXIT

    def begin(self) -> None:
        """Tell that it begins."""
        self._write_run()
        if self._ping:
            self._ping.begin()

    def measured(self, found: Snapshot | Fleet) -> None:
        """Write the metrics of what was found; that may be why nothing could be.

        Raises:
            UsageError: they cannot be written.
        """
        if self._told.metrics_file:
            name = self._told.metrics_file
            write_document(pieces(found, 'textfile', view(name)), name)

    def concluded(self, found: Snapshot | Fleet, exit_code: int) -> None:
        """Leave what tells of a sweep that came to its end.

        Raises:
            UsageError: something cannot be written.
        """
        self._code = exit_code
        self.measured(found)
        if self._told.touch:
            try:
                Path(self._told.touch).touch()
            except OSError as error:
                reason = error.strerror or error
                raise UsageError(f'cannot touch {self._told.touch}: {reason}') from error

    def succeed(self) -> None:
        """Tell that it has come to its end."""
        self._write_run(self._code)
        if self._ping:
            self._ping.succeed()
            self._say(self._ping.faults)

    def fail(self, error: BaseException) -> None:
        """Tell that it could not be made, and why."""
        reason = clean(_reason(error), _MOST_SAID)
        self._write_run(USAGE_EXIT, reason)
        if self._ping:
            self._ping.fail(reason)
            self._say(self._ping.faults)

    def _write_run(self, code: int | None = None, said: str = '') -> None:
        if not self._told.last_run:
            return
        run = load('reconciler.schedule.last_run:LastRun')(self._began)
        if code is not None:
            run = run.end(datetime.now(timezone.utc), code, said)
        try:
            load('reconciler.schedule.last_run:write')(Path(self._told.last_run), run)
        except FileError as error:
            self._say([str(error)])

    def _say(self, faults: Sequence[str]) -> None:
        # Who no longer reads the talk does not spoil the sweep.
        with suppress(OSError):
            for fault in faults:
                click.echo(f'reconcile-health: {fault}', err=True)


def asked_for(asking: SweepOptions, all_models: bool, controllers: Sequence[str]) -> str:
    """Return what is asked, in words that no two things have in common."""
    return ':'.join(_words(asking, all_models, controllers))


def _words(asking: SweepOptions, all_models: bool, controllers: Sequence[str]) -> Iterator[str]:
    if all_models:
        yield 'all models'
        yield from sorted(controllers)
    elif asking.is_local:
        yield 'this machine'
    elif asking.status_file:
        yield 'status'
        yield asking.status_file
    else:
        yield 'model'
        yield asking.model


def _ping(given: str) -> Ping:
    try:
        url = load('reconciler.schedule.ping:read_url')(given)
        ping: Ping = load('reconciler.schedule.ping:Ping')(url)
    except ImportError as error:
        raise UsageError(f"cannot ping: {error}: pip install 'juju-health[agent]'") from error
    return ping


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return 'it was interrupted'
    return str(error) or type(error).__name__
