"""The ports on which somebody answers."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from charm.probe import listening
from charm.probe.listening import Listening
from tests.support.patience import PATIENCE

HEAD = '  sl  local_address rem_address   st tx_queue rx_queue\n'
TCP = f"""{HEAD}\
   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000
   1: 00000000:0016 00000000:0000 0A 00000000:00000000
   2: 0100007F:C350 0100007F:0CEA 01 00000000:00000000
"""
TCP6 = f"""{HEAD}\
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0
"""


def test_what_listens_is_told_of_both_families(tmp_path: Path) -> None:
    tables = tmp_path / 'tcp', tmp_path / 'tcp6'
    tables[0].write_text(TCP)
    tables[1].write_text(TCP6)
    verdict = Listening(tables=tables).run(Deadline.after(PATIENCE))
    assert (verdict.data['tcp'], verdict.data['local']) == ([22, 80], [3306])
    assert verdict.message == 'listens on 22, 80'


def test_a_machine_without_ipv6_tells_of_the_other(tmp_path: Path) -> None:
    (tmp_path / 'tcp').write_text(TCP)
    found = Listening(tables=(tmp_path / 'tcp', tmp_path / 'none')).run(Deadline.after(PATIENCE))
    assert found.data['tcp'] == [22]


def test_where_the_kernel_does_not_tell_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='the kernel does not tell'):
        Listening(tables=(tmp_path / 'none',)).run(Deadline.after(PATIENCE))


def test_a_wanted_port_on_which_nobody_answers_others_is_silent() -> None:
    with ExitStack() as stack:
        taken = stack.enter_context(socket.create_server(('', 0)))
        free = stack.enter_context(socket.socket())
        free.bind(('', 0))
        alone = stack.enter_context(socket.create_server(('127.0.0.1', 0)))
        wanted = tuple(one.getsockname()[1] for one in (taken, free, alone))
        verdict = Listening(wanted).run(Deadline.after(PATIENCE))
    assert verdict.data['answering'] == [wanted[0]]
    assert verdict.data['silent'] == [wanted[1], wanted[2]]
    assert wanted[2] in verdict.data['local']


def test_one_that_answers_though_no_socket_here_listens_is_not_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As with the port of a container, which the kernel hands on: here the table has it not.
    (tmp_path / 'tcp').write_text(HEAD)
    monkeypatch.setattr(listening, '_FAR_AWAY', ('127.0.0.1', 9))
    with closing(socket.create_server(('127.0.0.1', 0))) as server:
        wanted = (server.getsockname()[1],)
        verdict = Listening(wanted, (tmp_path / 'tcp',)).run(Deadline.after(PATIENCE))
    assert (verdict.data['answering'], verdict.data['silent']) == ([wanted[0]], [])
    assert verdict.message == 'listens on no port'
