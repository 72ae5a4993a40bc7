"""Host keys: read from what a machine prints, kept in a known_hosts file, forgotten by command."""

from __future__ import annotations

import base64
import os
import shlex
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.errors import FileError
from reconciler.reach.ssh.hostkeys import (
    KEY_FILES,
    HostKey,
    KnownHosts,
    KnownMachine,
    parse_keys,
    safe_name,
    show_keys,
)
from tests.support.patience import PATIENCE


def key(kind: str, body: bytes = b'body') -> HostKey:
    return HostKey(kind, len(kind).to_bytes(4, 'big') + kind.encode() + body)


ED, RSA = key('ssh-ed25519'), key('ssh-rsa')


@pytest.fixture
def known_hosts(tmp_path: Path) -> KnownHosts:
    return KnownHosts(tmp_path / 'state' / 'known_hosts')


NONCE = '0123456789abcdef'
FRAMED = f'\n{NONCE} {ED} root@juju-0\n\n{NONCE} {RSA}\n'


@pytest.mark.parametrize(
    ('printed', 'keys'),
    [
        (FRAMED, (ED, RSA)),
        (f'Welcome, dear user!{FRAMED}bye', (ED, RSA)),
        (f'welcome{FRAMED.lstrip()}', (ED, RSA)),
        (f'{ED}\n', ()),
        (f'\n{NONCE} {ED}', ()),
        (f'\n{NONCE} {ED}\n\n{NONCE} {ED} again\n', (ED,)),
        (f'\n{NONCE} {key("ssh-dss")}\n', ()),
        (f'\n{NONCE} ssh-ed25519 not*base64\n', ()),
        (f'\n{NONCE} ssh-ed25519 {base64.b64encode(RSA.blob).decode()}\n', ()),
        (f'\n{NONCE} ssh-ed25519\n', ()),
        (f'\n{NONCE} \n', ()),
        ('', ()),
    ],
    ids=[
        *('two', 'noise', 'noise-without-an-end', 'not-asked-for', 'cut-off', 'twice'),
        *('dsa', 'nonsense', 'mislabelled', 'no-key', 'none', 'nothing'),
    ],
)
def test_keys_are_told_from_noise(printed: str, keys: tuple[HostKey, ...]) -> None:
    assert parse_keys(printed, NONCE) == keys


@given(st.text())
def test_no_text_breaks_the_reading_of_keys(text: str) -> None:
    assert all(isinstance(one, HostKey) for one in parse_keys(text, text[:3]))


@given(before=st.text(), after=st.text())
def test_keys_are_found_whatever_a_login_prints_beside_them(before: str, after: str) -> None:
    assert parse_keys(f'{before}{FRAMED}{after}', NONCE) == (ED, RSA)


@pytest.mark.parametrize('shell', ['sh', 'bash'])
def test_what_a_machine_is_asked_prints_its_keys_so(shell: str, tmp_path: Path) -> None:
    names = [tmp_path / f'ssh_host_{kind}_key.pub' for kind in ('a b', 'ed25519')]
    names[0].write_text(str(ED))
    names[1].write_text(f'{RSA} root@juju-0\n')
    here = show_keys(NONCE).replace(KEY_FILES, f'{tmp_path}/ssh_host_*_key.pub')
    argv = [shell, '-c', f'printf welcome; {here}; printf bye']
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert parse_keys(done.stdout, NONCE) == (ED, RSA)


def test_what_is_learnt_is_known_under_that_name_alone(known_hosts: KnownHosts) -> None:
    known_hosts.learn('lab:prod:0', [ED, RSA], 'i-1')
    known_hosts.learn('lab:prod:0/lxd/1', [RSA], '')
    assert known_hosts.lookup('lab:prod:0') == KnownMachine(frozenset({ED, RSA}), 'i-1')
    assert known_hosts.lookup('lab:prod:0/lxd/1') == KnownMachine(frozenset({RSA}), '')
    assert known_hosts.lookup('lab:prod:1') == KnownMachine()
    assert stat.S_IMODE(known_hosts.path.stat().st_mode) == 0o600


def test_an_instance_of_several_lines_forges_none(known_hosts: KnownHosts) -> None:
    known_hosts.learn('lab:prod:0', [ED], f'i-1\nlab:prod:1 {RSA} i-2\u2028lab:prod:2 {RSA}')
    assert known_hosts.lookup('lab:prod:0').keys == {ED}
    assert known_hosts.lookup('lab:prod:1') == KnownMachine()
    assert known_hosts.lookup('lab:prod:2') == KnownMachine()


def test_the_file_is_one_that_openssh_reads_and_forgets_from(known_hosts: KnownHosts) -> None:
    argv = ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', str(known_hosts.path.parent)]
    subprocess.run(argv, check=True, timeout=PATIENCE)
    line = Path(f'{known_hosts.path.parent}.pub').read_text()
    (real,) = parse_keys(f'{NONCE} {line}', NONCE)
    known_hosts.path.parent.unlink()
    known_hosts.learn('lab:prod:0/lxd/1', [real], 'i-1')
    known_hosts.learn('lab:prod:1', [real], 'i-2')
    find = ['ssh-keygen', '-F', 'lab:prod:1', '-f', str(known_hosts.path)]
    found = subprocess.run(find, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert str(real) in found.stdout
    forget = shlex.split(known_hosts.forgetting('lab:prod:0/lxd/1'))
    subprocess.run(forget, capture_output=True, check=True, timeout=PATIENCE)
    assert known_hosts.lookup('lab:prod:0/lxd/1') == KnownMachine()
    assert known_hosts.lookup('lab:prod:1') == KnownMachine(frozenset({real}), 'i-2')


def test_many_that_learn_at_once_lose_nothing(known_hosts: KnownHosts) -> None:
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda n: known_hosts.learn(f'm:{n}', [ED], f'i-{n}'), range(40)))
    assert [known_hosts.lookup(f'm:{n}').instance for n in range(40)] == [
        f'i-{n}' for n in range(40)
    ]


def test_lines_that_are_no_keys_tell_nothing_and_are_kept(known_hosts: KnownHosts) -> None:
    known_hosts.path.parent.mkdir()
    known_hosts.path.write_bytes(b'# mine\nlab:prod:0 ssh-ed25519\n\xff\xfe\n')
    assert known_hosts.lookup('lab:prod:0').keys == frozenset()
    known_hosts.learn('lab:prod:0', [ED], 'i-1')
    assert known_hosts.lookup('lab:prod:0') == KnownMachine(frozenset({ED}), 'i-1')
    assert known_hosts.path.read_text(errors='replace').startswith('# mine\n')


def test_a_file_that_cannot_be_read_is_said_not_taken_for_empty(known_hosts: KnownHosts) -> None:
    known_hosts.path.mkdir(parents=True)
    with pytest.raises(FileError, match='cannot read'):
        known_hosts.lookup('lab:prod:0')


@given(st.text(min_size=1))
def test_no_name_can_be_a_pattern_or_a_second_word(name: str) -> None:
    assert not set(safe_name(name)) & set(' \t\n,*?!|@[]#')


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note whichever file is read whole."""
    found: list[Path] = []
    really = Path.read_bytes

    def noting(path: Path) -> bytes:
        found.append(path)
        return really(path)

    monkeypatch.setattr(Path, 'read_bytes', noting)
    return found


def test_the_file_is_read_once_however_many_look_and_learn(
    known_hosts: KnownHosts, reads: list[Path]
) -> None:
    known_hosts.learn('m:0', [ED], 'i-0')
    for number in range(1, 50):
        assert known_hosts.lookup(f'm:{number}') == KnownMachine()
        known_hosts.learn(f'm:{number}', [ED, RSA], f'i-{number}')
        assert known_hosts.lookup(f'm:{number}').instance == f'i-{number}'
    assert reads == [known_hosts.path]


def test_what_another_program_wrote_meanwhile_counts_at_once(known_hosts: KnownHosts) -> None:
    known_hosts.learn('m:0', [ED], 'i-0')
    other = KnownHosts(known_hosts.path)
    for number in range(1, 20):
        assert known_hosts.lookup('m:0').instance == 'i-0'
        other.learn(f'm:{number}', [ED], f'i-{number}')
        assert known_hosts.lookup(f'm:{number}').keys == {ED}
    with known_hosts.path.open('a') as file:
        file.write(f'@revoked * {ED}')
    assert known_hosts.lookup('m:0') == KnownMachine(frozenset(), 'i-0', frozenset({ED}))
    known_hosts.learn('m:20', [RSA], 'i-20')
    assert known_hosts.lookup('m:20').keys == {RSA}
    assert f'@revoked * {ED}\nm:20 ' in known_hosts.path.read_text()
    known_hosts.path.unlink()
    assert known_hosts.lookup('m:0') == KnownMachine()


@pytest.mark.parametrize('written', [1, 60, 90, 109])
def test_a_line_that_was_cut_off_tells_nothing(
    known_hosts: KnownHosts, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    known_hosts.learn('m:0', [ED], 'i-0')
    really, before = os.pwrite, known_hosts.path.read_bytes()

    def dies(descriptor: int, data: bytes, offset: int) -> int:
        really(descriptor, bytes(data)[:written], offset)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'pwrite', dies)
    with pytest.raises(KeyboardInterrupt):
        known_hosts.learn('m:1', [key('ssh-ed25519', b'b' * 54)], 'i-1234')
    monkeypatch.undo()
    assert known_hosts.path.stat().st_size == len(before) + written
    assert known_hosts.lookup('m:1') == KnownMachine()
    known_hosts.learn('m:1', [RSA], 'i-1')
    assert known_hosts.lookup('m:1') == KnownMachine(frozenset({RSA}), 'i-1')
    assert known_hosts.lookup('m:0').keys == {ED}


def test_a_full_disk_costs_the_line_and_nothing_else(
    known_hosts: KnownHosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_hosts.learn('m:0', [ED], 'i-0')
    really, before = os.pwrite, known_hosts.path.read_bytes()
    monkeypatch.setattr(os, 'pwrite', lambda fd, data, at: really(fd, bytes(data)[:9], at))
    with pytest.raises(FileError, match='No space left'):
        known_hosts.learn('m:1', [RSA], 'i-1')
    assert known_hosts.path.read_bytes() == before
