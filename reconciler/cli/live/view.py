"""What the operator chose to see, and what each key makes of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

_LONGEST_PATTERN = 200
# Further down than any text goes; what is shown ends sooner.
_BOTTOM = 10**9


class Page(Enum):
    """What the room between the headline and the keys is for."""

    TABLE = 'table'
    CHANGES = 'changes'
    HELP = 'help'


class Wish(Enum):
    """What a key asks for that changes nothing about the view."""

    QUIT = 'quit'
    SWEEP = 'sweep'
    REDRAW = 'redraw'


@dataclass(frozen=True)
class View:
    """What the operator chose.

    Attributes:
        page: what is shown.
        pattern: what the names, words and messages shown have in them; empty for all.
        typing: the pattern is being typed.
        problems: only what is not well is shown; of changes only those for the worse.
        paused: no sweep begins by itself.
        top: the first line of the page that is seen, from 0.
    """

    page: Page = Page.TABLE
    pattern: str = ''
    typing: bool = False
    problems: bool = False
    paused: bool = False
    top: int = 0

    @property
    def choice(self) -> View:
        """Return the view without what leaves the page's text as it is."""
        return View(self.page, self.pattern, problems=self.problems)


@dataclass(frozen=True)
class Room:
    """How much of a page is seen at once.

    Attributes:
        lines: that many.
        furthest: the first line of the last screenful.
    """

    lines: int = 0
    furthest: int = 0


_WISHES = {'q': Wish.QUIT, 'r': Wish.SWEEP, 'redraw': Wish.REDRAW}
# For those who have these in their fingers.
_SAME = {'k': 'up', 'j': 'down', 'g': 'home', 'G': 'end'}


def wish(view: View, key: str) -> Wish | None:
    """Return what the key asks for beside another view."""
    return None if view.typing else _WISHES.get(key)


def pressed(view: View, key: str, room: Room) -> View:
    """Return the view once the key is pressed."""
    if view.typing:
        return _typed(view, key)
    if key == '/':
        return replace(view, page=_not_help(view.page), typing=True)
    if key == 'p':
        return replace(view, problems=not view.problems, top=0)
    if key == ' ':
        return replace(view, paused=not view.paused)
    if key in ('c', '?'):
        return _turned(view, Page.CHANGES if key == 'c' else Page.HELP)
    if key == 'escape':
        return _left(view)
    return replace(view, top=_moved(min(view.top, room.furthest), _SAME.get(key, key), room))


def _typed(view: View, key: str) -> View:
    if key == 'enter':
        return replace(view, typing=False)
    if key == 'escape':
        return replace(view, typing=False, pattern='', top=0)
    if key == 'backspace':
        return replace(view, pattern=view.pattern[:-1], top=0)
    if key == 'clear':
        return replace(view, pattern='', top=0)
    if len(key) > 1:
        return view
    return replace(view, pattern=(view.pattern + key)[:_LONGEST_PATTERN], top=0)


def _not_help(page: Page) -> Page:
    return Page.TABLE if page is Page.HELP else page


def _turned(view: View, page: Page) -> View:
    """Return the view with that page, or with the table if that is the page already."""
    return replace(view, page=Page.TABLE if view.page is page else page, top=0)


def _left(view: View) -> View:
    """Return the view a step back: from another page to the table, there without the pattern."""
    if view.page is not Page.TABLE:
        return replace(view, page=Page.TABLE, top=0)
    return replace(view, pattern='', top=0)


def _moved(top: int, key: str, room: Room) -> int:
    step = {'up': -1, 'down': 1, 'page up': -room.lines, 'page down': room.lines}
    step.update({'home': -_BOTTOM, 'end': _BOTTOM})
    return max(0, min(top + step.get(key, 0), room.furthest))
