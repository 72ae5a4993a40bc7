"""Reports as JSON, and back: one line out, everything suspected in.

The reader bounds what it takes before it parses, refuses what JSON does not define (NaN, infinity,
duplicate keys), ignores keys it does not know, and reads enum words it does not know as `unknown`.
The format is published in `charm/report.schema.json`.
"""

from __future__ import annotations

import json
from operator import itemgetter

from .errors import ReportError
from .fields import Fields, format_time, health_of, parse_time
from .hints import Any, Dict, Optional, Sequence
from .report import SCHEMA_VERSION, CheckResult, JSONObject, Report, Reporter, State, StateName
from .strict_json import check_strings, load, load_plain

MAX_CHECKS = 1000
_CHECK_KEYS = itemgetter('name', 'health', 'qos', 'message', 'data', 'at', 'duration')


def encode(report: Report) -> str:
    """Return the report as one line of JSON, without a line end.

    Raises:
        ReportError: it holds what JSON cannot, such as NaN, or is over the reader's bounds.
    """
    document = to_json(report)
    try:
        text = json.dumps(document, allow_nan=False, separators=(',', ':'))
    except (TypeError, ValueError, RecursionError) as error:
        raise ReportError('', f'not JSON: {error}') from error
    decode(text.encode())
    return text


def to_json(report: Report) -> JSONObject:
    """Return the report as the JSON object of schema 1."""
    return {
        'schema': SCHEMA_VERSION,
        'service': report.service,
        'unit': report.unit,
        'health': report.health.value,
        'qos': report.qos,
        'state': None if report.state is None else state_to_json(report.state),
        'checks': [check_to_json(check) for check in report.checks],
        'rollup': dict(report.rollup) or None,
        'requires': list(report.requires),
        'provides': list(report.provides),
        'reporter': None
        if report.reporter is None
        else {'unit': report.reporter.unit, 'version': report.reporter.version},
        'boot_id': report.boot_id,
        'sequence': report.sequence,
        'reported_at': format_time(report.reported_at),
    }


def state_to_json(state: State) -> JSONObject:
    """Return a state as its JSON object."""
    return {
        'name': state.name.value,
        'duration': state.duration,
        'since': format_time(state.since),
        'message': state.message,
        'blockers': list(state.blockers),
    }


def check_to_json(check: CheckResult) -> JSONObject:
    """Return one check's result as its JSON object."""
    return {
        'name': check.name,
        'health': check.health.value,
        'qos': check.qos,
        'message': check.message,
        'data': dict(check.data),
        'at': format_time(check.at),
        'duration': check.duration,
    }


def decode(data: bytes) -> Report:
    """Return the report that `data`, one JSON document, holds.

    Raises:
        ReportError: it is not a report of this schema; the error names the path and the reason.
    """
    document = load_plain(data)
    return from_json(load(data)) if document is None else _report(document, sound=True)


def from_json(document: Any) -> Report:
    """Return the report in a parsed JSON document.

    Raises:
        ReportError: with the path of the first thing that is wrong.
    """
    return _report(document, sound=False)


def _report(document: Any, sound: bool) -> Report:
    """Return the report in a document of which it is known, or not, that its strings are sound."""
    top = Fields(document, '')
    _check_schema(top)
    if not sound:
        check_strings(document, '')
    checks = tuple(
        check_from_json(item, f'checks[{index}]')
        for index, item in enumerate(top.array('checks', MAX_CHECKS))
    )
    _refuse_twins(checks)
    reporter = top.optional_object('reporter')
    return Report(
        service=top.text('service', required=True),
        unit=top.text('unit', required=True),
        health=top.health('health'),
        qos=top.ratio('qos'),
        state=_state_from_json(top.optional_object('state')),
        checks=checks,
        rollup=(top.optional_object('rollup') or Fields({}, 'rollup')).values,
        requires=top.names('requires'),
        provides=top.names('provides'),
        reporter=None
        if reporter is None
        else Reporter(reporter.text('unit'), reporter.text('version')),
        boot_id=top.text('boot_id'),
        sequence=top.count('sequence'),
        reported_at=top.time('reported_at'),
    )


def check_from_json(document: Any, path: str) -> CheckResult:
    """Return one check's result; `path` is where the document stands, for errors.

    Raises:
        ReportError: with the path of the first thing that is wrong.
    """
    return _plain_check(document) or _check(Fields(document, path))


def _plain_check(document: Any) -> Optional[CheckResult]:
    """Return the result in a check that has every key, each as we write it; `None` of others."""
    try:
        name, word, qos, message, data, at, seconds = _CHECK_KEYS(document)
        plain = (
            type(name) is type(word) is type(message) is type(at) is str
            and type(data) is dict
            and type(seconds) is float
            and (qos is None or (type(qos) is float and 0.0 <= qos <= 1.0))
        )
        if plain and name and word and seconds >= 0:
            moment = parse_time(at)
            return CheckResult(name, health_of(word), qos, message, data, moment, seconds)
    except (KeyError, TypeError, ValueError, OverflowError):
        pass  # Whatever it is, a closer look tells.
    return None


def _check(item: Fields) -> CheckResult:
    data = item.optional_object('data')
    return CheckResult(
        name=item.text('name', required=True),
        health=item.health('health'),
        qos=item.ratio('qos'),
        message=item.text('message'),
        data={} if data is None else data.values,
        at=item.time('at'),
        duration=item.seconds('duration'),
    )


def _state_from_json(state: Optional[Fields]) -> Optional[State]:
    if state is None:
        return None
    try:
        name = StateName(state.text('name', required=True))
    except ValueError:
        name = StateName.UNKNOWN
    return State(
        name=name,
        duration=state.seconds('duration'),
        since=state.time('since'),
        message=state.text('message'),
        blockers=tuple(sorted(set(state.names('blockers')))),
    )


def _check_schema(top: Fields) -> None:
    schema = top.values.get('schema')
    if isinstance(schema, bool) or not isinstance(schema, int):
        raise ReportError('schema', 'missing, or not an integer')
    if schema > SCHEMA_VERSION:
        raise ReportError(
            'schema', f'{schema} is newer than {SCHEMA_VERSION}: upgrade the reader of this report'
        )
    if schema < 1:
        raise ReportError('schema', f'{schema} is not a schema')


def _refuse_twins(checks: Sequence[CheckResult]) -> None:
    if len({check.name for check in checks}) == len(checks):
        return
    seen: Dict[str, int] = {}
    for index, check in enumerate(checks):
        if check.name in seen:
            raise ReportError(
                f'checks[{index}].name', f'{check.name!r} is already checks[{seen[check.name]}]'
            )
        seen[check.name] = index
