"""How to log in: what juju's own keys and the user's ssh configuration say.

juju offers every pair of keys in its data directory, then ssh's defaults (juju/utils clientkeys.go
and ssh_openssh.go). Of the ssh configuration what a `Login` has counts; the rest is for ssh
itself. ProxyCommand and `Match exec` are run by a shell with the address in them, so here is the
door for addresses.
"""

from __future__ import annotations

import os
import pwd
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from charm.kernel.deadline import Deadline
from reconciler.values.advice import Advice
from reconciler.values.errors import UsageError
from reconciler.values.outcomes import Outcome
from reconciler.values.safe_names import is_host, is_jump, is_user

from ..base import ReachError
from . import ssh_config
from .alarms import taken
from .ssh_config import SshAnswer

USER = 'ubuntu'
PORT = 22
_DEFAULT_KEYS = ('id_ed25519', 'id_ecdsa', 'id_rsa')


@dataclass(frozen=True)
class Login:
    """The way to log in at one address.

    Attributes:
        host: where to connect to for it; empty for the address itself.
        user, port: as whom, and where.
        identities: files of private keys, or of public ones whose other half the agent has, the
            likeliest first; some may not exist.
        certificates: files of certificates beside those that are named after keys.
        identities_only: offer no other keys, even if the ssh agent has some.
        agent: the ssh agent's socket; empty for none.
        proxy: a command whose stdin and stdout lead there; empty for none.
    """

    host: str = ''
    user: str = USER
    port: int = PORT
    identities: tuple[Path, ...] = ()
    certificates: tuple[Path, ...] = ()
    identities_only: bool = False
    agent: str = ''
    proxy: tuple[str, ...] = ()


class _Everywhere:
    """What the first answer of ssh says, where it says the same of every address.

    Attributes:
        lock: held until ssh has been asked once.
        asked: whether it was.
        said: its answer, and the login that it makes; `None` where addresses differ.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked = False
        self.said: tuple[SshAnswer, Login] | None = None


@dataclass(frozen=True)
class Logins:
    """The logins of this user; each address is looked up once.

    ssh is asked for each as well, but where its configuration does not tell one from another.

    Attributes:
        juju_data: juju's data directory.
        ssh: the user's ~/.ssh.
        jump: the command to go through, with `%h` and `%p` in it; it outweighs the configuration.
    """

    juju_data: Path
    ssh: Path
    jump: tuple[str, ...] = ()
    _known: dict[str, Login] = field(default_factory=dict, compare=False, repr=False)
    _everywhere: _Everywhere = field(default_factory=_Everywhere, compare=False, repr=False)

    @classmethod
    def of_this_user(cls, jump: tuple[str, ...] = ()) -> Logins:
        """Return the logins as juju and ssh would find them."""
        named = os.environ.get('JUJU_DATA', '')
        data = Path(named) if named else Path.home() / '.local' / 'share' / 'juju'
        return cls(data, Path.home() / '.ssh', jump)

    @property
    def config(self) -> Path:
        """Return the user's ssh configuration."""
        return self.ssh / 'config'

    def login(self, address: str, deadline: Deadline) -> Login:
        """Return how to log in at an address.

        Raises:
            ReachError: it is no address, or what the configuration says of it makes no sense.
        """
        if not is_host(address):
            # `Match exec` is run by looking it up, so not even that.
            message = f'cannot reach it at {address!r}: that is not a host name or an address'
            raise ReachError(Outcome.UNREACHABLE, message)
        if address not in self._known:
            try:
                self._known[address] = self._looked_up(address, deadline)
            except UsageError as error:
                message = f'cannot use {self.config}: {error}'
                advice = Advice(f'mend {self.config}')
                raise ReachError(Outcome.UNREACHABLE, message, advice=advice) from error
        return self._known[address]

    def _looked_up(self, address: str, deadline: Deadline) -> Login:
        everywhere = self._everywhere
        if not everywhere.asked and taken(everywhere.lock, deadline):
            # Many begin at once: one asks, and the others wait for what it hears.
            try:
                if not everywhere.asked:
                    return self._first(address, deadline)
            finally:
                everywhere.lock.release()
        if everywhere.said is None:
            return self._login(address, ssh_config.ask(self.config, address, USER, deadline))
        said, login = everywhere.said
        if not login.proxy:
            return login
        letters = ssh_config.tokens(address, address, str(login.port), login.user)
        return replace(login, proxy=self._proxy(said, letters))

    def _first(self, address: str, deadline: Deadline) -> Login:
        try:
            said = ssh_config.ask(self.config, address, USER, deadline)
            login = self._login(address, said)
            if said.everywhere:
                self._everywhere.said = said, login
            return login
        finally:
            self._everywhere.asked = True

    def _login(self, address: str, said: SshAnswer) -> Login:
        host, port = said.get('hostname', address), said.get('port', str(PORT))
        user = said.get('user', USER)
        if not is_host(host):
            raise UsageError(f'HostName {host!r} is not a host name or an address')
        if not is_user(user):
            raise UsageError(f'User {user!r} is not the name of a user')
        letters = ssh_config.tokens(host, address, port, user)
        named = [ssh_config.file_named(name, letters) for name in said.lists['identityfile']]
        certificates = said.lists['certificatefile']
        return Login(
            host='' if host == address else host,
            user=user,
            port=int(port),
            identities=tuple(dict.fromkeys(self._identities(named))),
            certificates=tuple(ssh_config.file_named(name, letters) for name in certificates),
            identities_only=said.get('identitiesonly', 'no') == 'yes',
            agent=_agent(said.get('identityagent', 'SSH_AUTH_SOCK'), letters),
            proxy=self._proxy(said, letters),
        )

    def _proxy(self, said: SshAnswer, letters: Mapping[str, str]) -> tuple[str, ...]:
        jump, command = said.get('proxyjump'), said.get('proxycommand')
        if self.jump or jump:
            # Where $HOME is not the user's own, ssh would not find what we go by.
            own = Path(pwd.getpwuid(os.getuid()).pw_dir, '.ssh') != self.ssh
            config = self.config if own and self.config.exists() else None
            words = self.jump or through(jump, config)
            # Both stand in more than one word, and nothing else that begins with a `%`.
            return tuple(
                word.replace('%h', letters['h']).replace('%p', letters['p']) for word in words
            )
        return ('sh', '-c', f'exec {ssh_config.filled(command, letters)}') if command else ()

    def _identities(self, configured: list[Path]) -> Iterator[Path]:
        for public in sorted((self.juju_data / 'ssh').glob('*.pub')):
            yield public.with_suffix('')
        yield from configured
        for name in _DEFAULT_KEYS:
            yield self.ssh / name


def _agent(said: str, letters: Mapping[str, str]) -> str:
    """Return the socket that an IdentityAgent names; empty for none (ssh_config(5))."""
    if said in ('', 'SSH_AUTH_SOCK'):
        return os.environ.get('SSH_AUTH_SOCK', '') if said else ''
    if said.startswith('$') and not said.startswith('${'):
        return os.environ.get(said[1:], '')
    return str(ssh_config.file_named(said, letters))


def through(hosts: str, config: Path | None = None) -> tuple[str, ...]:
    """Return the command that goes through jump hosts, `[USER@]HOST[:PORT][,…]`, as ssh does.

    `config` is the configuration that ssh goes by; `None` for the one that it finds itself.

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
    own = ['-F', str(config)] if config else []
    return ('ssh', *own, *options, *jumps, '-W', '[%h]:%p', target)
