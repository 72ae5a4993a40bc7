"""The kinds of monitors that charms ask for, and the check that each becomes.

They are those of charm-nrpe's README, "Monitors yaml". Their options are turned into those of our
own checks; an option that ours lacks is refused, since ignoring it would make another check of it.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ...checks import command_line
from ...checks.check import Check, CheckSpec, Verdict
from ...checks.conversion import build
from ...checks.kinds import CHECKS
from ...checks.options import OptionError
from ...checks.sockets import where
from ...checks.trusted_programs import refuse_untrusted
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, DefinitionError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Callable, Collection, Dict, List, Mapping
from ...kernel.names import nearest
from ...kernel.pattern import pattern
from ..account import Account
from ..found import spec_name
from ..nrpe.commands import NrpeCommand

PREFIX = 'monitors'
PLUGINS = Path('/usr/lib/nagios/plugins')
_LONGEST_TIMEOUT_SECONDS = 3600
# What a Nagios server would do with the answers, or call them: nothing for us.
_IGNORED = (
    *('max_check_attempts', 'check_interval', 'retry_interval', 'notification_interval'),
    *('desc', 'description', 'servicegroups'),
)
_STATUS = pattern(r'(?:HTTP/[0-9.]+ +)?(?P<code>[1-5][0-9]{2})(?: .*)?')
_INTEGER = pattern(r'[0-9]{1,9}')
_NUMBERS = ('min', 'max', 'port', 'warning', 'critical', 'timeout')


@dataclass(frozen=True)
class PluginMonitor:
    """A plugin that a principal asks for by its name, with its command line, run as NRPE would."""

    program: Path
    command: NrpeCommand

    def run(self, deadline: Deadline) -> Verdict:
        """Return what the plugin says.

        Raises:
            CheckError: it cannot be trusted, cannot be started, or overran.
        """
        refuse_untrusted(self.program)
        return self.command.run(deadline)


@dataclass(frozen=True)
class UnavailableMonitor:
    """A monitor that this machine cannot run; the reason says what to do about it."""

    reason: str

    def run(self, deadline: Deadline) -> Verdict:
        """Raise `CheckError`, always."""
        raise CheckError(f'cannot check: {self.reason}')


@dataclass
class MonitorFile:
    """The checks of one file of monitors, as it is read.

    Attributes:
        source: the file.
        known: the names of the checks that NRPE's configuration gave.
        plugins: where a plugin without a path is.
        address: whom remote monitors ask.
        specs, faults: what comes of it.
    """

    source: str
    known: Collection[str] = ()
    plugins: Path = PLUGINS
    address: str = '127.0.0.1'
    specs: List[CheckSpec] = field(default_factory=list)
    faults: List[DefinitionError] = field(default_factory=list)

    def add(self, name: str, check: Check, timeout_seconds: float = 10.0) -> None:
        """Add a check under a name of this source."""
        self.specs.append(CheckSpec(spec_name(PREFIX, name), check, timeout_seconds, self.source))


class MonitorOptions:
    """The options of one monitor, by our names for them."""

    def __init__(self, kind: str, values: Mapping[str, Any]) -> None:
        self.kind = kind
        self.values = {key: item for key, item in values.items() if key not in _IGNORED}
        for key in _NUMBERS:
            word = self.values.get(key)
            # Relation data is text, and some charms leave numbers in it as that.
            if isinstance(word, str) and _INTEGER.fullmatch(word):
                self.values[key] = int(word)

    def pop(self, key: str, default: str = '') -> str:
        value = self.values.pop(key, None)
        if value is not None and not isinstance(value, (str, int)):
            raise OptionError(key, f'{type(value).__name__} where text belongs')
        return default if value is None else str(value)

    def timeout_seconds(self, default: float = 10.0) -> float:
        value = self.values.pop('timeout', default)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 < value <= _LONGEST_TIMEOUT_SECONDS:
            raise OptionError('timeout', f'{value!r} is not a number of seconds')
        return float(value)

    def refuse_rest(self, *known: str) -> None:
        """Refuse what is left, by the first key of it."""
        for key in self.values:
            raise OptionError(key, f'no such option of {self.kind}{nearest(key, known)}')

    def build(self, kind: str, words: Mapping[str, str], **fixed: Any) -> Check:
        """Return the check of a kind; `words` maps the monitor's keys to its options.

        Raises:
            OptionError: with the monitor's own key.
        """
        options = dict(fixed)
        for key, value in self.values.items():
            if key not in words:
                raise OptionError(key, f'no such option of {self.kind}{nearest(key, words)}')
            options[words[key]] = value
        try:
            return build(CHECKS[kind], options)
        except OptionError as error:
            back = {option: key for key, option in words.items()}
            raise OptionError(back.get(error.key, error.key), error.reason) from error


_PROCESSES = {'executable': 'command', 'min': 'minimum', 'max': 'maximum'}


def _processes(asked: MonitorFile, name: str, options: MonitorOptions) -> None:
    # Without a program's name all processes count, also those of the kernel without a command.
    every = {} if 'executable' in options.values else {'cmdline': '^'}
    check = options.build('processes', _PROCESSES, **every)
    asked.add(f'{options.kind}-{name}', check)


def _disk(asked: MonitorFile, name: str, options: MonitorOptions) -> None:
    asked.add(f'disk-{name}', options.build('disk', {'path': 'paths'}))


def _custom(asked: MonitorFile, name: str, options: MonitorOptions) -> None:
    program = Path(options.pop('plugin_path', str(asked.plugins))) / options.pop('check')
    if not program.is_absolute() or '..' in program.parts or program.is_dir():
        raise OptionError('check', f'{str(program)!r} is not the path of a plugin')
    try:
        words = command_line.split(options.pop('params'))
    except ValueError as error:
        raise OptionError('params', str(error).lower()) from error
    options.refuse_rest('check', 'plugin_path', 'params')
    account = Account.usable('nagios') or Account.usable('nobody')
    if account is None and os.geteuid() == 0:
        reason = 'there is neither a user nagios nor nobody to run as'
        asked.add(f'custom-{name}', UnavailableMonitor(reason))
        return
    line = ' '.join(shlex.quote(word) for word in (str(program), *words))
    asked.add(f'custom-{name}', PluginMonitor(program, NrpeCommand(line, account)))


def _http(asked: MonitorFile, name: str, options: MonitorOptions) -> None:
    secure = options.values.pop('ssl', False) is True
    port = options.pop('port', '443' if secure else '80')
    host, path, status = options.pop('host'), options.pop('path', '/'), options.pop('status')
    fixed: Dict[str, Any] = {}
    if status:
        found = _STATUS.fullmatch(status)
        if found is None:
            raise OptionError('status', f'{status!r} is not like HTTP/1.1 200')
        fixed['expect_status'] = found['code']
    if host:
        fixed['headers'] = {'Host': host}
    if not _INTEGER.fullmatch(port) or not path.startswith('/'):
        key, value = ('path', path) if _INTEGER.fullmatch(port) else ('port', port)
        raise OptionError(key, f'{value!r} is not a {key}')
    timeout_seconds = options.timeout_seconds()
    url = f'{"https" if secure else "http"}://{where(asked.address, int(port))}{path}'
    words = {'string': 'contains', 'warning': 'warn_seconds', 'critical': 'fail_seconds'}
    # The certificate is for the name that others ask for, and we ask from here.
    check = options.build('http', words, url=url, verify_tls=False, **fixed)
    asked.add(f'http-{name}', check, timeout_seconds)


_TCP = {
    'port': 'port',
    'host': 'host',
    'send': 'send',
    'string': 'expect',
    'warning': 'warn_seconds',
    'critical': 'fail_seconds',
}


def _tcp(asked: MonitorFile, name: str, options: MonitorOptions) -> None:
    timeout_seconds = options.timeout_seconds()
    text = options.values.get('string')
    if isinstance(text, str) and text.endswith('.*'):
        # check_tcp has no patterns; what charms mean by one at the end is "and whatever follows".
        options.values['string'] = text[:-2]
    options.values.setdefault('host', asked.address)
    asked.add(f'tcp-{name}', options.build('tcp', _TCP), timeout_seconds)


def _nrpe(asked: MonitorFile, name: str, options: MonitorOptions) -> None:
    command = options.pop('command', name)
    options.refuse_rest('command')
    if spec_name('nrpe', command) not in asked.known:
        reason = (
            f'the principal announces the NRPE command {command!r}, and no file of NRPE has it; '
            'look for its .cfg file in /etc/nagios/nrpe.d'
        )
        asked.add(f'nrpe-{command}', UnavailableMonitor(reason))


# By part and kind, as the text has them; docs/sources.md has each.
KINDS: Mapping[str, Callable[[MonitorFile, str, MonitorOptions], None]] = {
    'local.procrunning': _processes,
    'local.processcount': _processes,
    'local.disk': _disk,
    'local.custom': _custom,
    'remote.http': _http,
    'remote.tcp': _tcp,
    'remote.nrpe': _nrpe,
}
