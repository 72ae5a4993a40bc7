"""The spool of a unit that is gone goes after a day, and no other."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from charm.agent.config import Config
from charm.agent.events import RunNow
from charm.agent.loop import Loop
from charm.agent.notify import Notifier
from charm.agent.old_spools import GRACE_SECONDS, Remains
from charm.agent.setup import Setup
from charm.agent.units import Unit
from charm.reporting.plan import Plan


class Agent:
    """Leftovers by a clock of the test's own."""

    def __init__(self, state: Path) -> None:
        self.spool = state / 'spool'
        self.said: list[str] = []
        self.now = 5.0
        self._leftovers = Remains(state, lambda: self.now, self.said.append)

    def keep(self, *slugs: str) -> None:
        for slug in slugs:
            (self.spool / slug).mkdir(parents=True, exist_ok=True)
            (self.spool / slug / '0000000000000001-c.json').write_text('{}')

    def look(self, *wanted: str, after_seconds: float = 0.0, sure: bool = True) -> set[str]:
        self.now += after_seconds
        self._leftovers.look(wanted, sure)
        return {path.name for path in self.spool.iterdir()}


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    found = Agent(tmp_path)
    found.keep('web-0', 'db-0')
    return found


def test_what_no_unit_asks_for_is_removed_a_day_after_it_was_missed(agent: Agent) -> None:
    assert agent.look('web-0') == {'web-0', 'db-0'}
    assert agent.look('web-0', after_seconds=GRACE_SECONDS - 1) == {'web-0', 'db-0'}
    assert agent.look('web-0', after_seconds=1000) == {'web-0'}
    (said,) = agent.said
    assert 'spool/db-0: no file of a unit has named it for a day' in said


def test_a_unit_that_comes_back_within_the_day_begins_anew(agent: Agent) -> None:
    agent.look('web-0')
    agent.look('web-0', 'db-0', after_seconds=GRACE_SECONDS - 1)
    assert agent.look('web-0', after_seconds=1000) == {'web-0', 'db-0'}
    assert agent.look('web-0', after_seconds=GRACE_SECONDS) == {'web-0'}


def test_while_a_file_of_a_unit_cannot_be_used_nothing_is_removed(agent: Agent) -> None:
    agent.look('web-0')
    assert agent.look('web-0', after_seconds=GRACE_SECONDS, sure=False) == {'web-0', 'db-0'}
    assert agent.look('web-0', after_seconds=1000) == {'web-0', 'db-0'}


def test_what_cannot_be_removed_is_said_and_tried_again(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, 'Permission denied', path)

    agent.look()
    with monkeypatch.context() as broken:
        broken.setattr(shutil, 'rmtree', refuse)
        assert agent.look(after_seconds=GRACE_SECONDS) == {'web-0', 'db-0'}
    assert agent.said[0].startswith('cannot remove ')
    assert agent.look(after_seconds=1000) == set()


def test_a_machine_that_ships_nothing_has_nothing_to_remove(tmp_path: Path) -> None:
    Remains(tmp_path, lambda: 0.0, pytest.fail).look((), sure=True)
    assert not list(tmp_path.iterdir())


def test_the_loop_looks_while_it_runs(tmp_path: Path) -> None:
    Agent(tmp_path).keep('web-0', 'db-0')
    seconds = itertools.count(0.0, GRACE_SECONDS)
    config = Config(state=tmp_path, log=tmp_path / 'log')
    setup = Setup(config, ((Unit('web/0', 'web/0'), Plan('web/0', 'web/0', ())),))
    loop = Loop(lambda: setup, Notifier('', None), boot=lambda: next(seconds))
    for request in (RunNow('nobody/0', ()), RunNow('nobody/0', ())):
        loop.ask(request)
    loop.stop()
    loop.run()
    assert [path.name for path in (tmp_path / 'spool').iterdir()] == ['web-0']
