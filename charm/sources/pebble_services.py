"""How the services of a Pebble are that are to run: by its plan, or since somebody started them.

Charms start services that no plan enables; Pebble calls one `inactive` that nobody has started.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ..checks.phrases import span
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass
from ..kernel.fields import parse_time
from ..kernel.hints import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple
from ..kernel.pattern import pattern
from . import plain_yaml
from .pebble_api import ask, exchange

ACTIVE, FINISHED = 'active', 'finished'
# How Pebble calls one that was stopped, or ended well; and `on-success` of those that may end.
_INACTIVE, _LEAVE = 'inactive', 'ignore'
# One that came up less than so long ago, and not for the first or second time, keeps crashing.
_YOUNG_SECONDS = 60.0
_MOST_STARTS = 2
# The kinds of changes in which services come up, of Pebble's internals/daemon/api_services.go.
_ORDERS = frozenset({'autostart', 'start', 'restart', 'replan'})
_STARTS = pattern(r'pebble_service_start_count\{service="([^"\\]+)"\} ([0-9]{1,9})')


@dataclass(frozen=True)
class PebbleServices:
    """The services that are to run.

    Attributes:
        words: by name `active`, `inactive`, `backoff`, `error`; or `finished` if it ended well,
            and its plan leaves it at that.
        restless: what to say of each that is active, and keeps being started anew.
    """

    words: Mapping[str, str]
    restless: Tuple[str, ...] = ()

    @property
    def running(self) -> int:
        """Return how many are active."""
        return sum(word == ACTIVE for word in self.words.values())

    @property
    def stopped(self) -> Tuple[str, ...]:
        """Return what to say of each that does not run and should."""
        wrong = (item for item in self.words.items() if item[1] not in (ACTIVE, FINISHED))
        return tuple(f'{name} is {word}' for name, word in wrong)


def services(path: Path, deadline: Deadline, now: datetime) -> PebbleServices:
    """Return how the services are that are to run.

    Raises:
        CheckError: Pebble does not answer, or not as it does.
    """
    result = ask(path, '/v1/services', deadline)
    listing = [
        item
        for item in (result if isinstance(result, list) else [])
        if isinstance(item, dict)
        and (item.get('startup') == 'enabled' or item.get('current') != _INACTIVE)
    ]
    words = {str(item.get('name')): str(item.get('current')) for item in listing}
    if _INACTIVE in words.values():
        left = _left_alone(path, deadline)
        words = {
            name: FINISHED if word == _INACTIVE and name in left else word
            for name, word in words.items()
        }
    return PebbleServices(words, tuple(_restless(path, listing, now, deadline)))


def _restless(
    path: Path, listing: Sequence[Mapping[str, Any]], now: datetime, deadline: Deadline
) -> Iterator[str]:
    """Yield what to say of each that has come up just now, once more, and at nobody's order."""
    up = {
        str(item.get('name')): since
        for item in listing
        for since in [_moment(item, 'current-since')]
        if item.get('current') == ACTIVE
        and since
        and (now - since).total_seconds() < _YOUNG_SECONDS
    }
    starts = _starts(path, deadline) if up else {}
    orders = _orders(path, now, deadline) if max(starts.values(), default=0) > _MOST_STARTS else ()
    for name, since in up.items():
        ordered = any(begun <= since <= done for begun, done in orders)
        if starts.get(name, 0) > _MOST_STARTS and not ordered:
            ago = span((now - since).total_seconds())
            yield f'{name} was started {starts[name]} times, the last time {ago} ago'


def _moment(item: Mapping[str, Any], key: str) -> Optional[datetime]:
    try:
        return parse_time(str(item.get(key)))
    except ValueError:
        return None


def _orders(path: Path, now: datetime, deadline: Deadline) -> Sequence[Tuple[datetime, datetime]]:
    """Return from when to when Pebble did what somebody ordered, such as a charm's `restart`.

    What it restarts of itself is none of these changes.
    """
    try:
        changes = ask(path, '/v1/changes?select=all', deadline)
    except CheckError:
        return ()
    found = (
        (_moment(change, 'spawn-time'), _moment(change, 'ready-time') or now)
        for change in (changes if isinstance(changes, list) else [])
        if isinstance(change, dict) and change.get('kind') in _ORDERS
    )
    return [(begun, done) for begun, done in found if begun]


def _left_alone(path: Path, deadline: Deadline) -> Sequence[str]:
    """Return the services that may end, if they end well; none if the plan cannot be read."""
    try:
        plan = plain_yaml.load(str(ask(path, '/v1/plan?format=yaml', deadline)))
    except (CheckError, plain_yaml.PlainYamlError):
        return ()
    planned = plan.get('services') if isinstance(plan, dict) else None
    return [
        name
        for name, service in (planned.items() if isinstance(planned, dict) else ())
        if isinstance(service, dict) and service.get('on-success') == _LEAVE
    ]


def _starts(path: Path, deadline: Deadline) -> Dict[str, int]:
    """Return how often each was started; nothing of an older Pebble, which does not count."""
    try:
        _status, body = exchange(path, '/v1/metrics', deadline)
    except CheckError:
        return {}
    lines = body.decode('utf-8', 'replace').split('\n')
    found = (_STARTS.match(line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}
