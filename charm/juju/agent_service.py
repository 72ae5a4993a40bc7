"""The agent of the machine: several units share it, and one of them has written its service."""

from __future__ import annotations

from ..agent.systemd_unit import unit_text
from ..kernel.files import write_whole
from ..kernel.names import tag_of
from ..kernel.paths import Place
from ..kernel.pattern import pattern
from . import code_copies
from .systemd import Systemd
from .written_files import remove_file

_LAUNCHER = pattern(rf'/(unit-[^/"]+)/{code_copies.CURRENT}/hooks/health-agent')


class AgentService:
    """The service, as the machine's units want it.

    `leaving` is a unit that is about to go, whose code is nobody's to run; empty for none.
    """

    def __init__(self, place: Place, systemd: Systemd, leaving: str = '') -> None:
        self._place = place
        self._systemd = systemd
        self._leaving = tag_of(leaving) if leaving else ''

    @property
    def owner(self) -> str:
        """Return whose code the service runs, as `unit-health-0`; empty if nobody's that stays."""
        found = _LAUNCHER.search(self._text())
        name = found[1] if found else ''
        living = {tag_of(unit) for unit in code_copies.living(self._place)}
        return name if name in living - {self._leaving} else ''

    def follow(self, unit: str, fresh_code: bool, restart: bool, changed: bool) -> None:
        """Have the agent run as it is wanted now, and not at all where nobody is reported for.

        Args:
            unit: whose hook this is; its code is run where no other unit's is.
            fresh_code: whether that code is another than before.
            restart: whether what it reads only at its start is another than before.
            changed: whether other files changed that it reads.

        Raises:
            SystemdError: the agent does not do as it is told.
            FileError: the unit file cannot be written.
        """
        if not self._systemd.there:
            return
        if not any(self._place.units.glob('*.json')):
            self.drop()
            return
        directory = code_copies.directory_of(self._place, unit).name
        if self.owner in ('', directory):
            restart = self._write(unit) or fresh_code or restart
        if restart or not self._systemd.active:
            self._systemd.start()
        elif changed:
            self._systemd.reload()

    def drop(self) -> None:
        """Stop the agent and remove its service, if it is there.

        Raises:
            SystemdError: it does not stop.
            FileError: the unit file cannot be removed.
        """
        self.stop()
        self.forget()

    def stop(self) -> None:
        """Stop the agent, if its service is there, and have no boot start it.

        Raises:
            SystemdError: it does not stop.
        """
        if self._systemd.there and self._place.unit_file.exists():
            self._systemd.stop()

    def forget(self) -> None:
        """Remove the service of an agent that was stopped, if it is there.

        Raises:
            FileError: the unit file cannot be removed.
        """
        there = self._place.unit_file.exists()
        remove_file(self._place.unit_file)
        if self._systemd.there and there:
            self._systemd.forget()

    def _write(self, unit: str) -> bool:
        place = self._place
        launcher = place.seen(code_copies.launcher_of(place, unit))
        text = unit_text(launcher, place.seen(place.agent_config))
        if self._text() == text:
            return False
        write_whole(place.unit_file, text.encode())
        return True

    def _text(self) -> str:
        try:
            return self._place.unit_file.read_text()
        except FileNotFoundError:
            return ''
