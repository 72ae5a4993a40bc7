"""The host keys that machines are known by: an OpenSSH known_hosts file of our own.

A machine stands there under a name that no address shares, such as `lab:prod:0/lxd/1`, since the
same private address is another machine in another model. The rest of its line is the instance it
was when its key was learnt, for people. `ssh-keygen -R NAME -f FILE` forgets a machine.
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.files import locked, write_whole
from charm.kernel.lines import lines

from .known_hosts_lines import REVOKED, lines_about

LOCK_SECONDS = 10.0
KEY_FILES = '/etc/ssh/ssh_host_*_key.pub'
# Each key behind a nonce and at once, so that what a login script writes beside it, with or
# without a line end, is told from it.
_SHOW = 'for k in {files}; do printf "\\n%s %s\\n" {nonce} "$(cat "$k")"; done; exit 0'
# In sshd's own order of preference. DSA is no key any more.
_KINDS = (
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'ssh-rsa',
)
_NOT_IN_NAMES = re.compile(r'[\s,*?!|@\[\]#]')


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type, such as `ssh-ed25519`, and as bytes what is base64 in files."""

    kind: str
    blob: bytes

    def __str__(self) -> str:
        return f'{self.kind} {base64.b64encode(self.blob).decode()}'


@dataclass(frozen=True)
class KnownMachine:
    """The host keys by which a machine is known.

    Attributes:
        keys: its keys; empty if none is known.
        instance: which instance it was when they were learnt; empty if unsaid.
        revoked: keys that are never its own, whoever says so.
    """

    keys: frozenset[HostKey] = frozenset()
    instance: str = ''
    revoked: frozenset[HostKey] = frozenset()

    def is_other(self, instance: str) -> bool:
        """Return whether Juju has another instance in its place by now."""
        return bool(self.instance and instance) and self.instance != instance


def show_keys(nonce: str) -> str:
    """Return the command, one shell string, that prints a machine's keys behind the nonce."""
    return shlex.join(['sh', '-c', _SHOW.format(files=KEY_FILES, nonce=nonce)])


def parse_keys(text: str, nonce: str) -> tuple[HostKey, ...]:
    """Return the keys that `show_keys` printed; what is not behind its nonce is noise."""
    whole = text.split('\n')[:-1]  # what follows the last line end is no whole line
    framed = (line.partition(f'{nonce} ')[2] for line in whole)
    found = (_key(words.split()) for words in framed)
    return tuple(dict.fromkeys(key for key in found if key is not None))


def _key(words: Sequence[str]) -> HostKey | None:
    """Return the key that two words say, `KIND BASE64`; whatever follows is a comment."""
    if len(words) < 2 or words[0] not in _KINDS:
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    # The blob repeats the kind, with its length in front (RFC 4253, section 6.6).
    kind = words[0].encode()
    return HostKey(words[0], blob) if blob[4 : 4 + len(kind)] == kind else None


@dataclass(frozen=True)
class KnownHosts:
    """The file of known host keys; it is made, with mode 0600, when the first key is learnt."""

    path: Path

    def lookup(self, name: str) -> KnownMachine:
        """Return what is known of a machine; lines that are not readable tell nothing.

        An authority's key is no key of a machine: paramiko checks no host certificates.

        Raises:
            FileError: the file is there but cannot be read.
        """
        found = list(lines_about(safe_name(name), self._lines()))
        own, revoked = (
            frozenset(filter(None, (_key(line.words) for line in found if line.marker == marker)))
            for marker in ('', REVOKED)
        )
        instances = [' '.join(one.words[2:]) for one in found if not one.marker and one.words[2:]]
        return KnownMachine(own - revoked, instances[-1] if instances else '', revoked)

    def learn(self, name: str, keys: Iterable[HostKey], instance: str) -> None:
        """Add a machine's keys.

        Raises:
            FileError: they cannot be kept.
        """
        # It is one line, whatever an instance is called.
        instance = ' '.join(instance.split())
        fresh = [f'{safe_name(name)} {key} {instance}'.strip() for key in keys]
        with locked(self.path, Deadline.after(LOCK_SECONDS)):
            known = [*self._lines(), *fresh]
            write_whole(self.path, ''.join(f'{line}\n' for line in known).encode(), mode=0o600)

    def forgetting(self, name: str) -> str:
        """Return the command that forgets a machine."""
        return shlex.join(['ssh-keygen', '-R', safe_name(name), '-f', str(self.path)])

    def _lines(self) -> list[str]:
        try:
            return lines(self.path.read_bytes().decode(errors='replace'))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FileError(f'cannot read {self.path}: {error.strerror or error}') from error


def safe_name(name: str) -> str:
    """Return the name with everything replaced that means something in a known_hosts file."""
    return _NOT_IN_NAMES.sub('_', name)
