"""Reports as msgspec reads them: it takes their types while it parses, in C.

That is for reports as our own units write them, with every key. What is otherwise, or may be over
a bound, is left to `report_json.decode`, which tells what is wrong; what both read is the same.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from msgspec import Meta, MsgspecError, Struct
from msgspec.json import Decoder
from msgspec.structs import astuple

from charm.kernel import report_json
from charm.kernel.fields import MAX_NAMES
from charm.kernel.report import CheckResult, Health, Report, Reporter, State, StateName
from charm.kernel.report_json import MAX_CHECKS
from charm.kernel.strict_json import MAX_BYTES, MAX_DEPTH, MAX_STRING, is_shallow, is_unusual

_Name = Annotated[str, Meta(min_length=1)]
_Names = Annotated[tuple[str, ...], Meta(max_length=MAX_NAMES)]
_Ratio = Annotated[float, Meta(ge=0, le=1)]
_Seconds = Annotated[float, Meta(ge=0)]


class _Check(Struct, forbid_unknown_fields=True):
    """The keys of a check's result, in the order of `CheckResult`."""

    name: str
    health: Health
    qos: _Ratio | None
    message: str
    data: dict[str, Any]
    at: datetime | None
    duration: _Seconds | None


class _State(Struct, forbid_unknown_fields=True):
    """The keys of a state, in the order of `State`."""

    name: StateName
    duration: _Seconds | None
    since: datetime | None
    message: str
    blockers: _Names


class _Reporter(Struct, forbid_unknown_fields=True):
    """The keys of a reporter, in the order of `Reporter`."""

    unit: str
    version: str


class _Document(Struct, forbid_unknown_fields=True):
    """The keys of a report, as `report_json.to_json` writes them."""

    schema: Literal[1]
    service: _Name
    unit: _Name
    health: Health
    qos: _Ratio | None
    state: _State | None
    checks: Annotated[tuple[_Check, ...], Meta(max_length=MAX_CHECKS)]
    rollup: dict[str, Any] | None
    requires: _Names
    provides: _Names
    reporter: _Reporter | None
    boot_id: str
    sequence: Annotated[int, Meta(ge=0)] | None
    reported_at: datetime | None


_DECODER = Decoder(_Document)
# To set the slots of a result takes a quarter of the time that it takes to call its class.
_NEW = object.__new__
_NAME, _HEALTH, _QOS, _MESSAGE, _DATA, _AT, _DURATION = (
    getattr(CheckResult, name).__set__ for name in _Check.__struct_fields__
)
_KEYS, _CHECK_KEYS, _STATE_KEYS, _REPORTER_KEYS = (
    len(kind.__struct_fields__) for kind in (_Document, _Check, _State, _Reporter)
)
# Above them stand the report, its checks and a check.
_LEVELS_OF_DATA = MAX_DEPTH - 3
_AS_ZEROS = bytes.maketrans(b'123456789', b'0' * 9)
# An integer of so many digits may be over 63 bits, and a time with more than milliseconds, which
# we cut off, is rounded.
_LONG_NUMBER, _FINE_TIME = b'0' * 19, b'0:00.0000'
# What may be more than any float is has such an exponent; many ids look like one, until its end.
_EXPONENTS = (b'0e000', b'0E000', b'0e+000', b'0E+000')
_HUGE = re.compile(rb'0[eE]\+?0+[,\]}]')


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
    # Each of our keys is there, so one that is there twice makes them too many. Those of any name
    # are counted by what ends each.
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
        State(*astuple(state)) if state else None,
        tuple([_result(check) for check in checks]),
        rollup,
        document.requires,
        document.provides,
        Reporter(*astuple(reporter)) if reporter else None,
        document.boot_id,
        document.sequence,
        document.reported_at,
    )


def _result(check: _Check) -> CheckResult:
    made = _NEW(CheckResult)
    _NAME(made, check.name)
    _HEALTH(made, check.health)
    _QOS(made, check.qos)
    _MESSAGE(made, check.message)
    _DATA(made, check.data)
    _AT(made, check.at)
    _DURATION(made, check.duration)
    return made


def _is_odd(data: bytes) -> bool:
    """Return whether there may be what msgspec reads otherwise, or a string that is too long."""
    digits = data.translate(_AS_ZEROS)
    if is_unusual(data) or _LONG_NUMBER in digits or _FINE_TIME in digits or _is_huge(digits):
        return True
    if len(data) <= MAX_STRING:
        return False
    return b'\\"' in data or max(map(len, data.split(b'"'))) > MAX_STRING


def _is_huge(digits: bytes) -> bool:
    return any(one in digits for one in _EXPONENTS) and _HUGE.search(digits) is not None


def _is_sound(document: _Document) -> bool:
    """Return whether all facts are as `report_json` has them, which their types do not say."""
    state, checks = document.state, document.checks
    moments = [document.reported_at, *[check.at for check in checks]]
    if state is not None:
        moments.append(state.since)
        if [*state.blockers] != sorted(set(state.blockers)):
            return False
    return len({check.name for check in checks if check.name}) == len(checks) and {
        moment.tzinfo for moment in moments if moment
    } <= {timezone.utc}
