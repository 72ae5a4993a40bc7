"""Whose a line of a known_hosts file is, beside what OpenSSH says of it; and what each means."""

from __future__ import annotations

import base64
import hmac
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reach.ssh.hostkeys import HostKey, KnownHosts, KnownMachine
from reconciler.reach.ssh.known_hosts_lines import HostLines
from tests.support.patience import PATIENCE

NAME = 'lab:prod:0'


def key(body: bytes) -> HostKey:
    kind = b'ssh-ed25519'
    blob = b''.join(len(one).to_bytes(4, 'big') + one for one in (kind, body * 32))
    return HostKey(kind.decode(), blob)


ONE, TWO, THREE = key(b'1'), key(b'2'), key(b'3')


def hashed(name: str, salt: bytes = b's' * 20) -> str:
    made = hmac.digest(salt, name.encode(), 'sha1')
    return '|'.join(('', '1', *(base64.b64encode(one).decode() for one in (salt, made))))


PATTERNS = st.lists(
    st.text('lab:prod0?*!', min_size=1, max_size=12)
    | st.sampled_from([NAME, NAME.upper(), f'!{NAME}', 'lab:*', '*', '!*', 'lab:prod:?', 'other']),
    min_size=1,
    max_size=4,
).map(','.join)
HOSTS = (
    PATTERNS
    | st.sampled_from([NAME, 'other', NAME.upper()]).map(hashed)
    | st.sampled_from(['|1|x|y', '|1|', '|2|a|b', f'|1|{"A" * 28}', f'[{NAME}]:22'])
)
MARKERS = st.sampled_from(['', '', '@revoked ', '@cert-authority ', '@REVOKED ', '@odd ', '# '])
LINES = st.builds('{}{} {}'.format, MARKERS, HOSTS, st.sampled_from([ONE, TWO, THREE]))


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES | st.sampled_from(['', '# note', 'junk', '@revoked', NAME]), max_size=8))
def test_a_line_is_of_a_host_exactly_where_openssh_says_so(written: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, 'known_hosts')
        path.write_text(''.join(f'{line}\n' for line in written))
        done = subprocess.run(
            ['ssh-keygen', '-F', NAME, '-f', str(path)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    said = re.findall(r'^# Host \S+ found: line (\d+) ?(REVOKED|CA)?', done.stdout, re.MULTILINE)
    words = {'@revoked': 'REVOKED', '@cert-authority': 'CA', '': ''}
    ours = [(str(one.number), words[one.marker]) for one in HostLines(written).about(NAME)]
    assert ours == said


@pytest.mark.parametrize('hosts', [NAME, f'other,{NAME}', 'lab:prod:*', hashed(NAME)])
def test_a_key_is_known_by_whatever_names_its_host(tmp_path: Path, hosts: str) -> None:
    known = KnownHosts(tmp_path / 'known_hosts')
    known.path.write_text(f'{hosts} {ONE} i-1\n')
    found = known.lookup(NAME)
    assert found == KnownMachine(frozenset({ONE}), 'i-1')


def test_a_revoked_key_is_never_trusted_and_an_authority_is_no_key_of_a_machine(
    tmp_path: Path,
) -> None:
    known = KnownHosts(tmp_path / 'known_hosts')
    known.path.write_text(
        f'{NAME} {ONE} i-1\n{NAME} {TWO} i-1\n@revoked * {ONE}\n@cert-authority * {THREE}\n'
    )
    found = known.lookup(NAME)
    assert found == KnownMachine(frozenset({TWO}), 'i-1', frozenset({ONE}))


def test_what_ssh_keygen_hashed_is_found_still(tmp_path: Path) -> None:
    known = KnownHosts(tmp_path / 'known_hosts')
    known.learn(NAME, [ONE], 'i-1')
    argv = ['ssh-keygen', '-H', '-f', str(known.path)]
    subprocess.run(argv, capture_output=True, check=True, timeout=PATIENCE)
    assert NAME not in known.path.read_text()
    assert known.lookup(NAME).keys == {ONE}
