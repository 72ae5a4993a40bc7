"""What a message says to people: a subject that says it all, and a text that says the rest.

All in it came from units and models, and is one safe line each; what a sink needs beyond that, its
channel does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone

from charm.kernel.safe_text import clean

from ..values.certainty import Certainty
from ..values.explained import explains
from ..values.words import counted, duration_text
from .notice import Notice, NoticeKind, Victim

_MOST_SUBJECT = 200
_MOST_LINE = 500
_MOST_VICTIMS = 50
_MOST_LINES = 10
_BEGINS = {
    NoticeKind.FIRING: '',
    NoticeKind.CHANGED: 'changed: ',
    NoticeKind.REMINDER: 'still ',
    NoticeKind.ESCALATION: 'not answered: ',
}


def subject(notice: Notice) -> str:
    """Return one line: what, where and since when, or how long it lasted."""
    place = where(notice)
    if notice.recovered:
        lasted = duration_text(notice.lasted_seconds)
        told = f'recovered: {place} was {notice.health.value} for {lasted}'
    else:
        since = f'since {_moment(notice.since)}'
        told = f'{_BEGINS[notice.kind]}{notice.health.value}: {place} {since}'
    others = f', with {counted(len(notice.victims), "service")}' if notice.victims else ''
    evidence = '' if notice.recovered or not notice.evidence else f': {notice.evidence}'
    return clean(f'{told}{others}{evidence}', _MOST_SUBJECT)


def text(notice: Notice) -> str:
    """Return the whole message: the subject's facts first, then victims, changes and advice."""
    return '\n\n'.join('\n'.join(part) for part in _parts(notice) if part) + '\n'


def _parts(notice: Notice) -> Iterator[list[str]]:
    yield list(_facts(notice))
    if notice.victims:
        certainty = notice.certainty or Certainty.POSSIBLE
        names = [victim.service for victim in notice.victims]
        was = 'explained' if notice.recovered else 'explains'
        told = explains(certainty, names).replace('explains', was)
        yield _listed(f'It {told}:', map(_victim, notice.victims), _MOST_VICTIMS)
    yield _listed('What changed before it began:', notice.changes, _MOST_LINES)
    if not notice.recovered:
        yield _listed('What to do next:', map(str, notice.advice), _MOST_LINES)
    yield list(_footer(notice))


def _facts(notice: Notice) -> Iterator[str]:
    lasted = duration_text(notice.lasted_seconds)
    if notice.recovered:
        end = _moment(notice.until or notice.at)
        yield _line(f'{where(notice)} has recovered')
        yield f'It was {notice.health.value} from {_moment(notice.since)} to {end}: {lasted}.'
    else:
        yield _line(f'{where(notice)}: {notice.health.value}')
        yield f'Since {_moment(notice.since)}, for {lasted}.'
    if notice.evidence:
        yield _line(notice.evidence)


def _listed(head: str, items: Iterable[str], most: int) -> list[str]:
    """Return the items below a line, the first of them; nothing if there are none."""
    lines = [f'  {_line(item)}' for item in items]
    more = len(lines) - most
    rest = [f'  and {more} more'] if more > 0 else []
    return [head, *lines[:most], *rest] if lines else []


def _victim(victim: Victim) -> str:
    units = f', {counted(victim.units, "unit")}' if victim.units else ''
    return f'{victim.service}: {victim.health.value}{units}'


def _footer(notice: Notice) -> Iterator[str]:
    if notice.url:
        yield _line(notice.url)
    yield _line(f'Incident {notice.incident}, message {notice.number}.')


def where(notice: Notice) -> str:
    """Return what the cause is called, and of which model, such as `mysql in lab:prod`."""
    model = notice.topology.title
    apart = replace(notice.cause, model='')
    named = notice.topology.unit or notice.topology.application or str(apart)
    return f'{named} in {model}' if model else named


def _moment(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime('%Y-%m-%d %H:%M UTC')


def _line(untrusted: str) -> str:
    return clean(untrusted, _MOST_LINE)
