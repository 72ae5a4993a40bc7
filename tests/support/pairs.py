"""Two services of which one needs the other, and what is found of them."""

from __future__ import annotations

from tests.support.planned import Planned


def pair(charm: str = 'postgresql', interface: str = 'pgsql') -> Planned:
    """Return web, which needs db: all well."""
    plan = Planned()
    plan.app('web', '0', '1')
    plan.app('db', '2', '3', charm=charm)
    plan.relate('web', 'link', 'db', 'link', interface)
    return plan


def found(plan: Planned, name: str) -> tuple[str, tuple[str, ...], str]:
    """Return a service's role, path and certainty."""
    blame = plan.explained()[0][name]
    assert blame is not None
    certainty = blame.certainty.value if blame.certainty else ''
    return blame.role.value, tuple(map(str, blame.path)), certainty
