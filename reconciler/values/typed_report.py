"""Reports as msgspec reads them: it makes their facts while it parses, in C.

That is for reports as our own units write them, with every key. What is otherwise, or may be over
a bound, is left to `report_json.decode`, which tells what is wrong; what both read is the same.
"""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from msgspec import Meta, MsgspecError, Struct
from msgspec.json import Decoder

from charm.kernel import report_json
from charm.kernel.fields import MAX_NAMES
from charm.kernel.report import CheckResult, Health, Report, Reporter, State
from charm.kernel.report_json import MAX_CHECKS
from charm.kernel.strict_json import MAX_BYTES, MAX_DEPTH, MAX_STRING, is_shallow, is_unusual

_Name = Annotated[str, Meta(min_length=1)]
_Names = Annotated[tuple[str, ...], Meta(max_length=MAX_NAMES)]


class _Document(Struct):
    """The keys of a report, as `report_json.to_json` writes them."""

    schema: Literal[1]
    service: _Name
    unit: _Name
    health: Health
    qos: Annotated[float, Meta(ge=0, le=1)] | None
    state: State | None
    checks: Annotated[tuple[CheckResult, ...], Meta(max_length=MAX_CHECKS)]
    rollup: dict[str, Any] | None
    requires: _Names
    provides: _Names
    reporter: Reporter | None
    boot_id: str
    sequence: Annotated[int, Meta(ge=0)] | None
    reported_at: datetime | None


_DECODER = Decoder(_Document)
_KEYS = len(_Document.__struct_fields__)
_CHECK_KEYS, _STATE_KEYS, _REPORTER_KEYS = (
    len(fields(kind)) for kind in (CheckResult, State, Reporter)
)
# Above them stand the report, its checks and a check.
_LEVELS_OF_DATA = MAX_DEPTH - 3
_AS_ZEROS = bytes.maketrans(b'123456789', b'0' * 9)
# An integer of so many digits may be over 63 bits, and a time with more than milliseconds, which
# we cut off, is rounded.
_LONG_NUMBER, _FINE_TIME = b'0' * 19, b'0:00.0000'


def decode(data: bytes) -> Report:
    """Return the report that `data`, one JSON document, holds, as `report_json.decode` does.

    Raises:
        ReportError: it is not a report of this schema; the error names the path and the reason.
    """
    return _read(data) or report_json.decode(data)


def _read(data: bytes) -> Report | None:
    """Return the report; `None` where it takes a closer look."""
    if len(data) > MAX_BYTES or _is_odd(data):
        return None
    try:
        document = _DECODER.decode(data)
    except (MsgspecError, RecursionError):
        return None
    state, checks, reporter = document.state, document.checks, document.reporter
    rollup = document.rollup or {}
    # Keys of any name are counted by what ends each; here they are but those that we know.
    keys = data.count(b'":') - _KEYS - _CHECK_KEYS * len(checks)
    keys -= (_STATE_KEYS if state else 0) + (_REPORTER_KEYS if reporter else 0)
    data_of_all = [rollup, *[check.data for check in checks]]
    if not (is_shallow(data_of_all, keys, _LEVELS_OF_DATA) and _is_sound(document)):
        return None
    return Report(
        document.service,
        document.unit,
        document.health,
        document.qos,
        state,
        checks,
        rollup,
        document.requires,
        document.provides,
        reporter,
        document.boot_id,
        document.sequence,
        document.reported_at,
    )


def _is_odd(data: bytes) -> bool:
    """Return whether there may be what msgspec reads otherwise, or a string that is too long."""
    digits = data.translate(_AS_ZEROS)
    if is_unusual(data) or _LONG_NUMBER in digits or _FINE_TIME in digits:
        return True
    if len(data) <= MAX_STRING:
        return False
    return b'\\"' in data or max(map(len, data.split(b'"'))) > MAX_STRING


def _is_sound(document: _Document) -> bool:
    """Return whether all facts are as `report_json` has them, which their types do not say."""
    state, checks = document.state, document.checks
    moments = [document.reported_at, *[check.at for check in checks]]
    if state is not None:
        moments.append(state.since)
        blockers = state.blockers
        if len(blockers) > MAX_NAMES or [*blockers] != sorted(set(blockers)):
            return False
        if not _is_amount(state.duration):
            return False
    return (
        len({check.name for check in checks if check.name}) == len(checks)
        and all(_is_amount(check.duration) and _is_amount(check.qos, 1) for check in checks)
        and {moment.tzinfo for moment in moments if moment} <= {timezone.utc}
    )


def _is_amount(number: float | None, most: float = math.inf) -> bool:
    return number is None or 0 <= number <= most
