"""What the agent is told: `agent.yaml` by the operator, `units.d/` by the charms of the machine.

`agent.yaml` may be absent. Each unit's charm writes one file of its own in `units.d/`, so that no
two charms ever edit the same one; `units.py` has its format. A key that does not exist, or a value
of the wrong kind, is refused with the file, the key and the nearest right word.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass, fields
from ..kernel.globs import matches
from ..kernel.names import nearest
from ..kernel.paths import HERE
from ..sources import plain_yaml
from ..sources.trust import read_trusted
from .socket_path import COUNTS, PATHS, SECONDS


@dataclass(frozen=True)
class Listen:
    """The TCP address that the agent answers at.

    Attributes:
        host, port: to listen on; port 0 takes a free one.
        certificate, key: PEM files; there is no TCP without TLS.
        token_file: its first line is the token that a query has to carry.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    token_file: Path


@dataclass(frozen=True)
class Config:
    """Everything in `agent.yaml`, under the names of its keys.

    Attributes:
        interval: seconds between the runs of a check.
        intervals: the same for some checks: names, which may be globs, to seconds; first match.
        report: seconds between reports while nothing changes.
        socket: the unix socket.
        socket_group: the group that may use it beside root; empty for none.
        definitions: the directory of check definitions.
        units: the directory of the units' files.
        state: the directory of the last reports and the spools.
        log: the directory of the log.
        log_bytes: how large one of its files may become.
        log_files: how many are kept.
        spool_bytes, spool_reports: how large a unit's spool may become.
        listen: where to answer over TCP; `None` for nowhere.
    """

    interval: float = 60.0
    intervals: Tuple[Tuple[str, float], ...] = ()
    report: float = 60.0
    socket: Path = HERE.run / 'agent.sock'
    socket_group: str = ''
    definitions: Path = HERE.checks
    units: Path = HERE.units
    state: Path = HERE.state / 'agent'
    log: Path = HERE.log
    log_bytes: int = 10 * 1024 * 1024
    log_files: int = 5
    spool_bytes: int = 16 * 1024 * 1024
    spool_reports: int = 3000
    listen: Optional[Listen] = None

    def interval_seconds(self, name: str, own: Optional[float] = None) -> float:
        """Return the seconds between the runs of a check; `own` is what its definition says."""
        for pattern, seconds in self.intervals:
            if matches(name, pattern):
                return seconds
        return own or self.interval


class _Reader:
    """Typed look-ups in one mapping of the file, refusing with file and key."""

    def __init__(self, source: str, values: Any, at: str, known: Tuple[str, ...]) -> None:
        self._source = source
        self._at = at
        if not isinstance(values, dict):
            raise self.wrong('', 'it is not a mapping')
        self.values: Mapping[str, Any] = values
        for key in values:
            if key not in known:
                raise self.wrong(str(key), f'no such key{nearest(str(key), known)}')

    def wrong(self, key: str, reason: str) -> DefinitionError:
        return DefinitionError(self._source, '.'.join(filter(None, (self._at, key))), reason)

    def number(self, key: str, least: float, most: float) -> float:
        value = self.values[key]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise self.wrong(key, f'{value!r} is not a number from {least:g} to {most:g}')
        return float(value)

    def count(self, key: str, least: int, most: int) -> int:
        number = self.number(key, least, most)
        if number != int(number):
            raise self.wrong(key, f'{number!r} is not a whole number')
        return int(number)

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, 'missing or not text')
        return value

    def path(self, key: str) -> Path:
        path = Path(self.text(key))
        if not path.is_absolute():
            raise self.wrong(key, f'{str(path)!r} does not begin with /')
        return path


def load(path: Path = HERE.agent_config) -> Config:
    """Return what the file says, and the defaults for the rest.

    The file of the default path may be absent; then all are defaults.

    Raises:
        DefinitionError: with the file, the key and the reason; another file is absent.
    """
    source = str(path)
    try:
        data = read_trusted(path)
    except FileNotFoundError as error:
        if path == HERE.agent_config:
            return Config()
        reason = f'there is no such file; write it, or leave --config out for {HERE.agent_config}'
        raise DefinitionError(source, '', reason) from error
    try:
        document = plain_yaml.load(data.decode('utf-8'))
    except UnicodeDecodeError as error:
        raise DefinitionError(source, '', f'not UTF-8 at byte {error.start}') from error
    except plain_yaml.PlainYamlError as error:
        raise DefinitionError(source, f'line {error.line}', error.reason) from error
    known = tuple(option.name for option in fields(Config))
    reader = _Reader(source, {} if document is None else document, '', known)
    return Config(**{key: _READERS[key](reader, key) for key in reader.values})


def _seconds(reader: _Reader, key: str) -> float:
    return reader.number(key, *SECONDS['interval'])


def _count(reader: _Reader, key: str) -> int:
    return reader.count(key, *COUNTS[key])


def _intervals(reader: _Reader, key: str) -> Tuple[Tuple[str, float], ...]:
    values = reader.values[key]
    if not isinstance(values, dict):
        raise reader.wrong(key, 'it is not a mapping of names to seconds')
    inner = _Reader(reader._source, values, key, tuple(values))
    return tuple((str(name), _seconds(inner, name)) for name in values)


def _listen(reader: _Reader, key: str) -> Optional[Listen]:
    if reader.values[key] is None:
        return None
    known = tuple(option.name for option in fields(Listen))
    inner = _Reader(reader._source, reader.values[key], key, known)
    return Listen(
        inner.text('host'),
        inner.count('port', 0, 65535) if 'port' in inner.values else 8641,
        inner.path('certificate'),
        inner.path('key'),
        inner.path('token_file'),
    )


_READERS: Dict[str, Any] = {
    **dict.fromkeys(SECONDS, _seconds),
    'intervals': _intervals,
    **dict.fromkeys(PATHS, _Reader.path),
    'socket_group': _Reader.text,
    **dict.fromkeys(COUNTS, _count),
    'listen': _listen,
}
