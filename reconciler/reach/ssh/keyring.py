"""The order in which our keys are offered, whoever offers them.

It is ssh's (sshconnect2.c, pubkey_prepare): those of the agent that a file names, its others, then
files. What one connection has no tries left for, the next one offers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from reconciler.values.outcomes import Outcome

from ..base import ReachError
from .login import Login
from .public_halves import public_halves

Key = TypeVar('Key')


class KeyOrder(Generic[Key]):
    """Keys in the order in which to offer them; the one that was accepted last is the first.

    sshd takes six keys by default before it hangs up, and each costs a round trip. Each file is
    read once.
    """

    def __init__(
        self, read: Callable[[Path], Key | None], blob_of: Callable[[Key], bytes]
    ) -> None:
        self._read = read
        self._blob_of = blob_of
        self._lock = threading.Lock()
        self._files: dict[Path, Key | None] = {}
        self._public: dict[Path, tuple[bytes, ...]] = {}
        self._accepted = b''

    def keys(self, login: Login, agent: Sequence[Key]) -> list[Key]:
        """Return the keys to offer, `agent` being those of the ssh agent."""
        # Only keys of the agent are known by their public halves.
        places = (*login.identities, *login.certificates) if agent else ()
        halves = {half for path in places for half in self._halves(path)}
        named = [key for key in agent if self._blob_of(key) in halves]
        others = () if login.identities_only else agent
        found: dict[bytes, Key] = {}
        for key in (*named, *others, *self._from_files(login)):
            found.setdefault(self._blob_of(key), key)
        return sorted(found.values(), key=lambda key: self._blob_of(key) != self._accepted)

    def accept(self, key: Key) -> None:
        """Offer this one first from now on."""
        self._accepted = self._blob_of(key)

    def _halves(self, path: Path) -> tuple[bytes, ...]:
        with self._lock:
            if path not in self._public:
                self._public[path] = public_halves(path)
            return self._public[path]

    def _from_files(self, login: Login) -> Iterator[Key]:
        for path in login.identities:
            with self._lock:
                if path not in self._files:
                    self._files[path] = self._read(path)
                key = self._files[path]
            if key is not None:
                yield key


def all_refused(login: Login, refused: set[bytes], fault: str) -> ReachError:
    """Return the error of a far end that took none of our keys; `fault` is that of the agent.

    Whoever asks again may have another key by then, or another agent, so none stays refused.
    """
    message = '; '.join(filter(None, [_refusal(login, len(refused)), fault]))
    refused.clear()
    return ReachError(Outcome.REFUSED_KEY, message)


def hung_up_before_the_rest(login: Login, refused: set[bytes]) -> ReachError:
    """Return the error of a far end that took none of those it was offered, of more."""
    message = f'{_refusal(login, len(refused))}; it hung up before the rest'
    return ReachError(Outcome.REFUSED_KEY, message, retryable=True)


def ended_at_login() -> ReachError:
    """Return the error of a far end that does not say whether it lets us in."""
    message = 'cannot reach it: the connection ended, or hung, at the login'
    return ReachError(Outcome.UNREACHABLE, message, retryable=True)


def _refusal(login: Login, refused: int) -> str:
    if refused:
        keys = f'{refused} keys' if refused > 1 else 'the key'
        return f'cannot log in as {login.user}: it refused {keys} that we have'
    places = ', '.join(str(path) for path in login.identities)
    return (
        f'cannot log in as {login.user}: there is no ssh key to offer; looked for {places}; '
        'a key with a passphrase has to be in the ssh agent (ssh-add)'
    )
