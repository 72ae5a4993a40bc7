"""Units that may not report any more: a credential cannot be called back, but can be refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from charm.kernel.errors import HealthError
from charm.kernel.lines import lines
from charm.kernel.push_contract import check_names
from reconciler.values.errors import UsageError

from .keys import reading

# Whether a unit, given its model and its name, may report.
Admit = Callable[[str, str], bool]
_log = logging.getLogger('juju_health.receive')


@dataclass
class DenyList:
    """The list in the file at `path`, read anew whenever it has changed.

    A line is a unit, such as `web/0`, which is refused whatever its model; or that of one model,
    as `MODEL-UUID:web/0`. What follows a `#` is a remark.
    """

    path: Path
    _names: frozenset[str] = frozenset()
    _seen: tuple[int, int] = field(default=(-1, -1))

    def __post_init__(self) -> None:
        self._seen, self._names = self._stamp(), self._read()

    def admit(self, model: str, unit: str) -> bool:
        """Return whether the unit may report; a list that can be read no more stays as it was."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._names = self._read()
        except UsageError as error:
            _log.error('the old list stays: %s', error)
        return self._names.isdisjoint({unit, f'{model}:{unit}'})

    def _stamp(self) -> tuple[int, int]:
        with reading(self.path, '--deny'):
            found = self.path.stat()
        return found.st_mtime_ns, found.st_size

    def _read(self) -> frozenset[str]:
        with reading(self.path, '--deny'):
            text = self.path.read_text('utf-8')
        names = set()
        for number, line in enumerate(lines(text), 1):
            name = line.partition('#')[0].strip()
            model, _, unit = name.rpartition(':')
            try:
                if name:
                    check_names(unit, model)
                    names.add(name)
            except (HealthError, ValueError) as error:
                reason = f'cannot use {self.path} (--deny), line {number}: {error}'
                raise UsageError(reason) from error
        return frozenset(names)
