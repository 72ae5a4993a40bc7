"""What is wrong and who was told, what was said, and what would be: for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from charm.kernel.safe_text import clean
from reconciler.history.moments import time_text, to_moment
from reconciler.notify import words
from reconciler.notify.document import document
from reconciler.notify.incidents.review import Logged, Rehearsed, Standing
from reconciler.notify.notice import Notice
from reconciler.values.words import counted, duration_text, first_few

from ..drawn import COLOURS, draw, listed, plain
from ..options import RenderOptions

_MOST_NAMES = 8


def standing_text(found: Sequence[Standing], options: RenderOptions) -> str:
    """Return what is wrong: each cause, since when, who was told or why nobody is."""
    if not found:
        return 'nothing is wrong, as far as recorded sweeps saw\n'
    return draw(list(_standing_lines(found, options)), options)


def _standing_lines(found: Sequence[Standing], options: RenderOptions) -> Iterator[RenderableType]:
    for one in found:
        notice = one.incident.notice
        head = Text(notice.health.value, style=COLOURS[notice.health])
        head.append(f'  {clean(words.where(notice))}', style='bold')
        yield head.append(f'  {_lasted(one, options)}', style='not bold')
        yield Padding(plain(one.line), (0, 0, 0, 2))
        yield from (Padding(plain(told, 'dim'), (0, 0, 0, 2)) for told in _told(notice))


def _told(notice: Notice) -> Iterator[str]:
    if notice.evidence:
        yield notice.evidence
    victims = [victim.service for victim in notice.victims]
    if victims:
        yield f'with {counted(len(victims), "service")}: {first_few(victims, _MOST_NAMES)}'
    if notice.changes:
        yield f'before it: {notice.changes[0]}'


def _lasted(one: Standing, options: RenderOptions) -> str:
    since, until = to_moment(one.incident.since), one.incident.until
    if until is None:
        return f'since {_moment(since)}, {duration_text((options.now - since).total_seconds())}'
    lasted = duration_text((to_moment(until) - since).total_seconds())
    return f'from {_moment(since)} to {_moment(to_moment(until))}, {lasted}'


def explained_text(
    name: str, found: Sequence[Standing], logged: Sequence[Logged], options: RenderOptions
) -> str:
    """Return who was told of one thing and why not, and all that was said."""
    if not found:
        return clean(f'{name}: nothing was wrong with it, as far as recorded sweeps saw') + '\n'
    said = _log(logged, options) if logged else ['nobody was told']
    return draw([*_standing_lines(found, options), '', *said], options)


def log_text(found: Sequence[Logged], options: RenderOptions) -> str:
    """Return what was said, a line for each message on each channel."""
    return draw(_log(found, options), options) if found else 'nothing was said\n'


def _log(found: Sequence[Logged], options: RenderOptions) -> list[RenderableType]:
    rows = [
        (
            plain(_moment(to_moment(one.at))),
            plain(one.notice.kind.value),
            plain(one.channel),
            plain(one.state),
            plain(f'{words.where(one.notice)}: {_answer(one)} (route {one.route})'),
        )
        for one in found
    ]
    return listed(('At', 'Kind', 'Channel', 'State', 'Message'), rows, options.width)


def _answer(one: Logged) -> str:
    tries = f', tried {one.attempts} times' if one.attempts > 1 and one.state == 'waiting' else ''
    return f'{one.answer or "not sent yet"}{tries}'


def rehearsed_text(found: Sequence[Rehearsed], options: RenderOptions) -> str:
    """Return what would have been said."""
    if not found:
        return 'nothing would have been said\n'
    rows = [
        (
            plain(_moment(to_moment(one.at))),
            plain(one.kind.value),
            plain(one.target.channel),
            plain(f'{words.subject(one.incident.notice)} (route {one.target.route})'),
        )
        for one in found
    ]
    table = listed(('At', 'Kind', 'Channel', 'Message'), rows, options.width)
    total = f'{counted(len(found), "message")} of {counted(_incidents(found), "incident")}'
    return draw([*table, '', total], options)


def _incidents(found: Sequence[Rehearsed]) -> int:
    return len({one.incident.id for one in found})


def _moment(moment: datetime) -> str:
    return f'{moment:%Y-%m-%d %H:%M}Z'


def standing_json(found: Sequence[Standing]) -> str:
    """Return what is wrong as one JSON array; docs/alerts.md has its keys."""
    return _json([_standing(one) for one in found])


def explained_json(found: Sequence[Standing], logged: Sequence[Logged]) -> str:
    """Return the same of one thing, with all that was said."""
    return _json({'incidents': list(map(_standing, found)), 'log': list(map(_logged, logged))})


def log_json(found: Sequence[Logged]) -> str:
    """Return what was said as one JSON array."""
    return _json(list(map(_logged, found)))


def _standing(one: Standing) -> dict[str, Any]:
    incident = one.incident
    return {
        'since': time_text(incident.since),
        'until': time_text(incident.until),
        'opened': time_text(incident.opened),
        'alerting': one.line,
        'message': document(incident.notice),
    }


def _logged(one: Logged) -> dict[str, Any]:
    return {
        'at': time_text(one.at),
        'tried': time_text(one.tried),
        'route': one.route,
        'channel': one.channel,
        'state': one.state,
        'attempts': one.attempts,
        'answer': one.answer,
        'message': document(one.notice),
    }


def _json(found: Any) -> str:
    return json.dumps(found, indent=2, allow_nan=False) + '\n'
