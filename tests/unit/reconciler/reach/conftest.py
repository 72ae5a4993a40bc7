"""What both that speak ssh for us meet: keys, and a real sshd that lets us in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.reach.ssh.client import SshClient
from tests.support.sshd import CLIENTS, keygen, running_sshd


@pytest.fixture(scope='module')
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp('keys')
    for name in ('host', 'other', 'own', 'ca'):
        keygen(directory / name)
    return directory


@pytest.fixture(scope='module')
def door(keys: Path) -> Iterator[int]:
    own = ('StrictModes=no', 'PermitRootLogin=yes', f'AuthorizedKeysFile={keys}/own.pub')
    # Keys are made anew with each half a megabyte.
    with running_sshd(keys, *own, 'RekeyLimit=512K', 'MaxSessions=3') as port:
        yield port


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> SshClient:
    return CLIENTS[request.param]()
