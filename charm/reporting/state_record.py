"""One service's state as it is recorded: a value, the rule by which it changes, and its JSON.

A record keeps three readings of the moment its state began: the wall clock for people, and the
boot id with the seconds since boot for the duration. Within one boot the duration is a difference
of the latter, which no clock jump moves; across boots it is one of wall times, and never negative.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path

from ..kernel.errors import ReportError
from ..kernel.facts import dataclass, replace
from ..kernel.fields import Fields, format_time
from ..kernel.hints import Any, Dict, Mapping, Optional, Tuple
from ..kernel.identity import BOOT_ID, read_boot_id
from ..kernel.report import JSONObject, State, StateName
from ..kernel.strict_json import check_strings

SCHEMA = 1


@dataclass(frozen=True)
class Moment:
    """One instant, as three clocks have it.

    Attributes:
        wall: UTC.
        boot_id: of the kernel; empty if unknown.
        boot_seconds: since that boot, time asleep included (CLOCK_BOOTTIME).
    """

    wall: datetime
    boot_id: str
    boot_seconds: float

    @classmethod
    def now(cls, boot_id: Path = BOOT_ID) -> Moment:
        """Return the present moment."""
        wall = datetime.now(timezone.utc)
        return cls(wall, read_boot_id(boot_id), time.clock_gettime(time.CLOCK_BOOTTIME))

    def seconds_until(self, later: Moment) -> float:
        """Return the seconds from here to `later`, never less than 0."""
        if self.boot_id and self.boot_id == later.boot_id:
            return max(0.0, later.boot_seconds - self.boot_seconds)
        return max(0.0, (later.wall - self.wall).total_seconds())


@dataclass(frozen=True)
class Record:
    """One service's state.

    Attributes:
        name: which.
        began: when.
        message: one line for people; may be empty.
        blockers: what a blocked service waits for, sorted, without duplicates.
        beneath: the lasting state that this passing one covers, and when that began.
        ever_up: whether the service has been up before.
    """

    name: StateName
    began: Moment
    message: str = ''
    blockers: Tuple[str, ...] = ()
    beneath: Optional[Tuple[StateName, Moment]] = None
    ever_up: bool = False

    def state(self, now: Moment) -> State:
        """Return it as a report has it."""
        seconds = round(self.began.seconds_until(now), 3)
        return State(self.name, seconds, self.began.wall, self.message, self.blockers)


def enter(old: Optional[Record], new: Record, passing: bool = False) -> Record:
    """Return what to record when `new`, which begins now, comes after `old`.

    A state entered again keeps its beginning. A passing one, such as the churning of a hook at
    work, remembers the lasting state beneath it: when that comes back, so does its beginning.
    """
    ever_up = new.name is StateName.UP or (old is not None and old.ever_up)
    new = replace(new, ever_up=ever_up)
    if old is None:
        return new
    if old.beneath is not None and old.beneath[0] is new.name:
        return replace(new, began=old.beneath[1])
    if old.name is new.name:
        return replace(new, began=old.began, beneath=old.beneath if passing else None)
    if passing:
        return replace(new, beneath=old.beneath or (old.name, old.began))
    return new


def furthest(records: Mapping[str, Record], now: Moment) -> Optional[State]:
    """Return the state of the unit: the one furthest from `up` over its services, `None` of none.

    Of several services in that state the longest in it counts, with the blockers of all of them.
    Its message begins with the service where there are several.
    """
    if not records:
        return None
    states = {service: record.state(now) for service, record in records.items()}
    service, chosen = max(
        states.items(), key=lambda item: (item[1].name.distance, item[1].duration, item[0])
    )
    peers = [state for state in states.values() if state.name is chosen.name]
    blockers = tuple(sorted({blocker for state in peers for blocker in state.blockers}))
    many = len(states) > 1 and bool(chosen.message)
    message = f'{service}: {chosen.message}' if many else chosen.message
    return replace(chosen, message=message, blockers=blockers)


def encode(record: Record) -> JSONObject:
    """Return the record as its JSON object; `decode` undoes it."""
    beneath = record.beneath
    return {
        'name': record.name.value,
        **_moment_to_json(record.began),
        'message': record.message,
        'blockers': list(record.blockers),
        'beneath': beneath and {'name': beneath[0].value, **_moment_to_json(beneath[1])},
        'ever_up': record.ever_up,
    }


def _moment_to_json(moment: Moment) -> JSONObject:
    return {
        'since': format_time(moment.wall),
        'boot_id': moment.boot_id,
        'boot_seconds': moment.boot_seconds,
    }


def decode(document: Any) -> Dict[str, Record]:
    """Return the records, by service, in the parsed document of a states file.

    Raises:
        ReportError: with the path of the first thing that is wrong.
    """
    check_strings(document, '')
    top = Fields(document, '')
    if top.count('schema') != SCHEMA:
        raise ReportError('schema', f'{top.values.get("schema")!r} where {SCHEMA} belongs')
    services = top.optional_object('services') or Fields({}, 'services')
    return {
        service: _record(Fields(item, f'services.{service}'))
        for service, item in services.values.items()
    }


def _record(item: Fields) -> Record:
    beneath = item.optional_object('beneath')
    return Record(
        _name(item),
        _moment(item),
        item.text('message'),
        item.names('blockers'),
        None if beneath is None else (_name(beneath), _moment(beneath)),
        item.values.get('ever_up') is True,
    )


def _name(item: Fields) -> StateName:
    try:
        return StateName(item.text('name', required=True))
    except ValueError:
        return StateName.UNKNOWN


def _moment(item: Fields) -> Moment:
    wall = item.required_time('since')
    return Moment(wall, item.text('boot_id'), item.seconds('boot_seconds') or 0.0)
