"""Where the files of schedules are: the system's, or one user's."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from charm.kernel.paths import SYSTEMD_RUNS
from reconciler.values.paths import NAME, state_directory

# What the one who installs may have set, and without which the sweeps would read other files.
CARRIED = (
    *('JUJU_DATA', 'JUJU_HEALTH_CONFIG', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME'),
)


@dataclass(frozen=True)
class Place:
    """What is whose.

    Attributes:
        user: who runs the sweeps.
        home: that user's.
        system: the schedules are the system's.
        root: `/`, save in tests.
    """

    user: str
    home: Path
    system: bool
    root: Path = Path('/')

    @property
    def own(self) -> bool:
        """Return whether it is for the user who runs this program."""
        return self.user == pwd.getpwuid(os.getuid()).pw_name

    @property
    def units(self) -> Path:
        """Return the directory of systemd's units."""
        return self._here('etc/systemd/system') if self.system else self._config / 'systemd/user'

    @property
    def stamps(self) -> Path:
        """Return the directory in which systemd keeps when timers last ran."""
        if self.system:
            return self._here('var/lib/systemd/timers')
        return self.home / '.local' / 'share' / 'systemd' / 'timers'

    @property
    def cron_d(self) -> Path:
        """Return the directory of the system's files for cron."""
        return self._here('etc/cron.d')

    @property
    def pings(self) -> Path:
        """Return the directory of watchers' URLs."""
        return (self._here('etc') if self.system else self._config) / NAME / 'schedules'

    @property
    def state(self) -> Path:
        """Return the directory of what outlives one run, where sweeps are told no other."""
        return state_directory() if self.own else self.home / '.local' / 'state' / NAME

    @property
    def has_systemd(self) -> bool:
        """Return whether systemd runs this machine."""
        return self._here(str(SYSTEMD_RUNS.relative_to('/'))).is_dir()

    @property
    def lingering(self) -> Path:
        """Return the file that is there if the user's timers run without a login."""
        return self._here('var/lib/systemd/linger') / self.user

    @property
    def runtime(self) -> Path:
        """Return the directory of the user's manager, which is there while that runs."""
        return self._here('run/user') / str(pwd.getpwnam(self.user).pw_uid)

    def _here(self, path: str) -> Path:
        return self.root / path

    @property
    def _config(self) -> Path:
        named = os.environ.get('XDG_CONFIG_HOME', '') if self.own else ''
        return Path(named) if os.path.isabs(named) else self.home / '.config'


def carried(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what is set here and has to be set for the sweeps; of another user nothing is."""
    if not place.own:
        return ()
    return tuple((name, os.environ[name]) for name in CARRIED if os.environ.get(name))
