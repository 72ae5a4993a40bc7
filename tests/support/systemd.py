"""Units as `systemctl show` tells them, and a program that tells of a few."""

from __future__ import annotations

from pathlib import Path

from tests.support.checking import program

ACTIVE = {
    'Id': 'web.service',
    'LoadState': 'loaded',
    'ActiveState': 'active',
    'SubState': 'running',
    'Result': 'success',
    'NRestarts': '0',
    'Type': 'simple',
    'ExecMainStatus': '0',
    'ExecMainExitTimestampMonotonic': '0',
}


def show(*units: dict[str, str]) -> str:
    return '\n\n'.join('\n'.join(f'{key}={value}' for key, value in u.items()) for u in units)


def answering(directory: Path, *units: dict[str, str]) -> str:
    """Make a systemctl that tells of the units whose full names follow `--`; of all for `*`."""
    told = directory / 'units'
    told.mkdir(exist_ok=True)
    for unit in units:
        (told / unit['Id']).write_text(show(unit) + '\n\n')
    return program(
        directory,
        f'cd {told}; while [ "$1" != -- ]; do shift; done; shift\n'
        '[ "$*" = "*" ] && exec cat -- *; exec cat -- "$@"',
    )
