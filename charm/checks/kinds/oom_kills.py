"""Whether the kernel has killed processes of late for want of memory."""

from __future__ import annotations

from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Callable, Dict, List, Optional
from ...kernel.lines import lines_of
from ...kernel.pattern import pattern
from ...kernel.report import Health
from ...kernel.safe_text import clean
from .. import default_thresholds
from ..check import Verdict
from ..kernel_log import KERNEL_LOG, KernelLine, read_recent
from ..options import OUTSIDE, require_severity
from ..phrases import listed, span
from ..virtualization import CONTAINER_SCOPE, MACHINE_SCOPE, Virtualization, detect

# The line that the kernel writes for each kill, since 5.0.
_KILL = 'oom-kill:constraint='
# Cgroups of containers, which have their own limits and whose own checks tell.
_OF_CONTAINER = pattern('/(?:lxc|machine|kubepods|docker|libpod|cri|buildkit)')
_LONGEST_NAME = 64


@dataclass(frozen=True)
class OomKills:
    """Warn when the kernel has killed a process for want of memory, not long ago.

    Attributes:
        severity: `warn` or `fail`: what such a kill means.
        within_seconds: how long a kill counts; the number since boot is always told.
    """

    severity: str = 'warn'
    within_seconds: float = default_thresholds.OOM_WITHIN_SECONDS
    vmstat: Path = field(default=Path('/proc/vmstat'), metadata=OUTSIDE)
    events: Path = field(default=Path('/sys/fs/cgroup/memory.events'), metadata=OUTSIDE)
    log: Path = field(default=KERNEL_LOG, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.killed` names each of those that count, with its age."""
        if self.around().container:
            return self._in_container()
        try:
            count = read_counter(self.vmstat)
        except OSError as error:
            raise CheckError(f'cannot read {self.vmstat}: {error.strerror}') from error
        data = {'scope': MACHINE_SCOPE, 'since_boot': count}
        if not count:
            note = 'the kernel has killed nothing for want of memory since boot'
            if count is None:
                note = 'the kernel does not count what it kills for want of memory'
            return Verdict(Health.PASSED, note, data)
        try:
            lines = read_recent(self.within_seconds, self.log)
        except OSError:
            note = f'{count} killed for want of memory since boot; when, only root may read'
            return Verdict(Health.PASSED, note, data)
        return self._judge(find_kills(lines), data)

    def _in_container(self) -> Verdict:
        """Tell what is known inside: a number, without the times, and that not everywhere."""
        try:
            count = read_counter(self.events)
        except OSError:
            count = None
        note = 'its host knows what is killed for want of memory'
        if count:
            note = f'{count} killed here for want of memory; its host knows when'
        return Verdict(Health.PASSED, note, {'scope': CONTAINER_SCOPE, 'since_boot': count})

    def _judge(self, kills: List[Dict[str, Any]], data: Dict[str, Any]) -> Verdict:
        own = [kill for kill in kills if not kill['container']]
        data = {**data, 'killed': kills}
        if not own:
            within = span(self.within_seconds)
            text = (
                f'{data["since_boot"]} killed for want of memory since boot, none here in {within}'
            )
            return Verdict(Health.PASSED, text, data)
        names = sorted({str(kill['name']) for kill in own})
        age = span(min(float(kill['age_seconds']) for kill in own))
        text = f'the kernel has killed {listed(names)} for want of memory, the last {age} ago'
        return Verdict(Health(self.severity), text, data)


def read_counter(source: Path) -> Optional[int]:
    """Return the number after `oom_kill` in a file of counters, `None` if it has none.

    Raises:
        OSError: it cannot be read.
    """
    for line in lines_of(source):
        name, _blank, number = line.partition(' ')
        if name == 'oom_kill' and number.isdigit():
            return int(number)
    return None


def find_kills(lines: List[KernelLine]) -> List[Dict[str, Any]]:
    """Return each kill: its name, pid, age in seconds, and whether a container's limit was it."""
    kills = []
    for line in lines:
        if not line.text.startswith(_KILL):
            continue
        # …,oom_memcg=/a,task_memcg=/a/b,task=mysqld,pid=123,uid=0; `global_oom` for want on all.
        limited = line.text.partition(',oom_memcg=')[2].partition(',task_memcg=')[0]
        name, _pid, rest = line.text.rpartition(',task=')[2].rpartition(',pid=')
        pid = rest.partition(',')[0]
        kills.append(
            {
                'name': clean(name, _LONGEST_NAME),
                'pid': int(pid) if pid.isdigit() else None,
                'age_seconds': round(line.age_seconds, 1),
                'container': bool(_OF_CONTAINER.search(limited)),
            }
        )
    return kills
