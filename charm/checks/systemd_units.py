"""What systemd says of its units."""

from __future__ import annotations

from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass
from ..kernel.hints import Callable, Dict, List, Mapping, Optional, Sequence, Tuple
from .child_process import systemctl

# All are there since systemd 245; an older one leaves out what it does not know.
_PROPERTIES = (
    *('Id', 'LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'Transient', 'Type'),
    *('Result', 'NRestarts', 'ExecMainCode', 'ExecMainStatus', 'ExecMainExitTimestampMonotonic'),
    *('ActiveEnterTimestampMonotonic', 'InactiveExitTimestampMonotonic', 'ConditionResult'),
    *('ConditionTimestampMonotonic', 'TriggeredBy', 'Triggers', 'ConsistsOf', 'TimersMonotonic'),
    *('ActiveExitTimestampMonotonic', 'BusName'),
)
# ExecMainCode of what has not ended, and of what a signal ended; see sigaction(2).
_NOT_ENDED, _BY_SIGNAL = '0', ('2', '3')


@dataclass(frozen=True)
class SystemdUnit:
    """A unit, as `systemctl show` has it: `said` is each property's value, as text."""

    said: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its main name; an alias leads here."""
        return self.said.get('Id', '?')

    @property
    def load(self) -> str:
        """Whether there is a file for it: `loaded`, `not-found`, `masked` or another word."""
        return self.said.get('LoadState', 'loaded')

    @property
    def active(self) -> str:
        """Its state, such as `active` or `failed`."""
        return self.said.get('ActiveState', '')

    @property
    def sub(self) -> str:
        """The state that only its type has, such as `running` or `auto-restart`."""
        return self.said.get('SubState', '')

    @property
    def type(self) -> str:
        """A service's type, such as `oneshot`; empty for other units."""
        return self.said.get('Type', '')

    @property
    def result(self) -> str:
        """How it ended last, such as `success` or `exit-code`; a start makes it `success`."""
        return self.said.get('Result', '')

    @property
    def restarts(self) -> Optional[int]:
        """How often systemd has restarted it since somebody else started it."""
        return self.number('NRestarts')

    @property
    def is_up(self) -> bool:
        """Whether it runs, be it while it reads its configuration again."""
        return self.active in ('active', 'reloading', 'refreshing')

    @property
    def waits_to_restart(self) -> bool:
        """Whether it has ended, and systemd will start it again."""
        return 'auto-restart' in self.sub

    @property
    def is_of_bus(self) -> bool:
        """Whether it is D-Bus that starts it when somebody calls it, and no boot does."""
        on_bus = self.type == 'dbus' or bool(self.said.get('BusName'))
        return on_bus and self.said.get('UnitFileState') == 'static'

    @property
    def is_skipped(self) -> bool:
        """Whether a condition in its file was not met when it was last to start."""
        asked = self.number('ConditionTimestampMonotonic')
        return bool(asked) and self.said.get('ConditionResult') == 'no'

    @property
    def ending(self) -> str:
        """How it ended last, in words; empty if it has not."""
        code, status = self.said.get('ExecMainCode'), self.said.get('ExecMainStatus')
        if self.result in ('', 'success'):
            return ''
        if not status or code == _NOT_ENDED:
            return self.result
        return f'{self.result}, {"signal" if code in _BY_SIGNAL else "exit status"} {status}'

    def names(self, key: str) -> Tuple[str, ...]:
        """Return the units that a property names."""
        return tuple(self.said.get(key, '').split())

    @property
    def timed(self) -> Tuple[str, ...]:
        """The units that it starts at their time; none if it is no timer."""
        return self.names('Triggers') if self.name.endswith('.timer') else ()

    def number(self, key: str) -> Optional[int]:
        """Return a property that is a number; `None` if it is not."""
        text = self.said.get(key, '')
        return int(text) if text.isdigit() else None

    def seconds_since(self, key: str, now: float) -> Optional[float]:
        """Return how long ago a moment was, by the monotonic clock; `None` if it never came."""
        at = self.number(key)
        return now - at / 1e6 if at else None

    def in_words(self) -> Mapping[str, object]:
        """Return what a check's data says of it."""
        return {
            'active': self.said.get('ActiveState'),
            'sub': self.said.get('SubState'),
            'result': self.said.get('Result'),
            'restarts': self.restarts,
        }


@dataclass(frozen=True)
class Systemd:
    """The systemd of this machine, as long as it may be asked.

    Attributes:
        program: systemctl.
        monotonic: the clock of its timestamps.
    """

    program: str
    monotonic: Callable[[], float]
    deadline: Deadline

    @property
    def now(self) -> float:
        """The seconds of its clock."""
        return self.monotonic()

    def units(self, *arguments: str) -> Tuple[SystemdUnit, ...]:
        """Return the units that `systemctl show` tells of: names or globs follow a `--`.

        Raises:
            CheckError: systemd does not answer.
            CommandError: there is no such program.
        """
        options = ('show', '--no-pager', f'--property={",".join(_PROPERTIES)}')
        return tuple(map(SystemdUnit, parse(self._said(*options, *arguments))))

    def named(self, names: Sequence[str]) -> Tuple[SystemdUnit, ...]:
        """Return the units of these names; raise as `units` does."""
        return self.units('--', *names) if names else ()

    def has_booted_before(self, moment: int) -> bool:
        """Return whether the boot had come to its end at a moment, in microseconds of its clock.

        What starts later was ordered by somebody: by hand, by cron, by another unit's end.
        """
        try:
            said = self._said('show', '--property=FinishTimestampMonotonic')
        except CheckError:
            return False
        ended = said.strip().partition('=')[2]
        return ended.isdigit() and 0 < int(ended) < moment

    def runs_nothing(self, name: str) -> bool:
        """Return whether what a unit runs is true(1), which says nothing of what it stands for."""
        try:
            said = self._said('show', '--property=ExecStart', '--', name)
        except CheckError:
            return False
        return said.count('{ path=') == 1 and '/bin/true ;' in said.partition('argv[]')[0]

    def _said(self, *arguments: str) -> str:
        return systemctl(self.program, arguments, self.deadline)


def parse(text: str) -> List[Dict[str, str]]:
    """Return the properties of each unit; an empty line stands between two units.

    What is told several times, as each of a timer's times, becomes one text of several lines.
    """
    found: List[Dict[str, str]] = []
    for block in text.split('\n\n'):
        said: Dict[str, str] = {}
        for line in filter(None, block.split('\n')):
            key, _, value = line.partition('=')
            said[key] = f'{said[key]}\n{value}' if key in said else value
        if said:
            found.append(said)
    return found
