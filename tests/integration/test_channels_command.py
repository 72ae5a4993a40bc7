"""Messages to commands: what they are given, what their ends mean, and that none stays behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import CommandSettings
from reconciler.notify.channels.base import Delivery
from reconciler.notify.channels.command import environment
from reconciler.notify.deliver import deliver
from reconciler.notify.document import decode
from reconciler.notify.notice import Notice
from tests.support.checking import program
from tests.support.notices import FIRING, RECOVERED
from tests.support.patience import PATIENCE, passing_once
from tests.support.processes import wait_gone
from tests.support.tree import DOCS


def send(*argv: str, notice: Notice = FIRING) -> Delivery:
    return deliver(CommandSettings(argv=argv), notice, Deadline.after(PATIENCE))


def test_it_reads_the_json_and_finds_the_facts_in_its_environment(tmp_path: Path) -> None:
    path = program(tmp_path, f'cat > {tmp_path}/stdin; env -0 > {tmp_path}/env; echo "$@"')
    done = send(path, '--team', 'a b; $(id)')
    assert done == Delivery(True, f'{path} exited with 0: --team a b; $(id)')
    assert decode((tmp_path / 'stdin').read_bytes()) == FIRING
    pairs = (text.partition('=') for text in (tmp_path / 'env').read_text().split('\0'))
    given = {name: value for name, _, value in pairs if name.startswith('JUJU_HEALTH_')}
    # Whoever runs it has a mark there as well, by which what it leaves is found.
    assert {name: given[name] for name in environment(FIRING)} == environment(FIRING)
    assert given['JUJU_HEALTH_SUBJECT'].startswith('fail: mysql in lab:prod')
    assert given['JUJU_HEALTH_SINCE'] == '2026-11-23T08:01:30Z'
    assert given['JUJU_HEALTH_UNTIL'] == ''


def test_every_variable_is_documented() -> None:
    page = (DOCS / 'alerts.md').read_text()
    for name in environment(RECOVERED):
        assert f'`{name.removeprefix("JUJU_HEALTH")}`' in page or f'`{name}`' in page, name


@pytest.mark.parametrize('code', [1, 2, 75, 127])
def test_an_exit_code_that_is_not_0_is_worth_trying_again(tmp_path: Path, code: int) -> None:
    path = program(tmp_path, f'echo out; printf "no\\n\\033[31mway" >&2; exit {code}')
    assert send(path) == Delivery(False, f'{path} exited with {code}: no [31mway', True)


def test_one_that_is_not_there_may_be_there_later() -> None:
    done = send('/no/such/command')
    assert done == Delivery(False, 'cannot run /no/such/command: No such file or directory', True)


def test_one_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    child = tmp_path / 'child'
    path = program(tmp_path, f'sleep 1000 & echo $! > {child}.new; mv {child}.new {child}; wait')
    done = deliver(CommandSettings(argv=(path,)), FIRING, passing_once(child.exists))
    assert done == Delivery(False, f'{path} did not end in time', True)
    assert wait_gone(int(child.read_text()))


def test_what_units_say_is_data_and_a_flood_is_capped(tmp_path: Path) -> None:
    path = program(tmp_path, f'cat > {tmp_path}/stdin; yes | head -c 100000000')
    hostile = replace(FIRING, evidence='x\0y\n$(reboot)\ud800', changes=('x' * 1_000_000,))
    done = send(path, notice=hostile)
    assert done.accepted
    assert len(done.answer) <= 300
    assert json.loads((tmp_path / 'stdin').read_bytes())['evidence'] == 'x\0y\n$(reboot)?'
