"""The host keys that machines are known by: an OpenSSH known_hosts file of our own.

A machine stands there under a name that no address shares, such as `lab:prod:0/lxd/1`, since the
same private address is another machine in another model. The rest of its line is the instance it
was when its key was learnt, for people. `ssh-keygen -R NAME -f FILE` forgets a machine.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import re
import shlex
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.files import locked, write_whole
from charm.kernel.lines import lines

from .known_hosts_lines import REVOKED, HostLines

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
_Mark = tuple[int, ...]
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


class _Kept:
    """What the file said when it was read last, and the mark by which it is known to say so still.

    Attributes:
        lock: held by who looks at the others.
        mark: see `_mark`; `None` while the file is not known.
        lines: its lines.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.mark: _Mark | None = None
        self.lines = HostLines()


@dataclass(frozen=True)
class KnownHosts:
    """The file of known host keys; it is made, with mode 0600, when the first key is learnt.

    It is read once, and again when it has changed.
    """

    path: Path
    _kept: _Kept = field(default_factory=_Kept, compare=False, repr=False)

    def lookup(self, name: str) -> KnownMachine:
        """Return what is known of a machine; lines that are not readable tell nothing.

        An authority's key is no key of a machine: host certificates are not checked here.

        Raises:
            FileError: the file is there but cannot be read.
        """
        with self._kept.lock:
            self._read()
            found = self._kept.lines.about(safe_name(name))
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
        with locked(self.path, Deadline.after(LOCK_SECONDS)), self._kept.lock:
            if not self.path.exists():
                write_whole(self.path, ''.join(f'{line}\n' for line in fresh).encode(), 0o600)
                return
            try:
                before, after = _append(self.path, [line.encode() for line in fresh])
            except OSError as error:
                raise FileError(f'cannot write {self.path}: {error.strerror or error}') from error
            if self._kept.mark == before:
                self._kept.lines.add(fresh)
                self._kept.mark = after

    def forgetting(self, name: str) -> str:
        """Return the command that forgets a machine."""
        return shlex.join(['ssh-keygen', '-R', safe_name(name), '-f', str(self.path)])

    def _read(self) -> None:
        """Read the file if it is not as it was."""
        try:
            mark = _mark(self.path.stat())
            if mark != self._kept.mark:
                text = self.path.read_bytes().decode(errors='replace')
                self._kept.lines, self._kept.mark = HostLines(lines(text)), mark
        except FileNotFoundError:
            self._kept.lines, self._kept.mark = HostLines(), None
        except OSError as error:
            raise FileError(f'cannot read {self.path}: {error.strerror or error}') from error


def _mark(stat: os.stat_result) -> _Mark:
    """Return what changes with a file's content: which file it is, its size and its times."""
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _append(path: Path, fresh: Sequence[bytes]) -> tuple[_Mark, _Mark | None]:
    """Add lines at the end of the file, durably; return its marks before and after that.

    After it there is none where another program wrote meanwhile. A line is a comment until all of
    it is on the disk: one that was cut off would name another key, or another instance.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        before = os.fstat(descriptor)
        end = before.st_size
        unended = end and os.pread(descriptor, 1, end - 1) != b'\n'
        text = bytearray(b'\n' if unended else b'')
        starts = []
        for line in fresh:
            starts.append((end + len(text), line[:1]))
            text += b'#%s\n' % line[1:]
        try:
            written = os.pwrite(descriptor, text, end)
            if written < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
        for start, first in starts:
            os.pwrite(descriptor, first, start)
        os.fsync(descriptor)
        after = os.fstat(descriptor)
        alone = after.st_size == end + len(text)
        return _mark(before), _mark(after) if alone else None
    finally:
        os.close(descriptor)


def safe_name(name: str) -> str:
    """Return the name with everything replaced that means something in a known_hosts file."""
    return _NOT_IN_NAMES.sub('_', name)
