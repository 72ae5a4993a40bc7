"""How the services of a Pebble are that are to run: by its plan, or since somebody started them.

Charms start services that no plan enables; Pebble calls one `inactive` that nobody has started.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Tuple

from ..checks.phrases import span
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.fields import parse_time
from . import plain_yaml
from .pebble_api import ask, exchange

ACTIVE, FINISHED = 'active', 'finished'
# How Pebble calls one that was stopped, or ended well; and `on-success` of those that may end.
_INACTIVE, _LEAVE = 'inactive', 'ignore'
# One that came up less than so long ago, and not for the first or second time, keeps crashing.
_YOUNG_SECONDS = 60.0
_MOST_STARTS = 2
_STARTS = re.compile(r'pebble_service_start_count\{service="([^"\\]+)"\} ([0-9]{1,9})')


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
    ages = {str(item.get('name')): _age(item, now) for item in listing}
    young = {name: age for name, age in ages.items() if age < _YOUNG_SECONDS}
    up = [name for name in young if words[name] == ACTIVE]
    starts = _starts(path, deadline) if up else {}
    restless = tuple(
        f'{name} was started {starts[name]} times, the last time {span(young[name])} ago'
        for name in up
        if starts.get(name, 0) > _MOST_STARTS
    )
    return PebbleServices(words, restless)


def _age(item: Mapping[str, Any], now: datetime) -> float:
    """Return for how many seconds it has been as it is; for ever where that is not said."""
    try:
        return (now - parse_time(str(item.get('current-since')))).total_seconds()
    except ValueError:
        return float('inf')


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
