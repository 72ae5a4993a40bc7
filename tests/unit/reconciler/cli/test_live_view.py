"""The live table's keys: what a terminal sends, and what each key makes of the view."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.live.keys import read_keys
from reconciler.cli.live.view import Page, Room, View, Wish, pressed, wish

ROOM = Room(lines=20, furthest=100)
NAMED = ('up', 'down', 'page up', 'page down', 'home', 'end', 'enter', 'escape', 'backspace')
KEYS = st.lists(st.sampled_from([*NAMED, *'/p c?qrjkgG*[', 'clear', 'redraw']) | st.characters())


def after(*keys: str, view: View | None = None) -> View:
    """Return the view once all of the keys are pressed."""
    return reduce(lambda seen, key: pressed(seen, key, ROOM), keys, view or View())


@pytest.mark.parametrize(
    ('sent', 'keys'),
    [
        ('\x1b[A\x1bOB', ('up', 'down')),
        ('\x1b[5~\x1b[6~\x1b[H\x1b[4~', ('page up', 'page down', 'home', 'end')),
        ('/wäb\r', ('/', 'w', 'ä', 'b', 'enter')),
        ('\x7f\x15\x0c', ('backspace', 'clear', 'redraw')),
        ('\x1bq', ('escape', 'q')),
        ('\x1b\x1b[A', ('escape', 'up')),
        # F5, a mouse, a modified arrow, and what no key sends.
        ('\x1b[15~\x1b[<0;3;4M\x1b[1;5C\x00\x01p', ('p',)),
    ],
)
def test_what_a_terminal_sends_is_read_as_keys(sent: str, keys: tuple[str, ...]) -> None:
    assert read_keys(sent, ended=False) == (keys, '')


@pytest.mark.parametrize('begun', ['\x1b', '\x1b[', '\x1bO', '\x1b[1', '\x1b[1;5'])
def test_a_key_that_has_half_arrived_is_waited_for(begun: str) -> None:
    assert read_keys(f'q{begun}', ended=False) == (('q',), begun)


def test_an_escape_that_nothing_follows_is_the_key_of_that_name() -> None:
    assert read_keys('\x1b', ended=True) == (('escape',), '')


@given(st.text(alphabet='\x1b[O~A15;q', max_size=20), st.booleans())
def test_whatever_is_sent_all_of_it_is_read_in_the_end(sent: str, ended: bool) -> None:
    keys, rest = read_keys(sent, ended)
    assert sent.endswith(rest)
    assert not ended or rest == ''
    assert all(key.isprintable() for key in keys)


@given(st.text(alphabet='\x1b[OA1~q', max_size=12), st.integers(0, 12))
def test_it_does_not_matter_in_which_pieces_keys_come(sent: str, at: int) -> None:
    first, rest = read_keys(sent[:at], ended=False)
    second, left = read_keys(rest + sent[at:], ended=False)
    assert ((*first, *second), left) == read_keys(sent, ended=False)


def test_what_is_typed_after_a_slash_is_the_filter_at_once() -> None:
    typed = after('/', 'w', 'e', 'x', 'backspace', 'b')
    assert typed == View(pattern='web', typing=True)
    assert after('enter', view=typed) == View(pattern='web')
    assert after('escape', view=typed) == View()
    assert after('clear', view=typed) == View(typing=True)


@pytest.mark.parametrize('key', ['q', 'r', 'p', ' ', 'c', '?', 'j'])
def test_in_a_filter_every_letter_is_a_letter(key: str) -> None:
    typing = View(typing=True)
    assert wish(typing, key) is None
    assert pressed(typing, key, ROOM) == replace(typing, pattern=key)


def test_escape_leaves_the_page_first_and_then_the_filter() -> None:
    view = after('/', 'x', 'enter', 'c')
    assert view.page is Page.CHANGES
    view = after('escape', view=view)
    assert view == View(pattern='x')
    assert after('escape', view=view) == View()


def test_a_page_is_left_by_the_key_that_opened_it() -> None:
    assert after('?').page is Page.HELP
    assert after('?', 'c').page is Page.CHANGES
    assert after('c', 'c').page is Page.TABLE


def test_keys_that_move_stay_on_the_page() -> None:
    assert after('up').top == 0
    assert after('j', 'down').top == 2
    assert after('page down', 'k').top == 19
    assert after('G').top == ROOM.furthest
    assert after('end', 'down').top == ROOM.furthest
    assert after('end', 'g').top == 0
    # The page was longer before.
    assert pressed(View(top=500), 'up', ROOM).top == ROOM.furthest - 1


def test_a_key_may_ask_for_what_is_no_view() -> None:
    assert [wish(View(), key) for key in ('q', 'r', 'redraw')] == list(Wish)
    assert wish(View(), 'p') is None


@given(KEYS, st.builds(Room, st.integers(0, 50), st.integers(0, 500)))
def test_no_sequence_of_keys_leads_out_of_the_page(keys: list[str], room: Room) -> None:
    view = View()
    for key in keys:
        view = pressed(view, key, room)
        assert 0 <= view.top <= room.furthest
        assert len(view.pattern) <= 200
