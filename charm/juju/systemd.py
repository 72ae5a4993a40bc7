"""The door to systemd, for the one service that the charm has: the agent."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from ..kernel.command import run
from ..kernel.deadline import Deadline
from ..kernel.errors import CommandError, HealthError
from ..kernel.paths import AGENT_SERVICE, SYSTEMD_RUNS

# The agent says that it is ready within TimeoutStartSec, 60 s.
_SECONDS = 90.0


class SystemdError(HealthError):
    """The service cannot be changed; the hook has to fail, and Juju retries."""


class Systemd:
    """The agent's service; each answer is waited for as long as `seconds`.

    `running` is what is there where systemd runs the machine.
    """

    def __init__(self, running: Path = SYSTEMD_RUNS, seconds: float = _SECONDS) -> None:
        self._running = running
        self._seconds = seconds

    @property
    def there(self) -> bool:
        """Return whether systemd runs this machine; some containers have none."""
        return self._running.is_dir()

    @property
    def active(self) -> bool:
        """Return whether the agent runs."""
        return self.runs(AGENT_SERVICE)

    def runs(self, service: str) -> bool:
        """Return whether a service of the machine is active."""
        return self._try('is-active', '--quiet', service) == ''

    def start(self) -> None:
        """Have the agent run from now on, and after each boot.

        Raises:
            SystemdError: it does not start; with what systemd says.
        """
        self._must('daemon-reload')
        self._must('enable', '--quiet', AGENT_SERVICE)
        self._must('restart', AGENT_SERVICE)

    def reload(self) -> None:
        """Have the agent read its files again; a start if it does not run.

        Raises:
            SystemdError: it does not run after that.
        """
        self._must('reload-or-restart', AGENT_SERVICE)

    def stop(self) -> None:
        """Have the agent run no more; its unit file has to be there still, or never have been.

        Raises:
            SystemdError: it does not stop.
        """
        self._must('disable', '--now', '--quiet', AGENT_SERVICE)

    def forget(self) -> None:
        """Have systemd forget the service, after its unit file was removed."""
        self._must('daemon-reload')
        # Only a service that failed has something to be reset.
        self._try('reset-failed', AGENT_SERVICE)

    def begin(self, service: str, command: Sequence[str]) -> None:
        """Run a command outside of whoever asks, as a service that is gone when it has ended.

        Raises:
            SystemdError: it cannot be started, or one of that name runs already.
        """
        argv = ['systemd-run', '--quiet', '--collect', f'--unit={service}', *command]
        said = _said(argv, self._seconds)
        if said:
            raise SystemdError(f'cannot have systemd run {" ".join(command)}: {said}')

    def _must(self, *words: str) -> None:
        said = self._try(*words)
        if said:
            log = f'see: journalctl -u {AGENT_SERVICE}'
            raise SystemdError(f'cannot have systemd {" ".join(words)}: {said}; {log}')

    def _try(self, *words: str) -> str:
        return _said(['systemctl', *words], self._seconds)


def _said(argv: Sequence[str], seconds: float) -> str:
    """Run the command and return why it failed; empty if it did not."""
    try:
        done = run(argv, Deadline.after(seconds))
    except CommandError as error:
        return str(error)
    if done.timed_out:
        return 'no answer in time'
    said = done.stderr.decode('utf-8', 'replace').strip()[-500:]
    return '' if done.exit_code == 0 else said or f'exit code {done.exit_code}'
