"""What a recorded sweep added to the history, a line each; nothing where nothing is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from charm.kernel.report import Health
from charm.kernel.safe_text import clean
from reconciler.history.keep_runs import Flip
from reconciler.history.moments import to_moment
from reconciler.history.record import Recorded
from reconciler.history.subject import CHECK, MODEL, UNIT
from reconciler.values.words import duration_text

from ..options import RenderOptions

# What a service's own line tells already.
_WITHIN = (UNIT, CHECK, MODEL)


def render(added: Mapping[str, Recorded], options: RenderOptions) -> str:
    """Return what is new in each model: what cron mails, and nothing where nothing happened."""
    lines = [
        clean(f'{name}: {line}' if len(added) > 1 else line)
        for name, recorded in added.items()
        for line in _lines(recorded)
    ]
    return '\n'.join(lines)


def _lines(recorded: Recorded) -> Iterator[str]:
    if recorded.gap:
        yield f'nobody had looked for {duration_text(recorded.gap / 1000)}'
    for change in recorded.changes:
        yield change.sentence
    for flip in recorded.flips:
        if flip.subject.kind not in _WITHIN and not _is_no_news(flip):
            yield _flip(flip)


def _is_no_news(flip: Flip) -> bool:
    return flip.before is None and flip.after in (Health.PASSED, Health.UNKNOWN)


def _flip(flip: Flip) -> str:
    since = f'{to_moment(flip.since):%Y-%m-%d %H:%M:%SZ}'
    before = f' (was {flip.before.value})' if flip.before else ''
    told = f': {flip.message}' if flip.message else ''
    return f'{flip.subject.title} {flip.after.value} since {since}{before}{told}'
