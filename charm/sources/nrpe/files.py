"""Read NRPE's configuration: which commands it was told of, by files that can be trusted.

The syntax is that of nrpe.cfg: `key=value` lines, comments, `include`, and `include_dir`, which
leads to every `*.cfg` file below. All else in it is about NRPE's server, which need not run.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ...checks import command_line
from ...kernel.errors import DefinitionError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Dict, Iterator, List, Optional, Tuple
from ...kernel.names import nearest
from ...kernel.pattern import pattern
from ..account import Account
from ..trust import read_trusted

# NRPE's own default of `command_timeout`.
_TIMEOUT_SECONDS = 60.0
_LONGEST_TIMEOUT_SECONDS = 3600
_MOST_DEPTH = 10
_MOST_COMMANDS = 500
# What NRPE's own nrpe.cfg has as examples, from 2.15 on: nobody asked for them, and few machines
# have a /dev/hda1.
_EXAMPLES = {
    'check_users': ('check_users -w 5 -c 10',),
    'check_load': (
        'check_load -w 15,10,5 -c 30,25,20',
        'check_load -r -w .15,.10,.05 -c .30,.25,.20',
    ),
    'check_hda1': ('check_disk -w 20% -c 10% -p /dev/hda1',),
    'check_zombie_procs': ('check_procs -w 5 -c 10 -s Z',),
    'check_total_procs': ('check_procs -w 150 -c 200',),
}
# All else that NRPE reads, which is about its server (`read_config_file` in its nrpe.c).
_SERVER = (
    *('allow_bash_command_substitution', 'allow_weak_random_seed', 'allowed_hosts', 'debug'),
    *('connection_timeout', 'disable_syslog', 'dont_blame_nrpe', 'keep_env_vars', 'log_facility'),
    *('listen_queue_size', 'log_file', 'max_commands', 'nasty_metachars', 'nrpe_group'),
    *('pid_file', 'server_address', 'server_port'),
)
_SERVER_TLS = 'ssl_'
_OURS = (
    'command_prefix',
    'command_timeout',
    'include',
    'include_dir',
    'include_file',
    'nrpe_user',
)
_COMMAND = pattern(r'command\[(?P<name>[^\]]*)\]')


@dataclass
class Configuration:
    """NRPE's configuration; a later line wins over an earlier one, as in NRPE.

    Attributes:
        commands: by name, the line and the file it stands in.
        faults: what cannot be used.
        prefix: `command_prefix`, before every line.
        user: `nrpe_user`; empty if unsaid.
        timeout_seconds: `command_timeout`.
        account: whom the commands run as, and who may thus write them; `None` for ourselves.
        seen: the files that were read.
    """

    account: Optional[Account] = None
    commands: Dict[str, Tuple[str, str]] = field(default_factory=dict)
    faults: List[DefinitionError] = field(default_factory=list)
    prefix: str = ''
    user: str = ''
    timeout_seconds: float = _TIMEOUT_SECONDS
    seen: Dict[Path, bool] = field(default_factory=dict)


def read(config: Path, directory: Path, account: Optional[Account]) -> Configuration:
    """Return what the main file with its includes, and the directory, say; both may be absent."""
    found = Configuration(account)
    _read_file(config, found, 0)
    _read_directory(directory, found, 0)
    if len(found.commands) > _MOST_COMMANDS:
        reason = f'{len(found.commands)} commands; only the first {_MOST_COMMANDS} are run'
        found.faults.append(DefinitionError(str(directory), '', reason))
        found.commands = dict(sorted(found.commands.items())[:_MOST_COMMANDS])
    return found


def _read_directory(path: Path, found: Configuration, depth: int) -> None:
    """Read the `*.cfg` files below a directory, as NRPE's include_dir does."""
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        reason, denied = f'cannot be listed: {error.strerror}', isinstance(error, PermissionError)
        found.faults.append(DefinitionError(str(path), '', reason, denied))
        return
    for entry in entries:
        inner = Path(entry.path)
        if entry.is_dir() and depth < _MOST_DEPTH:
            _read_directory(inner, found, depth + 1)
        elif entry.name.endswith('.cfg'):
            _read_file(inner, found, depth + 1)


def _read_file(path: Path, found: Configuration, depth: int) -> None:
    real = path.resolve()
    if real in found.seen or depth > _MOST_DEPTH:
        return
    found.seen[real] = True
    try:
        text, ours = _trusted_text(path, found.account)
    except FileNotFoundError:
        return
    except DefinitionError as error:
        found.faults.append(error)
        return
    for number, key, value in _lines(text):
        # Only root says whom commands run as: else whoever may write one chooses a user.
        if key == 'nrpe_user' and not ours:
            continue
        try:
            _take(path, key, value, found, depth)
        except ValueError as error:
            found.faults.append(DefinitionError(str(path), f'line {number}', str(error)))


def _lines(text: str) -> Iterator[Tuple[int, str, str]]:
    # NRPE reads over a byte order mark, since it looks for `command[` anywhere in a key.
    for number, raw in enumerate(text.lstrip('\ufeff').split('\n'), 1):
        line = raw.strip()
        if line and not line.startswith('#'):
            key, _sign, value = line.partition('=')
            yield number, key.strip(), value.strip()


def _take(path: Path, key: str, value: str, found: Configuration, depth: int) -> None:
    """Take one line in; keys that are about NRPE's server are none of our business.

    Raises:
        ValueError: it is no line of NRPE's, or cannot be used.
    """
    command = _COMMAND.fullmatch(key)
    if command:
        _take_command(path, command['name'].strip(), value, found)
    elif key.startswith('command['):
        raise ValueError(f'{key[:60]!r} is not like command[name]')
    elif key in ('include', 'include_file'):
        _read_file(Path(value), found, depth + 1)
    elif key == 'include_dir':
        _read_directory(Path(value), found, depth + 1)
    elif key == 'command_prefix':
        found.prefix = value
    elif key == 'nrpe_user':
        found.user = value
    elif key == 'command_timeout':
        if not value.isdigit() or not 0 < int(value) <= _LONGEST_TIMEOUT_SECONDS:
            raise ValueError(f'command_timeout: {value!r} is not a number of seconds')
        found.timeout_seconds = float(value)
    elif key not in _SERVER and not key.startswith(_SERVER_TLS):
        near = nearest(key, ('command[…]', *_OURS, *_SERVER))
        raise ValueError(f'{key[:60]!r} is no key of NRPE{near}')


def _take_command(path: Path, name: str, line: str, found: Configuration) -> None:
    if not name or not line:
        raise ValueError('a command without a name' if not name else f'{name}: no command')
    try:
        command_line.split(line)
    except ValueError as error:
        raise ValueError(f'{name}: {str(error).lower()}') from error
    program, space, words = line.partition(' ')
    if program.rpartition('/')[2] + space + words not in _EXAMPLES.get(name, ()):
        found.commands[name] = (line, str(path))


def _trusted_text(path: Path, account: Optional[Account]) -> Tuple[str, bool]:
    """Return the file's text, if none but root, we, or whom its commands run as can write it.

    The second value says whether it is root's or ours alone.
    """
    with contextlib.suppress(DefinitionError):
        return read_trusted(path).decode('utf-8', 'replace'), True
    return read_trusted(path, account=account).decode('utf-8', 'replace'), False
