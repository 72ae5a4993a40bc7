"""How to log in: what juju's own keys and the user's ssh configuration say.

juju offers every pair of keys in its data directory, then ssh's defaults (juju/utils clientkeys.go
and ssh_openssh.go). Of ~/.ssh/config these count: User, Port, IdentityFile, IdentitiesOnly,
ProxyJump, ProxyCommand, Include, Host and Match; the rest is for ssh itself. ProxyCommand and
`Match exec` are run by a shell with the address in them, so here is the door for addresses.
"""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charm.kernel.lines import lines
from reconciler.values.advice import Advice
from reconciler.values.errors import UsageError
from reconciler.values.outcomes import Outcome
from reconciler.values.safe_names import is_host, is_jump, is_user

from ..base import ReachError

if TYPE_CHECKING:
    from paramiko import SSHConfig

USER = 'ubuntu'
PORT = 22
_DEFAULT_KEYS = ('id_ed25519', 'id_ecdsa', 'id_rsa')
_MOST_INCLUDED = 16


@dataclass(frozen=True)
class Login:
    """The way to log in at one address.

    Attributes:
        user, port: as whom, and where.
        identities: files of private keys, the likeliest first; some may not exist.
        identities_only: offer no other keys, even if the ssh agent has some.
        proxy: a command whose stdin and stdout lead there; empty for none.
    """

    user: str = USER
    port: int = PORT
    identities: tuple[Path, ...] = ()
    identities_only: bool = False
    proxy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Logins:
    """The logins of this user.

    Attributes:
        juju_data: juju's data directory.
        ssh: the user's ~/.ssh.
        jump: the command to go through, with `%h` and `%p` in it; it outweighs the configuration.
        config: what ~/.ssh/config says.
    """

    juju_data: Path
    ssh: Path
    jump: tuple[str, ...] = ()
    config: SSHConfig | None = field(default=None, compare=False)

    @classmethod
    def of_this_user(cls, jump: tuple[str, ...] = ()) -> Logins:
        """Return the logins as juju and ssh would find them.

        Raises:
            UsageError: ~/.ssh/config is there and cannot be read.
        """
        named = os.environ.get('JUJU_DATA', '')
        data = Path(named) if named else Path.home() / '.local' / 'share' / 'juju'
        ssh = Path.home() / '.ssh'
        return cls(data, ssh, jump, read_config(ssh / 'config'))

    def login(self, address: str) -> Login:
        """Return how to log in at an address.

        Raises:
            ReachError: it is no address, or what the configuration says of it makes no sense.
        """
        if not is_host(address):
            # `Match exec` is run by looking it up, so not even that.
            message = f'cannot reach it at {address!r}: that is not a host name or an address'
            raise ReachError(Outcome.UNREACHABLE, message)
        said: dict[str, Any] = dict(self.config.lookup(address)) if self.config else {}
        port = str(said.get('port', PORT))
        if not port.isdigit():
            raise self._nonsense(f'Port {port} is not a number')
        user = str(said.get('user', USER))
        if not is_user(user):
            raise self._nonsense(f'User {user!r} is not the name of a user')
        proxy = _filled(self.jump, address, port)
        if not proxy and said.get('proxycommand'):
            proxy = ('sh', '-c', f'exec {said["proxycommand"]}')
        elif not proxy and str(said.get('proxyjump', 'none')).lower() != 'none':
            try:
                proxy = _filled(through(str(said['proxyjump'])), address, port)
            except UsageError as error:
                raise self._nonsense(f'ProxyJump: {error}') from error
        return Login(
            user=user,
            port=int(port),
            identities=tuple(dict.fromkeys(self._identities(said.get('identityfile', [])))),
            identities_only=str(said.get('identitiesonly', 'no')).lower() == 'yes',
            proxy=proxy,
        )

    def _nonsense(self, what: str) -> ReachError:
        config = self.ssh / 'config'
        message = f'cannot use {config}: {what}'
        return ReachError(Outcome.UNREACHABLE, message, advice=Advice(f'mend {config}'))

    def _identities(self, configured: list[str]) -> Iterator[Path]:
        for public in sorted((self.juju_data / 'ssh').glob('*.pub')):
            yield public.with_suffix('')
        for name in configured:
            yield Path(name).expanduser()
        for name in _DEFAULT_KEYS:
            yield self.ssh / name


def through(hosts: str) -> tuple[str, ...]:
    """Return the command that goes through jump hosts, `[USER@]HOST[:PORT][,…]`, as ssh does.

    Raises:
        UsageError: one of them is none.
    """
    for jump in hosts.split(','):
        if not is_jump(jump):
            raise UsageError(
                f'cannot go through {jump!r}: a host to go through is [USER@]HOST[:PORT], with an '
                'IPv6 address in brackets'
            )
    *before, last = hosts.split(',')
    # ssh's own -J wants no port in what it connects to, so a URI says it.
    target = last if last.startswith('ssh://') else f'ssh://{last}'
    jumps = ['-J', ','.join(before)] if before else []
    options = ['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR']
    return ('ssh', *options, *jumps, '-W', '[%h]:%p', target)


def _filled(command: tuple[str, ...], address: str, port: str) -> tuple[str, ...]:
    return tuple(word.replace('%h', address).replace('%p', port) for word in command)


def read_config(path: Path) -> SSHConfig | None:
    """Return a configuration file with all that it includes; `None` if there is none.

    Raises:
        UsageError: it is there and cannot be read.
    """
    # Here, so that only the direct reach needs it.
    from paramiko import ConfigParseError, SSHConfig

    if not path.exists():
        return None
    try:
        return SSHConfig.from_text('\n'.join(_with_included(path, 0)))
    except (OSError, UnicodeDecodeError, ConfigParseError) as error:
        raise UsageError(f'cannot read {path}: {error}') from error


def _with_included(path: Path, depth: int) -> Iterator[str]:
    """Yield the file's lines, with those of the files that it includes in their place."""
    for line in lines(path.read_text('utf-8')):
        word, _, rest = line.strip().replace('=', ' ', 1).partition(' ')
        if word.lower() != 'include' or depth >= _MOST_INCLUDED:
            yield line
            continue
        for pattern in shlex.split(rest):
            whole = path.parent / Path(pattern).expanduser()
            for name in sorted(glob.glob(str(whole))):
                yield from _with_included(Path(name), depth + 1)
