"""A model in which little fails and much is not looked at: 93 applications with 1,469 units."""

from __future__ import annotations

import json
from typing import Any

REASONS = tuple(f'Incomplete relations: the one numbered {number}' for number in range(6))
_SINCE = '2026-11-23 08:00:00Z'


def _info(current: str, message: str = '', since: str = _SINCE) -> dict[str, str]:
    return {'current': current, 'message': message, 'since': since}


def _unit(**more: Any) -> dict[str, Any]:
    return {'workload-status': _info('active'), 'juju-status': _info('idle'), **more}


def crowded() -> bytes:
    """Return its juju status; six services fail, the first by the word of its leader alone."""
    principals = [f'app{number:02d}' for number in range(60)]
    subordinates = [f'sub{number:02d}' for number in range(33)]
    machines = {str(n): {'juju-status': _info('started')} for n in range(199)}
    apps: dict[str, Any] = {
        name: {'charm-name': name, 'application-status': _info('active'), 'units': {}}
        for name in (*principals, *subordinates)
    }
    units = []
    for number in range(199):
        of = apps[principals[number % 60]]['units']
        name = f'{principals[number % 60]}/{len(of)}'
        of[name] = _unit(machine=str(number), subordinates={})
        units.append(of[name])
    counts = dict.fromkeys(subordinates, 0)
    for number in range(1270):
        beside = subordinates[number // 199 % 6 if number < 1194 else 6 + number % 27]
        units[number % 199]['subordinates'][f'{beside}/{counts[beside]}'] = _unit()
        counts[beside] += 1
    for name in subordinates:
        apps[name] |= {'subordinate-to': principals}
        del apps[name]['units']
    for number, reason in enumerate(REASONS):
        application = apps[principals[7 * number + 3]]
        said = _info('blocked', reason, f'2026-11-23 08:0{number}:00Z')
        application['application-status'] = said
        if number:
            next(iter(application['units'].values()))['workload-status'] = said
    about = {'name': 'prod', 'controller': 'lab', 'type': 'iaas', 'version': '3.6.5'}
    document = {'model': about, 'machines': machines, 'applications': apps}
    return json.dumps(document).encode()
