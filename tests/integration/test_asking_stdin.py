"""What every reach promises of a command that is given something to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.base import RemoteCommand
from tests.conftest import Hosts
from tests.standin.builder import Machine
from tests.support.patience import PATIENCE

from .reaches import EVERY, TARGET, Lab, world_of

CAP_BYTES = 1_000_000


@pytest.mark.parametrize('name', list(EVERY))
def test_a_command_reads_what_it_is_given_and_then_the_end(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv('JUJU_DATA', str(tmp_path / 'juju'))
    (host,) = hosts(1)
    lab = Lab(tmp_path, host.identity)
    model = lab.write(world_of(Machine.of(host, '0')))
    content = bytes(range(256)) * 1200
    with EVERY[name](lab, model) as way:
        done = way.run(TARGET, RemoteCommand('cat', CAP_BYTES, content), Deadline.after(PATIENCE))
        assert (done.exit_code, done.stdout) == (0, content)
        # One that reads nothing is not held up, and neither are we.
        unread = RemoteCommand('echo done', CAP_BYTES, content)
        done = way.run(TARGET, unread, Deadline.after(PATIENCE))
        assert (done.exit_code, done.stdout) == (0, b'done\n')
