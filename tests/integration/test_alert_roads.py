"""From what units report to a mail in an inbox and an alert that stands: by the command itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from charm.kernel.report_json import encode
from reconciler.config.channel_settings import Encryption
from reconciler.inbox.store import Inbox
from tests.support.command_line import Done, run
from tests.support.patience import PATIENCE
from tests.support.posted import answered, receiver
from tests.support.tls import Certificates

from .consumers import fetch, free_port, running
from .mailbox import Mailbox, serving

YAML = """
history: {{database: {place}/history.db}}
alerts:
  channels:
    oncall: {{kind: email, server: localhost, port: {smtp}, tls: none,
             from: health@example.org, to: [oncall@example.org]}}
    am: {{kind: alertmanager, urls: ['{manager}'], resend: 5s}}
  quiet: {{deploy: 0s, boot: 0s}}
"""
MANAGER = """
route: {receiver: nobody, group_by: ['...']}
receivers: [{name: nobody}]
"""
PASSED, FAIL = 0, 2
KINDS = ('firing', 'recovered')


@dataclass
class Shop:
    """mysql, and so many that need it, whose units push; and the command that sweeps them.

    Attributes:
        sequence: the number of the last reports.
    """

    place: Path
    victims: int
    smtp: int
    manager: str
    sequence: int = 0

    def __post_init__(self) -> None:
        config = YAML.format(place=self.place, smtp=self.smtp, manager=self.manager)
        (self.place / 'health.yaml').write_text(config)
        (self.place / 'status.json').write_text(json.dumps(self._status()))
        self.inbox = Inbox(self.place / 'inbox')

    @property
    def names(self) -> list[str]:
        return [f'web{number:02}' for number in range(self.victims)]

    def _status(self) -> Any:
        model = {'name': 'prod', 'controller': 'lab', 'type': 'iaas', 'version': '3.6.1'}
        applications, machines = {}, {}
        for number, name in enumerate(['mysql', *self.names]):
            machine = {'juju-status': {'current': 'started'}, 'dns-name': f'10.0.0.{number}'}
            machines[str(number)] = machine
            others = ['mysql'] if name != 'mysql' else self.names
            relation = [
                {'related-application': other, 'interface': 'mysql', 'scope': 'global'}
                for other in others
            ]
            unit = {
                'workload-status': {'current': 'active'},
                'juju-status': {'current': 'idle'},
                'machine': str(number),
            }
            applications[name] = {
                'charm-name': name.rstrip('0123456789'),
                'charm-rev': 1,
                'relations': {'db': relation},
                'units': {f'{name}/0': unit},
            }
        return {'model': model, 'machines': machines, 'applications': applications}

    def push(self, ill: bool) -> None:
        """Have every unit report how it is."""
        self.sequence += 1
        said = {'mysql': 'mysqld is not running'}
        for name in ['mysql', *self.names]:
            now = datetime.now(timezone.utc)
            health = Health.FAIL if ill else Health.PASSED
            message = said.get(name, 'cannot connect to mysql') if ill else 'well'
            check = CheckResult('own', health, message=message, at=now)
            report = make_report(
                name,
                f'{name}/0',
                [check],
                requires=() if name == 'mysql' else ('mysql',),
                boot_id='boot',
                sequence=self.sequence,
                reported_at=now,
            )
            ack = self.inbox.accept(f'{name}/0', '', now, [encode(report).encode()])
            assert not ack.refused, ack

    def sweep(self, ill: bool, *more: str) -> Done:
        """Have every unit report, and sweep as the schedule does."""
        self.push(ill)
        done = self.run(
            *('sweep', '--status', str(self.place / 'status.json'), '--juju', '/nowhere'),
            *('--ask', 'push', '--inbox', str(self.place / 'inbox'), '--record', *more),
        )
        assert done.returncode == (FAIL if ill else PASSED), done
        return done

    def run(self, *words: str) -> Done:
        config = ('--config', str(self.place / 'health.yaml'))
        environment = {'XDG_STATE_HOME': str(self.place / 'state'), 'NO_PROXY': '*'}
        return run(*words, *config, environment=environment)


@pytest.fixture
def box(certificates: Certificates) -> Iterator[Mailbox]:
    with serving(certificates, Encryption.NONE) as one:
        yield one


def subjects(box: Mailbox) -> list[str]:
    return [str(mail['Subject']) for mail in box.all()]


@pytest.mark.skipif(
    shutil.which('prometheus-alertmanager') is None, reason='needs prometheus-alertmanager'
)
def test_forty_victims_of_one_cause_are_one_mail_and_one_alert(
    box: Mailbox, tmp_path: Path
) -> None:
    (tmp_path / 'manager.yml').write_text(MANAGER)
    port = free_port()
    url = f'http://127.0.0.1:{port}'
    shop = Shop(tmp_path, 40, box.port, url)
    with running(
        'prometheus-alertmanager',
        f'--config.file={tmp_path / "manager.yml"}',
        f'--storage.path={tmp_path / "data"}',
        f'--web.listen-address=127.0.0.1:{port}',
        '--cluster.listen-address=',
    ):
        fetch(f'{url}/-/ready', lambda text: 'OK' in text)
        assert json.loads(shop.sweep(False, '--format', 'json').stdout)['causes'] == []
        shop.sweep(True)
        assert box.mails == []
        shop.sweep(True)
        (subject,) = subjects(box)
        assert subject.startswith('fail: mysql/0 in lab:prod')
        assert 'It explains 40 services:' in box.last().get_content()
        (first,) = standing(url)
        assert len(first['annotations']['victims'].split(', ')) == 40
        until = Deadline.after(PATIENCE)
        again = first
        while again['endsAt'] == first['endsAt'] and not until.passed:
            shop.sweep(True)
            (again,) = standing(url)
        assert again['endsAt'] > first['endsAt'], 'it is sent again while it stands'
        assert again['fingerprint'] == first['fingerprint']
        shop.sweep(False)
        assert len(standing(url)) == len(box.mails) == 1
        shop.sweep(False)
        shop.sweep(False)
        assert standing(url) == []
        log = json.loads(shop.run('alerts', 'log', '--format', 'json').stdout)
    assert sorted((one['channel'], one['message']['kind'], one['state']) for one in log) == [
        (channel, kind, 'accepted') for channel in ('am', 'oncall') for kind in KINDS
    ]
    assert len(box.mails) == 2
    begin, end = box.all()
    assert end['Subject'].startswith('recovered: mysql/0 in lab:prod')
    assert end['References'] == begin['Message-ID']


def standing(url: str) -> list[Any]:
    """Return the alerts that are active."""
    alerts: list[Any] = json.loads(fetch(f'{url}/api/v2/alerts?active=true', bool))
    return alerts


def test_a_mail_server_that_is_away_is_said_and_told_by_a_later_sweep(
    certificates: Certificates, tmp_path: Path
) -> None:
    port = free_port()
    with receiver(answered(200)) as manager:
        shop = Shop(tmp_path, 2, port, manager.url)
        shop.sweep(False, '--quiet')
        assert shop.sweep(False, '--quiet').stderr == b''
        news = shop.sweep(True, '--quiet')
        assert news.stderr == b'', 'one look tells nobody'
        missed = shop.sweep(True, '--quiet')
        (line,) = missed.stderr.decode().splitlines()
        assert line.startswith('reconcile-health: cannot tell oncall: firing: mysql: ')
        assert line.endswith('; it is tried again')
        # The other channel has it.
        assert len(manager.requests) == 1
        shown = json.loads(shop.run('alerts', 'log', '--format', 'json').stdout)
        assert {one['channel']: one['state'] for one in shown} == {
            'am': 'accepted',
            'oncall': 'waiting',
        }
        with serving(certificates, Encryption.NONE, port) as box:
            shop.sweep(False, '--quiet')
            last = shop.sweep(False)
            assert b'reconcile-health: told oncall: recovered: mysql\n' in last.stderr
            assert b'reconcile-health: told am: recovered: mysql\n' in last.stderr
        (subject,) = subjects(box)
        assert subject.startswith('recovered: mysql/0 in lab:prod')


def test_two_victims_are_in_the_mail_and_to_cron_nothing_is_said_of_what_arrived(
    box: Mailbox, tmp_path: Path
) -> None:
    with receiver(answered(200)) as manager:
        shop = Shop(tmp_path, 2, box.port, manager.url)
        shop.sweep(False, '--quiet')
        seen = [shop.sweep(True, '--quiet') for _ in range(2)]
        assert [done.stderr for done in seen] == [b'', b'']
        found = json.loads(shop.sweep(True, '--format', 'json').stdout)
    said = {service['name']: service['alerting'] for service in found['services']}
    assert said == {
        'mysql': 'told oncall, am',
        'web00': 'under cause mysql, told oncall, am',
        'web01': 'under cause mysql, told oncall, am',
    }
    assert b'mysql' in b''.join(done.stdout for done in seen)
    (mail,) = box.all()
    text = mail.get_content()
    assert 'mysqld is not running' in text
    assert all(name in text for name in shop.names)
