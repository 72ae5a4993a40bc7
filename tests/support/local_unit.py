"""A unit whose hooks run here, below a directory, with a systemd that only remembers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from charm.juju import main
from charm.juju.systemd import Systemd, SystemdError
from charm.kernel.merge_checks import make_report, read_subset
from charm.kernel.paths import AGENT_SERVICE, Place
from charm.kernel.report import Report
from tests.charmed.archive import built, unpack
from tests.charmed.juju_side import JujuSide, of_relation


class FakeSystemd(Systemd):
    """A service manager that knows one service, and refuses what the real one would."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.root)
        self._file = place.unit_file
        self._loaded = self._runs = False
        self.done: list[str] = []
        self.refuses = ''
        self.juju = True
        self.clears = False
        self.begun: list[tuple[str, list[str]]] = []

    @property
    def active(self) -> bool:
        return self._runs

    def runs(self, service: str) -> bool:
        if service == 'jujud-machine-0.service':
            return self.juju
        assert service == 'juju-health-orphans.service'
        return self.clears

    def begin(self, service: str, command: Sequence[str]) -> None:
        self.begun.append((service, list(command)))

    def start(self) -> None:
        self._do('start')
        self._runs = self._loaded = True

    def reload(self) -> None:
        self._do('reload')
        self._runs = True

    def stop(self) -> None:
        self._do('stop')
        self._runs = False

    def forget(self) -> None:
        assert not self._file.exists()
        assert not self._runs
        self._loaded = False

    def _do(self, what: str) -> None:
        if self.refuses == what:
            raise SystemdError(f'cannot have systemd {what} {AGENT_SERVICE}: it would rather not')
        # It would not know the service.
        assert self._file.exists()
        self.done.append(what)


class LocalUnit(JujuSide):
    """One unit of the charm; its hooks run in this process.

    Args:
        root: stands for `/`; several units may share it.
        unit, principal, juju: as `JujuSide` has them.
    """

    def __init__(
        self,
        root: Path,
        unit: str = 'juju-health/0',
        principal: str = 'mysql/0',
        juju: str = '3.6.28',
        systemd: FakeSystemd | None = None,
    ) -> None:
        super().__init__(unit, principal, juju)
        root.mkdir(exist_ok=True)
        self.place = Place(root)
        self.systemd = systemd or FakeSystemd(self.place)
        self.charm = self.place.agents / f'unit-{unit.replace("/", "-")}' / 'charm'
        self._tools = root / 'var/lib/juju/tools' / self.charm.parent.name
        # The machine's own agent.
        (self.place.agents / 'machine-0').mkdir(parents=True, exist_ok=True)
        unpack(built(), self.charm)
        self.begin(self.charm, self._tools)
        self.result: dict[str, object] = {'health': 'passed'}
        self.asked: list[tuple[str, str, bool]] = []

    def hook(self, name: str, **more: str) -> int:
        """Run a hook and return its exit code."""
        about = {'JUJU_HOOK_NAME': name, **of_relation(**more)}
        context = self.enter(name, about)
        environment = {**self.environment(context, self.charm, self._tools), **about}
        code = main.main(environment, self.place, self.systemd, self._ask)
        self.leave(code == 0)
        return code

    def vanish(self) -> None:
        """Have Juju remove the unit without running any of its hooks."""
        shutil.rmtree(self.charm.parent)

    def tree(self) -> dict[str, str]:
        """Return the files that are not Juju's own, with their modes and contents."""
        juju = self.place.root / 'var/lib/juju'
        found = {}
        for path in sorted(self.place.root.rglob('*')):
            if juju not in (path, *path.parents) and not path.is_dir():
                what = os.readlink(path) if path.is_symlink() else path.read_bytes().hex()
                mode = path.lstat().st_mode & 0o777
                found[str(path.relative_to(self.place.root))] = f'{mode:o} {what}'
        return found

    def _ask(self, unit: str, reporter: str, now: bool) -> Report:
        self.asked.append((unit, reporter, now))
        return make_report(unit.split('/')[0], unit, read_subset(self.result, 'check'))
