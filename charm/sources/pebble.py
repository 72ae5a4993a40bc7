"""The health of a Pebble: what it says of itself, its checks and its services, on its socket.

Pebble is the service manager of Kubernetes charms and of some machine charms; see
https://documentation.ubuntu.com/pebble/reference/health-checks. A check of it that is `up` but has
failed since is a warning: it fails once its failures reach its threshold. Pebble calls itself
healthy as well where it has no check, or none that ever ran.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from ..checks.check import CheckSpec, Verdict
from ..checks.phrases import listed
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass
from ..kernel.hints import Any, Callable, Dict, Optional, Tuple
from ..kernel.report import Health
from .found import spec_name
from .pebble_api import ask
from .pebble_services import services

_LIST_SECONDS = 1.0
_HEALTHS = {'up': Health.PASSED, 'down': Health.FAIL}


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class PebbleHealth:
    """Ask a Pebble, over its unix socket, whether its checks are well and its services run."""

    socket: Path
    now: Callable[[], datetime] = _now

    def run(self, deadline: Deadline) -> Verdict:
        """Return `fail` if Pebble is not healthy, or a service does not run that it should run.

        One that keeps crashing, and is up just now, is `warn`. Where no check ever ran and no
        service runs there is no evidence of anything.

        Raises:
            CheckError: it does not answer, or not as Pebble does.
        """
        result = ask(self.socket, '/v1/health', deadline)
        healthy = result.get('healthy') if isinstance(result, dict) else None
        if not isinstance(healthy, bool):
            raise CheckError(f'cannot tell: {self.socket} answered without `healthy`')
        known = checks(self.socket, deadline)
        found = services(self.socket, deadline, self.now())
        down = [check.name for check in known if check.status == 'down']
        data = {'healthy': healthy, 'down': down, 'services': dict(found.words)}
        if found.stopped or not healthy:
            wrong = [*found.stopped, *(f'{name} down' for name in down)]
            which = f': {listed(wrong)}' if wrong else ''
            return Verdict(Health.FAIL, f'Pebble is not healthy{which}', data)
        if found.restless:
            return Verdict(Health.WARN, f'services restart: {listed(found.restless)}', data)
        ran = sum(check.ran for check in known)
        text = f'Pebble is healthy: checks that ran: {ran}, services that run: {found.running}'
        return Verdict(Health.PASSED if ran or found.running else Health.UNKNOWN, text, data)


@dataclass(frozen=True)
class PebbleCheck:
    """Ask a Pebble, over its unix socket, about one of its checks, by the name it has there."""

    socket: Path
    name: str

    def run(self, deadline: Deadline) -> Verdict:
        """Return the check's status, with its failures.

        Raises:
            CheckError: Pebble does not answer, or does not have the check any more.
        """
        for check in checks(self.socket, deadline, self.name):
            if check.name == self.name:
                return check.verdict()
        raise CheckError(f'cannot tell: Pebble has no check {self.name!r} any more')


@dataclass(frozen=True)
class PebbleStatus:
    """One check's status, as Pebble has it.

    Attributes:
        name: of the check.
        status: `up`, `down` or `inactive`; other words of later versions are kept.
        failures: how often it failed in a row.
        threshold: at how many it is down.
        level: `alive`, `ready` or empty.
        successes: how often it was well in a row; `None` where an older Pebble does not say.
        idle: whether it is off as its plan has it (`startup: disabled`) until somebody starts it.
    """

    name: str
    status: str
    failures: int = 0
    threshold: int = 0
    level: str = ''
    successes: Optional[int] = None
    idle: bool = False

    @property
    def ran(self) -> bool:
        """Return whether it ever ran, as far as is known."""
        return self.successes != 0 or self.failures > 0

    def verdict(self) -> Verdict:
        """Return what it means: one that somebody stopped, or that never ran, is `unknown`."""
        data = {
            'status': self.status,
            'failures': self.failures,
            'threshold': self.threshold,
            'level': self.level,
        }
        health = _HEALTHS.get(self.status, Health.UNKNOWN)
        counted = f', {self.failures} of {self.threshold} failures' if self.failures else ''
        if health is Health.PASSED and self.failures:
            health = Health.WARN
        note = ': nobody looks' if self.status == 'inactive' else ''
        if health is Health.PASSED and not self.ran:
            health, note = Health.UNKNOWN, ', and has not run yet'
        return Verdict(health, f'{self.status}{counted}{note}', data)


def specs(prefix: str, path: Path) -> Tuple[CheckSpec, ...]:
    """Return a check of the Pebble at a socket, and one for each check that it has now."""
    whole = CheckSpec(prefix, PebbleHealth(path), source=str(path))
    try:
        now = checks(path, Deadline.after(_LIST_SECONDS))
    except CheckError:
        # The check of the whole says why when it is run.
        return (whole,)
    names = (check.name for check in now if not check.idle)
    return (
        whole,
        *(
            CheckSpec(spec_name(prefix, name), PebbleCheck(path, name), source=str(path))
            for name in names
        ),
    )


def checks(path: Path, deadline: Deadline, name: str = '') -> Tuple[PebbleStatus, ...]:
    """Return what Pebble says of its checks, or of the one named.

    Raises:
        CheckError: it does not answer, or not as Pebble does.
    """
    result = ask(path, f'/v1/checks?names={_quoted(name)}' if name else '/v1/checks', deadline)
    # Pebble gives null for a list without entries.
    if result is not None and not isinstance(result, list):
        raise CheckError(f'cannot tell: {path} answered {type(result).__name__}, not a list')
    return tuple(_reading(path, item) for item in result or ())


def _quoted(name: str) -> str:
    # Here, since most machines have no Pebble and it takes a while.
    from urllib.parse import quote

    return quote(name, safe='')


def _reading(path: Path, item: Any) -> PebbleStatus:
    if not isinstance(item, dict) or not all(
        isinstance(item.get(key), str) and item[key] for key in ('name', 'status')
    ):
        raise CheckError(f'cannot tell: {path} answered a check without name or status')
    return PebbleStatus(
        item['name'],
        item['status'],
        _count(item, 'failures'),
        _count(item, 'threshold'),
        str(item.get('level') or ''),
        _count(item, 'successes') if 'successes' in item else None,
        item['status'] == 'inactive' and item.get('startup') == 'disabled',
    )


def _count(item: Dict[str, Any], key: str) -> int:
    value = item.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
