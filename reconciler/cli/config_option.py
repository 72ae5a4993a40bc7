"""The option for the configuration file, which also gives other options their defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.config import Config
from reconciler.config_file import find, load
from reconciler.errors import ConfigError
from reconciler.rollups import nearest

Function = TypeVar('Function', bound=Callable[..., Any])


def config_option(function: Function) -> Function:
    """Add `--config`; the command takes a `Config` as `config`.

    What the file's `defaults` say holds for every option of the command that was not given.
    """
    return click.option(
        '--config',
        metavar='FILE',
        is_eager=True,
        callback=_load,
        help='The configuration: by default $JUJU_HEALTH_CONFIG, then juju-health/health.yaml '
        'in ~/.config, then in /etc.',
    )(function)


def _load(context: click.Context, parameter: click.Parameter, named: str | None) -> Config:
    config = load(Path(named) if named else find())
    if config.defaults:
        own = defaults_for(config, context.command, context)
        context.default_map = {**(context.default_map or {}), **own}
    return config


def defaults_for(
    config: Config, command: click.Command, context: click.Context
) -> Mapping[str, Any]:
    """Return those of the file's defaults that are options of this command, by parameter.

    Raises:
        ConfigError: one of them is not what its option takes.
    """
    options = {name: one for one in command.params for name in _names(one)}
    found: dict[str, Any] = {}
    problems: list[tuple[int, str, str]] = []
    for name, value in config.defaults.items():
        option = options.get(name)
        if option is None or option.name is None:
            continue
        try:
            option.process_value(context, value)
        except click.BadParameter as error:
            key = f'defaults.{name}'
            problems.append((config.lines.get(key, 0), key, error.message))
        found[option.name] = value
    if problems:
        raise ConfigError(config.source, problems)
    return found


def _names(parameter: click.Parameter) -> list[str]:
    """Return an option's long names; those that are no defaults of anything have none."""
    if not isinstance(parameter, click.Option) or parameter.is_eager:
        return []
    return [name[2:] for name in parameter.opts if name.startswith('--')]


def _configured(commands: Mapping[str, click.Command]) -> list[click.Command]:
    """Return the commands that take `--config`."""
    return [one for one in commands.values() if any(p.name == 'config' for p in one.params)]


def option_defaults(commands: Mapping[str, click.Command]) -> Mapping[str, Any]:
    """Return the built-in default of every option that has one, by the option's name."""
    found: dict[str, Any] = {}
    for command in _configured(commands):
        for one in command.params:
            usable = isinstance(one.default, str | int | float | bool)
            found.update((name, one.default) for name in _names(one)[:1] if usable)
    return found


def check_defaults(config: Config, commands: Mapping[str, click.Command]) -> None:
    """See that each default is an option of some command, and one that it takes.

    Raises:
        ConfigError: with all that are not.
    """
    known: set[str] = set()
    problems: list[tuple[int, str, str]] = []
    for command in _configured(commands):
        known.update(name for one in command.params for name in _names(one))
        try:
            defaults_for(config, command, click.Context(command))
        except ConfigError as error:
            problems += [one for one in error.problems if one not in problems]
    for name in config.defaults:
        if name not in known:
            key = f'defaults.{name}'
            reason = f'no command has an option --{name}{nearest(name, sorted(known))}'
            problems.append((config.lines.get(key, 0), key, reason))
    if problems:
        raise ConfigError(config.source, problems)
