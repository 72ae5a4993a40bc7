"""A Nagios plugin: its exit code is the verdict, its text the message, its perfdata the data."""

from __future__ import annotations

import os
from pathlib import Path

from ...kernel.command import Completed
from ...kernel.deadline import Deadline
from ...kernel.exit_codes import EXIT_CODES
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Dict, List, Mapping, Sequence, Tuple
from ...kernel.report import Health
from ...kernel.safe_text import clean
from .. import perfdata
from ..check import Verdict
from ..child_process import describe_exit, run_child, tail
from ..conversion import Command
from ..options import OUTSIDE
from ..trusted_programs import refuse_untrusted_for_root

_HEALTHS = {code: health for health, code in EXIT_CODES.items()}
_REASONS = {126: ': it is not executable', 127: ': it, or a program it runs, is missing'}
_DIRECTORIES = (
    Path('/usr/lib/nagios/plugins'),
    Path('/usr/lib64/nagios/plugins'),
    Path('/usr/local/nagios/libexec'),
    Path('/usr/local/lib/nagios/plugins'),
)
_TRACEBACK = 'Traceback (most recent call last):'
_MOST_MESSAGE = 1000
_MOST_LONG_OUTPUT = 4000


@dataclass(frozen=True)
class NagiosPlugin:
    """Run a plugin and take its word, as far as the plugin contract goes.

    Attributes:
        command: a list, or text split as a shell would, but run without one; a bare name is
            looked for where the plugins are installed.
        environment: added to the plugin's otherwise clean environment.
    """

    command: Command
    environment: Mapping[str, str] = field(default_factory=dict)
    directories: Tuple[Path, ...] = field(default=_DIRECTORIES, metadata=OUTSIDE)

    def run(self, deadline: Deadline) -> Verdict:
        """Return what the plugin says; what it has no word for is `unknown`.

        Raises:
            CheckError: it overran, or is not for root to run.
            CommandError: it cannot be started.
        """
        argv = locate(self.command, self.directories)
        refuse_untrusted_for_root(argv[0])
        return judge(argv[0], run_child(argv, deadline, self.environment))


def locate(command: Sequence[str], directories: Sequence[Path]) -> Tuple[str, ...]:
    """Return the command with a bare name replaced by the installed plugin of that name."""
    name, *arguments = command
    if '/' not in name:
        for directory in directories:
            if os.access(directory / name, os.X_OK):
                return (str(directory / name), *arguments)
    return (name, *arguments)


def split_output(text: str) -> Tuple[str, str, str]:
    """Return the message, the long output and all the perfdata that a plugin printed.

    Before the first `|` of the first line stands the message, after it perfdata. Then long output
    follows up to the next `|`, and after that nothing but perfdata.
    """
    first, _newline, rest = text.strip().partition('\n')
    message, _bar, data = first.partition('|')
    long_output, _bar, more = rest.partition('|')
    return message.strip(), long_output.strip(), f'{data} {more}'.strip()


def judge(program: str, done: Completed) -> Verdict:
    """Return what a plugin that has ended says; what it has no word for is `unknown`.

    A plugin prints a line whatever it finds, and ends by itself with 0 to 3 (Monitoring Plugins
    Development Guidelines, "Plugin Output for Nagios" and "Plugin Return Codes"). One that crashes
    may end with 1 or 2 as well: Python with 1, argparse, Perl and shells with 2.
    """
    message, long_output, numbers = split_output(done.stdout.decode('utf-8', 'replace'))
    health = _HEALTHS.get(done.exit_code, Health.UNKNOWN)
    words = clean(message, _MOST_MESSAGE) or clean(long_output.partition('\n')[0], _MOST_MESSAGE)
    notes: List[str] = []
    if done.exit_code not in _HEALTHS:
        ended = describe_exit(done.exit_code) + _REASONS.get(done.exit_code, '')
        notes.append(f'the plugin {ended}')
    elif _crashed(done, words):
        health = Health.UNKNOWN
        notes.append(f'the plugin crashed, and exited with {done.exit_code}')
    if words.startswith(_TRACEBACK):
        words = clean(long_output.rpartition('\n')[2], _MOST_MESSAGE)
    if not words:
        notes.append(f'{program} printed nothing')
        # What it saw a plugin says: neither success nor failure without a word is evidence.
        health = Health.UNKNOWN if health is Health.PASSED or not numbers else health
    said = tail(done) if notes else ''
    text = '; '.join(part for part in (words, *notes) if part) + said
    return Verdict(health, text, _data(done, long_output, numbers))


def _crashed(done: Completed, words: str) -> bool:
    """Return whether Python ended it, by an exception that nobody caught.

    That exits with 1. With 2, or with the word for 1 in its text, the plugin chose its end and may
    have written of one that it caught, unless it says nothing else.
    """
    trace = _TRACEBACK.encode()
    said = trace in done.stdout or trace in done.stderr
    alone = not words or words.startswith(_TRACEBACK)
    chosen = done.exit_code > 1 or 'warn' in words.lower()
    return said and done.exit_code > 0 and (alone or not chosen)


def _data(done: Completed, long_output: str, numbers: str) -> Dict[str, Any]:
    metrics, rejected = perfdata.parse(numbers)
    data: Dict[str, Any] = {'exit_code': done.exit_code}
    if metrics:
        data['perfdata'] = dict(perfdata.to_data(metrics))
    if rejected:
        data['perfdata_rejected'] = list(rejected[:20])
    if long_output:
        data['long_output'] = long_output[:_MOST_LONG_OUTPUT]
    if done.truncated:
        data['output_bytes'] = done.stdout_bytes
    return data
