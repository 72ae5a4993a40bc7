"""From subset reports to one full report: read what callbacks return, keep the worst of each.

A callback returns one mapping or a list of them. Whatever it returns, each becomes a result: what
cannot be read becomes an `unknown` check that says why, and costs no other check its place.
"""

from __future__ import annotations

import collections.abc
import json

from .errors import ReportError
from .facts import replace
from .hints import Any, Iterable, List, Optional, Set, Tuple
from .report import CheckResult, Health, Report, worst
from .report_json import MAX_CHECKS, check_from_json, check_to_json
from .strict_json import check_strings, load

_MAX_MESSAGE = 2000
_MAX_DATA_BYTES = 65536
# What all checks of a report may take: its reader takes 1 MiB, and the rest needs a little.
_MAX_CHECKS_BYTES = 960 * 1024
_SHORT_MESSAGE = 200


def read_subset(returned: Any, name: str) -> Tuple[CheckResult, ...]:
    """Return the results in what a callback returned: a mapping, a list of them, or nonsense.

    `name` is used where a mapping gives none. An empty list is no answer, thus `unknown`.
    """
    if isinstance(returned, (list, tuple)):
        if not returned:
            return (_unreadable(name, 'the callback returned an empty list'),)
        kept = returned if len(returned) <= MAX_CHECKS else returned[: MAX_CHECKS - 1]
        results = tuple(
            _read_one(item, name if index == 0 else f'{name}-{index + 1}')
            for index, item in enumerate(kept)
        )
        return results + _left_out(len(returned) - len(kept))
    return (_read_one(returned, name),)


def _read_one(item: Any, name: str) -> CheckResult:
    if not isinstance(item, collections.abc.Mapping):
        what = 'nothing' if item is None else f'{type(item).__name__}, not a mapping'
        return _unreadable(name, f'the callback returned {what}')
    document = {**item, 'name': item.get('name') or name}
    if 'message' in document:
        document['message'] = _shorten(document['message'])
    try:
        # Through JSON text and back, so that a result holds only what the wire can carry.
        plain = load(json.dumps(document, allow_nan=False).encode())
        check_strings(plain, '')
        result = check_from_json(plain, '')
    except (ReportError, TypeError, ValueError, RecursionError) as error:
        reason = f'{error.path}: {error.reason}' if isinstance(error, ReportError) else str(error)
        return _unreadable(_shorten(str(document['name']), 200), f'unreadable result: {reason}')
    if result.health is Health.UNKNOWN and plain['health'] != Health.UNKNOWN.value:
        return _unreadable(result.name, f'health: {plain["health"]!r} is not a health')
    return bounded(result)


def _unreadable(name: str, reason: str) -> CheckResult:
    return CheckResult(_writable(name), Health.UNKNOWN, message=_writable(_shorten(reason)))


def _writable(text: str) -> str:
    """Return the text with half surrogate pairs, which no encoder can write, as question marks."""
    return text.encode('utf-8', 'replace').decode()


def _shorten(message: Any, limit: int = _MAX_MESSAGE) -> Any:
    if isinstance(message, str) and len(message) > limit:
        return message[: limit - 1] + '…'
    return message


def bounded(result: CheckResult) -> CheckResult:
    """Return the result with its data dropped, and said, if it is too large for a report."""
    size_bytes = len(json.dumps(check_to_json(result)))
    if size_bytes <= _MAX_DATA_BYTES:
        return result
    return replace(result, data={'dropped_bytes': size_bytes})


def merge(results: Iterable[CheckResult]) -> Tuple[CheckResult, ...]:
    """Return the results under unique names, in order: a second `disk` becomes `disk-2`.

    More than a report may hold end in one `unknown` result that counts the rest.
    """
    merged: List[CheckResult] = []
    taken: Set[str] = set()
    given = list(results)
    kept = given if len(given) <= MAX_CHECKS else given[: MAX_CHECKS - 1]
    for result in kept:
        name, number = result.name, 2
        while name in taken:
            name, number = f'{result.name}-{number}', number + 1
        taken.add(name)
        merged.append(result if name == result.name else replace(result, name=name))
    return (*merged, *_left_out(len(given) - len(kept)))


def _left_out(count: int) -> Tuple[CheckResult, ...]:
    """Return the result that says so, if any were left out: one of them may have failed."""
    if not count:
        return ()
    return (_unreadable('too-many-checks', f'{count} more results were left out'),)


def fitted(results: Tuple[CheckResult, ...]) -> Tuple[CheckResult, ...]:
    """Return results that fit into one report: of too much the largest lose their data first.

    Their healths stay. Only where that is not enough the mildest results make way, and one
    `unknown` result counts them.
    """
    sizes = [_size_bytes(result) for result in results]
    excess_bytes = sum(sizes) - _MAX_CHECKS_BYTES
    kept = list(results)
    for index in sorted(range(len(kept)), key=lambda index: -sizes[index]):
        if excess_bytes <= 0:
            return tuple(kept)
        kept[index] = replace(
            kept[index],
            message=_shorten(kept[index].message, _SHORT_MESSAGE),
            data={'dropped_bytes': sizes[index]},
        )
        excess_bytes -= sizes[index] - _size_bytes(kept[index])
    return tuple(kept) if excess_bytes <= 0 else merge(_worst_that_fit(kept))


def _worst_that_fit(results: List[CheckResult]) -> Tuple[CheckResult, ...]:
    room_bytes = _MAX_CHECKS_BYTES
    kept: Set[int] = set()
    for index in sorted(range(len(results)), key=lambda index: -results[index].health.rank):
        room_bytes -= _size_bytes(results[index])
        if room_bytes < 0:
            break
        kept.add(index)
    reason = f'{len(results) - len(kept)} more results were too large for a report'
    worst_ones = [result for index, result in enumerate(results) if index in kept]
    return (*worst_ones[: MAX_CHECKS - 1], _unreadable('too-many-checks', reason))


def _size_bytes(result: CheckResult) -> int:
    return len(json.dumps(check_to_json(result), separators=(',', ':'))) + 1


def lowest_qos(results: Iterable[CheckResult]) -> Optional[float]:
    """Return the smallest qos that any check gave, `None` if none did."""
    return min((result.qos for result in results if result.qos is not None), default=None)


def make_report(service: str, unit: str, results: Iterable[CheckResult], **rest: Any) -> Report:
    """Return the full report: unique checks, the worst of their healths, the lowest qos.

    `rest` is passed to `Report` as it is.
    """
    merged = merge(results)
    checks = fitted(merged)
    return Report(
        service=service,
        unit=unit,
        health=worst(check.health for check in checks),
        qos=lowest_qos(merged),
        checks=checks,
        **rest,
    )
