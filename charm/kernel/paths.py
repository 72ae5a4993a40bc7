"""Where the subordinate puts things on its machine: one table for the hooks and for removal.

Several subordinates may share a machine. What is of one unit carries its name; the rest is shared,
and goes with the last of them.
"""

from __future__ import annotations

from pathlib import Path

# The agent, as systemd calls it.
AGENT_SERVICE = 'juju-health-agent.service'
# It is there where systemd is the init of the machine, as sd_booted(3) tells it.
SYSTEMD_RUNS = Path('/run/systemd/system')


class Place:
    """The directories and files, below a root that is `/` save in tests."""

    def __init__(self, root: Path = Path('/')) -> None:
        self.root = root
        # What decides which checks are run, and for whom.
        self.etc = root / 'etc' / 'juju-health'
        self.agent_config = self.etc / 'agent.yaml'
        # Definitions of checks, and checks in Python; others fill the latter.
        self.checks = self.etc / 'checks.d'
        self.callbacks = self.etc / 'callbacks.d'
        # What principals ask for in relations.
        self.monitors = self.etc / 'monitors.d'
        # How units want their application to be judged, one file for each.
        self.rollups = self.etc / 'rollups.d'
        # For whom the agent reports.
        self.units = self.etc / 'units.d'
        # What has to survive.
        self.state = root / 'var' / 'lib' / 'juju-health'
        # What hooks recorded, of this charm and of principals.
        self.states = self.state / 'states'
        # What our own hooks remember, one file a unit.
        self.memory = self.state / 'charm'
        # The agent's log, the directory of its socket, and its systemd unit.
        self.log = root / 'var' / 'log' / 'juju-health'
        self.run = root / 'run' / 'juju-health'
        self.unit_file = root / 'etc' / 'systemd' / 'system' / AGENT_SERVICE
        # Copies of the charms' code, which upgrades replace at one stroke.
        self.code = root / 'usr' / 'local' / 'lib' / 'juju-health'
        # Juju's own directories, one for each unit.
        self.agents = root / 'var' / 'lib' / 'juju' / 'agents'

    def seen(self, path: Path) -> Path:
        """Return the path as the machine itself sees it."""
        return Path('/') / path.relative_to(self.root)


# This machine's own.
HERE = Place()
