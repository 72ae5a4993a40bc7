"""What the ssh benches ask: machines that are addresses of the loopback, and how to be let in."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ANSWER_BYTES = 1600
SSHD = '/usr/sbin/sshd'
_START_SECONDS = 10.0


@dataclass
class Field:
    """The far side, and what it takes to be let in there."""

    directory: Path
    port: int
    user: str

    @property
    def own(self) -> Path:
        """Return the private key of those who ask."""
        return self.directory / 'juju/ssh/own'

    @property
    def host(self) -> Path:
        """Return the private key of the far side."""
        return self.directory / 'host'


def address(number: int) -> str:
    """Return the address of a machine; there are 62,500 for each second byte."""
    return f'127.{1 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}'


def build(name: str, directory: Path) -> Path:
    """Return the program, made of its source."""
    flags = [shlex.split(os.environ.get(name, '')) for name in ('CPPFLAGS', 'LDFLAGS')]
    made = directory / name
    words = ['gcc', '-O2', '-D_GNU_SOURCE', '-Wno-deprecated-declarations', *flags[0]]
    words += [str(HERE / f'{name}.c'), '-o', str(made), *flags[1], '-lssh', '-lpthread']
    subprocess.run(words, check=True, capture_output=True)
    return made


def make_keys(ground: Field) -> None:
    """Make the keys of both sides."""
    (ground.directory / 'juju/ssh').mkdir(parents=True)
    for key in (ground.own, ground.host):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key], check=True)


@contextlib.contextmanager
def canned(directory: Path, **environment: str) -> Iterator[Field]:
    """Run the far side that costs next to nothing (`canned_sshd.c`)."""
    with socket.create_server(('127.0.0.1', 0)) as free:
        ground = Field(directory, free.getsockname()[1], 'ubuntu')
    make_keys(ground)
    server = build('canned_sshd', directory)
    argv = [str(server), str(ground.port), str(ground.host), str(ANSWER_BYTES)]
    told = {**os.environ, **environment}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=told) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b'listening\n'
            yield ground
        finally:
            process.kill()


@contextlib.contextmanager
def openssh(directory: Path, *options: str) -> Iterator[Field]:
    """Run a real sshd, which lets in whoever runs this.

    It is every machine, so it takes as many logins at once as all of them would.
    """
    with socket.create_server(('127.0.0.1', 0)) as free:
        ground = Field(directory, free.getsockname()[1], getpass.getuser())
    make_keys(ground)
    argv = [SSHD, '-D', '-f', '/dev/null', '-p', str(ground.port), '-h', str(ground.host)]
    every = ('PidFile=none', 'UsePAM=no', 'StrictModes=no', 'MaxStartups=10000', 'LogLevel=ERROR')
    # So that bash leaves alone what its owner has in ~/.bashrc, which may take any time.
    every += ('SetEnv=SHLVL=1',)
    for option in (*every, f'AuthorizedKeysFile={ground.own}.pub', *options):
        argv += ['-o', option]
    if os.geteuid() == 0:
        Path('/run/sshd').mkdir(exist_ok=True)
    with subprocess.Popen(argv) as process:
        try:
            _wait(ground.port)
            yield ground
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(('127.0.0.1', port)) == 0:
                return
        if time.monotonic() > until:
            raise TimeoutError(f'{SSHD} does not listen')
        time.sleep(0.05)
