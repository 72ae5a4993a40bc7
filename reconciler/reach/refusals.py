"""What a machine itself says that lets nobody in, or can run nothing: in words, with what to do.

It says so on whatever way one comes: on stderr or stdout of what was to be run there, or as the
banner of its sshd. The words are those of OpenSSH 7.2 to 10.0 (session.c), pam_nologin(8),
pam_unix(8), nologin(8), sudo 1.8 and 1.9, bash, dash, and the C library's for what kernels refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charm.kernel.command import Completed
from charm.kernel.lines import lines
from charm.kernel.safe_text import clean
from reconciler.values.advice import Advice
from reconciler.values.readings import Outcome

from .base import ReachError

_MOST_LINES = 200
_MOST_SAID = 200


@dataclass(frozen=True)
class Refusal:
    """Why a machine does not do what it is asked: in its own words.

    Attributes:
        outcome: `NO_LOGIN` or `ILL`.
        said: the line that says so.
        advice: what to do about it.
    """

    outcome: Outcome
    said: str
    advice: Advice

    @property
    def message(self) -> str:
        """Return it as one sentence."""
        what = 'log in' if self.outcome is Outcome.NO_LOGIN else 'run anything there'
        return f'cannot {what}: it says {clean(self.said, _MOST_SAID)}'


_BOOTS = Advice('wait until it is up; else see who made /etc/nologin or /run/nologin there')
_ACCOUNT = Advice('give the user that we log in as its account back, with a shell (getent passwd)')
_PASSWORD = Advice(
    'renew the password of the user that we log in as, or let it never expire: chage -M -1 USER'
)
_SHELL = Advice(
    'install the login shell of the user that we log in as, or set another: usermod -s'
)
_SUDO = Advice('let the user that we log in as run sudo without a password (/etc/sudoers.d)')
_MEMORY = Advice('end what takes its memory or its processes, or reboot it')
_FULL = Advice('make room on its disk: df -h, df -i')
_BROKEN = Advice('mend what is broken of its files: dpkg --verify; dmesg for its disk')
# In the order in which they are looked for, line by line.
_TABLE: tuple[tuple[re.Pattern[str], Outcome, Advice], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), outcome, advice)
    for pattern, outcome, advice in (
        (r'system is (?:booting up|going down)|\bpam_nologin\b', Outcome.NO_LOGIN, _BOOTS),
        (r'users are not permitted to log in', Outcome.NO_LOGIN, _BOOTS),
        (r'account is (?:currently )?not available', Outcome.NO_LOGIN, _ACCOUNT),
        (r'your account (?:has expired|is locked)', Outcome.NO_LOGIN, _ACCOUNT),
        (r'password has expired|password change required', Outcome.NO_LOGIN, _PASSWORD),
        (r'required to change your password', Outcome.NO_LOGIN, _PASSWORD),
        (r'^/[\w./-]*sh: no such file or directory', Outcome.NO_LOGIN, _SHELL),
        (r'sudo: (?:a password|a terminal|interactive authentication)', Outcome.NO_LOGIN, _SUDO),
        (r'sudo: (?:no tty present|sorry, you must have a tty)', Outcome.NO_LOGIN, _SUDO),
        (
            r'is not in the sudoers file|is not allowed to (?:execute|run sudo)',
            Outcome.NO_LOGIN,
            _SUDO,
        ),
        (r'\bfork: (?:retry|resource temporarily)|cannot fork|fork failed', Outcome.ILL, _MEMORY),
        (r'cannot allocate memory|out of memory', Outcome.ILL, _MEMORY),
        (r'too many open files in system', Outcome.ILL, _MEMORY),
        (r'no space left on device|disk quota exceeded', Outcome.ILL, _FULL),
        (r'error while loading shared libraries', Outcome.ILL, _BROKEN),
        (r'input/output error', Outcome.ILL, _BROKEN),
    )
)


def refusal_in(said: str) -> Refusal | None:
    """Return what the first telling line says; `None` where none is telling."""
    for line in lines(said)[:_MOST_LINES]:
        for pattern, outcome, advice in _TABLE:
            if pattern.search(line):
                return Refusal(outcome, line.strip(), advice)
    return None


def refused(completed: Completed, nonce: str) -> ReachError | None:
    """Return the error of a machine that said why it did not do all that it was asked.

    What is behind the nonce is an answer, and no word of the machine's.
    """
    refusal = refusal_in(
        '\n'.join((*_texts(completed.stderr, nonce), *_texts(completed.stdout, nonce)))
    )
    if refusal is None:
        return None
    return ReachError(refusal.outcome, refusal.message, completed, advice=refusal.advice)


def _texts(stream: bytes, nonce: str) -> Iterator[str]:
    yield from (line for line in lines(stream.decode(errors='replace')) if nonce not in line)
