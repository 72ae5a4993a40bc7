"""What the configuration gives to commands: itself, and defaults for their options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from charm.kernel.names import nearest
from reconciler.config.settings import NOTHING, Config
from reconciler.config.where import find
from reconciler.values.by_name import load
from reconciler.values.errors import ConfigError


def configured(context: click.Context, named: str | None) -> Config:
    """Return the configuration; its `defaults` hold for what was not given to the command.

    Raises:
        ConfigError: it cannot be used.
    """
    path = Path(named) if named else find()
    if path is None:
        return NOTHING
    config: Config = load('reconciler.config.health_yaml:load')(path)
    if config.defaults:
        check_defaults(config, commands_of(context))
        own, _ = _accepted(config, context.command, context)
        context.default_map = {**(context.default_map or {}), **own}
    return config


def commands_of(context: click.Context) -> Mapping[str, click.Command]:
    """Return the commands beside that of the context; it alone where it is in no group."""
    group = context.find_root().command
    return group.commands if isinstance(group, click.Group) else {'': context.command}


Problem = tuple[int, str, str]


def _accepted(
    config: Config, command: click.Command, context: click.Context
) -> tuple[Mapping[str, Any], Mapping[str, Problem]]:
    """Return the file's defaults that the command takes, by parameter, and why not the others.

    Names that are no option of the command are in neither.
    """
    options = {name: option for option in command.params for name in _names(option)}
    found: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for name, value in config.defaults.items():
        option = options.get(name)
        if option is None or option.name is None:
            continue
        try:
            option.process_value(context, value)
            found[option.name] = value
        except click.BadParameter as error:
            key = f'defaults.{name}'
            problems[name] = (config.lines.get(key, 0), key, error.message)
    return found, problems


def _names(parameter: click.Parameter) -> list[str]:
    """Return an option's long names; those that are no defaults of anything have none."""
    if not isinstance(parameter, click.Option) or parameter.is_eager:
        return []
    return [name[2:] for name in parameter.opts if name.startswith('--')]


def _configured(commands: Mapping[str, click.Command]) -> list[click.Command]:
    """Return the commands that take `--config`."""
    return [
        command for command in commands.values() if any(p.name == 'config' for p in command.params)
    ]


def option_defaults(commands: Mapping[str, click.Command]) -> Mapping[str, Any]:
    """Return the built-in default of every option that has one, by the option's name."""
    found: dict[str, Any] = {}
    for command in _configured(commands):
        for option in command.params:
            usable = isinstance(option.default, str | int | float | bool)
            found.update((name, option.default) for name in _names(option)[:1] if usable)
    return found


def check_defaults(config: Config, commands: Mapping[str, click.Command]) -> None:
    """See that each default is an option of some command, which takes that value.

    A command with an option of that name which does not take it, such as another choice of
    formats, goes by its own default.

    Raises:
        ConfigError: with all that no command takes.
    """
    known: set[str] = set()
    taken: set[str] = set()
    problems: dict[str, Problem] = {}
    for command in _configured(commands):
        names = {name: option for option in command.params for name in _names(option)}
        found, refused = _accepted(config, command, click.Context(command))
        known.update(names)
        taken.update(name for name, option in names.items() if option.name in found)
        problems = {**refused, **problems}
    for name in config.defaults:
        if name not in known:
            key = f'defaults.{name}'
            reason = f'no command has an option --{name}{nearest(name, known, "")}'
            problems[name] = (config.lines.get(key, 0), key, reason)
    left = [problem for name, problem in problems.items() if name not in taken]
    if left:
        raise ConfigError(config.source, sorted(left))
