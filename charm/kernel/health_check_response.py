"""`application/health+json`: the health check response of draft-inadarei-api-health-check-06.

The draft has `pass`, `warn` and `fail`. What is `unknown` here is `fail` there, as no evidence is
never good news; the key `health`, one of the user-defined keys that the draft allows in component
details, tells the two apart.
"""

from __future__ import annotations

from datetime import datetime

from .fields import format_time
from .hints import Any, Dict, List, Mapping, Optional
from .report import Health

MEDIA_TYPE = 'application/health+json'
STATUS = {
    Health.PASSED: 'pass',
    Health.WARN: 'warn',
    Health.UNKNOWN: 'fail',
    Health.FAIL: 'fail',
}

Checks = Dict[str, List[Dict[str, Any]]]


def document(health: Health, output: str, checks: Checks, **about: Any) -> Mapping[str, Any]:
    """Return the whole response; `about` has its other keys, such as the description."""
    return {
        'status': STATUS[health],
        'version': '1',
        **about,
        **_output(health, output),
        'checks': checks,
    }


def key(component: str, measurement: str) -> str:
    """Return the key of a measurement; neither part may hold the colon between them."""
    return ':'.join(part.replace(':', '_') for part in (component, measurement))


def detail(
    health: Health, output: str, qos: Optional[float] = None, at: Optional[datetime] = None
) -> Dict[str, Any]:
    """Return what is measured of a component, without who that is."""
    return {
        **({} if qos is None else {'observedValue': qos, 'observedUnit': 'ratio'}),
        'status': STATUS[health],
        'health': health.value,
        **_output(health, output),
        **({} if at is None else {'time': format_time(at)}),
    }


def _output(health: Health, output: str) -> Dict[str, str]:
    """Return the output, which the draft wants left out for a pass."""
    return {} if health is Health.PASSED else {'output': output}
