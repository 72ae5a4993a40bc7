"""The states that a unit's hooks record: one file a unit, which the health path only reads.

Writes are atomic and locked, so that `kill -9` or a full disk at any step leaves the old records
or the new ones. A file that cannot be read is set aside by the next write, and said.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from ..kernel.deadline import Deadline
from ..kernel.errors import FileError, HealthError, ReportError
from ..kernel.files import locked, set_aside, write_whole
from ..kernel.hints import Callable, Dict, Iterable, Mapping, Optional, Tuple
from ..kernel.identity import check_unit
from ..kernel.names import slug
from ..kernel.paths import HERE
from ..kernel.report import State, StateName
from ..kernel.safe_text import clean
from ..kernel.strict_json import load
from .state_record import SCHEMA, Moment, Record, decode, encode, enter, furthest

Clock = Callable[[], Moment]
_LOCK_SECONDS = 5.0
_MOST_MESSAGE = 500
_MOST_NAME = 200
_MOST_BLOCKERS = 100
_MOST_SERVICES = 200


class StatesError(HealthError):
    """The states of a unit cannot be read, or what shall be recorded is not a state."""


def directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where states are kept: `JUJU_HEALTH_STATE`, or /var/lib/juju-health/states."""
    named = environment.get('JUJU_HEALTH_STATE', '')
    return Path(named) if named else HERE.states


def _say(line: str) -> None:
    print(line, file=sys.stderr)


class States:
    """The recorded states of one unit.

    Args:
        unit: whose, such as `wordpress/0`.
        place: the directory; `directory()` if `None`.
        clock: gives the present moment; tests pass their own.
        say: is told, in one line, of a file that had to be set aside.

    Raises:
        IdentityError: the unit's name is not one.
    """

    def __init__(
        self,
        unit: str,
        place: Optional[Path] = None,
        clock: Clock = Moment.now,
        say: Callable[[str], None] = _say,
    ) -> None:
        self.unit = check_unit(unit)
        self.path = (place or directory()) / f'{slug(unit)}.json'
        self._clock = clock
        self._say = say

    def read(self) -> Dict[str, Record]:
        """Return the record of each service; none if nothing was ever recorded.

        Raises:
            StatesError: the file cannot be read, or is not what was written there.
        """
        try:
            return decode(load(self.path.read_bytes()))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StatesError(f'cannot read {self.path}: {error.strerror}') from error
        except ReportError as error:
            raise StatesError(f'cannot use {self.path}: {error.fault}') from error

    def state(self) -> Optional[State]:
        """Return the unit's state now, `None` if nothing was recorded.

        Raises:
            StatesError: the file cannot be read.
        """
        return furthest(self.read(), self._clock())

    def states(self) -> Dict[str, State]:
        """Return each service's state now.

        Raises:
            StatesError: the file cannot be read.
        """
        now = self._clock()
        return {service: record.state(now) for service, record in self.read().items()}

    def set(
        self,
        service: str,
        name: StateName,
        message: str = '',
        blockers: Iterable[str] = (),
        passing: bool = False,
    ) -> Record:
        """Record that a service is in a state from now on, and return the record.

        Args:
            service: which; a unit may have several.
            name: the state.
            message: one line for people; the one of before goes, whatever this is.
            blockers: what it waits for, if it is blocked.
            passing: whether it only covers the state before for a while; see `enter`.

        Raises:
            StatesError: it is not something to record.
            FileError: it cannot be written or locked; what was there stays.
        """
        given = Record(
            name, self._clock(), clean(message, _MOST_MESSAGE), _blockers(name, blockers)
        )
        with locked(self.path, Deadline.after(_LOCK_SECONDS)):
            records = self._read_for_change()
            before = records.get(service)
            record = enter(before, given, passing)
            if record == before:
                return record
            records[_service(service)] = record
            if len(records) > _MOST_SERVICES:
                raise StatesError(f'cannot record {service!r}: there are {_MOST_SERVICES} already')
            self._write(records)
        return record

    def clear(self, service: str = '') -> None:
        """Forget what was recorded of a service, or of all of them.

        Raises:
            StatesError: nothing was recorded of that service.
            FileError: it cannot be written or locked; what was there stays.
        """
        with locked(self.path, Deadline.after(_LOCK_SECONDS)):
            records = self._read_for_change()
            if service and service not in records:
                known = ', '.join(sorted(records)) or 'none'
                raise StatesError(f'cannot clear {service!r}: it has no state; known: {known}')
            self._write(
                {name: record for name, record in records.items() if service not in ('', name)}
            )

    def _read_for_change(self) -> Dict[str, Record]:
        """Return the records; a file that is not usable is set aside, said, and begun anew."""
        remove_leftovers(self.path)
        try:
            return self.read()
        except StatesError as error:
            if not isinstance(error.__cause__, ReportError):
                raise FileError(str(error)) from error
            self._say(f'{error}; it is kept as {set_aside(self.path)}')
            return {}

    def _write(self, records: Mapping[str, Record]) -> None:
        document = {
            'schema': SCHEMA,
            'unit': self.unit,
            'services': {service: encode(record) for service, record in records.items()},
        }
        write_whole(self.path, json.dumps(document, separators=(',', ':')).encode() + b'\n')


def remove_leftovers(path: Path) -> None:
    """Remove what writers of the file that were killed left half-written; hold its lock first."""
    for left in path.parent.glob(f'.{path.name}.*'):
        with contextlib.suppress(OSError):
            left.unlink()


def _service(name: str) -> str:
    if not name or len(name) > _MOST_NAME or clean(name) != name:
        raise StatesError(f'cannot record {name[:80]!r}: that is not the name of a service')
    return name


def _blockers(name: StateName, blockers: Iterable[str]) -> Tuple[str, ...]:
    named = sorted({clean(blocker)[:_MOST_NAME] for blocker in blockers} - {''})
    if named and name is not StateName.BLOCKED:
        raise StatesError(f'cannot record {name.value!r} with blockers: only `blocked` has them')
    return tuple(named[:_MOST_BLOCKERS])
