"""Bytes that are nearly a report, and what comes of reading them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.report import Report
from charm.kernel.strict_json import MAX_DEPTH, MAX_STRING, load

from .strategies import JSON_VALUES, reports

# What is odd somewhere, put wherever it comes to lie.
ODD = (
    *(r'\ud800', r'\uD83D\uDE00', r'\"', '\\', '"', ':', ' :', '\n:', '":', ',', 'é', '\x00'),
    *('{', '}', '[', ']', '{}', '[]', '"a":1,', '"a":1,"a":2,', '"name":"a",', '"schema" :1,'),
    *('0', '-', '1e999', '1' * 19, '9' * 21, 'NaN', '-Infinity', 'null', 'true', 'e', 'Z', '.'),
    '[' * MAX_DEPTH,
    'x' * (MAX_STRING + 1),
)
# Times and numbers of which readers may think otherwise.
ODD_TIMES = (
    *('2026-11-23T08:01:30.2509995Z', '2026-11-23T08:01:30.250999Z', '2026-11-23T08:01:30.25Z'),
    *('2026-11-23 08:01:30z', '2026-11-23t08:01:30+00:00', '2026-11-23T08:01:30-00:00'),
    *('2026-11-23T08:01:30+05:30', '2026-11-23T08:01:30', '2026-11-23T08:01:60Z', '2026-11-23'),
    *('2026-11-23T24:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999-01:00', ''),
)
ODD_NUMBERS = (
    *(0, 1, -1, True, 1.0, -0.0, 0.5, 1.5, 3.5, 2**53 + 1, 10**17 + 1, 2**63 - 1, 2**63, 10**30),
    *(1e300, 1e16, 1e-7, 5e-324),
)
ODD_NAMES: tuple[Any, ...] = ([], ['b', 'a'], ['a', 'a'], ['a'] * 1001, [''], [{}])
ODD_OF_KEY: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(('at', 'since', 'reported_at'), ODD_TIMES),
    **dict.fromkeys(('qos', 'duration', 'sequence', 'schema'), ODD_NUMBERS),
    **dict.fromkeys(('blockers', 'requires', 'provides'), ODD_NAMES),
    **dict.fromkeys(('health', 'name'), ('pass', 'warn', 'unknown', 'up', '')),
}


def told(read: Callable[[bytes], object], data: bytes) -> tuple[object, ...]:
    """Return what comes of it: a value and how it is written, or the path and the reason."""
    try:
        found = read(data)
    except ReportError as error:
        return error.path, error.reason
    return found, repr(found)


def carefully(data: bytes) -> Report:
    """Read a report in the one way that leaves nothing to others."""
    return report_json.from_json(load(data))


@st.composite
def near_reports(draw: st.DrawFn) -> bytes:
    """Return the bytes of a report, with something odd put in here and there."""
    text = report_json.encode(draw(reports()))
    if draw(st.booleans()):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    for odd in draw(st.lists(st.sampled_from(ODD), max_size=3)):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + odd + text[at + draw(st.integers(0, 2)) :]
    return text.encode('utf-8', 'surrogatepass')


@st.composite
def changed_reports(draw: st.DrawFn) -> bytes:
    """Return the bytes of a report in which some keys hold something else, or are gone or new."""
    document = json.loads(report_json.encode(draw(reports())))
    parts = [document, document['state'], document['reporter'], *document['checks']]
    for part in draw(st.lists(st.sampled_from([*filter(None, parts)]), min_size=1, max_size=2)):
        key = draw(st.sampled_from([*sorted(part.keys() & ODD_OF_KEY.keys()), *part, 'new']))
        odd = st.sampled_from(ODD_OF_KEY[key]) if key in ODD_OF_KEY else st.nothing()
        part[key] = draw(odd | JSON_VALUES)
        if draw(st.integers(0, 9)) == 9:
            del part[key]
    return json.dumps(document, ensure_ascii=False).encode()
