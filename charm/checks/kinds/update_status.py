"""Whether Juju still runs the hooks of the units on this machine."""

from __future__ import annotations

import time
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Callable, Dict
from ...kernel.names import unit_of_tag
from ...kernel.paths import HERE
from ...kernel.report import Health
from .. import default_thresholds
from ..boot_time import booted_at
from ..check import Verdict
from ..machine_lock import LOG, LastRuns, read_last_runs
from ..options import OUTSIDE, OptionError, require_severity
from ..phrases import listed, span
from ..virtualization import Virtualization, detect


@dataclass(frozen=True)
class UpdateStatus:
    """Warn when the last `update-status` hook of a unit is long ago.

    Juju runs it every five minutes, or up to an hour as the model's `update-status-hook-interval`
    says; not while another hook runs on the machine, one has failed, or the agent is gone.

    Attributes:
        severity: `warn` or `fail`: what it means.
        within_seconds: how long ago it may be.
    """

    severity: str = 'warn'
    within_seconds: float = default_thresholds.UPDATE_STATUS_WITHIN_SECONDS
    agents: Path = field(default=HERE.agents, metadata=OUTSIDE)
    log: Path = field(default=LOG, metadata=OUTSIDE)
    clock: Callable[[], float] = field(default=time.time, metadata=OUTSIDE)
    booted_at: Callable[[], float] = field(default=booted_at, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)
        if not 0 < self.within_seconds < float('inf'):
            raise OptionError('within_seconds', 'it is not a number of seconds above 0')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.units` has each unit of which the log tells."""
        data: Dict[str, Any] = {'scope': self.around().own_scope, 'units': {}}
        try:
            tags = sorted(place.name for place in self.agents.iterdir())
            runs = read_last_runs([tag for tag in tags if unit_of_tag(tag)], self.log)
        except FileNotFoundError:
            return Verdict(Health.PASSED, 'Juju keeps no log of hooks here', data)
        except OSError as error:
            note = f'cannot tell when hooks ran: {error.filename}: {error.strerror}'
            return Verdict(Health.PASSED, note, data)
        units = {unit_of_tag(tag): self._told(last) for tag, last in runs.items()}
        return self._judge(units, {**data, 'units': units})

    def _told(self, last: LastRuns) -> Dict[str, Any]:
        # A machine that was off ran nothing, and is given time from its start on.
        since = max(last.update_status_at, self.booted_at())
        now = self.clock()
        return {
            'update_status_age_seconds': round(max(0.0, now - since), 1),
            'last': last.what,
            'last_age_seconds': round(max(0.0, now - last.at), 1),
        }

    def _judge(self, units: Dict[str, Dict[str, Any]], data: Dict[str, Any]) -> Verdict:
        ages = {unit: told['update_status_age_seconds'] for unit, told in units.items()}
        late = sorted(
            (unit for unit in units if ages[unit] > self.within_seconds), key=ages.__getitem__
        )
        if late:
            text = f'no update-status hook for {span(ages[late[-1]])}: {listed(late[::-1])}'
            told = units[late[-1]]
            # Not of which relation: that would name who may have nothing to do with it.
            last = told['last'].partition(' (')[0]
            if last:
                text += f'; the last to end was `{last}`, {span(told["last_age_seconds"])} ago'
            return Verdict(Health(self.severity), text, data)
        if not units:
            return Verdict(Health.PASSED, 'the log of hooks tells of no unit here', data)
        latest = span(max(ages.values()))
        return Verdict(Health.PASSED, f'each unit had its update-status hook in {latest}', data)
