"""A machine and every fault that it can have, each with its end."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.support.patience import PATIENCE

from .box import AUTHORIZED, Box
from .shell import HostError

_REFUSED = Path('home/ubuntu/.ssh/authorized_keys.refused')


class Host(Box):
    """A machine that can be cut off, frozen, switched off and locked; see `Box` for the rest."""

    def power_off(self, *, clean: bool = False) -> None:
        """Switch it off: as by a pulled plug, or by a shutdown if `clean`. It then is silent.

        Raises:
            HostError: it did not go off.
        """
        if self._nspawn is not None and self.is_on:
            if clean:
                self._nspawn.send_signal(signal.SIGTERM)
            else:
                os.kill(self._pid_one(), signal.SIGKILL)
            try:
                self._nspawn.wait(PATIENCE)
            except subprocess.TimeoutExpired as error:
                raise HostError(f'cannot switch {self.name} off') from error
        # The namespace outlives the machine, and its kernel would refuse where silence belongs.
        self._cable.connect(False)

    def power_on(self) -> None:
        """Boot it again, with the files it had, and wait for its sshd.

        Raises:
            HostError: it did not come up.
        """
        self._cable.connect(True)
        self.boot()
        self.wait_for_sshd()

    def partition(self) -> None:
        """Drop every packet to and from it; connections there already hang."""
        self._cable.connect(False)

    def heal(self) -> None:
        """End a partition."""
        self._cable.connect(True)

    def freeze(self) -> None:
        """Stop all its processes: connections are still accepted, and never answered."""
        self._group.freeze(True)

    def thaw(self) -> None:
        """End a freeze; what was running goes on."""
        self._group.freeze(False)

    def stop_sshd(self) -> None:
        """Stop sshd: new connections are refused, those there already live on."""
        self.must(['systemctl', 'stop', 'ssh.service'])

    def start_sshd(self) -> None:
        """Start sshd and wait until it answers."""
        self.must(['systemctl', 'start', 'ssh.service'])
        self.wait_for_sshd()

    def refuse_key(self) -> None:
        """Forget the key that `ubuntu` accepts."""
        with suppress(FileNotFoundError):
            (self.root / AUTHORIZED).rename(self.root / _REFUSED)

    def accept_key(self) -> None:
        """Accept the key again."""
        with suppress(FileNotFoundError):
            (self.root / _REFUSED).rename(self.root / AUTHORIZED)

    def restore(self) -> None:
        """End every fault; units and other files stay.

        Raises:
            HostError: it does not come back.
        """
        self.accept_key()
        self.heal()
        if self.is_on:
            self.thaw()
            self.start_sshd()
        else:
            self.power_on()

    def renew(self) -> None:
        """Make it anew, as it first was, with another host key; it has booted on return.

        Raises:
            HostError: it does not come up.
        """
        self.remove()
        self.install()
        self.boot()
        self.wait_for_sshd()
