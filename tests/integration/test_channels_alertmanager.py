"""Alerts to a real Alertmanager: one stands, is sent again without doubles, gets worse, ends."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.fields import format_time, parse_time
from charm.kernel.report import Health
from reconciler.config.channel_settings import AlertmanagerSettings
from reconciler.notify.channels.alertmanager import AlertmanagerChannel, alerts
from reconciler.notify.channels.base import Delivery
from reconciler.notify.deliver import deliver
from reconciler.notify.notice import Notice, NoticeKind, Victim
from tests.support.notices import FIRING, MACHINE, RECOVERED
from tests.support.patience import PATIENCE
from tests.support.posted import answered, hung, receiver

from .consumers import fetch, free_port, running

SHORT_SECONDS = 1.0
CONFIG = """
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{port}/'}}]}}]
"""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('NO_PROXY', '*')


class Alertmanager:
    """One that runs; its receiver notes what it tells people."""

    def __init__(self, port: int) -> None:
        self.url = f'http://127.0.0.1:{port}'

    def standing(self, wanted: Callable[[list[Any]], bool] = bool) -> list[Any]:
        """Return the alerts that stand, once they are as wanted."""
        text = fetch(
            f'{self.url}/api/v2/alerts', lambda text: bool(text) and wanted(json.loads(text))
        )
        found: list[Any] = json.loads(text)
        return found

    def send(self, *notices: Notice) -> list[Delivery]:
        settings = AlertmanagerSettings(urls=(self.url,))
        return [deliver(settings, one, Deadline.after(PATIENCE)) for one in notices]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[Alertmanager, list[Any]]]:
    if shutil.which('prometheus-alertmanager') is None:
        pytest.skip('prometheus-alertmanager is not installed')
    port = free_port()
    with receiver(answered(200)) as told:
        config = tmp_path / 'config.yml'
        config.write_text(CONFIG.format(port=told.port))
        with running(
            'prometheus-alertmanager',
            f'--config.file={config}',
            f'--storage.path={tmp_path / "data"}',
            f'--web.listen-address=127.0.0.1:{port}',
            '--cluster.listen-address=',
        ):
            one = Alertmanager(port)
            fetch(f'{one.url}/-/ready', lambda text: 'OK' in text)
            yield one, told.requests


def now_on(notice: Notice, **changes: Any) -> Notice:
    """Return the message as if it had begun a minute ago."""
    now = datetime.now(timezone.utc)
    return replace(notice, since=now - timedelta(minutes=1), at=now, **changes)


def test_one_alert_stands_is_sent_again_without_doubles_and_ends(
    manager: tuple[Alertmanager, list[Any]],
) -> None:
    one, told = manager
    firing = now_on(FIRING, url='https://health.example.org/i')
    assert [done.accepted for done in one.send(firing)] == [True]
    (first,) = one.standing()
    assert first['labels'] == dict(firing.labels)
    assert first['annotations']['victims'] == 'shop, wordpress'
    assert first['generatorURL'] == 'https://health.example.org/i'
    assert parse_time(first['startsAt']) == parse_time(firing.since.isoformat())

    one.send(firing, firing)
    (again,) = one.standing(lambda found: bool(found) and found[0]['endsAt'] > first['endsAt'])
    assert again['fingerprint'] == first['fingerprint']
    assert again['startsAt'] == first['startsAt']
    assert parse_time(again['endsAt']) > datetime.now(timezone.utc) + timedelta(minutes=3)

    over = now_on(RECOVERED)
    one.send(replace(over, since=firing.since, until=over.at))
    assert one.standing(lambda found: found == []) == []
    bodies = until(told, lambda found: found[-1]['status'] == 'resolved')
    assert [body['status'] for body in bodies] == ['firing', 'resolved']
    assert [len(body['alerts']) for body in bodies] == [1, 1]


def severity(alert: Any) -> str:
    return str(alert['labels']['severity'])


def until(told: list[Any], wanted: Callable[[list[Any]], bool]) -> list[Any]:
    """Return what people were told, once it is as wanted."""
    deadline = Deadline.after(PATIENCE)
    bodies: list[Any] = []
    while not deadline.passed and not (bodies and wanted(bodies)):
        bodies = [json.loads(request.body) for request in told]
        subprocess.run(['sleep', '0.05'], check=True)
    return bodies


def test_what_gets_worse_is_one_alert_and_so_is_one_with_forty_victims(
    manager: tuple[Alertmanager, list[Any]],
) -> None:
    one, _ = manager
    victims = tuple(Victim(f'web-{number}', Health.FAIL) for number in range(40))
    warning = now_on(FIRING, health=Health.WARN)
    worse = replace(warning, health=Health.FAIL, kind=NoticeKind.CHANGED, victims=victims)
    assert all(done.accepted for done in one.send(warning, worse))
    (found,) = one.standing(lambda found: [severity(alert) for alert in found] == ['critical'])
    assert len(found['annotations']['victims'].split(', ')) == 40
    over = replace(worse, kind=NoticeKind.RECOVERED, until=worse.at)
    one.send(over)
    assert one.standing(lambda found: found == []) == []


def test_causes_of_every_kind_stand_beside_each_other(
    manager: tuple[Alertmanager, list[Any]],
) -> None:
    one, _ = manager
    hostile = now_on(
        FIRING, evidence='\ud800\x00"}{{ .Labels }}', own_labels={'team': '"\n\ud800'}
    )
    assert all(done.accepted for done in one.send(now_on(MACHINE), hostile))
    found = one.standing(lambda found: len(found) == 2)
    assert {alert['labels']['alertname'] for alert in found} == {
        *('JujuHealthService', 'JujuHealthMachine'),
    }


def test_what_it_refuses_is_told_in_its_words(manager: tuple[Alertmanager, list[Any]]) -> None:
    one, _ = manager
    (done,) = one.send(now_on(FIRING, own_labels={'not a name': 'x'}))
    assert (done.accepted, done.retryable) == (False, False)
    assert 'answered 400: ' in done.answer
    assert 'invalid label' in done.answer


def test_all_of_a_cluster_are_told_and_one_is_enough() -> None:
    with receiver(answered(200)) as first, receiver(answered(200)) as second:
        with receiver(hung) as third:
            urls = (third.url, first.url, f'{second.url}/prefix/')
            channel = AlertmanagerChannel(AlertmanagerSettings(urls=urls))
            done = channel.send(FIRING, Deadline.after(SHORT_SECONDS))
        assert done.accepted
        assert f'{third.host} gave no whole answer in time' in done.answer
        lines = [receiver.requests[0].line for receiver in (first, second)]
    assert lines == [
        *('POST /api/v2/alerts HTTP/1.1', 'POST /prefix/api/v2/alerts HTTP/1.1'),
    ]


@pytest.mark.parametrize(
    ('statuses', 'retryable', 'wait'),
    [((400, 404), False, None), ((400, 503), True, 7.0), ((500, 503), True, 7.0)],
)
def test_where_none_takes_it_it_is_tried_again_if_one_may(
    statuses: tuple[int, int], retryable: bool, wait: float | None
) -> None:
    seven = 'Retry-After: 7'
    with receiver(answered(statuses[0])) as a, receiver(answered(statuses[1], b'', seven)) as b:
        settings = AlertmanagerSettings(urls=(a.url, b.url))
        done = deliver(settings, FIRING, Deadline.after(PATIENCE))
    found = (done.accepted, done.retryable, done.retry_after_seconds)
    assert found == (False, retryable, wait)


def test_an_alert_outlives_three_requests_that_are_lost() -> None:
    now = FIRING.at
    (standing, other) = alerts(FIRING, now, 60.0)
    assert parse_time(standing['endsAt']) == now + timedelta(minutes=4)
    assert parse_time(other['endsAt']) <= now
    assert {standing['labels']['severity'], other['labels']['severity']} == {
        *('critical', 'warning'),
    }
    over = alerts(RECOVERED, RECOVERED.at, 60.0)
    assert {one['endsAt'] for one in over} == {format_time(RECOVERED.until)}
