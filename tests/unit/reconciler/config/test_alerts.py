"""Channels and routes in health.yaml: what they come to, and every mistake with line and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from charm.kernel.report import Health
from reconciler.config import health_yaml
from reconciler.config.alerts import KEYS as ALERTS_KEYS
from reconciler.config.alerts import AlertsConfig, Escalation, Quiet, Route
from reconciler.config.channel_settings import SETTINGS, EmailSettings, WebhookSettings
from reconciler.config.secrets import Secret
from reconciler.config.working_hours import WorkingHours
from reconciler.config.yaml_options import options
from reconciler.notify.channels import CHANNELS
from reconciler.values.certainty import Certainty
from reconciler.values.errors import ConfigError
from tests.support.patience import PATIENCE
from tests.support.tree import DOCS

COMMAND = Path(sys.executable).with_name('reconcile-health')
CHANNEL = 'alerts: {channels: {a: {kind: command, command: x}}, routes: '
MAIL = 'server: mail.example.org, from: h@example.org, to: o@example.org'


def read(text: str) -> AlertsConfig:
    alerts = health_yaml.read(text, 'health.yaml').alerts
    assert alerts is not None
    return alerts


def example(page: str) -> str:
    return (DOCS / f'{page}.md').read_text().split('```yaml\n')[1].split('```')[0]


def test_the_example_in_the_docs_comes_to_what_it_says() -> None:
    alerts = read(example('alerts'))
    assert {settings.KIND for settings in alerts.channels.values()} == set(SETTINGS)
    first = alerts.routes[0]
    assert (first.name, first.models, first.applications) == (
        *('databases', ('prod*',), ('mysql', 'pg*')),
    )
    assert (first.health, first.certainty) == (Health.FAIL, Certainty.LIKELY)
    assert (first.after_seconds, first.reminder_seconds) == (300.0, 4 * 3600.0)
    assert first.escalate == (Escalation(after_seconds=1800.0, channels=('boss',)),)
    assert first.hours is not None
    assert (first.hours.days, first.hours.begins, first.hours.ends) == (
        *((0, 1, 2, 3, 4), 540, 1020),
    )


def test_labels_of_a_service_come_each_from_its_first_entry() -> None:
    config = health_yaml.read(
        "services: {'m*': {labels: {team: all, tier: 2}}, mysql: {labels: {team: db}}}", 'x'
    )
    assert config.labels('mysql') == {'team': 'db', 'tier': '2'}
    assert config.labels('web') == {}


def test_without_routes_all_is_told_to_all_and_without_channels_nothing() -> None:
    alerts = read('alerts: {channels: {a: {kind: command, command: x}}}')
    assert alerts.routes == (Route(name='everything', channels=('a',)),)
    assert read('alerts: {}') == AlertsConfig()
    assert health_yaml.read('services: {}', 'x').alerts is None
    assert [
        route.name for route in read(f'{CHANNEL}[{{channels: a}}, {{channels: []}}]}}').routes
    ] == [
        *('route 1', 'route 2'),
    ]


def test_what_is_not_said_of_mail_follows_from_how_it_is_encrypted() -> None:
    ports = []
    for more in ('', ', tls: tls', ', tls: none', ', port: 2525'):
        channel = read(f'alerts: {{channels: {{a: {{kind: email, {MAIL}{more}}}}}}}').channels['a']
        assert isinstance(channel, EmailSettings)
        ports.append(channel.port)
    assert ports == [587, 465, 25, 2525]


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('alerts: {chanels: {}}', "alerts.chanels: no such key; did you mean 'channels'?"),
        ('alerts: {quiet: {boots: 3m}}', "quiet.boots: no such key; did you mean 'boot'?"),
        ('alerts: {quiet: {boot: soon}}', "alerts.quiet.boot: 'soon' is no duration"),
        ('alerts: {channels: {a: {}}}', 'alerts.channels.a: it wants kind: alertmanager, '),
        (
            'alerts: {channels: {a: {kind: mail}}}',
            "a.kind: 'mail' is no kind; did you mean 'email'?",
        ),
        ('alerts: {channels: {a: {kind: email}}}', 'a: it wants server and from and to'),
        (
            f'alerts: {{channels: {{a: {{kind: email, {MAIL}, prot: 1}}}}}}',
            "alerts.channels.a.prot: no such key; did you mean 'port'?",
        ),
        (
            f'alerts: {{channels: {{a: {{kind: email, {MAIL}, port: 0}}}}}}',
            "a.port: '0' is no port",
        ),
        (f'alerts: {{channels: {{a: {{kind: email, {MAIL}, tls: no}}}}}}', "'no' is not a way"),
        (f'alerts: {{channels: {{a: {{kind: email, {MAIL}, user: u}}}}}}', 'belong together'),
        (
            f'alerts: {{channels: {{a: {{kind: email, {MAIL}, user: u, password: hunter2}}}}}}',
            'a.password: a secret stands in a file or in the environment: write {file: PATH}',
        ),
        (
            f'alerts: {{channels: {{a: {{kind: email, {MAIL}, user: u, tls: none,'
            ' password: {env: P}}}}',
            'the password would travel unencrypted',
        ),
        (
            'alerts: {channels: {a: {kind: email, server: "x\\r\\ny", from: a, to: "b@c\\nd"}}}',
            'no name or address of a host',
        ),
        (
            'alerts: {channels: {a: {kind: webhook, url: "https://u:hunter2@x"}}}',
            'a.url: it holds a password',
        ),
        ('alerts: {channels: {a: {kind: webhook, url: "ftp://x"}}}', 'is no URL such as'),
        (
            'alerts: {channels: {a: {kind: webhook, url: "http://x", secret: {env: A, file: b}}}}',
            'a.secret: a secret stands in one place',
        ),
        (
            'alerts: {channels: {a: {kind: webhook, url: "http://x", secret: {file: b}}}}',
            "'b' is no path from the root",
        ),
        ('alerts: {channels: {a: {kind: alertmanager, urls: []}}}', 'a: it has no urls'),
        (
            'alerts: {channels: {a: {kind: alertmanager, urls: "http://x", resend: soon}}}',
            "a.resend: 'soon' is no duration",
        ),
        ('alerts: {channels: {a: {kind: apprise, urls: "slack://t"}}}', 'a secret stands in'),
        ('alerts: {channels: {a: {kind: command, command: []}}}', 'it names no command'),
        (
            f'{CHANNEL}\n  [{{channels: b}}]}}',
            "line 2: alerts.routes[0].channels: 'b' is no channel",
        ),
        (f'{CHANNEL}{{name: x}}}}', 'alerts.routes: it wants channels'),
        (f'{CHANNEL}{{channels: a, health: bad}}}}', "routes.health: 'bad' is not a health"),
        (f'{CHANNEL}{{channels: a, certainty: sure}}}}', "certainty: 'sure' is not a certainty"),
        (f'{CHANNEL}{{channels: a, continue: maybe}}}}', 'continue: it is true or false'),
        (f'{CHANNEL}{{channels: a, reminder: 1s}}}}', 'a reminder comes after 1m at the soonest'),
        (
            f'{CHANNEL}{{channels: a, escalate: [{{after: 1m, channels: c}}]}}}}',
            "'c' is no channel",
        ),
        (f'{CHANNEL}{{channels: a, labels: {{a-b: c}}}}}}', 'labels.a-b: a label is called by'),
        (
            f'{CHANNEL}{{channels: a, hours: {{from: 9, to: "10:00"}}}}}}',
            "'9' is no time of the day",
        ),
        (
            f'{CHANNEL}{{channels: a, hours: {{from: "09:00", to: "10:00", days: mo-fri}}}}}}',
            "days: 'mo' is no day; did you mean 'mon'?",
        ),
        (f'{CHANNEL}{{channels: a, hours: {{from: "09:00", to: "09:00"}}}}}}', 'they end as they'),
        (
            f'{CHANNEL}{{channels: a, hours: {{from: "09:00", to: "10:00", timezone: Berlin}}}}}}',
            'is no time zone; write such as Europe/Berlin',
        ),
        ('services: {a: {labels: {severity: x}}}', 'a label of that name is given by us'),
        ('models: {m: {alerts: {}}}', 'models.m.alerts: no such key'),
    ],
)
def test_a_mistake_is_told_with_line_key_and_what_was_meant(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        health_yaml.read(text, 'health.yaml')
    said = str(caught.value)
    assert told in said
    assert all(line and key for line, key, _ in caught.value.problems)
    assert 'hunter2' not in said


def test_show_hides_what_is_secret_and_says_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / 'health.yaml'
    path.write_text(
        example('alerts').replace('https://hooks.example.org/', 'https://hooks.example.org/s3cret')
    )
    done = subprocess.run(
        [COMMAND, 'config', 'show', '--config', str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert 's3cret' not in done.stdout
    before, again = read(path.read_text()), read(done.stdout)
    assert (again.routes, again.quiet) == (before.routes, before.quiet)
    assert before.quiet == Quiet(boot=600.0)
    assert {**again.channels, 'hook': None} == {**before.channels, 'hook': None}
    assert "url: 'https://hooks.example.org/...'" in done.stdout
    assert '{file: /etc/juju-health/smtp}' in done.stdout


def test_settings_show_no_secret() -> None:
    channel = WebhookSettings(url='https://x', secret=Secret('env', 'HOOK'))
    assert 'HOOK' in repr(channel)


def test_each_kind_has_settings_a_channel_and_its_keys_in_the_docs() -> None:
    assert list(CHANNELS) == list(SETTINGS)
    pages = [(DOCS / f'{name}.md').read_text() for name in ('configuration', 'alerts')]
    kinds = (*SETTINGS.values(), Route, Escalation, WorkingHours, Quiet)
    keys = {*ALERTS_KEYS, *SETTINGS, 'kind', *(key for kind in kinds for key in options(kind))}
    for key in keys:
        for page in pages:
            assert f'`{key}`' in page, key
