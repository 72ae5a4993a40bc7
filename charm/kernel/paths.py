"""Where the subordinate puts things on its machine: one table for the hooks and for removal.

Several subordinates may share a machine. What is of one unit carries its name; the rest is shared,
and goes with the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# The agent, as systemd calls it.
AGENT_SERVICE = 'juju-health-agent.service'


@dataclass(frozen=True)
class Place:
    """The directories and files, below a root that is `/` save in tests.

    Attributes:
        root: what stands for `/`.
    """

    root: Path = Path('/')

    @property
    def etc(self) -> Path:
        """What decides which checks are run, and for whom."""
        return self.root / 'etc' / 'juju-health'

    @property
    def checks(self) -> Path:
        """Definitions of checks."""
        return self.etc / 'checks.d'

    @property
    def rollups(self) -> Path:
        """How units want their application to be judged, one file for each."""
        return self.etc / 'rollups.d'

    @property
    def units(self) -> Path:
        """For whom the agent reports."""
        return self.etc / 'units.d'

    @property
    def monitors(self) -> Path:
        """What principals ask for in relations."""
        return self.etc / 'monitors.d'

    @property
    def callbacks(self) -> Path:
        """Checks in Python; others fill it."""
        return self.etc / 'callbacks.d'

    @property
    def agent_config(self) -> Path:
        """What the agent is told."""
        return self.etc / 'agent.yaml'

    @property
    def state(self) -> Path:
        """What has to survive."""
        return self.root / 'var' / 'lib' / 'juju-health'

    @property
    def states(self) -> Path:
        """What hooks recorded, of this charm and of principals."""
        return self.state / 'states'

    @property
    def memory(self) -> Path:
        """What our own hooks remember, one file a unit."""
        return self.state / 'charm'

    @property
    def log(self) -> Path:
        """The agent's log."""
        return self.root / 'var' / 'log' / 'juju-health'

    @property
    def run(self) -> Path:
        """The agent's socket."""
        return self.root / 'run' / 'juju-health'

    @property
    def code(self) -> Path:
        """Copies of the charms' code, which upgrades replace at one stroke."""
        return self.root / 'usr' / 'local' / 'lib' / 'juju-health'

    @property
    def unit_file(self) -> Path:
        """The agent's systemd unit."""
        return self.root / 'etc' / 'systemd' / 'system' / AGENT_SERVICE

    @property
    def agents(self) -> Path:
        """Juju's own directories, one for each unit."""
        return self.root / 'var' / 'lib' / 'juju' / 'agents'

    def seen(self, path: Path) -> Path:
        """Return the path as the machine itself sees it."""
        return Path('/') / path.relative_to(self.root)


# This machine's own.
HERE = Place()
