"""The lines of the screen: of what is known, what the operator chose, and how large it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from rich.console import RenderableType
from rich.text import Text

from reconciler.render.drawn import draw, facts, headline, plain
from reconciler.render.options import RenderOptions
from reconciler.render.people import changes, table
from reconciler.saved.diff import diff
from reconciler.values.readings import Snapshot
from reconciler.values.words import duration_text

from .chosen import chosen, chosen_changes
from .view import Page, Room, View

# What the last line has, and more about it than there is room for.
KEYS = (
    ('/', 'filter', 'show what has this in its names and messages, or is like it: mysql, web*'),
    ('p', 'problems', 'only what is not well; of changes only those for the worse'),
    ('space', 'pause', 'begin no sweep until it is pressed again'),
    ('c', 'changes', 'what is not as it was in the first sweep'),
    ('r', 'now', 'sweep now, also while paused'),
    ('?', 'help', 'this help'),
    ('q', 'quit', 'end, with the exit code of the last sweep; so does Ctrl-C'),
)
_MORE_KEYS = (
    ('Esc', 'back to the table; there, without the filter'),
    ('arrows', 'and PgUp, PgDn, Home, End, or j, k, g, G: move'),
    ('Ctrl-L', 'draw all of it anew'),
)
_NO_KEYS = 'no keys, as stdin is no terminal; Ctrl-C ends it'
# By the second below which a duration is: what it is told in, so that the screen rests meanwhile.
_STEPS = ((60, 5), (3600, 60), (math.inf, 3600))


@dataclass(frozen=True)
class Size:
    """How large the screen is."""

    columns: int
    rows: int


# By identity: to compare two sweeps takes longer than to draw them.
@dataclass(frozen=True, eq=False)
class Seen:
    """The first sweep and the last one, which may be the same."""

    first: Snapshot
    last: Snapshot


@dataclass(frozen=True)
class Known:
    """What is known; all times are of one clock, in seconds.

    Attributes:
        title: the model's name, until a sweep has told it.
        seen: the sweeps; `None` before the first has ended.
        seen_at: when the last one ended.
        told: what the sweep that ended last said of itself, such as why it failed, line by line.
        sweeping: a sweep runs.
        progress: how many units it knows of how many it asks; `None` before it asks any.
        due_at: when the next one is to begin.
    """

    title: str
    seen: Seen | None = None
    seen_at: float = 0.0
    told: tuple[str, ...] = ()
    sweeping: bool = False
    progress: tuple[int, int] | None = None
    due_at: float = 0.0


@dataclass(frozen=True)
class Look:
    """How the operator wants it drawn.

    Attributes:
        colour: the terminal's colours may be used.
        keys: keys are read.
        unit_detail, blame, everything: as in `RenderOptions`.
    """

    colour: bool = False
    keys: bool = True
    unit_detail: bool = False
    blame: bool = False
    everything: bool = False

    def options(self, columns: int, now: datetime) -> RenderOptions:
        """Return how to render on so many columns, with ages as they are now."""
        return RenderOptions(
            now, self.colour, columns, self.unit_detail, self.blame, self.everything
        )


@dataclass(frozen=True)
class Frame:
    """The screen's lines, from the top, and the room for the page among them."""

    lines: tuple[str, ...]
    room: Room


def frame(known: Known, view: View, look: Look, size: Size, now: float) -> Frame:
    """Return the screen at that time: headline, how it stands, the page, and the keys.

    No line is wider than the screen, and there are no more than it has rows. Where it is low the
    page goes first, then the keys.
    """
    options = look.options(size.columns, _ended(known))
    page = _page(known.seen, view.choice, options)
    told = _lines([plain(line, 'bold red') for line in known.told], options)[: size.rows // 3]
    lines = max(0, size.rows - len(told) - 3)
    room = Room(lines, max(0, len(page) - lines))
    top = min(view.top, room.furthest)
    shown = page[top : top + lines]
    status = _status(known, view, now)
    if room.furthest:
        status.append(f'lines {top + 1}-{top + len(shown)} of {len(page)}')
    head = _cut(options, _title(known, options), plain('; '.join(status), 'dim'))
    rest = [''] * (lines - len(shown))
    foot = _cut(options, _foot(view, look))
    return Frame((*head, *told, *shown, *rest, *foot)[: size.rows], room)


def _cut(options: RenderOptions, *texts: Text) -> tuple[str, ...]:
    """Return a line for each text, cut off at the screen's edge."""
    for text in texts:
        text.truncate(options.width, overflow='crop')
    return _lines(texts, options)


def _lines(parts: Sequence[RenderableType], options: RenderOptions) -> tuple[str, ...]:
    return tuple(draw(list(parts), options).splitlines()) if parts else ()


def _ended(known: Known) -> datetime:
    """Return when the last sweep ended: what it shows is as old as it was then."""
    if known.seen is None:
        return datetime.now(timezone.utc)
    last = known.seen.last
    return last.started_at + timedelta(seconds=last.duration_seconds)


def _title(known: Known, options: RenderOptions) -> Text:
    if known.seen is None:
        return plain(known.title, 'bold')
    return headline(known.seen.last, options)


def _status(known: Known, view: View, now: float) -> list[str]:
    """Return how it stands, such as `seen 10s ago`, `next sweep in 20s` and `problems only`."""
    seen = known.seen is not None
    parts = [f'seen {_coarse(now - known.seen_at)} ago' if seen else 'nothing seen yet']
    if known.sweeping:
        units = f' {known.progress[0]}/{known.progress[1]} units' if known.progress else ''
        parts.append(f'sweeping{units}')
    elif not view.paused:
        parts.append(f'next sweep in {_coarse(known.due_at - now, math.ceil)}')
    if view.paused:
        parts.append('paused')
    if view.problems:
        parts.append('problems only')
    if view.pattern and not view.typing:
        parts.append(f'filter {view.pattern}')
    return parts


def _coarse(seconds: float, whole: Callable[[float], int] = math.floor) -> str:
    """Return the duration in whole steps, which are small beside it."""
    step = next(step for most, step in _STEPS if seconds < most)
    return duration_text(whole(seconds / step) * step)


def _foot(view: View, look: Look) -> Text:
    if view.typing:
        return plain(f'/{view.pattern}_  (Enter keeps it, Esc clears it)')
    if not look.keys:
        return plain(_NO_KEYS, 'dim')
    return Text('  ').join(Text.assemble((key, 'bold'), ' ', name) for key, name, _ in KEYS)


@lru_cache(maxsize=8)
def _page(seen: Seen | None, view: View, options: RenderOptions) -> tuple[str, ...]:
    """Return the lines of the page: the same as before until something of it changes."""
    if view.page is Page.HELP:
        return _lines(_help(), options)
    if seen is None:
        return ()
    if view.page is Page.CHANGES:
        parts = changes.parts(chosen_changes(diff(seen.first, seen.last), view))
    else:
        parts = table.body(chosen(seen.last, view), options)
    return _lines(parts, options)


def _help() -> list[RenderableType]:
    return [facts([*((key, told) for key, _, told in KEYS), *_MORE_KEYS], 'bold')]
