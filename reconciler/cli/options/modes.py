"""The options that say in which mode to ask, and where what is collected is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from reconciler.ask.modes import MODES, PUSH, AskMode
from reconciler.values.freshness import MAX_AGE_SECONDS
from reconciler.values.paths import state_directory

from .completing import files
from .durations import Duration, duration_option
from .told import number_option

AGENT_PORT = 8641

state_dir_option = click.option(
    '--state-dir',
    default='',
    metavar='DIRECTORY',
    shell_complete=files,
    help='Where what is learnt is kept.  [default: $XDG_STATE_HOME/juju-health]',
)
inbox_option = click.option(
    '--inbox',
    default='',
    metavar='DIRECTORY',
    shell_complete=files,
    help='Where `receive` keeps pushed reports.  [default: inbox in the state directory]',
)
ASK_OPTIONS = (
    click.option(
        '--ask',
        type=click.Choice([*MODES, PUSH]),
        default='hook',
        show_default=True,
        help="Run each unit's hook; reap its agent's log; take its agent's last report; whatever "
        'is cheapest and fresh; or only what was pushed.',
    ),
    click.option(
        '--probe/--no-probe',
        default=True,
        help='Look at machines and pods themselves where no health hook answers.  [default: yes]',
    ),
    duration_option(
        '--max-age',
        Duration(1, 30 * 86400),
        MAX_AGE_SECONDS,
        'How old a report may be and still say how a unit is.',
    ),
    click.option(
        '--agent-token-file',
        default='',
        metavar='FILE',
        shell_complete=files,
        help='With --ask agent: ask over TLS instead of ssh, with the token in this file.',
    ),
    click.option(
        '--agent-ca',
        default='',
        metavar='FILE',
        shell_complete=files,
        help="The authority that signed the agents' certificates, as PEM.",
    ),
    number_option('--agent-port', AGENT_PORT, 65535, 'PORT', 'Where agents listen.'),
    state_dir_option,
    inbox_option,
)


@dataclass(frozen=True, kw_only=True)
class AskOptions:
    """The options of asking."""

    ask: str = 'hook'
    probe: bool = True
    max_age: float = MAX_AGE_SECONDS
    agent_token_file: str = ''
    agent_ca: str = ''
    agent_port: int = AGENT_PORT
    state_dir: str = ''
    inbox: str = ''

    @property
    def mode(self) -> AskMode:
        """Return the mode to ask in."""
        return AskMode(self.ask, self.max_age)

    @property
    def looks(self) -> bool:
        """Return whether machines are looked at where no hook answers: by a script, over ssh."""
        return self.probe and self.ask != PUSH and not (self.agent_token_file or self.agent_ca)

    @property
    def state(self) -> Path:
        """Return the directory of what outlives one run."""
        return Path(self.state_dir).absolute() if self.state_dir else state_directory()

    @property
    def inbox_path(self) -> Path:
        """Return the directory of pushed reports."""
        return Path(self.inbox).absolute() if self.inbox else self.state / 'inbox'
