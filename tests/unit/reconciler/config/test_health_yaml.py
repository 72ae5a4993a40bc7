"""The configuration: what it says of a model, and every mistake with its line and key."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.main import COMMANDS
from reconciler.cli.options.config_option import check_defaults
from reconciler.config import health_yaml
from reconciler.config.settings import NOTHING, Config
from reconciler.config.where import find
from reconciler.values.errors import ConfigError
from reconciler.values.model import Application, Model, Saas, Unit
from tests.support.patience import PATIENCE
from tests.support.tree import DOCS, TESTS

COMMAND = Path(sys.executable).with_name('reconcile-health')
PAGE = DOCS / 'configuration.md'
MODEL = Model(
    'prod',
    'lab',
    applications={
        name: Application(name, units=(Unit(f'{name}/0', name),))
        for name in ('mysql', 'redis-a', 'redis-b', 'web', 'web-api')
    },
    saas={'ceph': Saas('ceph')},
)


def read(text: str) -> Config:
    return health_yaml.read(text, 'health.yaml')


def complaints(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize('page', ['configuration', 'views'])
def test_the_example_in_the_docs_is_right(page: str) -> None:
    config = read(PAGE.with_stem(page).read_text().split('```yaml\n')[1].split('```')[0])
    assert config.views or config.maintenance
    check_defaults(config, COMMANDS)


def test_nothing_is_a_configuration() -> None:
    for text in ('', '# only a comment', '---\n', 'services:\n'):
        assert read(text).services == ()
    assert health_yaml.load(None) is NOTHING
    assert health_yaml.load(Path('/dev/null')).defaults == {}


def test_the_very_name_comes_before_globs_and_globs_by_their_order() -> None:
    config = read("""
services:
  '*': {rollup: best, requires: a}
  'web*': {rollup: majority}
  web: {requires: [b]}
""")
    rules = [config.rollup(name) for name in ('web', 'web-api', 'mysql')]
    assert [rule.NAME if rule else None for rule in rules] == ['best', 'best', 'best']
    required = config.requires(MODEL)
    assert (required['web'], required['mysql']) == (('b',), ('a',))
    assert read("services: {web: {rollup: worst}, '*': {rollup: best}}").rollup('web') is not None


def test_globs_stand_for_what_the_model_has_and_names_stay() -> None:
    config = read("""
services:
  'web*':
    requires: [mysql, 'c*', gone, any-of: ['redis-*']]
    provides: website
  redis-a: {requires: 'redis*'}
""")
    found = config.requires(MODEL)
    assert found['web'] == ('mysql', 'ceph', 'gone', 'redis-a', 'redis-b')
    assert found['redis-a'] == ('redis-b',), 'a glob never stands for the service itself'
    assert 'mysql' not in found
    assert config.any_of(MODEL) == dict.fromkeys(('web', 'web-api'), (('redis-a', 'redis-b'),))
    assert config.provides(MODEL) == dict.fromkeys(('web', 'web-api'), ('website',))


def test_what_is_said_of_a_model_comes_first_there_and_nowhere_else() -> None:
    config = read("""
services: {mysql: {rollup: worst, requires: ceph}}
views: {shop: {services: mysql}, other: {services: web}}
models:
  'lab:pr*':
    services: {mysql: {rollup: best}}
    views: {shop: {services: web}}
  prod: {services: {mysql: {rollup: majority}}}
""")
    here = config.for_model(MODEL)
    there = config.for_model(Model('prod', 'elsewhere'))
    assert [c.rollup('mysql').NAME for c in (here, there, config)] == [  # type: ignore[union-attr]
        *('best', 'majority', 'worst')
    ]
    assert here.requires(MODEL) == {'mysql': ('ceph',)}
    assert [(view.name, view.services) for view in here.views] == [
        *(('shop', ('web',)), ('other', ('web',)))
    ]


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('servcies: {}', "line 1: servcies: no such key; did you mean 'services'?"),
        ('\nservices:\n  a:\n    rollup: majorty', 'line 4: services.a.rollup: '),
        ('services: {a: {rollup: {rule: zone, by: x}}}', 'services.a.rollup.by: '),
        ('services: [a]', 'services: a list where a mapping belongs'),
        ('services: {a: 3}', 'services.a: a word where a mapping belongs'),
        ('services: {a: {requires: [b, any-of: [c]]}}', 'a group of less than two'),
        ('services:\n  a: {}\n  b: {}\n  a: {}', 'line 4: services.a: it stands there twice'),
        ('services: {? [a] : 1}', 'a key that is no word'),
        ('a: [', 'line 1: not YAML'),
        ('a: 1\n\tb: 2', 'line 2: not YAML'),
        ('services: {a: {rollup: !!python/object:os.system {}}}', 'services.a.rollup: no value'),
        ('views: {v: {}}', 'views.v: nothing is in it'),
        ('views: {v: {services: a, rollup: leader}}', 'leader is a rule for units, not for views'),
        ('views: {v: {views: w}, wv: {services: a}}', "'w' is no view; did you mean 'wv'?"),
        (
            'views: {a: {views: b}, b: {views: c}, c: {views: a}}',
            'within itself: a -> b -> c -> a',
        ),
        ('models: {m: {views: {a: {views: a}}}}', 'models.m.views.a.views: it is within itself'),
        ('models: {m: {defaults: {}}}', 'models.m.defaults: no such key'),
        ('maintenance: [{target: a}]', 'maintenance[0]: it wants end and reason'),
        ('maintenance: {target: a, end: soon, reason: b}', "maintenance.end: 'soon' is no time"),
        ('acknowledged: {target: a, end: 2027-01-01, reason: b}', 'name the check, such as a:'),
        ('defaults: {workers: {a: 1}}', 'defaults.workers: a mapping where a value belongs'),
    ],
)
def test_a_mistake_is_told_with_line_key_and_the_nearest_right_word(text: str, told: str) -> None:
    said = complaints(text)
    assert said.startswith('cannot use health.yaml')
    assert told in said


def test_every_mistake_is_told_at_once_in_the_order_of_lines() -> None:
    said = complaints('views:\n  v: {views: x}\nservices:\n  a: {rollup: x}\nfoo: 1')
    numbers = [line.split()[1] for line in said.splitlines()[1:]]
    assert numbers == ['2:', '4:', '5:']


WORDS = ('services', 'views', 'maintenance', 'acknowledged', 'defaults', 'models', 'rollup')
MORE = ('requires', 'rule', 'target', 'end', 'reason', 'a', 'any-of', 'count')


@given(
    st.recursive(
        st.none() | st.booleans() | st.text('ab*: [{&', max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from((*WORDS, *MORE)), inner, max_size=4)
        ),
        max_leaves=15,
    )
)
def test_whatever_is_in_it_is_read_or_refused_with_reasons(document: Any) -> None:
    problems: Sequence[tuple[int, str, str]] = ()
    try:
        read(yaml.safe_dump(document))
    except ConfigError as error:
        problems = error.problems or [(0, '', '')]
    assert all(line and reason for line, _, reason in problems)


def test_a_window_is_read_by_the_clocks_of_its_zone() -> None:
    config = read("""
maintenance:
  target: mysql/0
  start: 2026-03-28 23:00
  end: 2026-03-29 05:00
  timezone: Europe/Berlin
  reason: new disks
  by: ops
""")
    (entry,) = config.maintenance
    assert entry.start == datetime(2026, 3, 28, 22, tzinfo=timezone.utc)
    assert entry.until == datetime(2026, 3, 29, 3, tzinfo=timezone.utc), 'clocks were set forward'
    assert (entry.target, entry.by) == ('mysql/0', 'ops')


def test_a_default_is_an_option_and_one_that_it_takes() -> None:
    check_defaults(read('defaults: {workers: 8, fail-on: fail}'), COMMANDS)
    with pytest.raises(ConfigError) as caught:
        check_defaults(read('defaults:\n  workres: 8\n  deadline: 0\n  reach: air'), COMMANDS)
    said = str(caught.value)
    for told in ('line 2: defaults.workres: no command has an option', "'workers'?"):
        assert told in said
    assert 'line 3: defaults.deadline: 0' in said
    assert "line 4: defaults.reach: 'air' is not one of" in said


def test_the_first_file_that_is_there_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path))
    monkeypatch.delenv('JUJU_HEALTH_CONFIG', raising=False)
    own = tmp_path / 'juju-health' / 'health.yaml'
    own.parent.mkdir()
    own.touch()
    assert find() == own
    monkeypatch.setenv('JUJU_HEALTH_CONFIG', '/nowhere/health.yaml')
    with pytest.raises(ConfigError, match=r'cannot use /nowhere/health.yaml: No such file'):
        health_yaml.load(find())


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_what_show_prints_is_that_configuration_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / 'health.yaml'
    path.write_text(PAGE.read_text().split('```yaml\n')[1].split('```')[0])
    shown = run('config', 'show', '--config', str(path))
    assert shown.returncode == 0, shown.stderr
    again = read(shown.stdout)
    before = health_yaml.load(path)
    for name in ('services', 'views', 'maintenance'):
        assert getattr(again, name) == getattr(before, name)
    assert before.defaults.items() <= again.defaults.items()
    assert '# line 2' in shown.stdout
    assert '# built in' in shown.stdout


@pytest.mark.slow
def test_check_says_right_or_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / 'health.yaml'
    codes = []
    status = str(TESTS / 'data/juju-status/machines-3.6.json')
    for text in ('services: {wordpress: {}}', 'services: {wordpres: {}}', 'service: {}'):
        path.write_text(text)
        done = run('config', 'check', '--status', status, JUJU_HEALTH_CONFIG=str(path))
        codes.append(
            (done.returncode, bool(done.stdout), 'did you mean' in done.stdout + done.stderr)
        )
    assert codes == [(0, True, False), (1, True, True), (3, False, True)]


@pytest.mark.slow
def test_defaults_hold_for_a_sweep_and_what_is_given_wins(tmp_path: Path) -> None:
    path = tmp_path / 'health.yaml'
    path.write_text('defaults: {reach: local, format: json}')
    environment = {'JUJU_HEALTH_CONFIG': str(path), 'XDG_STATE_HOME': str(tmp_path)}
    assert run(**environment).stdout.startswith('{')
    table = run('--format', 'table', **environment)
    assert table.stdout.startswith('this machine'), table.stderr
    path.write_text('defaults: {workers: 0}')
    refused = run(**environment)
    assert refused.returncode == 3
    assert f'cannot use {path}: line 1: defaults.workers: 0 is not in the range' in refused.stderr


def test_every_key_is_documented() -> None:
    text = PAGE.read_text()
    keys = (value for name, value in vars(health_yaml).items() if name.endswith('_KEYS'))
    for key in itertools.chain(*keys):
        assert f'`{key}`' in text, key
