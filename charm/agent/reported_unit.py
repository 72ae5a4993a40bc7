"""What one unit's watch needs around it: the last report on disk, the spool, the pusher."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Callable, Optional, Tuple

from ..kernel.errors import FileError, HealthError, ReportError
from ..kernel.files import set_aside, write_whole
from ..kernel.identity import read_boot_id
from ..kernel.report import Report
from ..kernel.report_json import decode, encode
from ..reporting.plan import Plan
from ..reporting.states import States
from .config import Config
from .ship.push import Pusher
from .ship.spool import Spool
from .units import Unit
from .watch import Watch


def say(message: str) -> None:
    """Tell the operator: the journal has what a service writes to stderr."""
    print(f'health-agent: {" ".join(message.split())}', file=sys.stderr, flush=True)


class ReportedUnit:
    """One unit's place in the agent.

    Attributes:
        unit: who.
        watch: what is known of it.
        spool, pusher: where its reports go; `None` while they are not shipped.
        report_at: when the next report is due, on the loop's clock.
    """

    def __init__(self, unit: Unit, plan: Plan, config: Config, boot: Callable[[], float]) -> None:
        self.unit = unit
        self._config = config
        self._last = config.state / 'last' / f'{unit.slug}.json'
        self.watch = Watch(plan, boot, self._read_last(boot()))
        self.spool: Optional[Spool] = None
        self.pusher: Optional[Pusher] = None
        self.report_at = 0.0
        self.reported = False
        self._state_file = States(unit.name, plan.states).path
        self._state_seen = self._stat_state()
        self._ship(unit)

    def replan(self, unit: Unit, plan: Plan) -> None:
        """Take a new configuration."""
        self.watch.replan(plan)
        if unit.push != self.unit.push:
            self.stop()
            self._ship(unit)
        self.unit = unit

    @property
    def state_moved(self) -> bool:
        """Return whether a hook has recorded something since the last report was made."""
        return self._stat_state() != self._state_seen

    def look_at_state(self) -> bool:
        """Return the same, and take note: a report is made now."""
        before, self._state_seen = self._state_seen, self._stat_state()
        return before != self._state_seen

    def stop(self) -> None:
        """Ship no more."""
        if self.pusher is not None:
            self.pusher.stop()
        self.pusher = None

    def leave(self) -> None:
        """Ship no more and forget the last report: the unit is gone, its name may come again."""
        self.stop()
        with contextlib.suppress(OSError):
            self._last.unlink()

    def keep(self, report: Report, change: bool) -> None:
        """Write the report where it outlives us, and send it on its way.

        It is the last report once it is in the spool: an agent that is killed in between finds the
        same change again, rather than none.
        """
        try:
            line = encode(report).encode()
        except HealthError as error:
            say(f'the report of {report.unit} is kept nowhere: {error}')
            return
        if self.spool is not None and self.pusher is not None:
            self.spool.put(line, change)
            self.pusher.nudge()
        try:
            write_whole(self._last, line + b'\n', 0o640)
        except FileError as error:
            say(str(error))

    def _ship(self, unit: Unit) -> None:
        if unit.push is None:
            self.spool = None
            return
        before = self.unit.push
        if self.spool is None or (before is not None and before.model != unit.push.model):
            config = self._config
            directory = config.state / 'spool' / unit.slug
            bounds = (config.spool_bytes, config.spool_reports)
            self.spool = Spool(directory, *bounds, unit.push.model, say)
        self.pusher = Pusher(unit.name, unit.push, self.spool, say)
        self.pusher.start()

    def _stat_state(self) -> Optional[Tuple[int, ...]]:
        """Return what tells one writing of the states' file from the next; each is a new file."""
        try:
            found = os.stat(self._state_file)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read_last(self, now: float) -> Optional[Tuple[Report, float]]:
        """Return the last report of this boot and when it was made, `None` if there is none.

        One of an earlier boot says nothing about this one.
        """
        try:
            report = decode(self._last.read_bytes())
        except OSError:
            return None
        except ReportError as error:
            say(f'{self._last}: {error}')
            with contextlib.suppress(FileError):
                set_aside(self._last)
            return None
        boot_id = read_boot_id()
        if not boot_id or report.boot_id != boot_id or report.unit != self.unit.name:
            return None
        # A sequence is the milliseconds since boot at which the report was made.
        return report, min((report.sequence or 0) / 1000.0, now)
