"""Which name servers answer, with real ones on the loopback; and the machine's own name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.name_resolution import NameResolution
from charm.checks.name_servers import NO_WAY, configured, silent
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.apart import checked_apart
from tests.support.checking import run
from tests.support.patience import PATIENCE

REFUSED = b'\x81\x05'


@pytest.fixture
def servers() -> Iterator[dict[str, list[bytes]]]:
    """Name servers at 127.0.1.N, at one port: what each was asked, and its port as `port`."""
    asked: dict[str, list[bytes]] = {}
    sockets = []
    port = 0
    for number in (1, 2):
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((f'127.0.1.{number}', port))
        port = bound.getsockname()[1]
        sockets.append(bound)
    asked['port'] = [str(port).encode()]

    def answer() -> None:
        while True:
            query, sender = sockets[0].recvfrom(512)
            if not query:
                return
            asked.setdefault('127.0.1.1', []).append(query)
            sockets[0].sendto(query[:2] + REFUSED + query[4:], sender)

    thread = threading.Thread(target=answer)
    thread.start()
    yield asked
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b'', ('127.0.1.1', port))
    thread.join(PATIENCE)
    for each in sockets:
        each.close()


def test_any_answer_counts_and_silence_and_nobody_are_told_apart(
    servers: dict[str, list[bytes]],
) -> None:
    port = int(servers['port'][0])
    found = silent(('127.0.1.1',), Deadline.after(PATIENCE), port)
    assert found == {}
    query = servers['127.0.1.1'][0]
    assert query[2:] == b'\1\0\0\1\0\0\0\0\0\0\x09localhost\0\0\1\0\1'
    odd = ('127.0.1.1', '127.0.1.2', '127.0.1.3', 'nonsense', 'x' * 64)
    both = silent(odd, Deadline.after(0.3), port)
    assert {'127.0.1.2', '127.0.1.3', 'nonsense', 'x' * 64} == set(both)
    assert (both['127.0.1.2'], both['127.0.1.3']) == ('no answer', 'refused')


@pytest.mark.parametrize(
    ('text', 'servers'),
    [
        ('', ()),
        ('# nameserver 1.1.1.1\nsearch a\nnameserver\n', ()),
        ('nameserver 10.0.0.1\nnameserver ::1 # ours\noptions edns0\n', ('10.0.0.1', '::1')),
        ('nameserver a\nnameserver b\nnameserver c\nnameserver d\n', ('a', 'b', 'c')),
    ],
)
def test_the_servers_are_those_that_libc_asks(
    tmp_path: Path, text: str, servers: tuple[str, ...]
) -> None:
    assert configured(tmp_path / 'none') == ()
    (tmp_path / 'resolv.conf').write_text(text)
    assert configured(tmp_path / 'resolv.conf') == servers


def check(tmp_path: Path, said: dict[str, str], **options: Any) -> NameResolution:
    lines = ''.join(f'nameserver {server}\n' for server in said)
    (tmp_path / 'resolv.conf').write_text(lines)
    options.setdefault('look_up', lambda name: [name])
    options.setdefault('behind_stub', tmp_path / 'none')
    return NameResolution(
        source=tmp_path / 'resolv.conf',
        own_name=lambda: 'juju-0',
        ask=lambda servers, deadline: {one: said[one] for one in servers if said.get(one)},
        **options,
    )


@pytest.mark.parametrize(
    ('said', 'health', 'words'),
    [
        ({'a': '', 'b': ''}, Health.PASSED, 'the name servers answer'),
        ({}, Health.PASSED, 'no name server is configured'),
        ({'a': NO_WAY, 'b': NO_WAY}, Health.PASSED, 'no way to its name servers, a, b'),
        ({'a': NO_WAY, 'b': ''}, Health.PASSED, 'the name servers answer'),
        ({'a': 'no answer', 'b': ''}, Health.WARN, 'of 2 name servers these do not answer: a (no'),
        ({'a': 'refused', 'b': NO_WAY}, Health.WARN, 'do not answer: a (refused)'),
    ],
)
def test_who_does_not_answer_is_named_and_who_is_alone_is_well(
    tmp_path: Path, said: dict[str, str], health: Health, words: str
) -> None:
    verdict = run(check(tmp_path, said))
    assert (verdict.health, words in verdict.message) == (health, True)


def test_behind_the_stub_of_resolved_those_that_it_asks_are_asked(tmp_path: Path) -> None:
    behind = tmp_path / 'behind'
    stub = {'127.0.0.53': ''}
    asked = check(tmp_path, {**stub, '10.0.0.1': 'no answer'}, behind_stub=behind)
    (tmp_path / 'resolv.conf').write_text('nameserver 127.0.0.53\n')
    assert run(asked).message == 'no name server is configured'
    behind.write_text('nameserver 10.0.0.1\n')
    assert '10.0.0.1 (no answer)' in run(asked).message


def test_a_machine_that_does_not_know_its_own_name_warns(tmp_path: Path) -> None:
    def unknown(name: str) -> object:
        raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')

    verdict = run(check(tmp_path, {'a': ''}, look_up=unknown))
    assert verdict.health is Health.WARN
    assert 'its own name juju-0 has no address (Name or service not known)' in verdict.message
    assert verdict.data['own_name_resolves'] is False


def test_the_servers_and_the_own_name_are_asked_at_once(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def ask(servers: Sequence[str], deadline: Deadline) -> dict[str, str]:
        both.wait()
        return {}

    verdict = run(
        NameResolution(
            source=_one_server(tmp_path),
            own_name=lambda: 'juju-0',
            look_up=lambda name: both.wait(),
            ask=ask,
        )
    )
    assert verdict.health is Health.PASSED, verdict.message


def test_a_name_without_an_answer_is_told_beside_silent_servers(tmp_path: Path) -> None:
    stop = threading.Event()
    check = NameResolution(
        source=_one_server(tmp_path),
        own_name=lambda: 'juju-0',
        look_up=lambda name: stop.wait(PATIENCE),
        ask=lambda servers, deadline: dict.fromkeys(servers, 'no answer'),
    )
    try:
        message = run(check, seconds=0.3).message
    finally:
        stop.set()
    assert '10.0.0.1 (no answer); its own name juju-0 has no address (none within' in message


def test_who_cannot_ask_does_not_know(tmp_path: Path) -> None:
    def no_socket_left(servers: object, deadline: Deadline) -> dict[str, str]:
        raise OSError(24, 'Too many open files')

    check = NameResolution(source=_one_server(tmp_path), ask=no_socket_left)
    with pytest.raises(CheckError, match='cannot ask name servers: Too many open files'):
        run(check)


def test_a_name_that_is_no_text_is_told_by_its_bytes(tmp_path: Path) -> None:
    found: list[str] = []
    named = NameResolution(
        source=tmp_path / 'none', own_name=lambda: 'a\udcff', look_up=found.append
    )
    verdict = run(named)
    assert found == ['a\udcff']
    assert verdict.data['own_name'] == 'a\\xff'


def _one_server(tmp_path: Path) -> Path:
    path = tmp_path / 'resolv.conf'
    path.write_text('nameserver 10.0.0.1\n')
    return path


_NAMED = """
ip link set lo up
printf %s "$1" > /proc/sys/kernel/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$1" > "$2/hosts"
: > "$2/resolv.conf"
for file in hosts resolv.conf; do mount --bind "$2/$file" "/etc/$file"; done
getent hosts "$1" > "$2/found"
"""


@pytest.mark.hosts
@pytest.mark.parametrize(
    'name', ['a' * 64, 'my_host', 'host-.x', 'web..x', '.web', 'größe', 'web.']
)
def test_a_machine_s_own_name_is_looked_up_as_libc_does(tmp_path: Path, name: str) -> None:
    result = checked_apart('names', _NAMED, name, str(tmp_path))
    assert result['data']['own_name'] == name
    assert result['health'] == 'passed', result['message']
