"""The checks that NRPE was told of: `command[…]` lines of its configuration, run as it runs them.

Charms write their Nagios checks to /etc/nagios/nrpe.d, so these files are the truth about what
Nagios would ask here. They are read without NRPE: its server need not run. A command runs as the
user that NRPE would use. Nothing is ever put into one: a line with `$ARG1$` waits for arguments of
a Nagios server, and is `unknown`.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from ...checks import command_line
from ...checks.check import CheckSpec, Verdict
from ...checks.child_process import run_child
from ...checks.kinds.nagios_plugin import judge
from ...checks.options import OUTSIDE
from ...checks.trusted_programs import refuse_untrusted_for_root
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, HealthError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Dict, List, Optional, Sequence
from ...kernel.pattern import pattern
from ..account import Account
from ..found import NRPE_CONFIG, NRPE_DIRECTORY, FoundChecks, spec_name
from . import secrets
from .files import read

SETPRIV = '/usr/bin/setpriv'
_PREFIX = 'nrpe'
_USER = 'nagios'
_ARGUMENT = pattern(r'\$ARG[0-9]+\$')
# What /bin/sh, by which NRPE runs every command, makes more of than words; \r is no blank to it.
_SHELL = pattern(r'[|&;<>()$`*?\[\]#~!{}\n\r]|^\w+\+?=')
_ASSIGNMENT = pattern(r'\w+\+?=')
_OPENING = '({!'
# Words of the shell in front of the program that it runs.
_BEFORE = ('exec', 'command', 'builtin', 'time', 'nohup', 'env', 'nice')


@dataclass(frozen=True)
class NrpeCommand:
    """One command line, run as NRPE would.

    Attributes:
        line: what stands after `command[name]=`, with any `command_prefix` before it.
        account: whom to run as; `None` for ourselves.
    """

    line: str
    account: Optional[Account] = None
    setpriv: str = field(default=SETPRIV, metadata=OUTSIDE)

    def run(self, deadline: Deadline) -> Verdict:
        """Return what the plugin says, without the secrets of its command line.

        Raises:
            CheckError: it needs arguments, cannot be split into words, cannot be started, is not
                for root to run, or overran.
        """
        words = self._words()
        found = secrets.find(words)
        if len(found) > secrets.MOST:
            raise CheckError(f'cannot hide {len(found)} secrets, the limit is {secrets.MOST}')
        # From the words, since quotes inside a secret would hide it in the line.
        shown = secrets.redact(' '.join(words), found)
        if _ARGUMENT.search(self.line):
            raise CheckError(
                f'cannot run {shown!r}: it waits for arguments of a Nagios server, and nothing'
                ' is ever put into a command here'
            )
        try:
            if self.account is None:
                refuse_untrusted_for_root(_program(words))
            done = run_child(self._argv(words), deadline, self._environment())
        except HealthError as error:
            # What cannot be started or overran is the plugin, not who changes the user for it.
            said = str(error).replace(self.setpriv, words[0])
            raise CheckError(secrets.redact(said, found)) from None
        verdict = judge(words[0], done)
        data = {**verdict.data, 'command': shown, 'run_as': self._user()}
        return Verdict(
            verdict.health,
            secrets.redact(verdict.message, found),
            secrets.redact(data, found),
            verdict.qos,
        )

    def _words(self) -> List[str]:
        try:
            words = command_line.split(self.line)
        except ValueError as error:
            raise CheckError(f'cannot split the command into words: {error}') from None
        if not words:
            raise CheckError('cannot run the command: there is none')
        return words

    def _argv(self, words: List[str]) -> List[str]:
        argv = ['/bin/sh', '-c', self.line] if needs_shell(self.line, words) else words
        if self.account is None:
            return argv
        uid, gid = str(self.account.uid), str(self.account.gid)
        return [self.setpriv, '--reuid', uid, '--regid', gid, '--init-groups', '--', *argv]

    def _environment(self) -> Dict[str, str]:
        user = self._user()
        return {'USER': user, 'LOGNAME': user, 'NRPE_MULTILINESUPPORT': '1'}

    def _user(self) -> str:
        if self.account is not None:
            return self.account.name
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return str(os.geteuid())


def needs_shell(line: str, words: Sequence[str]) -> bool:
    """Return whether /bin/sh would do more with a line than run its words.

    A word with a slash is a file, whatever the shell; any other may be a keyword, a builtin or a
    function of it (POSIX, 2.9.1, "Command Search and Execution").
    """
    return '/' not in words[0] or _SHELL.search(line) is not None


def _program(words: Sequence[str]) -> str:
    """Return the first word that is neither the shell's nor an assignment."""
    bare = (word.lstrip(_OPENING) for word in words if not _ASSIGNMENT.match(word))
    return next((word for word in bare if word and word not in _BEFORE), words[0])


def find(
    config: Path = NRPE_CONFIG, directory: Path = NRPE_DIRECTORY, user: str = _USER
) -> FoundChecks:
    """Return NRPE's commands as checks named `nrpe-<command>`, and what cannot be used.

    Args:
        config: the main file, whose includes are followed; it may be absent.
        directory: read even if nothing includes it, since charms write there.
        user: whom to run as unless the main file says; ignored where there is no such user, or
            where we may not become it.
    """
    account = Account.usable(user)
    found = read(config, directory, account)
    if found.user and found.user != user:
        account = Account.usable(found.user)
        found = read(config, directory, account)
    specs = tuple(
        CheckSpec(
            spec_name(_PREFIX, name),
            NrpeCommand(f'{found.prefix} {line}'.strip(), account),
            found.timeout_seconds,
            source,
        )
        for name, (line, source) in sorted(found.commands.items())
    )
    return FoundChecks(specs, tuple(found.faults))
