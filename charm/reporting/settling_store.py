"""Keep each check's course from run to run, and put both its answers into the report.

A result that settles carries `data.settling`: `{"raw": "fail", "flapping": false,
"change_percent": 6.3, "held_runs": 1}`, and its health is the settled one. The courses are in one
file a unit; where it cannot be written, the report is made all the same and `not_kept` says why.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..checks.settling_rule import CheckHistory, SettlingRule, advance
from ..kernel.deadline import Deadline
from ..kernel.errors import FileError, ReportError
from ..kernel.facts import dataclass, field, replace
from ..kernel.fields import Fields
from ..kernel.files import locked, read_whole, set_aside, write_whole
from ..kernel.hints import Any, Dict, Iterable, Mapping, Optional, Tuple
from ..kernel.report import CheckResult, Health, JSONObject
from ..kernel.strict_json import load
from .states import remove_leftovers

_SCHEMA = 1
_LOCK_SECONDS = 2.0
_MOST_HISTORY = 200
# Juju runs update-status every five minutes, and with it whoever may keep the courses.
_FRESH_SECONDS = 900.0
# Those of checks that are gone stay until so many others have answered.
_MOST_COURSES = 1000


@dataclass(frozen=True)
class Settler:
    """The settling of one unit's checks, kept from run to run.

    Attributes:
        path: the file of their courses.
        rules: of each check that settles, by its name; other results are left as they are.
    """

    path: Path
    rules: Mapping[str, SettlingRule] = field(default_factory=dict)

    def settle(self, results: Iterable[CheckResult]) -> Tuple[CheckResult, ...]:
        """Return the results with their settled health, in order; their courses are kept.

        A result with the time of the one counted last is not counted again.
        """
        given = tuple(results)
        if not any(result.name in self.rules for result in given):
            return given
        try:
            with locked(self.path, Deadline.after(_LOCK_SECONDS)):
                remove_leftovers(self.path)
                courses, trouble = self._read_or_set_aside()
                courses = self._advance(courses, given)
                self._write(courses)
        except FileError as error:
            known = _fresh(self._read_if_possible(), given)
            courses, trouble = self._advance(known, given), str(error)
        return tuple(_settled(result, courses.get(result.name), trouble) for result in given)

    def _advance(
        self, courses: Mapping[str, CheckHistory], results: Iterable[CheckResult]
    ) -> Dict[str, CheckHistory]:
        after = dict(courses)
        for result in results:
            rule, before = self.rules.get(result.name), after.get(result.name)
            if rule is None:
                continue
            if before is None or result.at is None or result.at != before.counted:
                # Taken out and put in again: the ones that answered last come last.
                after.pop(result.name, None)
                after[result.name] = advance(before, result.health, rule, result.at)
        return dict(list(after.items())[-_MOST_COURSES:])

    def _read(self) -> Dict[str, CheckHistory]:
        data = read_whole(self.path)
        return {} if data is None else _decode(load(data))

    def _read_or_set_aside(self) -> Tuple[Dict[str, CheckHistory], str]:
        """Return the courses, and what was wrong with a file that is now set aside."""
        try:
            return self._read(), ''
        except ReportError as error:
            aside = set_aside(self.path)
            return {}, f'cannot use {self.path}: {error.fault}; it is kept as {aside}'

    def _read_if_possible(self) -> Dict[str, CheckHistory]:
        try:
            return self._read()
        except (FileError, ReportError):
            return {}

    def _write(self, courses: Mapping[str, CheckHistory]) -> None:
        checks = {name: _encode(course) for name, course in courses.items()}
        document = {'schema': _SCHEMA, 'checks': checks}
        write_whole(self.path, json.dumps(document, separators=(',', ':')).encode() + b'\n')


def _fresh(
    courses: Mapping[str, CheckHistory], results: Iterable[CheckResult]
) -> Dict[str, CheckHistory]:
    """Return the courses that somebody else keeps: the others would hold a new answer for ever."""
    found: Dict[str, CheckHistory] = {}
    for result in results:
        course = courses.get(result.name)
        if course is not None and course.counted is not None and result.at is not None:
            age_seconds = abs((result.at - course.counted).total_seconds())
            if age_seconds <= _FRESH_SECONDS:
                found[result.name] = course
    return found


def _settled(result: CheckResult, course: Optional[CheckHistory], trouble: str) -> CheckResult:
    """Return the result as it settled, with the answer that was given in its data."""
    if course is None:
        return result
    said: JSONObject = {
        'raw': course.raw.value,
        'flapping': course.flapping,
        'change_percent': course.change_percent,
        'held_runs': course.held_runs,
    }
    if trouble:
        said['not_kept'] = trouble
    message = result.message
    if course.flapping:
        message = f'flapping, now {course.raw.value}: {message}'
    elif course.settled is not course.raw:
        times = 'once' if course.held_runs == 1 else f'{course.held_runs} times'
        message = f'{course.raw.value} {times}, still {course.settled.value}: {message}'
    data = {**result.data, 'settling': said}
    return replace(result, health=course.settled, message=message, data=data)


def _encode(course: CheckHistory) -> JSONObject:
    return {
        'history': [health.value for health in course.history],
        'settled': course.settled.value,
        'flapping': course.flapping,
        'counted': None if course.counted is None else course.counted.isoformat(),
    }


def _decode(document: Any) -> Dict[str, CheckHistory]:
    top = Fields(document, '')
    if top.count('schema') != _SCHEMA:
        raise ReportError('schema', f'{top.values.get("schema")!r} where {_SCHEMA} belongs')
    checks = top.optional_object('checks') or Fields({}, 'checks')
    return {
        name: _course(Fields(item, f'checks.{name}'), f'checks.{name}')
        for name, item in checks.values.items()
    }


def _course(item: Fields, at: str) -> CheckHistory:
    words = item.names('history')
    try:
        history = tuple(Health(word) for word in words[-_MOST_HISTORY:])
    except ValueError as error:
        raise ReportError(f'{at}.history', str(error)) from error
    if not history:
        raise ReportError(f'{at}.history', 'it is empty')
    flapping = item.values.get('flapping') is True
    return CheckHistory(history, item.health('settled'), flapping, item.time('counted'))
