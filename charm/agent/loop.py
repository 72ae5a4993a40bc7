"""The daemon's one loop: what is due is begun, what has ended is kept, what changed is reported.

Only the loop's thread changes anything. Checks, queries and signals put events into its queue.
"""

from __future__ import annotations

import queue
import signal
import time
from datetime import datetime, timezone
from typing import Callable, Dict, List, Optional, Tuple

from ..kernel.errors import HealthError
from ..kernel.facts import replace
from ..kernel.fields import format_time
from ..kernel.log_files import LogWriter
from ..kernel.report import CheckResult, Report
from ..kernel.report_json import check_to_json, to_json
from ..kernel.wakeup import Mailbox
from .events import Event, RunEnd, RunNow, Signal, key_of
from .notify import Notifier, Watchdog
from .old_spools import Remains
from .reported_unit import ReportedUnit, say
from .residence import Notice, Residence, ResidenceWatch
from .runs import Runs
from .schedule import Schedule, seconds_since_boot
from .setup import Setup

# A unit's first report waits this long for every check to have answered.
FIRST_REPORT_SECONDS = 30.0
# Changes that come together are reported together.
_SETTLE_SECONDS = 1.0
# Hooks that record a state tell us so; one that was recorded otherwise is seen this soon.
_LONGEST_WAIT_SECONDS = 5.0
# In a row; a fault that comes every time is not one event's.
_MOST_FAILURES = 10


class Loop:
    """The daemon, without its doors.

    Args:
        read: reads the configuration, at the start and on SIGHUP.
        notifier, guard: see `Watchdog`.
        reloaded: is called after each reload, for what else depends on the configuration.
        clock: monotonic.
        boot: seconds since boot.
        residence: tells whether the agent still has a place on this machine.
    """

    def __init__(
        self,
        read: Callable[[], Setup],
        notifier: Notifier,
        guard: Callable[[], str] = lambda: '',
        reloaded: Callable[[Setup], None] = lambda _setup: None,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], float] = seconds_since_boot,
        residence: Optional[Residence] = None,
    ) -> None:
        self._read = read
        self._notifier = notifier
        self._reloaded = reloaded
        self._clock = clock
        self._boot = boot
        self._events: Mailbox[Event] = Mailbox()
        self._requests: List[RunNow] = []
        self._jobs: Dict[str, Tuple[str, str]] = {}
        self._stopping = False
        self._lookout = ResidenceWatch(residence, _LONGEST_WAIT_SECONDS, say)
        self._watchdog = Watchdog(notifier, guard, say)
        self.setup = read()
        self.desks: Dict[str, ReportedUnit] = {}
        config = self.setup.config
        self.log = LogWriter(config.log, config.log_bytes, config.log_files)
        self._leftovers = Remains(config.state, boot, say)
        self._schedule = Schedule()
        self.flights = Runs(lambda key, results: self._events.put(RunEnd(key, results)))
        self._apply(self.setup)

    def catch_signals(self) -> None:
        """Let SIGTERM and SIGINT end the loop, and SIGHUP reload; in the main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _frame: self._events.put(Signal(got)))
        signal.set_wakeup_fd(self._events.rung_by_signals(), warn_on_full_buffer=False)

    def ask(self, request: RunNow) -> None:
        """Hand in a request, from any thread."""
        self._events.put(request)

    def stop(self) -> None:
        """End the loop, from any thread."""
        self._events.put(Signal(signal.SIGTERM))

    def run(self) -> None:
        """Serve until told to stop."""
        self._note('started', unit_names=list(self.desks))
        self._notifier.ready(self._status())
        failures = 0
        while not self._stopping:
            try:
                self._step()
                failures = 0
            except Exception as error:
                # The boundary of the loop: one event costs only itself.
                failures += 1
                say(f'{type(error).__name__}: {error}')
                if failures >= _MOST_FAILURES:
                    # The service manager starts us afresh.
                    raise
        self._notifier.stopping()
        for desk in self.desks.values():
            desk.stop()
        self._note('stopped')
        self.log.close()

    def _step(self) -> None:
        """Do what is due, then wait for one event and handle it."""
        self._heed_residence()
        self._begin_due()
        self.flights.answer_late()
        self._report_due()
        self._watchdog.feed(self._clock())
        slugs = [desk.unit.slug for desk in self.desks.values()]
        self._leftovers.look(slugs, sure=not self.setup.faults)
        try:
            event = self._events.get(self._wait_seconds())
        except queue.Empty:
            return
        self._handle(event)

    def _handle(self, event: Event) -> None:
        if isinstance(event, RunEnd):
            self._land(event.key, event.results)
        elif isinstance(event, RunNow):
            self._begin_request(event)
        elif event.number != signal.SIGHUP:
            self._stopping = True
        elif self._lookout.paused:
            # Whether the one that reported has come back is the residence's to say.
            self._lookout.hurry()
        else:
            self._reload()

    # What is due

    def _begin_due(self) -> None:
        for key in self._schedule.due(self._clock()):
            self._begin(key)

    def _begin(self, key: str, asked: bool = False) -> None:
        unit, name = self._jobs[key]
        watch = self.desks[unit].watch
        job = watch.job(name)
        if job is not None and not self.flights.start(key, job) and not asked:
            watch.skip(name)

    def _report_due(self) -> None:
        now = self._clock()
        for desk in self.desks.values():
            first = not desk.reported and desk.watch.complete
            moved = desk.state_moved and not desk.watch.unheard
            if now >= desk.report_at or first or moved:
                self._publish(desk)

    def _heed_residence(self) -> None:
        notice = self._lookout.look(self._clock())
        if notice is Notice.RELOAD:
            self._reload()
        elif notice is Notice.PAUSE:
            self._note('paused', unit_names=list(self.desks))
            self._apply(replace(self.setup, units=()))

    def _wait_seconds(self) -> float:
        times = [*self.flights.due, *self._watchdog.due]
        times += [desk.report_at for desk in self.desks.values()]
        if self._schedule.next_at is not None:
            times.append(self._schedule.next_at)
        wait = min(times, default=_LONGEST_WAIT_SECONDS) - self._clock()
        return min(max(wait, 0.0), _LONGEST_WAIT_SECONDS)

    # What has ended

    def _land(self, key: str, results: Tuple[CheckResult, ...]) -> None:
        unit, name = self._jobs.get(key, ('', ''))
        desk = self.desks.get(unit)
        if desk is None or desk.watch.job(name) is None:
            # A reload has taken it away while it ran.
            self._answer_requests(key)
            return
        if desk.watch.covers(name):
            # A second change of the same check must not hide the first.
            self._publish(desk)
        changed = desk.watch.take(name, results)
        for result in results:
            self._note_at('result', unit=unit, check=name, result=check_to_json(result))
        if changed:
            desk.report_at = min(desk.report_at, self._clock() + _SETTLE_SECONDS)
        self._answer_requests(key)

    def _publish(self, desk: ReportedUnit, periodic: bool = True) -> None:
        """Make a report, and log, keep and ship it; one that nobody waits for only if changed."""
        moved = desk.look_at_state()
        report, changed = desk.watch.prepare()
        if periodic or changed or moved:
            self._keep(desk, report, changed)
        desk.watch.show(report)

    def _keep(self, desk: ReportedUnit, report: Report, changed: bool) -> None:
        desk.reported = True
        desk.report_at = self._clock() + self.setup.config.report
        self._note_at('report', unit=report.unit, change=changed, report=to_json(report))
        desk.keep(report, changed)

    # Requests

    def _begin_request(self, request: RunNow) -> None:
        desk = self.desks.get(request.unit)
        if desk is None:
            request.done.ring()
            return
        # Without names, what is known is asked for: once there is something to know of each.
        names = request.names or desk.watch.unheard
        keys = [key_of(request.unit, name) for name in names if desk.watch.job(name)]
        request.waiting = set(keys)
        self._requests.append(request)
        for key in keys:
            # One that runs already is joined.
            self._begin(key, asked=True)
        if not keys:
            self._finish(request)

    def _answer_requests(self, key: str) -> None:
        for request in list(self._requests):
            if key in request.waiting:
                request.waiting.discard(key)
                if not request.waiting:
                    self._finish(request)

    def _finish(self, request: RunNow) -> None:
        self._requests.remove(request)
        desk = self.desks.get(request.unit)
        if desk is not None and request.names:
            request.report = desk.watch.compose_only(request.names)
        elif desk is not None:
            self._publish(desk, periodic=False)
            request.report = desk.watch.report
        request.done.ring()

    # Configuration

    def _reload(self) -> None:
        self._notifier.reloading()
        try:
            setup = self._read()
        except HealthError as error:
            say(f'the old configuration stays: {error}')
        else:
            self._apply(setup)
            self._reloaded(setup)
            self._note('reloaded', unit_names=list(self.desks))
        self._notifier.ready(self._status())

    def _apply(self, setup: Setup) -> None:
        for fault in setup.faults:
            say(str(fault))
        now = self._clock()
        wanted = {unit.name: (unit, plan) for unit, plan in setup.units}
        for name in [name for name in self.desks if name not in wanted]:
            self.desks[name].leave()
        desks: Dict[str, ReportedUnit] = {}
        for name, (unit, plan) in wanted.items():
            desk = self.desks.get(name)
            if desk is None:
                desk = ReportedUnit(unit, plan, setup.config, self._boot)
                desk.report_at = now + FIRST_REPORT_SECONDS
            else:
                desk.replan(unit, plan)
                desk.report_at = min(desk.report_at, now + _SETTLE_SECONDS)
                if desk.watch.unheard:
                    # What is new is heard first, as at the start.
                    desk.reported, desk.report_at = False, now + FIRST_REPORT_SECONDS
            desks[name] = desk
        self.setup, self.desks = setup, desks
        jobs = [(name, job) for name, desk in desks.items() for job in desk.watch.plan.jobs]
        self._jobs = {key_of(name, job.name): (name, job.name) for name, job in jobs}
        every = setup.config.interval_seconds
        due = {key_of(name, job.name): every(job.name, job.interval_seconds) for name, job in jobs}
        self._schedule.replace(due, now)

    def _status(self) -> str:
        return f'{len(self._jobs)} checks of {", ".join(self.desks) or "nobody"}'

    def _note(self, event: str, **rest: object) -> None:
        self._note_at('event', event=event, **rest)

    def _note_at(self, kind: str, **rest: object) -> None:
        at = format_time(datetime.now(timezone.utc))
        self.log.write({'at': at, 'kind': kind, **rest})
