"""In which mode to ask, and where what is collected is kept, as the options say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.ask.modes import PUSH, AskMode
from reconciler.values.freshness import MAX_AGE_SECONDS
from reconciler.values.paths import state_directory

from ..usage.asking import AGENT_PORT


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
