"""Names in the configuration that are not in the model."""

from __future__ import annotations

from datetime import datetime, timezone

from reconciler.config.health_yaml import read
from reconciler.config.unknown_names import strangers, unused
from reconciler.judge.conclude import Evidence, conclude
from reconciler.values.model import Application, Model, Saas, Unit

MODEL = Model(
    'prod',
    'lab',
    applications={
        name: Application(name, units=(Unit(f'{name}/0', name),))
        for name in ('mysql', 'redis-a', 'redis-b', 'web', 'web-api')
    },
    saas={'ceph': Saas('ceph')},
)


def test_names_that_the_model_does_not_have_are_found() -> None:
    config = read(
        """
services: {mysqll: {rollup: best}, 'web*': {requires: [ceph, redsi-a]}}
views: {shop: {services: ['x*', web]}}
maintenance:
  - {target: web/7, end: 2027-01-01, reason: a}
  - {target: web, end: 2027-01-01, reason: a}
models: {prod: {services: {weeb: {}}}, other: {services: {gone: {}}}}
""",
        'health.yaml',
    )
    found = {path: (name, hint) for path, name, hint in strangers(config, MODEL)}
    assert found == {
        'services.mysqll': ('mysqll', "; did you mean 'mysql'?"),
        'services.web*.requires': ('redsi-a', "; did you mean 'redis-a'?"),
        'views.shop.services': ('x*', ''),
        'maintenance[0]': ('web/7', "; did you mean 'web/0'?"),
        'models.prod.services.weeb': ('weeb', "; did you mean 'web'?"),
    }


def test_what_is_said_of_this_very_model_and_nothing_uses_is_told_by_every_sweep() -> None:
    config = read(
        """
services: {mysqll: {rollup: best}}
models:
  prod: {services: {weeb: {rollup: best}, web: {requires: [redsi-a]}}}
  'pro*': {services: {gone: {}}}
  other: {services: {gone: {}}}
""",
        'health.yaml',
    )
    assert unused(config, MODEL) == [
        'health.yaml:4: models.prod.services.weeb: nothing uses it: the model has no weeb; '
        "did you mean 'web'?",
        'health.yaml:4: models.prod.services.web.requires: nothing uses it: the model has no '
        "redsi-a; did you mean 'redis-a'?",
    ]
    assert conclude(Evidence(MODEL, {}, datetime.now(timezone.utc), 1.0), config=config).notes == (
        *unused(config, MODEL),
    )
