"""What the operator may do, as a value: words, and a command that names the model it is about.

Where juju's sub-commands take a model or a controller: Juju 2.9, 3.6 and 4.0 (cmd/juju). A model
is named as `-m` takes it, `[CONTROLLER:][OWNER/]MODEL`; empty where it is not known.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Advice:
    """What to do; false where there is nothing.

    Attributes:
        what: in words; may be empty where the command says it all.
        argv: the command, a word each; empty if there is none.
        line: the command as shell text instead, where it takes a shell.
        remark: what there is to say after the command, such as what else would do.
    """

    what: str = ''
    argv: tuple[str, ...] = ()
    line: str = ''
    remark: str = ''

    @property
    def command(self) -> str:
        """Return the command as shell text, each word of it quoted; empty if there is none."""
        return self.line or shlex.join(self.argv)

    @property
    def mend(self) -> Advice:
        """Return the command without the words before it; the words if there is none."""
        return replace(self, what='') if self.command else self

    def __bool__(self) -> bool:
        return bool(self.what or self.command)

    def __str__(self) -> str:
        told = ': '.join(filter(None, (self.what, self.command)))
        return '; '.join(filter(None, (told, self.remark)))


NO_ADVICE = Advice()


def _in_model(model: str) -> tuple[str, ...]:
    return ('-m', model) if model else ()


def _of_controller(model: str) -> tuple[str, ...]:
    return tuple(word for name in _controller(model) for word in ('-c', name))


def _controller(model: str) -> tuple[str, ...]:
    return tuple(filter(None, [model.rpartition(':')[0]]))


def _anywhere(_model: str) -> tuple[str, ...]:
    return ()


SUBCOMMANDS: Mapping[str, Callable[[str], tuple[str, ...]]] = {
    **dict.fromkeys(
        ('add-ssh-key', 'config', 'deploy', 'integrate', 'refresh', 'relate'), _in_model
    ),
    **dict.fromkeys(('show-machine', 'show-status-log', 'ssh', 'status'), _in_model),
    **dict.fromkeys(('debug-log', 'resolve', 'retry-provisioning'), _in_model),
    **dict.fromkeys(('grant', 'login', 'models'), _of_controller),
    'show-controller': _controller,
    **dict.fromkeys(('controllers', 'register', 'switch', 'version', 'whoami'), _anywhere),
}


def juju(model: str, name: str, *words: str) -> tuple[str, ...]:
    """Return the juju command of that name, with the model or controller as it takes them."""
    return ('juju', name, *SUBCOMMANDS[name](model), *words)


def integrate(model: str, major: int, *ends: str) -> tuple[str, ...]:
    """Return the command that relates two, as Juju of that major version calls it."""
    return juju(model, 'integrate' if major > 2 else 'relate', *ends)


def there(model: str, unit: str, *words: str) -> tuple[str, ...]:
    """Return the `juju ssh` that runs a command where a unit is: a shell there reads it again."""
    return juju(model, 'ssh', unit, *map(shlex.quote, words))


def grant(model: str) -> tuple[str, ...]:
    """Return the command by which an admin lets a user into the model."""
    return juju(model, 'grant', 'USER', 'admin', model.rpartition(':')[2] or 'MODEL')


def reconcile_health(model: str, *words: str) -> tuple[str, ...]:
    """Return our own command for the model; the first of the words names it, none is a sweep."""
    return ('reconcile-health', *words[:1], *_in_model(model), *words[1:])


def steps(*commands: tuple[str, ...]) -> str:
    """Return the commands, one after the other, as shell text."""
    return '; '.join(map(shlex.join, commands))
