"""Where a sweep's seconds go: shares nest, none is past the deadline, and the page has them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.cli.health_arguments import Arguments
from charm.kernel.deadline import Deadline
from reconciler.cli.main import COMMANDS
from reconciler.cli.usage.durations import Duration, duration
from reconciler.values.time_budget import DEFAULT_TIME, TimeBudget
from tests.support.tree import DOCS

PAGE = (DOCS / 'time.md').read_text()
SHARES = re.findall(r'^\| `(\w+_seconds)` \| ([\d.]+) \|', PAGE, re.MULTILINE)
STEPS = re.findall(r'^\| (\d+) \| (\d+) \+ `(\w+_seconds)` \|', PAGE, re.MULTILINE)
OPTIONS = {option.name: option for option in COMMANDS['sweep'].params}


def accepted(name: str) -> st.SearchStrategy[float]:
    """Return what the command accepts for an option, by its own bounds."""
    kind = OPTIONS[name].type
    assert isinstance(kind, Duration)
    if kind.whole:
        return st.integers(int(kind.least), int(kind.most))
    return st.floats(kind.least, kind.most)


BUDGETS = st.builds(
    TimeBudget, accepted('deadline'), accepted('timeout'), accepted('connect_timeout')
)


@given(BUDGETS)
def test_what_runs_over_there_ends_by_itself_before_it_is_ended_and_killed(
    time: TimeBudget,
) -> None:
    assert 1 <= time.hook_seconds <= time.timeout_seconds
    assert time.hook_seconds < time.timeout_seconds or time.timeout_seconds == 1
    killed = time.timeout_seconds + time.kill_after_seconds
    assert time.timeout_seconds < killed < time.drain_seconds


@given(BUDGETS)
def test_an_attempt_outlasts_all_that_runs_in_it_unless_the_deadline_comes_first(
    time: TimeBudget,
) -> None:
    if time.attempt_seconds < time.deadline_seconds:
        assert time.drain_seconds < time.attempt_seconds
        assert time.attempt_seconds < time.attempt_with_agent_seconds
    if time.attempt_with_agent_seconds < time.deadline_seconds:
        assert time.drain_with_agent_seconds < time.attempt_with_agent_seconds
    assert time.attempt_seconds <= time.attempt_with_agent_seconds <= time.deadline_seconds


@given(BUDGETS, st.floats(0, 1))
def test_juju_never_has_all_the_time_that_is_left(time: TimeBudget, gone: float) -> None:
    now = gone * time.deadline_seconds
    deadline = Deadline(time.deadline_seconds, lambda: now)
    listing, status = TimeBudget.listing(deadline), TimeBudget.status(deadline)
    assert now <= listing.at <= status.at <= deadline.at
    assert status.at < deadline.at or deadline.passed or deadline.remaining_seconds < 1e-6


@pytest.mark.parametrize('command', COMMANDS)
def test_what_is_not_given_is_as_the_budget_has_it(command: str) -> None:
    defaults = {option.name: option.default for option in COMMANDS[command].params}
    for name in {'deadline', 'timeout', 'connect_timeout'} & set(defaults):
        assert duration(defaults[name]) == getattr(DEFAULT_TIME, f'{name}_seconds')


def test_a_hook_that_is_told_no_deadline_has_the_same() -> None:
    assert DEFAULT_TIME.hook_seconds == Arguments().deadline_seconds


def test_the_page_has_every_share_with_its_figure() -> None:
    shares = {name for name in dir(TimeBudget) if name.endswith('_seconds')}
    assert {name: float(figure) for name, figure in SHARES} == {
        name: float(getattr(DEFAULT_TIME, name)) for name in shares
    }
    assert len(SHARES) == len(shares), 'each stands there once'


def test_the_example_on_the_page_is_reckoned_with_the_defaults() -> None:
    assert len(STEPS) == 6
    for second, begun, share in STEPS:
        assert int(second) == int(begun) + getattr(DEFAULT_TIME, share)
