"""The control groups of one machine: its own in every hierarchy that systemd uses.

Without a group of its own each machine's systemd would manage the same group as the next one's,
and stopping sshd in one would stop it in another.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .shell import HostError, wait_until


def hierarchies(mounts: Path = Path('/proc/self/mounts')) -> tuple[Path, ...]:
    """Return where the hierarchies are mounted that a machine's systemd looks at.

    That is version 2, and beside it version 1's `name=systemd` where the kernel has both.
    """
    found = []
    for line in mounts.read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == 'cgroup2' or (kind == 'cgroup' and 'name=systemd' in options.split(',')):
            found.append(Path(where))
    return tuple(found)


@dataclass(frozen=True)
class Group:
    """One machine's control groups.

    Attributes:
        name: the groups' name, right below each hierarchy's root.
        roots: the hierarchies.
    """

    name: str
    roots: tuple[Path, ...]

    @property
    def directories(self) -> tuple[Path, ...]:
        """The group's directory in every hierarchy."""
        return tuple(root / self.name for root in self.roots)

    def make(self) -> None:
        """Make the groups; those that exist are kept."""
        for directory in self.directories:
            directory.mkdir(exist_ok=True)

    def entering(self, argv: list[str]) -> list[str]:
        """Return a command that enters the groups and then becomes `argv`."""
        enter = ' && '.join(f'echo $$ > {one}/cgroup.procs' for one in self.directories)
        return ['sh', '-c', f'{enter} && exec "$@"', 'sh', *argv]

    def freeze(self, frozen: bool) -> None:
        """Stop every process of the machine where it stands, or let all go on.

        The kernel goes on for them: it accepts connections that nobody then answers.

        Raises:
            HostError: there is no version 2 hierarchy, or the processes do not stop.
        """
        two = next((one for one in self.directories if (one / 'cgroup.freeze').exists()), None)
        if two is None:
            raise HostError(f'cannot freeze {self.name}: there is no cgroup.freeze')
        (two / 'cgroup.freeze').write_text('1' if frozen else '0')
        wanted = f'frozen {int(frozen)}'
        events = two / 'cgroup.events'
        wait_until(
            lambda: wanted in events.read_text().splitlines(),
            f'{self.name}: {wanted}',
        )

    def processes(self) -> set[int]:
        """Return the ids of all processes in the groups, however deep."""
        found: set[int] = set()
        for directory in self.directories:
            # A group may go while we look, with the last process in it; walk passes over that.
            for below, _, _ in os.walk(directory):
                with suppress(OSError):
                    procs = Path(below, 'cgroup.procs').read_text()
                    found.update(int(line) for line in procs.split())
        return found

    def remove(self) -> None:
        """Kill what is still in the groups and remove them; nothing happens if they are gone.

        Raises:
            HostError: a process survives SIGKILL.
        """

        def empty() -> bool:
            for pid in self.processes():
                # 0 is a process of another pid namespace, which we cannot have started.
                with suppress(ProcessLookupError):
                    if pid > 0:
                        os.kill(pid, signal.SIGKILL)
            return not self.processes()

        wait_until(empty, f'the processes of {self.name} to end')
        for directory in self.directories:
            for below, _, _ in os.walk(directory, topdown=False):
                with suppress(FileNotFoundError):
                    os.rmdir(below)
