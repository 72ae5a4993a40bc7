"""A model of 40 services in which four things went wrong at once.

- `mysql` is corrupt: eight of the ten APIs on it fail, and the pages in front of those.
- `gossip-a`, `gossip-b` and `gossip-c` need each other and are all unwell; `chat` needs them.
- of two caches one is left, which is enough; of two stores none is.
- machine 9 is lost, with all of `mail` and `queue` and a third of `search`.

Beside them `backup` has a full disk of its own, and `resolver` fails beside a `dns` that warns.
"""

from __future__ import annotations

from charm.kernel.report import Health
from reconciler.causes.graph import DeclaredDependencies
from tests.support.planned import Planned

LOST = '9'
DECLARED = DeclaredDependencies(
    any_of={'cart': (('cache-1', 'cache-2'),), 'session': (('store-1', 'store-2'),)}
)
NUMBERS = range(1, 11)
BROKEN = range(1, 9)
WELL = ('logs', 'proxy')
# By service: its role and the path to its cause.
EXPECTED: dict[str, tuple[str, tuple[str, ...]]] = {
    'mysql': ('cause', ()),
    **{f'api-{n}': ('victim', ('mysql',)) for n in BROKEN},
    **{f'page-{n}': ('victim', (f'api-{n}', 'mysql')) for n in BROKEN},
    **{f'gossip-{x}': ('cause', ()) for x in 'abc'},
    'chat': ('victim', ('gossip-a', 'circle gossip-a+gossip-b+gossip-c')),
    'cart': ('cause', ()),
    'cache-1': ('cause', ()),
    'session': ('victim', ('store-1',)),
    'store-1': ('cause', ()),
    'store-2': ('cause', ()),
    'mail': ('victim', ('machine 9',)),
    'queue': ('victim', ('machine 9',)),
    'search': ('victim', ('machine 9',)),
    'notify': ('victim', ('queue', 'machine 9')),
    'backup': ('cause', ()),
    'dns': ('cause', ()),
    'resolver': ('cause', ()),
}


def big() -> Planned:
    """Return the model, with what went wrong."""
    plan = Planned()
    _plan_apis(plan)
    _plan_circle(plan)
    _plan_redundant(plan)
    _plan_lost(plan)
    _plan_others(plan)
    return plan


def _plan_apis(plan: Planned) -> None:
    plan.app('mysql', '0', '1', '2', charm='mysql-innodb-cluster')
    plan.relate('mysql', 'cluster', 'mysql', 'cluster', 'mysql-innodb-cluster')
    for n in NUMBERS:
        plan.app(f'api-{n}', str(n % 5))
        plan.app(f'page-{n}', str(n % 4), str(4 + n % 5), requires=(f'api-{n}',))
        plan.relate(f'api-{n}', 'shared-db', 'mysql', 'shared-db', 'mysql-shared')
        plan.relate(f'page-{n}', 'backend', f'api-{n}', 'frontend', 'rest')
    plan.ail_all('mysql', 'InnoDB: page [page id: space=0, page number=7] is corrupt', check='db')
    for n in BROKEN:
        plan.ail(f'api-{n}/0', '500 Internal Server Error')
        plan.ail_all(f'page-{n}', '502 Bad Gateway')


def _plan_circle(plan: Planned) -> None:
    for member, needed in (('a', 'b'), ('b', 'c'), ('c', 'a')):
        plan.app(f'gossip-{member}', '10', requires=(f'gossip-{needed}',))
        plan.ail(f'gossip-{member}/0', 'no quorum')
    plan.app('chat', '11')
    plan.relate('chat', 'gossip', 'gossip-a', 'clients', 'gossip')
    plan.ail('chat/0', 'no gossip', blockers=['gossip'])


def _plan_redundant(plan: Planned) -> None:
    for name in ('cache-1', 'cache-2', 'store-1', 'store-2', 'cart', 'session'):
        plan.app(name, '12')
    for name in ('cache-1', 'store-1', 'store-2', 'cart', 'session'):
        plan.ail(f'{name}/0')


def _plan_lost(plan: Planned) -> None:
    plan.app('mail', LOST)
    plan.app('queue', LOST, charm='rabbitmq-server')
    plan.app('search', '13', '14', LOST)
    plan.app('notify', '13')
    plan.relate('notify', 'amqp', 'queue', 'amqp', 'rabbitmq')
    plan.lose(LOST)
    plan.ail('notify/0', f'cannot connect to {plan.unit("queue/0").address}:5672: no route')


def _plan_others(plan: Planned) -> None:
    for name in WELL:
        plan.app(name, '13')
    plan.app('backup', '14')
    plan.ail('backup/0', '/srv at 99 %', 'disk')
    plan.relate('backup', 'shared-db', 'mysql', 'shared-db', 'mysql-shared')
    plan.app('dns', '13')
    plan.app('resolver', '14', requires=('dns',))
    plan.relate('resolver', 'dns', 'dns', 'dns', 'dns')
    plan.ail('dns/0', 'slow', health=Health.WARN)
    plan.ail('resolver/0')
