"""The live table's lines: what is shown of a sweep, and what of it is sent to the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.cli.live.chosen import chosen, matches
from reconciler.cli.live.paint import ENTER, LEAVE, painted
from reconciler.cli.live.screen import KEYS, Frame, Known, Look, Seen, Size, frame
from reconciler.cli.live.view import Page, Room, View, pressed
from reconciler.values.readings import Snapshot
from tests.support.big_models import DECLARED, big
from tests.support.render_cases import TEXTS, snapshots
from tests.support.screen import Screen
from tests.support.snapshots import troubled, well
from tests.support.tree import DOCS

SIZE = Size(100, 24)
PLAIN = Look()
_COLOUR = re.compile(r'\x1b\[[0-9;]*m')
PRESSED = st.lists(
    st.sampled_from(
        ['/', 'w', '*', '[', 'p', ' ', 'c', '?', 'escape', 'enter', 'end', 'page down']
    )
)


def known(last: Snapshot, first: Snapshot | None = None, **more: Any) -> Known:
    return replace(Known('prod', Seen(first or last, last), 100.0, due_at=130.0), **more)


def shown(snapshot: Snapshot, view: View | None = None, size: Size = SIZE) -> list[str]:
    """Return the lines of the screen, ten seconds after the sweep."""
    return list(frame(known(snapshot), view or View(), PLAIN, size, 110.0).lines)


def names(snapshot: Snapshot) -> list[str]:
    return [service.name for service in snapshot.services]


def test_the_screen_has_the_headline_how_it_stands_the_table_and_the_keys() -> None:
    lines = shown(troubled())
    assert len(lines) == SIZE.rows
    assert lines[0] == 'lab:prod  fail  3 services, 5 units, took 4s'
    assert lines[1] == 'seen 10s ago; next sweep in 20s'
    assert lines[2].split() == ['Service', 'Health', 'Units', 'QoS', 'State', 'Message']
    services = [found[0] for line in lines if (found := re.match(r'\w+ +\w+ +\d/\d', line))]
    assert [service.split()[:2] for service in services] == [
        ['db', 'fail'],
        ['web', 'unknown'],
        ['ok', 'passed'],
    ]
    assert lines[-1].startswith('/ filter  p problems  space pause  c changes')


def test_before_the_first_sweep_has_ended_it_says_so() -> None:
    before = Known('lab:prod', sweeping=True, progress=(12, 1469))
    first, second, *page, _keys = frame(before, View(), PLAIN, SIZE, 110.0).lines
    assert (first, second) == ('lab:prod', 'nothing seen yet; sweeping 12/1469 units')
    assert set(page) == {''}


def test_a_sweep_that_failed_is_told_above_the_last_one_with_its_age() -> None:
    failed = known(troubled(), told=('cannot use juju status: no', 'log in: juju login'))
    lines = frame(failed, View(), PLAIN, SIZE, 3700.0 + 100).lines
    assert lines[1] == 'seen 1h ago; next sweep in 0s'
    assert lines[2:4] == ('cannot use juju status: no', 'log in: juju login')
    assert 'db ' in lines[5]


@pytest.mark.parametrize(
    ('seconds', 'told'), [(0, '0s'), (4.9, '0s'), (59, '55s'), (119, '1m'), (9000, '2h')]
)
def test_an_age_is_told_by_steps_so_that_the_screen_rests(seconds: float, told: str) -> None:
    lines = frame(known(well()), View(paused=True), PLAIN, SIZE, 100.0 + seconds).lines
    assert lines[1] == f'seen {told} ago; paused'


def test_only_problems_are_left_if_those_are_wanted() -> None:
    assert names(chosen(troubled(), View(problems=True))) == ['db', 'web']
    lines = shown(troubled(), View(problems=True))
    assert lines[0] == shown(troubled())[0], 'the headline is that of the whole model'
    assert 'problems only' in lines[1]
    assert not any(line.startswith('ok ') for line in lines)


@pytest.mark.parametrize(
    ('pattern', 'services', 'units'),
    [
        ('', ['db', 'web', 'ok'], 5),
        ('DB', ['db'], 1),
        ('web/2', ['web'], 1),
        ('w*', ['web'], 3),
        ('*/2', ['web'], 1),
        ('no route', ['web'], 1),
        ('unreach', ['web'], 1),
        ('disk', ['web'], 2),
        ('blocked', ['db'], 0),
        ('nowhere', [], 0),
        ('[', [], 0),
    ],
)
def test_a_filter_leaves_what_has_it_in_its_names_words_or_messages(
    pattern: str, services: list[str], units: int
) -> None:
    left = chosen(troubled(), View(pattern=pattern))
    assert names(left) == services
    assert len(left.readings()) == units
    assert left.health is troubled().health


def test_a_filter_that_nothing_matches_leaves_the_headline_and_the_columns() -> None:
    lines = shown(troubled(), View(pattern='nowhere'))
    assert lines[0] == shown(troubled())[0]
    assert lines[1].endswith('filter nowhere')
    assert lines[2].split()[0] == 'Service'
    assert set(lines[3:-1]) == {''}


def test_of_causes_those_stay_that_have_to_do_with_what_is_left() -> None:
    whole = big().snapshot(DECLARED)
    left = chosen(whole, View(pattern='api-3'))
    assert names(left) == ['api-3']
    assert [str(cause.node) for cause in left.causes] == ['mysql']
    assert not any(
        'services that are not well' in line for line in shown(whole, View(pattern='api-3'))
    )


def test_a_pattern_is_part_of_a_text_or_a_glob_for_all_of_it() -> None:
    assert matches('QL', ('mysql',))
    assert matches('my*', ('mysql',))
    assert not matches('my?', ('mysql',))
    assert matches('', ('',))


def test_changes_are_those_since_the_first_sweep() -> None:
    seen = known(troubled(), well())
    lines = frame(seen, View(Page.CHANGES), PLAIN, SIZE, 110.0).lines
    assert lines[2].startswith('lab:prod  8 changes, 7 for the worse')
    told = '\n'.join(lines)
    assert all(word in told for word in ('passed -> unknown', 'new fail', 'new passed'))
    lines = frame(seen, View(Page.CHANGES, problems=True), PLAIN, SIZE, 110.0).lines
    assert 'new passed' not in '\n'.join(lines)
    lines = frame(seen, View(Page.CHANGES, pattern='db'), PLAIN, SIZE, 110.0).lines
    assert 'passed -> unknown' not in '\n'.join(lines)


def test_a_long_page_says_where_one_is() -> None:
    lines = shown(big().snapshot(DECLARED), View(top=10**6), Size(100, 10))
    at = re.search(r'; lines (\d+)-(\d+) of (\d+)$', lines[1])
    assert at
    assert at[2] == at[3]
    assert int(at[2]) - int(at[1]) == 10 - 3 - 1


def test_the_help_and_the_page_have_every_key() -> None:
    told = '\n'.join(shown(well(), View(Page.HELP)))
    page = (DOCS / 'watch.md').read_text()
    for key, _name, meaning in KEYS:
        assert meaning in told
        assert f'| `{key}` |' in page


def test_without_keys_none_are_offered() -> None:
    lines = frame(known(well()), View(), replace(PLAIN, keys=False), SIZE, 110.0).lines
    assert lines[-1] == 'no keys, as stdin is no terminal; Ctrl-C ends it'


def test_on_a_narrow_screen_lines_are_cut_and_only_what_went_wrong_takes_several() -> None:
    failed = known(troubled(), told=(f'cannot use juju status: {"x" * 50}', 'log in: juju login'))
    lines = frame(failed, View(problems=True), PLAIN, Size(30, 12), 110.0).lines
    assert lines[:2] == ('lab:prod  fail  3 services, 5', 'seen 10s ago; next sweep in 20')
    assert ''.join(lines[2:6]).count('x') == 50
    assert lines[5] == 'log in: juju login'
    assert lines[-1] == '/ filter  p problems  space pa'


def test_a_low_screen_keeps_the_headline() -> None:
    for rows in (1, 2, 3):
        lines = shown(troubled(), size=Size(100, rows))
        assert len(lines) == rows
        assert lines[0].startswith('lab:prod  fail')


@given(
    st.tuples(snapshots(), snapshots()),
    st.lists(TEXTS, max_size=2),
    PRESSED,
    st.builds(Size, st.integers(1, 130), st.integers(1, 40)),
    st.booleans(),
)
def test_whatever_is_seen_and_pressed_it_fits_the_screen(
    sweeps: tuple[Snapshot, Snapshot], told: list[str], keys: list[str], size: Size, colour: bool
) -> None:
    view, drawn = View(), Frame((), Room())
    look, seen = Look(colour=colour), known(*sweeps, told=tuple(told))
    screen = Screen(size.columns, size.rows)
    screen.take(ENTER)
    for key in [*keys, 'down']:
        view = pressed(view, key, drawn.room)
        before, drawn = drawn.lines or None, frame(seen, view, look, size, 110.0)
        plain = [_COLOUR.sub('', line) for line in drawn.lines]
        assert len(plain) == size.rows
        assert max(map(cell_len, plain)) <= size.columns
        headline = frame(seen, View(), look, size, 110.0).lines[0]
        assert drawn.lines[0] == headline, 'no filter hides it'
        if size.rows > 3:
            assert 'seen'.startswith(plain[1][:4])
            assert plain[-1].startswith('/')
        screen.take(painted(before, drawn.lines))
        if all(cell_len(line) == sum(map(cell_len, line)) for line in plain):
            assert screen.text_is(plain)


def test_only_lines_that_changed_are_sent() -> None:
    lines = shown(troubled())
    later = list(frame(known(troubled()), View(), PLAIN, SIZE, 115.0).lines)
    assert painted(lines, lines) == ''
    assert painted(lines, later) == f'\x1b[2;1H\x1b[2K{later[1]}'
    screen = Screen(100, 24)
    screen.take(ENTER + painted(None, lines) + painted(lines, later))
    assert screen.lines == later
    screen.take(LEAVE)
    assert (screen.alternate, screen.cursor, screen.wraps) == (False, True, True)
