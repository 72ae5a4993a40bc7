"""Whether work stands still for want of memory, I/O or CPU."""

from __future__ import annotations

from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass, field
from ...kernel.hints import Callable, Dict, List, Optional, Tuple
from ...kernel.report import Health, worst
from .. import default_thresholds
from ..check import Verdict
from ..options import OUTSIDE, OptionError
from ..phrases import listed
from ..pressure_stall import RESOURCES, Pressure, read_pressure
from ..thresholds import Range, judge
from ..virtualization import Virtualization, detect


@dataclass(frozen=True)
class PressureStall:
    """Warn and fail by the share of five minutes in which nobody got on, for each resource.

    Only memory is judged unless asked for: a machine that has nothing to do but a backup waits for
    its disk most of the time, and one that is used well always has somebody waiting for a CPU.

    Attributes:
        warn_memory_percent, fail_memory_percent: more than this is too much; `None` for never.
        warn_io_percent, fail_io_percent: likewise.
        warn_cpu_percent, fail_cpu_percent: likewise, but of the time in which anybody waited.
    """

    warn_memory_percent: Optional[float] = default_thresholds.PRESSURE_WARN_MEMORY_PERCENT
    fail_memory_percent: Optional[float] = default_thresholds.PRESSURE_FAIL_MEMORY_PERCENT
    warn_io_percent: Optional[float] = None
    fail_io_percent: Optional[float] = None
    warn_cpu_percent: Optional[float] = None
    fail_cpu_percent: Optional[float] = None
    root: Path = field(default=Path('/'), metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        for resource in RESOURCES:
            warn, fail = self._limits(resource)
            if warn is not None and fail is not None and warn > fail:
                raise OptionError(
                    f'fail_{resource}_percent', f'it is below warn_{resource}_percent'
                )

    def run(self, deadline: Deadline) -> Verdict:
        """Return the worst of the resources; `data` has the shares of each, in percent."""
        around = self.around()
        found = read_pressure(self.root, around.container)
        scope = around.own_scope
        if not found:
            whose = 'of this container' if around.container else 'here'
            note = f'the kernel does not measure the pressure {whose}'
            return Verdict(Health.PASSED, note, {'scope': scope})
        return self._judge(found, scope)

    def _judge(self, found: Dict[str, Pressure], scope: str) -> Verdict:
        data = {
            'scope': scope,
            **{
                resource: {'some_percent': one.some, 'full_percent': one.full}
                for resource, one in found.items()
            },
        }
        judged = [self._judge_one(resource, one) for resource, one in found.items()]
        health = worst(one for one, _words in judged)
        words: List[str] = [text for one, text in judged if one is health]
        return Verdict(health, listed(words), data)

    def _judge_one(self, resource: str, one: Pressure) -> Tuple[Health, str]:
        # A CPU is never wanted by all at once: who has it gets on.
        share = one.some if resource == 'cpu' or one.full is None else one.full
        warn, fail = self._limits(resource)
        who = 'some' if share is one.some else 'all'
        text = f'{resource}: {who} waited {share:.0f} % of the time'
        return judge(share, Range.at_most(warn), Range.at_most(fail)), text

    def _limits(self, resource: str) -> Tuple[Optional[float], Optional[float]]:
        return getattr(self, f'warn_{resource}_percent'), getattr(self, f'fail_{resource}_percent')
