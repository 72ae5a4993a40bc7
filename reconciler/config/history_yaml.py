"""Reads what `health.yaml` says of the history: `history`, and the `slo` of services and views."""

from __future__ import annotations

import re
from typing import Any

from ..values.words import parse_duration
from .settings import HistoryConfig
from .yaml_nodes import YamlNode

_KEYS = ('database', 'looks', 'gap')
_MOST_LOOKS = 100
_DURATION = re.compile(r'[1-9][0-9]{0,4}[smh]')


def read_history(spot: YamlNode) -> HistoryConfig:
    """Return how the history is kept; what is wrong is noted."""
    found: dict[str, Any] = {}
    for key, value in spot.items(_KEYS):
        if key == 'database':
            found[key] = _database(value)
        elif key == 'looks':
            found[key] = _looks(value)
        else:
            found['gap_seconds'] = _pause(value)
    return HistoryConfig(**found)


def read_slo(spot: YamlNode) -> float | None:
    """Return what part of the time it is to be up, from 0 to 1, of a percentage such as 99.9."""
    said = spot.text().removesuffix('%').strip()
    try:
        percent = float(said)
    except ValueError:
        percent = -1.0
    if not 0 < percent < 100:
        spot.refuse('write a percentage of the time, such as 99.9')
        return None
    return percent / 100


def _database(spot: YamlNode) -> str:
    said = spot.text()
    begins = said.partition('://')[0] if '://' in said else ''
    if begins and begins.partition('+')[0] not in ('sqlite', 'postgresql'):
        spot.refuse('write a path, sqlite:///PATH, or postgresql://USER@HOST/DATABASE')
    return said


def _looks(spot: YamlNode) -> int:
    value = spot.plain()
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_LOOKS:
        return value
    spot.refuse(f'write a number of sweeps from 1 to {_MOST_LOOKS}')
    return HistoryConfig.looks


def _pause(spot: YamlNode) -> float | None:
    """Return seconds, of such as `10m` or `1h`."""
    said = spot.text()
    if not _DURATION.fullmatch(said):
        spot.refuse('write such as 90s, 10m or 1h')
        return None
    return parse_duration(said)
