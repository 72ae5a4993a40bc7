"""What the user's ssh configuration says of one address: ssh itself is asked, by `ssh -G`.

A reader of our own would be stricter than ssh in one place and looser in the next: comments behind
values, quotes, Latin-1, `Match final`, negated patterns. Of `ssh -G` only what stands for juju's
defaults is ours: it goes last into the configuration, where it counts for what nothing else says.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path

from charm.kernel import command as door
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError
from reconciler.values.errors import UsageError

# As juju does; and without that ssh would add the names of keys that it looks for by itself.
_CONFIG = """\
Include "{user}"
Include {system}
Match {last}
  User {default}
  IdentityFile none
"""
# Where a `Match final` has ssh read it all again, what it says there comes behind the first pass.
_FINAL = 'configuration requests final Match pass'
_LASTS = ('all', 'final all')
_SYSTEM = '/etc/ssh/ssh_config'
_SECONDS = 10.0
_TOKEN = re.compile(r'%(.)')
_VARIABLE = re.compile(r'\$\{([^{}]*)\}')
# Blocks that are for every address; whatever else begins one may be for some.
_FOR_ALL = re.compile(r'[ \t]*(?:host[ \t]+\*|match[ \t]+all)[ \t\r]*', re.IGNORECASE)
_BEFORE_VALUE = re.compile(r'[\s"=]+')
# Their tokens are filled in here.
_WITH_TOKENS = ('proxycommand', 'controlpath')
_WAS_READ = 'debug1: Reading configuration data '
# ssh says no more of a name.
_MOST_OF_NAME = 200
# What may be there more than once.
_LISTS = ('identityfile', 'certificatefile')


@dataclass(frozen=True)
class SshAnswer:
    """What ssh would do.

    Attributes:
        values: by the option in lower case, as `ssh -G` has it.
        lists: the same, of those options that may be there more than once; without `none`.
        everywhere: whether it is known to do the same at every address, but for what is filled in
            for the tokens of a ProxyCommand.
    """

    values: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    everywhere: bool = False

    def get(self, key: str, otherwise: str = '') -> str:
        """Return an option's value, else `otherwise`; an empty text for `none`."""
        value = self.values.get(key, otherwise)
        return '' if value.lower() == 'none' else value


def ask(config: Path, address: str, user: str, deadline: Deadline) -> SshAnswer:
    """Return what ssh would do at an address, as `user` where the configuration names none.

    Raises:
        UsageError: ssh refuses the configuration, or there is no ssh to ask.
    """
    for last in _LASTS:
        text = _CONFIG.format(user=config, system=_SYSTEM, last=last, default=user)
        answer, said = _ask(config, text, address, deadline)
        if _FINAL not in said:
            break
    return replace(answer, everywhere=_says_alike(_files_read(said)))


def _files_read(said: str) -> list[str]:
    """Return the files that ssh says it read; but the first, which is ours."""
    told = (line for line in said.split('\n') if line.startswith(_WAS_READ))
    return [line.removeprefix(_WAS_READ).rstrip('\r') for line in told][1:]


def _says_alike(files: Sequence[str]) -> bool:
    """Return whether nothing in the files could tell one address from another."""
    try:
        texts = [Path(name).read_text(encoding='latin-1') for name in files]
    except (OSError, ValueError):
        return False
    # A name that was cut off might be that of another file.
    whole = all(len(os.fsencode(name)) < _MOST_OF_NAME for name in files)
    return whole and not any(_tells_apart(line) for text in texts for line in text.split('\n'))


def _tells_apart(line: str) -> bool:
    """Return whether a line may say of one address what it does not say of another.

    In doubt it does: it need not be read here, only ssh is to be asked for each address then.
    """
    keyword = _BEFORE_VALUE.split(line.lstrip(' \t"='), maxsplit=1)[0].lower()
    if keyword in ('host', 'match'):
        return not _FOR_ALL.fullmatch(line)
    if keyword == 'hostname' or keyword.startswith('canonical'):
        return True
    return '%' in line and keyword not in _WITH_TOKENS and not keyword.startswith('#')


def _ask(config: Path, text: str, address: str, deadline: Deadline) -> tuple[SshAnswer, str]:
    """Return what ssh would do by this text around `config`, and what it says beside that."""
    with tempfile.NamedTemporaryFile('w', encoding='utf-8', errors='surrogateescape') as file:
        file.write(text)
        file.flush()
        argv = ['ssh', '-T', '-v', '-G', '-F', file.name, '--', address]
        try:
            done = door.run(argv, deadline.within(_SECONDS))
        except CommandError as error:
            raise UsageError(f'cannot read {config}: {error}') from error
    if done.timed_out:
        raise UsageError(f'cannot wait longer for what {config} has run (ssh -G)')
    said = done.stderr.decode(errors='replace')
    if done.exit_code != 0:
        raise UsageError(_complaint(said).removeprefix(f'{config}: '))
    return _answer(os.fsdecode(done.stdout)), said


def _complaint(stderr: str) -> str:
    """Return the line with what is wrong: the last one only counts how much is."""
    found = [line.strip() for line in stderr.split('\n') if line.strip()]
    lines = [line for line in found if not line.startswith(('debug', 'OpenSSH_'))]
    telling = [line for line in lines if ': terminating, ' not in line]
    return (telling or lines or ['ssh -G failed and said nothing'])[-1]


def _answer(printed: str) -> SshAnswer:
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {key: [] for key in _LISTS}
    for line in printed.split('\n'):
        key, _, value = line.partition(' ')
        if key not in lists:
            values[key] = value
        elif value.lower() != 'none':
            lists[key].append(value)
    return SshAnswer(values, {key: tuple(found) for key, found in lists.items()})


def tokens(host: str, name: str, port: str, user: str) -> dict[str, str]:
    """Return what stands for ssh's tokens, by their letters (ssh_config(5), TOKENS)."""
    here = socket.gethostname()
    return {
        **{'%': '%', 'h': host, 'n': name, 'p': port, 'r': user, 'k': name},
        **{'d': str(Path.home()), 'i': str(os.getuid()), 'u': getuser(), 'j': ''},
        **{'l': here, 'L': here.partition('.')[0]},
    }


def filled(text: str, letters: Mapping[str, str]) -> str:
    """Return the text with its tokens filled in; those that are not known stay."""
    return _TOKEN.sub(lambda found: letters.get(found[1], found[0]), text)


def file_named(text: str, letters: Mapping[str, str]) -> Path:
    """Return the file that an option names, with `~`, tokens and variables filled in."""
    known = _VARIABLE.sub(lambda found: os.environ.get(found[1], found[0]), text)
    return Path(filled(known, letters)).expanduser()
