"""How many processes of a kind run."""

from __future__ import annotations

import os
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Iterable, Iterator, List, Mapping, Optional
from ...kernel.process_stat import below, is_nested, read_stat
from ...kernel.report import Health
from .. import default_thresholds
from ..check import Verdict
from ..options import OUTSIDE, OptionError
from ..patterns import check_pattern, search
from ..thresholds import Range, judge

# The kernel keeps this much of a program's name.
_COMM_LENGTH = 15
_MOST_PIDS = 20


@dataclass(frozen=True)
class Process:
    """One process: its number and its parent's, the kernel's short name for it, its command."""

    pid: int
    parent: int
    comm: str
    arguments: List[str]


@dataclass(frozen=True)
class ProcessCount:
    """Fail when fewer or more processes run than should; zombies do not count.

    Attributes:
        command: the program's name, without its directory; exact.
        cmdline: a regular expression found in the command line, its words joined by spaces.
        minimum, maximum: how many there may be; `None` for no upper end.
        warn: a range outside which the count is worth a warning.
        containers: whether those of containers on this machine count too.
    """

    command: str = ''
    cmdline: str = ''
    minimum: int = default_thresholds.PROCESSES_MINIMUM
    maximum: Optional[int] = None
    warn: Optional[Range] = None
    containers: bool = False
    proc: Path = field(default=Path('/proc'), metadata=OUTSIDE)

    def __post_init__(self) -> None:
        if not self.command and not self.cmdline:
            raise OptionError('', 'one of the options command and cmdline is needed')
        if self.maximum is not None and self.maximum < self.minimum:
            raise OptionError('maximum', f'{self.maximum} is below minimum, {self.minimum}')
        check_pattern('cmdline', self.cmdline)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the count; `data.pids` has the first 20."""
        found = _of_others(self._read())
        if self.command:
            found = [process for process in found if _is_named(process, self.command)]
        lines = [' '.join(process.arguments) for process in found]
        wanted = search(self.cmdline, lines, deadline)
        pids = [process.pid for process, is_one in zip(found, wanted) if is_one]
        return self._judge(pids, {pid: is_nested(f'{self.proc}/{pid}') for pid in pids})

    def _read(self) -> Iterator[Process]:
        try:
            numbers = sorted(int(name) for name in os.listdir(self.proc) if name.isdigit())
        except OSError as error:
            raise CheckError(f'cannot read {self.proc}: {error.strerror}') from error
        if 1 not in numbers:
            # Mounted with hidepid, /proc shows only our own processes: a count would be a lie.
            raise CheckError(f'cannot see the processes of others in {self.proc}; run as root')
        for pid in numbers:
            process = read_process(self.proc / str(pid))
            if process is not None:
                yield process

    def _judge(self, found: List[int], nested: Mapping[int, Optional[bool]]) -> Verdict:
        pids = [pid for pid in found if self.containers or not nested[pid]]
        count, left_out = len(pids), len(found) - len(pids)
        upper = float('inf') if self.maximum is None else self.maximum
        health = judge(count, self.warn, Range(self.minimum, upper))
        what = self.command or f'matching {self.cmdline!r}'
        text = f'{_processes(count)} {what}'
        if health is Health.FAIL:
            most = '' if self.maximum is None else f', at most {self.maximum}'
            text += f', wanted at least {self.minimum}{most}'
        if left_out:
            text += f'; {left_out} in containers not counted'
        unplaced = sum(nested[pid] is None for pid in pids)
        data = {
            'count': count,
            'pids': pids[:_MOST_PIDS],
            'in_containers': None if unplaced else sum(bool(nested[pid]) for pid in found),
        }
        return Verdict(health, text, data)


def _processes(count: int) -> str:
    return f'{count} process{"" if count == 1 else "es"}'


def _of_others(processes: Iterable[Process]) -> List[Process]:
    """Return the processes but for ours and all that it started, such as other checks."""
    kept = list(processes)
    us = os.getpid()
    # In a container we may be the first process, whose children all become.
    ours = below({one.pid: one.parent for one in kept}, us) if us != 1 else set()
    return [process for process in kept if process.pid not in ours | {us}]


def read_process(directory: Path) -> Optional[Process]:
    """Return the process of a /proc directory, `None` if it has ended (a zombie has)."""
    try:
        comm, fields = read_stat(str(directory))
        line = (directory / 'cmdline').read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if fields[0] in (b'Z', b'X'):
        return None
    words = line.rstrip(b'\0').split(b'\0') if line else []
    arguments = [word.decode('utf-8', 'replace') for word in words]
    name = comm.decode('utf-8', 'replace')
    return Process(int(directory.name), int(fields[1]), name, arguments)


def _is_named(process: Process, name: str) -> bool:
    if len(name) <= _COMM_LENGTH:
        return process.comm == name
    program = process.arguments[0] if process.arguments else ''
    return process.comm == name[:_COMM_LENGTH] and program.rpartition('/')[2] == name
